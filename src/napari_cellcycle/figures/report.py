"""A project as one HTML page that stands alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.html import page, tag
from napari_cellcycle.figures.report_gallery import gallery_section
from napari_cellcycle.figures.report_provenance import provenance_section
from napari_cellcycle.figures.report_sections import (
    confusion_section,
    measures_section,
    orphans_section,
    people_section,
    phases_section,
)
from napari_cellcycle.files import replacing
from napari_cellcycle.review.decision import CONFLICT, NONE, decide_words
from napari_cellcycle.review.export.export import check_outside
from napari_cellcycle.review.places import open_sources
from napari_cellcycle.review.suspects.curation import curation_counts

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from napari_cellcycle.figures.html import Element
    from napari_cellcycle.review.places import Pixels, Source
    from napari_cellcycle.review.state import Review


def write_report(
    reviews: Sequence[Review],
    out: str | os.PathLike[str],
    *,
    channels: Mapping[str, int | str | None] | None = None,
    pixels: Mapping[int, Pixels] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Path:
    """Write counts, pictures, corrections, agreement and provenance as one page.

    Everything is inside the file; a browser that shows it asks nobody for anything. Where an image
    is not found the page has no pictures of its cells, and says so.

    Parameters
    ----------
    reviews : sequence of Review
        One an image, of one project.
    out : path-like
        An ``.html``; whole or not there.
    channels, pixels
        See :func:`napari_cellcycle.review.places.open_sources`.
    progress : callable of (done, total), optional
        Called for each cell that was cut out for the pictures.

    Raises
    ------
    CellCycleError
        If the name has another ending, or belongs to the project.
    """
    out = Path(out)
    if out.suffix.lower() not in (".html", ".htm"):
        raise CellCycleError(f"A report is a page: {out.name} must end in .html.")
    project = reviews[0].project
    check_outside(project, out)
    parts: list[Element | None] = [_head(reviews)]
    by_vocabulary: dict[str, list[Review]] = {}
    for review in reviews:
        by_vocabulary.setdefault(review.phases.name, []).append(review)
    for group in by_vocabulary.values():
        name = group[0].phases.name if len(by_vocabulary) > 1 else ""
        sources, missing = _open(group, channels, pixels)
        parts += [
            phases_section(group, name),
            gallery_section(group[0].phases, sources, missing, progress),
            measures_section(sources),
            confusion_section(group),
        ]
    parts += [people_section(reviews), orphans_section(reviews), provenance_section(reviews)]
    text = page(project.folder.stem, *(part for part in parts if part is not None))
    with replacing(out) as new:
        new.write_text(text, encoding="utf-8")
    return out


def _open(
    reviews: Sequence[Review],
    channels: Mapping[str, int | str | None] | None,
    pixels: Mapping[int, Pixels] | None,
) -> tuple[list[Source], list[str]]:
    """The images that are at hand, and why others are not."""
    found: list[Source] = []
    missing = []
    for review in reviews:
        try:
            found += open_sources([review], channels=channels, pixels=pixels)
        except CellCycleError as error:
            missing.append(f"No pictures of {review.cells.image}: {error}")
    return found, missing


def _head(reviews: Sequence[Review]) -> Element:
    """Name, date, and the few numbers that say how far it is."""
    judged = sum(int((review.annotator != NONE).sum()) for review in reviews)
    changed = sum(
        count.changed
        for review in reviews
        for count in curation_counts(review)
        if count.phase == "total"
    )
    ties = sum(
        int((decide_words(r.words, len(r.phases.phases)) == CONFLICT).sum()) for r in reviews
    )
    people = len(reviews[0].project.journal.annotators())
    cells = sum(map(len, reviews))
    keys = (
        (cells, "cell" if cells == 1 else "cells"),
        (len(reviews), "image" if len(reviews) == 1 else "images"),
        (judged, "judged by people"),
        (changed, "changed"),
        (ties, "in conflict"),
        (people, "person" if people == 1 else "people"),
    )
    return tag(
        "header",
        tag("h1", reviews[0].project.folder.stem),
        tag("p", f"Report of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC", class_="faint"),
        tag(
            "ul",
            *(tag("li", tag("b", f"{n:,}"), what) for n, what in keys),
            class_="keys",
        ),
    )
