"""The orders in which cells can be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.models.ensemble import entropy, leaf_votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.state import Review

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_ABOVE_ZERO = 1e-6  # so that one projection alone rules no phase out
BETWEEN_MODELS = "disagreement of models"
SUSPICION = "suspicion"


def by_entropy(review: Review) -> Floats:
    """Most uncertain first: entropy of all leaves together, in nats.

    It is high where the first level is uncertain, and also where only the stage is.
    """
    return -entropy(review.shown.column("probabilities", np.nan))


def by_axes(review: Review) -> Floats:
    """Most disagreement of the projections first: their Jensen-Shannon divergence, in nats."""
    return -divergence(leaves_by_axis(review))


def by_phase(review: Review) -> Floats:
    """Phases in the order of the vocabulary, the most uncertain first within each."""
    predicted = review.shown.phase
    confidence = np.nan_to_num(review.shown.confidence)
    return np.where(predicted >= 0, predicted + 0.5 * confidence, np.nan)


def by_volume(review: Review) -> Floats:
    """Strangest size first: how far the logarithm is from the median of its frame's cells."""
    size = np.log(np.maximum(review.cells.voxels, 1))
    strange = np.empty(len(size))
    for frame in np.unique(review.cells.frame):
        here = review.cells.frame == frame
        strange[here] = np.abs(size[here] - np.median(size[here]))
    return -strange


def by_position(review: Review) -> Floats:
    """Row by row through each frame; a row is as high as a typical cell."""
    cells = review.cells
    height = float(np.median(cells.bbox[:, 1, 1] - cells.bbox[:, 0, 1])) if len(cells) else 1.0
    band = np.floor(cells.centroid[:, 1] / max(height, 1.0))
    _, _, x = cells.centroid.T
    order = np.lexsort((x, band, cells.frame))
    rank = np.empty(len(cells))
    rank[order] = np.arange(len(cells))
    return rank


ORDERS: dict[str, Callable[[Review], Floats] | None] = {
    "entropy": by_entropy,
    "disagreement of projections": by_axes,
    BETWEEN_MODELS: None,
    SUSPICION: None,
    "phase": by_phase,
    "volume": by_volume,
    "position": by_position,
    "random": None,
}
"""Names of orders; what each sorts by, smallest first, or None where more must be given."""

NEED_PREDICTIONS = (
    "entropy", "disagreement of projections", BETWEEN_MODELS, SUSPICION, "phase",
)  # fmt: skip
"""Those that are impossible while no predictions are shown."""


def leaves_by_axis(review: Review) -> Floats:
    """Probabilities of the leaves as each projection alone sees them, ``(n, axes, leaves)``."""
    shown = review.shown
    return leaf_votes(shown.column("level1", np.nan), shown.column("level2", np.nan))


def consensus(votes: Floats) -> Floats:
    """What several judges say together: the geometric mean of their probabilities.

    Parameters
    ----------
    votes : ndarray, ``(n, judges, classes)``, float64
        Probabilities; NaN rows stay NaN.
    """
    together = np.exp(np.log(np.maximum(votes, _ABOVE_ZERO)).mean(axis=1))
    return np.asarray(together / together.sum(axis=1, keepdims=True), np.float64)


def divergence(p: Floats) -> Floats:
    """Jensen-Shannon divergence of several judges, in nats.

    Parameters
    ----------
    p : ndarray, ``(n, judges, classes)``, float64
        Probabilities.
    """
    mean: Floats = p.mean(axis=1)
    return entropy(mean) - np.asarray(entropy(p).mean(axis=1), np.float64)


def _between_models(review: Review, other: PredictionSet | None) -> Floats:
    if other is None or not can_compare(review, other):
        raise ProjectError(
            "Two models can be compared that have the same phases. Choose a second prediction set "
            "of the vocabulary that is shown."
        )
    second = review.beside(other)
    both = [review.shown.column("probabilities", np.nan), second.column("probabilities", np.nan)]
    return -divergence(np.stack(both, axis=1))


def can_compare(review: Review, other: PredictionSet | None) -> bool:
    """Whether another prediction set has the same phases as the one that is shown."""
    shown = review.prediction_set
    return (
        shown is not None
        and other is not None
        and other.id != shown.id
        and (other.vocabulary, other.phases) == (shown.vocabulary, shown.phases)
    )


def possible(review: Review, order: str) -> bool:
    """Whether the predictions that an order needs are shown."""
    return order not in NEED_PREDICTIONS or bool(review.shown.sets)


def arranged(
    review: Review,
    order: str,
    *,
    seed: int = 0,
    other: PredictionSet | None = None,
    suspects: Ints | None = None,
) -> Ints:
    """All rows in order; cells that it says nothing of come last, as they lie in the table.

    Parameters
    ----------
    review : Review
        What is reviewed.
    order : str
        One of :data:`ORDERS`.
    seed : int
        Of the order ``random``.
    other : PredictionSet, optional
        The second model of the order ``disagreement of models``.
    suspects : ndarray, ``(m,)``, int64, optional
        The most suspect cell first; of the order ``suspicion``.

    Raises
    ------
    ProjectError
        If the order needs what is not there.
    """
    if not possible(review, order):
        raise ProjectError(
            f"The order {order!r} needs predictions, and none are shown. Choose 'position', "
            "'volume' or 'random'."
        )
    if order == "random":
        return np.random.default_rng(seed).permutation(len(review))
    by = ORDERS[order]
    if by is not None:
        keys = by(review)
    elif order == BETWEEN_MODELS:
        keys = _between_models(review, other)
    elif suspects is None:
        raise ProjectError(
            f"The order {order!r} needs the measures of the cells. Open Curate, and measure them."
        )
    else:
        keys = np.full(len(review), np.nan)
        keys[suspects] = np.arange(len(suspects))
    return np.argsort(keys, kind="stable")
