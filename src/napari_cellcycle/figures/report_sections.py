"""Parts of the report: phases, corrections, measures, people, and words without a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.counted import counted
from napari_cellcycle.figures.html import Element, table, tag
from napari_cellcycle.figures.scatter import scatter
from napari_cellcycle.review.agreement.agreement import measure_agreement
from napari_cellcycle.review.decision import EXCLUDED, NONE, UNSURE, decide_words
from napari_cellcycle.review.relabelling.orphans import find_orphans
from napari_cellcycle.review.suspects.curation import curation_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.cells.measures.measurements import Measurements
    from napari_cellcycle.figures.html import Content
    from napari_cellcycle.phases import Phase
    from napari_cellcycle.review.places import Source
    from napari_cellcycle.review.state import Review

_MOST_ORPHANS = 200
_NO_PHASE = "#8A94A0"
_AXES = (("volume", "dna_volume"), ("volume", "dna_content"), ("dna_volume", "dna_content"))


def swatch(phase: Phase) -> Element:
    """A phase by colour and name."""
    first, *more = phase.name.split("/")
    name: list[Content] = [first]
    for part in more:  # a line may end behind a slash
        name += ["/", tag("wbr"), part]
    return _named(phase.color, *name)


def _named(color: str, *name: Content) -> Element:
    square = tag("span", class_="swatch", style=f"background:{color}")
    return tag("span", square, *name, class_="phase")


def phases_section(reviews: Sequence[Review], vocabulary: str = "") -> Element:
    """How many cells of each phase: predicted, examined, changed, and in the end."""
    phases = reviews[0].phases
    final = np.sum([review.phase_counts for review in reviews], axis=0)
    each = [{count.phase: count for count in curation_counts(review)} for review in reviews]

    def total(slug: str, name: str) -> int:
        return sum(getattr(counts[slug], name) for counts in each if slug in counts)

    names = ("predicted", "examined", "changed", "left_out")
    rows: list[list[Content]] = [
        [swatch(phase), *(f"{total(phase.slug, name):,}" for name in names), f"{int(n):,}"]
        for phase, n in zip(phases, final, strict=True)
        if n or total(phase.slug, "predicted") or phase in phases.leaves
    ]
    sums = [total("total", name) for name in names]
    if others := sum(map(len, reviews)) - sums[0]:
        examined, aside = np.sum([_unasked(review) for review in reviews], axis=0).tolist()
        name = f"no prediction ({counted(others, 'cell')})"
        rows.append([name, "", f"{examined:,}", "", f"{aside:,}", ""])
        sums = [sums[0], sums[1] + examined, sums[2], sums[3] + aside]
    whole: list[Content] = ["total", *(f"{n:,}" for n in (*sums, int(final.sum())))]
    shares = [
        tag("span", style=f"background:{phase.color};flex:{int(n)} 0 0", title=f"{phase.name}: {n}")
        for phase, n in zip(phases, final, strict=True)
        if n
    ]
    head = ("phase", "predicted", "examined", "changed", "left out", "final")
    return tag(
        "section",
        tag("h2", f"Phases ({vocabulary})" if vocabulary else "Phases"),
        tag("div", *shares, class_="share") if shares else None,
        table(head, [*rows, whole], right=(1, 2, 3, 4, 5)),
        tag(
            "p",
            "Examined: somebody judged or looked at it. Changed: people gave another phase. Left "
            "out: excluded, or people are unsure. Each in the row of its predicted phase.",
            class_="faint",
        ),
    )


def confusion_section(reviews: Sequence[Review]) -> Element | None:
    """What people say against what the model says; None where nobody has judged a prediction."""
    phases = reviews[0].phases.phases
    k = len(phases)
    matrix = np.zeros((k, k), np.int64)
    for review in reviews:
        predicted, final = review.shown.phase, review.final
        both = (review.annotator != NONE) & (final >= 0) & (predicted >= 0)
        pairs = final[both].astype(np.int64) * k + predicted[both]
        matrix += np.bincount(pairs, minlength=k * k).reshape(k, k)
    if not matrix.any():
        return None
    rows = np.flatnonzero(matrix.sum(axis=1)).tolist()
    columns = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1)).tolist()
    names = [phase.name.replace("/", "/\u200b") for phase in phases]
    corner = tag("th", "people ↓", tag("br"), "model →")
    head = tag("tr", corner, *(tag("th", names[j]) for j in columns))
    body = []
    for i in rows:
        fields = []
        for j in columns:
            share, n = matrix[i, j] / matrix[i].sum(), int(matrix[i, j])
            color = "--right" if i == j else "--wrong"
            style = f"background:rgba(var({color}),{0.55 * share:.3f})" if n else ""
            text = tag("b", f"{100 * share:.0f} %") if n else tag("span", "–", class_="faint")
            fields.append(tag("td", text, tag("div", f"{n:,}" if n else ""), style=style))
        side = tag("th", names[i], tag("div", f"n = {matrix[i].sum():,}"))
        body.append(tag("tr", side, *fields))
    same = int(np.trace(matrix))
    whole = tag("table", tag("thead", head), tag("tbody", *body), class_="matrix")
    return tag(
        "section",
        tag("h2", "Predictions and corrections"),
        tag(
            "p",
            f"Of {matrix.sum():,} cells with a phase by people, the model says the same of "
            f"{same:,} ({100 * same / matrix.sum():.1f} %). People seldom judge a fair sample: "
            "this is no measure of the model on all cells.",
        ),
        tag("div", whole, class_="wide"),
    )


def measures_section(sources: Sequence[Source]) -> Element | None:
    """Two measures of each cell; None where nothing was measured."""
    drawn: list[Element] = []
    present: set[int] = set()
    reviews = [source.review for source in sources]
    for review, source in zip(reviews, sources, strict=True):
        found = review.project.measured.get(review.image, source.roles.get("dna"))
        if found is None:
            continue
        x, y = _axes_of(found)
        palette = [*(phase.color for phase in review.phases), _NO_PHASE]
        colors = [palette[code] for code in review.final.tolist()]
        present.update(review.final.tolist())
        titles = {"x_title": found.title(x), "y_title": found.title(y)}
        picture = scatter(found[x], found[y], colors, **titles)
        if picture is not None:
            drawn += [tag("h3", _name(review)), picture] if len(reviews) > 1 else [picture]
    if not drawn:
        return None
    phases = reviews[0].phases
    key = [
        item
        for i, phase in enumerate(phases)
        if i in present or phase in phases.leaves
        for item in (swatch(phase), " ")
    ]
    if NONE in present:
        key.append(_named(_NO_PHASE, "no final phase"))
    return tag("section", tag("h2", "Measures"), *drawn, tag("p", *key))


def people_section(reviews: Sequence[Review]) -> Element | None:
    """How much each person said, and how far they agree."""
    said: dict[str, int] = {}
    pairs = []
    for review in reviews:
        found = measure_agreement(review)
        for who, n in zip(found.people, found.words, strict=True):
            said[who] = said.get(who, 0) + n
        pairs += [
            (
                *((_name(review),) if len(reviews) > 1 else ()),
                *(pair.first, pair.second, f"{pair.n:,}"),
                *(_rounded(pair.agreement, 100, " %"), _rounded(pair.kappa)),
            )
            for pair in found.pairs
            if pair.n
        ]
    if not said:
        return None
    head = ["first", "second", "cells of both", "the same", "Cohen's κ"]
    head = ["image", *head] if len(reviews) > 1 else head
    n = len(head)
    return tag(
        "section",
        tag("h2", "People"),
        table(("name", "cells judged"), [(who, f"{k:,}") for who, k in said.items()], right=(1,)),
        table(head, pairs, right=(n - 3, n - 2, n - 1)) if pairs else None,
    )


def orphans_section(reviews: Sequence[Review]) -> Element | None:
    """Words on cells that the present segmentation does not have."""
    lost = [(_name(review), orphan) for review in reviews for orphan in find_orphans(review)]
    if not lost:
        return None
    items = [tag("li", f"{name}: {orphan}") for name, orphan in lost[:_MOST_ORPHANS]]
    if more := len(lost) - len(items):
        items.append(tag("li", f"and {more:,} more"))
    return tag(
        "section",
        tag("h2", "Words without a cell"),
        tag(
            "p",
            "These were said of cells of an earlier segmentation, and none of the present cells "
            "has taken them over. They are in the project, and count nowhere.",
        ),
        tag("ul", *items),
    )


def _unasked(review: Review) -> tuple[int, int]:
    """Cells without a prediction that somebody examined, and those that people leave out."""
    unasked = review.shown.phase < 0
    aside = np.isin(decide_words(review.words, len(review.phases.phases)), (UNSURE, EXCLUDED))
    examined = (review.annotator != NONE) | review.seen
    return int((unasked & examined).sum()), int((unasked & aside).sum())


def _axes_of(found: Measurements) -> tuple[str, str]:
    known = {measure.name for measure in found.measures}
    return next((pair for pair in _AXES if known.issuperset(pair)), ("volume", "surface"))


def _name(review: Review) -> str:
    cells = review.cells
    return f"{cells.image}, {cells.scene}" if cells.scene else cells.image


def _rounded(value: float, factor: float = 1, unit: str = "") -> str:
    if np.isnan(value):
        return "–"
    return f"{factor * value:.{0 if unit else 2}f}{unit}"
