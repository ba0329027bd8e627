"""Long work on pairs of daughters: they are found, merged, and classified again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cellcycle._qt.review.revision.reclassify import classify_stale
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.work import told_as

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.daughters.daughters import PairLimits, Proposals
    from napari_cellcycle.review.daughters.merging import Merged, Merging
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.state import Review


@dataclass(frozen=True, slots=True, eq=False)
class Acted:
    """What a gesture did, ready to be shown.

    Parameters
    ----------
    merged : Merged
    undertaking : Undertaking
        With the labels as they are now.
    read : Loaded
        What the review reads of them.
    """

    merged: Merged
    undertaking: Undertaking
    read: Loaded


def find(
    undertaking: Undertaking, review: Review, limits: PairLimits
) -> Generator[str, None, Proposals]:
    """Look for pairs among the cells of a review.

    Yields
    ------
    str
        How far it is.
    """
    from napari_cellcycle.review.daughters.daughters import iter_proposals
    from napari_cellcycle.review.places import Source
    from napari_cellcycle.review.state import Review

    if undertaking.stack is None:
        raise CellCycleError(undertaking.problem)
    roles = {role: index for role, index in undertaking.channels.items() if index is not None}
    yield "Looking for pairs…"
    shown = review.chosen_set
    mine = Review(
        undertaking.project,
        undertaking.image,
        vocabulary=review.phases.name,
        predictions=None if shown is None else shown.id,
    )
    work = iter_proposals(Source(mine, undertaking.stack, undertaking.segmentation, roles), limits)
    return (yield from told_as(work, lambda at: f"Looking for pairs… {at[0]:,} of {at[1]:,} cells"))


def act(
    undertaking: Undertaking, review: Review, gesture: Callable[[Merging], Merged]
) -> Generator[str, None, Acted]:
    """Merge or split cells, and derive the labels that follow.

    Yields
    ------
    str
        That it is on the disk.
    """
    from napari_cellcycle.cells.merge import merge_labels
    from napari_cellcycle.review.daughters.merging import Merging

    project, image = undertaking.project, undertaking.image
    below = project.images.labels_below(image)  # refuses before anything is entered
    merging = Merging(project, image)
    merged = gesture(merging)
    yield f"{merged.about}…"
    labels = merge_labels(below, merging.groups)
    labels = replace(labels, name=undertaking.segmentation.name)
    return Acted(merged, replace(undertaking, segmentation=labels), review.read_anew())


def classify(
    undertaking: Undertaking, review: Review, shown: PredictionSet
) -> Generator[str, None, tuple[int, Loaded]]:
    """Classify merged and split cells, and only they; returns how many, and the review read anew.

    Yields
    ------
    str
        How far it is.
    """
    yield "Classifying again…"
    n = yield from classify_stale(undertaking, shown)
    return n, review.read_anew()
