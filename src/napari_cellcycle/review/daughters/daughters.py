"""Pairs of daughters among the cells of a project: who may be one, and what speaks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.daughters.daughters import choose_pairs, iter_daughters
from napari_cellcycle.cells.daughters.pair_score import FEATURES
from napari_cellcycle.cells.merge import named
from napari_cellcycle.errors import ChannelError, ProjectError
from napari_cellcycle.review.daughters.merging import Merging
from napari_cellcycle.review.decision import NONE
from napari_cellcycle.review.orders import leaves_by_axis
from napari_cellcycle.work import run_to_end, told_as

if TYPE_CHECKING:
    from collections.abc import Generator

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.review.places import Source
    from napari_cellcycle.review.state import Review

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_LATE = ("anaphase", "telophase", "cytokinesis")
_SAID = 0.002
"""Score from which a pair is proposed of which people say that both are late in mitosis."""

_SMALL, _LARGE = 0.3, 0.6
"""Of the DNA volume of a typical cell: daughters have 0.03 to 0.3 of it in simulated fields."""


@dataclass(frozen=True, slots=True)
class PairLimits:
    """What is proposed.

    Parameters
    ----------
    mitotic : float
        Probability of mitosis, the mean of the projections, from which a cell may be a daughter
        that nobody has judged: 0 for all of them. A model that was trained on both daughters
        together seldom calls one of them late.
    at_least : float
        Score from which a pair is proposed.
    """

    mitotic: float = 0.0
    at_least: float = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """Pairs of cells of one image, the best first.

    Parameters
    ----------
    rows : ndarray, ``(m, 2)``, int64
        Rows of the review's cells.
    frame : ndarray, ``(m,)``, int64
    labels : ndarray, ``(m, 2)``, int64
    features : ndarray, ``(m, 10)``, float64
        As :class:`napari_cellcycle.cells.daughters.daughters.Pairs` has them.
    score : ndarray, ``(m,)``, float64
        0 to 1.
    said : ndarray, ``(m,)``, bool
        Whether people say of both that they are late in mitosis.
    """

    rows: Ints
    frame: Ints
    labels: Ints
    features: Floats
    score: Floats
    said: Mask

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, name: str) -> Floats:
        column: Floats = self.features[:, FEATURES.index(name)]
        return column

    def chosen(self, at_least: float, apart: Mask | None = None) -> Ints:
        """Choose the best pair, then the best of those that are left: a cell is in one at most.

        Parameters
        ----------
        at_least : float
            Score that a pair needs; less is enough where people say that both cells are late.
        apart : ndarray, ``(m,)``, bool, optional
            Pairs that are none.

        Returns
        -------
        ndarray of int64
            Places in the list.
        """
        good = self.score >= np.where(self.said, min(_SAID, at_least), at_least)
        left = np.flatnonzero(good if apart is None else good & ~apart)
        return left[choose_pairs(self.rows[left])]

    def reason(self, place: int) -> str:
        """What speaks for a pair, and what against it."""
        has = dict(zip(FEATURES, self.features[place].tolist(), strict=True))
        told = ["people say that both are late"] if self.said[place] else []
        told.append(_grade(has["facing"], ((0.2, "not facing"), (0.35, "half facing")), "facing"))
        if has["volume"] < _SMALL:
            told.append("small")
        elif has["volume"] > _LARGE:
            told.append("as large as others")
        if not np.isnan(has["wall"]):
            walls = ((0.35, "membrane open"), (0.75, "membrane half closed"))
            told.append(_grade(has["wall"], walls, "membrane closed"))
        if has["blocked"] > 0.1:
            told.append("another cell between")
        return ", ".join(told)


def _grade(value: float, bounds: tuple[tuple[float, str], ...], otherwise: str) -> str:
    return next((text for top, text in bounds if value < top), otherwise)


def iter_proposals(
    source: Source, limits: PairLimits | None = None
) -> Generator[tuple[int, int], None, Proposals]:
    """Look for pairs of daughters, frame by frame.

    A cell may be a daughter if people say that it is in anaphase, telophase or cytokinesis, or
    mitotic without a stage, or if nobody has judged it; the limits can ask that the model says that
    it is mitotic. Merged cells are left out.

    Parameters
    ----------
    source : Source
        An image of a project with its labels.
    limits : PairLimits, optional
        Who is looked at.

    Yields
    ------
    tuple of int
        Cells that are done, and all.

    Raises
    ------
    ChannelError
        If nobody says which channel shows DNA.
    ProjectError
        If nothing says which cells divide.
    """
    limits = PairLimits() if limits is None else limits
    review, roles = source.review, source.roles
    if "dna" not in roles:
        raise ChannelError(
            f"Nobody says which channel of {source.name} shows DNA, by which pairs are found. Name "
            "it, such as --channel dna=0."
        )
    may, said = dividing(review, limits.mitotic)
    cells = review.cells
    frames = np.unique(cells.frame[may])
    membrane = roles.get("membrane")
    found: list[tuple[Ints, Floats, Floats]] = []
    total, before = int(may.sum()), 0
    for frame in frames.tolist():
        here = np.flatnonzero(cells.frame == frame)
        work = iter_daughters(
            source.stack.volume(frame, roles["dna"]),
            source.labels.volume(frame),
            cells.select(here),
            candidates=may[here],
            membrane=None if membrane is None else source.stack.volume(frame, membrane),
        )
        n = int(may[here].sum())
        pairs = yield from told_as(work, partial(_of_all, before, n, total))
        before += n
        found.append((here[pairs.rows], pairs.features, pairs.score))
    rows = np.concatenate([np.zeros((0, 2), np.int64), *(rows for rows, _, _ in found)])
    features = np.concatenate([np.zeros((0, len(FEATURES))), *(f for _, f, _ in found)])
    score = np.concatenate([np.zeros(0), *(s for _, _, s in found)])
    order = np.argsort(-score, kind="stable")
    rows = rows[order]
    return Proposals(
        rows=rows,
        frame=cells.frame[rows[:, 0]],
        labels=cells.label[rows],
        features=features[order],
        score=score[order],
        said=said[rows].all(axis=1),
    )


def _of_all(before: int, here: int, total: int, step: tuple[int, int]) -> tuple[int, int]:
    """Cells of all frames that are done, by how far the work on one frame is."""
    done, of = step
    return before + here * done // of, total


def propose_pairs(source: Source, limits: PairLimits | None = None) -> Proposals:
    """Run :func:`iter_proposals` to its end."""
    return run_to_end(iter_proposals(source, limits))


def rejected(review: Review, proposals: Proposals) -> Mask:
    """Which pairs people have said to be none."""
    apart = Merging(review.project, review.image).rejected
    keys = zip(proposals.frame.tolist(), proposals.labels.tolist(), strict=True)
    return np.array([(frame, tuple(sorted(pair))) in apart for frame, pair in keys], bool)


def pairs_table(review: Review, found: Proposals, limits: PairLimits) -> pd.DataFrame:
    """Make a table of the pairs that are proposed, the best first, without rejected ones.

    Parameters
    ----------
    review : Review
        Of one image.
    found : Proposals
        Among its cells.
    limits : PairLimits
        What is proposed.
    """
    import pandas as pd

    places = found.chosen(limits.at_least, rejected(review, found))
    columns = {
        "image": review.cells.image,
        "scene": review.cells.scene,
        "frame": found.frame[places],
        "label": found.labels[places].min(axis=1),
        "other_label": found.labels[places].max(axis=1),
        "score": found.score[places],
        **{name: found[name][places] for name in FEATURES},
        "reason": [found.reason(place) for place in places.tolist()],
        "labels": [named(sorted(pair)) for pair in found.labels[places].tolist()],
    }
    return pd.DataFrame(columns)


def dividing(review: Review, mitotic: float) -> tuple[Mask, Mask]:
    """Cells that may be a daughter, and those of them of which people say so.

    Parameters
    ----------
    review : Review
        Of one image.
    mitotic : float
        As in :class:`PairLimits`.

    Raises
    ------
    ProjectError
        If the vocabulary has no such phase, or there are neither words nor predictions.
    """
    late = [p.slug for p in review.phases.leaves if any(word in p.slug for word in _LATE)]
    if not late:
        raise ProjectError(
            f"The phases {review.phases.name} have no anaphase, telophase or cytokinesis: nothing "
            "says which cells divide. Show a classification that has."
        )
    parents = {review.phases[slug].parent for slug in late} - {None}
    merged = review.cells.merged_labels
    single = np.ones(len(review), bool) if merged is None else merged == ""
    codes = [i for i, p in enumerate(review.phases) if p.slug in late or p.slug in parents]
    judged = review.annotator != NONE
    said = judged & np.isin(review.final, codes) & single
    unjudged = ~judged & single
    if mitotic <= 0:
        return said | unjudged, said
    if review.prediction_set is None:
        if not judged.any():
            raise ProjectError(
                "Nothing says which cells are mitotic: classify the image, say of some cells that "
                "they are late in mitosis, or look at all cells (mitotic 0)."
            )
        return said, said
    family = set(late) | {p.slug for p in review.phases.leaves if p.parent in parents}
    return said | (_probability(review, family) >= mitotic) & unjudged, said


def _probability(review: Review, family: set[str]) -> Floats:
    """Probability of some leaves, the mean of the projections; 0 where there is no prediction."""
    shown = review.prediction_set
    assert shown is not None
    columns = [i for i, slug in enumerate(shown.phases) if slug in family]
    votes: Floats = leaves_by_axis(review)[:, :, columns].sum(axis=2).mean(axis=1)
    return np.where(np.isnan(votes), 0, votes)
