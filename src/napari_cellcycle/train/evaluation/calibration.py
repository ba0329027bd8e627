"""Whether probabilities mean what they say: reliability, calibration error and temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 15
_RANGE = (-2.5, 2.5)
"""Logarithm of the temperatures that are tried: 0.08 to 12."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Confidence against accuracy in bins of equal width over [0, 1].

    Parameters
    ----------
    n : ndarray, ``(bins,)``, int64
        Cells in each bin.
    confidence, accuracy : ndarray, ``(bins,)``, float64
        Mean confidence and share of right answers; NaN where a bin is empty.
    """

    n: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Expected calibration error: the gaps, weighted by the bins' sizes."""
        filled = self.n > 0
        gap = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float((gap * self.n[filled]).sum() / self.n.sum())

    def error_by_chance(self, *, draws: int = 2000, seed: int = 0) -> tuple[float, float]:
        """Calibration error of answers that are right exactly as often as they claim.

        With few cells it is far from 0: each bin is right a little more or less often than it says.
        Cells are taken for independent, so that those of one plate, which resemble each other,
        may err together by more.

        Parameters
        ----------
        draws : int
            Repetitions.
        seed : int
            Of the draws.

        Returns
        -------
        mean, highest : float
            Mean, and 95th percentile, over the draws.
        """
        filled = self.n > 0
        n, confidence = self.n[filled], self.confidence[filled]
        rng = np.random.default_rng(seed)
        right = rng.binomial(n, np.clip(confidence, 0, 1), (draws, len(n)))
        errors = np.abs(right - n * confidence).sum(axis=1) / n.sum()
        return float(errors.mean()), float(np.quantile(errors, 0.95))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "n": self.n.tolist(),
            "confidence": self.confidence.tolist(),
            "accuracy": self.accuracy.tolist(),
        }


def bin_of(confidence: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Index of the bin of each confidence; a bin holds its upper edge (Guo et al. 2017)."""
    index = np.ceil(np.asarray(confidence, dtype=float) * BINS).astype(np.int64) - 1
    return np.asarray(np.clip(index, 0, BINS - 1), dtype=np.int64)


def reliability(confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]) -> Reliability:
    """Compare confidence with accuracy in :data:`BINS` bins of equal width.

    Parameters
    ----------
    confidence : ndarray, ``(n,)``, float in [0, 1]
        Probability of the answer.
    correct : ndarray, ``(n,)``, bool
        Whether it was right.

    Raises
    ------
    CellCycleError
        If there are no cells.
    """
    if len(confidence) == 0:
        raise CellCycleError("There are no cells to measure the calibration of.")
    index = bin_of(confidence)
    n = np.bincount(index, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(index, weights=confidence, minlength=BINS) / n
        right = np.bincount(index, weights=np.asarray(correct, dtype=float), minlength=BINS) / n
    return Reliability(n.astype(np.int64), mean, right)


def temperature(outputs: NDArray[np.floating[Any]], allowed: NDArray[np.bool_]) -> float:
    """Find the temperature that makes ``softmax(outputs / T)`` most likely.

    Use validation data only. Source: Guo et al. 2017, "On calibration of modern neural networks".

    Parameters
    ----------
    outputs : ndarray, ``(n, classes)``
        Logits of one level: all leaves of a flat model, or one level of two.
    allowed : ndarray, ``(n, classes)``, bool
        The true class, or all that it may be: their probabilities add up. Cells that may be
        anything tell nothing.

    Returns
    -------
    float
        Between 0.08 and 12.

    Raises
    ------
    CellCycleError
        If a cell has no class, or no cell has a class that is known, even in part.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax, logsumexp

    outputs, allowed = np.asarray(outputs, dtype=float), np.asarray(allowed, dtype=bool)
    if outputs.shape != allowed.shape or outputs.ndim != 2:
        raise ValueError(f"outputs are {outputs.shape} and allowed {allowed.shape}.")
    if not allowed.any(axis=1).all():
        raise CellCycleError(
            f"{(~allowed.any(axis=1)).sum()} cells for the temperature have no class; leave them "
            "out."
        )
    telling = ~allowed.all(axis=1)
    if not telling.any():
        raise CellCycleError(
            "The temperature needs validation cells whose class is known; there are none."
        )
    outputs, allowed = outputs[telling], allowed[telling]

    def loss(log_t: float) -> float:
        log_p = log_softmax(outputs / np.exp(log_t), axis=1)
        return -float(logsumexp(np.where(allowed, log_p, -np.inf), axis=1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x))
