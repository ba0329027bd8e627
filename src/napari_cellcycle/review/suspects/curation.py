"""Suspects of a project's image, and what became of the predictions once people had looked."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures.measurements import iter_measure
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.decision import NONE, STATUS
from napari_cellcycle.review.orders import consensus, leaves_by_axis
from napari_cellcycle.review.suspects.suspects import KINDS, find_suspects
from napari_cellcycle.review.suspects.taught import ASIDE, NOBODY
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.measures.measurements import Measurements
    from napari_cellcycle.review.places import Source
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects.suspects import Limits, Suspects

_KEEP_EVERY_S = 30.0


@dataclass(frozen=True, slots=True)
class PhaseCount:
    """What became of the cells of one predicted phase.

    Parameters
    ----------
    phase : str
        Slug; ``total`` for all cells with a prediction.
    predicted : int
        Cells that the model gave this phase.
    suspects : int
        Those that do not fit it, and nobody has judged.
    examined : int
        Those that somebody judged, or the person who works has looked at.
    changed : int
        Those that people gave another phase.
    left_out : int
        Those that people excluded or are unsure of.
    """

    phase: str
    predicted: int
    suspects: int
    examined: int
    changed: int
    left_out: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def iter_measured(source: Source) -> Generator[Measurements, None, Measurements]:
    """Measure the cells of an image of a project that were not measured before.

    What is measured is kept in the project where it may be written, every half a minute, so that
    little is lost when the generator is closed.

    Parameters
    ----------
    source : Source
        The image with its labels.

    Yields
    ------
    Measurements
        What is known so far.
    """
    review, dna = source.review, source.roles.get("dna")
    measured, kept_at = review.project.measured, time.monotonic()
    known = measured.get(review.image, dna)
    if known is not None and known.is_known.all():
        return known
    work = iter_measure(source.stack, source.labels, review.cells, dna=dna, known=known)

    def keep(found: Measurements) -> None:
        if not review.project.read_only:
            measured.put(review.image, dna, found)

    for found in work:
        yield found
        if time.monotonic() - kept_at > _KEEP_EVERY_S:
            keep(found)
            kept_at = time.monotonic()
    keep(found)
    return found


def measured_of(
    source: Source, progress: Callable[[int, int], object] | None = None
) -> Measurements:
    """Run :func:`iter_measured` to its end."""
    work = iter_measured(source)
    if progress is None:
        return run_to_end(work)
    return run_to_end(work, lambda found: progress(found.n_known, len(found)))


def suspects_of(review: Review, found: Measurements, *, limits: Limits | None = None) -> Suspects:
    """Look for suspects among the predictions that a review shows and nobody has judged.

    The network's say is the geometric mean of its projections: the order by entropy takes the
    surest one.

    Parameters
    ----------
    review : Review
        Of one image.
    found : Measurements
        Of its cells.
    limits : Limits, optional
        What makes a cell suspect.

    Raises
    ------
    ProjectError
        If no predictions are shown.
    CellCycleError
        If there are too few cells.
    """
    phase, probabilities = said_of(review)
    known = known_of(review)
    return find_suspects(found, phase, review.phases, probabilities, known=known, limits=limits)


def said_of(review: Review) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What the network says of each cell, as suspects are looked for.

    Parameters
    ----------
    review : Review
        Of one image.

    Returns
    -------
    phase : ndarray, ``(n,)``, int64
        Predicted leaf, -1 for none.
    probabilities : ndarray, ``(n, leaves)``, float64
        The geometric mean of the projections; NaN rows where there is no prediction.

    Raises
    ------
    ProjectError
        If no predictions are shown.
    """
    if review.prediction_set is None:
        raise ProjectError(
            f"{review.project.folder.name} shows no predictions of {review.cells.image}, so none "
            "can be suspect. Classify it first."
        )
    leaf_of = review.phases.leaf_codes()
    probabilities = np.full((len(review), len(review.phases.leaves)), np.nan)
    probabilities[:, leaf_of[review.shown.leaves]] = consensus(leaves_by_axis(review))
    return leaf_of[review.shown.phase], probabilities


def known_of(review: Review) -> NDArray[np.int64]:
    """What people said of each cell, as the search for suspects learns from it.

    Of several people the majority counts, and in blind mode only one's own word, as for the final
    phase. A branch such as "mitotic, stage unknown" is no leaf and teaches nothing.

    Parameters
    ----------
    review : Review
        Of one image.

    Returns
    -------
    ndarray, ``(n,)``, int64
        Final leaf that people gave; ``NOBODY`` where nobody has judged the cell, ``ASIDE`` where
        there is a word and no leaf.
    """
    return np.where(review.annotator == NONE, NOBODY, review.phases.leaf_codes(ASIDE)[review.final])


def curation_counts(review: Review, suspects: Suspects | None = None) -> tuple[PhaseCount, ...]:
    """Count what was predicted, examined and changed, for each phase and in total.

    Cells without a prediction count nowhere.

    Parameters
    ----------
    review : Review
        Of one image.
    suspects : Suspects, optional
        Of its cells.
    """
    predicted = review.shown.phase
    is_suspect = np.zeros(len(review), bool) if suspects is None else suspects.kind > 0
    judged = review.annotator != NONE
    changed = judged & (review.final >= 0) & (review.final != predicted)
    aside = np.isin(review.status, [STATUS["excluded"], STATUS["unsure"]])

    def count(phase: str, which: NDArray[np.bool_]) -> PhaseCount:
        sorts = (which, is_suspect, judged | review.seen, changed, aside)
        return PhaseCount(phase, *(int((which & sort).sum()) for sort in sorts))

    rows = [count(p.slug, predicted == i) for i, p in enumerate(review.phases)]
    leaves = set(review.phases.slugs)
    return (*(row for row in rows if row.phase in leaves), count("total", predicted >= 0))


def suspects_table(suspects: Suspects, rows: NDArray[np.int64]) -> pd.DataFrame:
    """Make a table of suspect cells: which, why, and their measures, in the order of ``rows``."""
    leaves = suspects.phases.slugs
    table = suspects.measurements.to_table().iloc[rows].reset_index(drop=True)
    about: dict[str, Any] = {
        "predicted_phase": [leaves[i] for i in suspects.phase[rows].tolist()],
        "likely_phase": [leaves[i] for i in suspects.likely[rows].tolist()],
        "suspicion": suspects.score[rows],
        "kind": [KINDS[i] for i in suspects.kind[rows].tolist()],
        "reason": [suspects.reason(row) for row in rows.tolist()],
    }
    for place, (name, column) in enumerate(about.items()):
        table.insert(4 + place, name, column)
    return table
