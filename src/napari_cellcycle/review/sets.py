"""The prediction sets of a reviewed image among which a person can choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.review.orders import can_compare

if TYPE_CHECKING:
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.state import Review


def sets_of(review: Review) -> tuple[PredictionSet, ...]:
    """Sets that can be shown, the newest first; those that completed one belong to it."""
    found = review.project.predictions.sets(review.image)
    return tuple(given for given in reversed(found) if not given.completes)


def comparable(review: Review) -> tuple[PredictionSet, ...]:
    """Sets of the same phases beside the one that is shown, the newest first."""
    return tuple(given for given in sets_of(review) if can_compare(review, given))
