"""Evaluation of mitotic or not: counts, the usual figures, and bootstrap intervals by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

METRICS = ("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How predictions of two classes compare with the truth.

    Parameters
    ----------
    n : int
    prevalence : float
        Share of positives in the truth.
    values : dict of str to float
        One a metric of :data:`METRICS`; NaN where it is undefined.
    intervals : dict of str to (float, float)
        95 % bootstrap intervals; whole groups are drawn.
    confusion : ndarray, ``(2, 2)``, int64
        Rows are the truth (negative, positive), columns the prediction.
    ece : float
        Expected calibration error of p(positive's argmax), 15 equal-width bins.
    """

    n: int
    prevalence: float
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    confusion: NDArray[np.int64]
    ece: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded to four digits."""
        return {
            "n": self.n,
            "prevalence": round(self.prevalence, 4),
            **{name: round(value, 4) for name, value in self.values.items()},
            "ece": round(self.ece, 4),
            "intervals": {
                name: [round(low, 4), round(high, 4)]
                for name, (low, high) in self.intervals.items()
            },
            "confusion": {
                "labels": ["non-mitotic", "mitotic"],
                "matrix": self.confusion.tolist(),
            },
        }


def evaluate_two_classes(
    truth: NDArray[np.integer[Any]],
    probability: NDArray[np.floating[Any]],
    group: Sequence[str] | NDArray[np.str_],
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Compare predictions with the truth.

    Parameters
    ----------
    truth : ndarray, ``(n,)``
        0 or 1.
    probability : ndarray, ``(n,)``
        Of class 1; above 0.5 is called positive.
    group : sequence of str, ``(n,)``
        Plate, image or embryo; drawn as a whole, so that cells of one group do not count as
        independent.
    draws : int
        Bootstrap repetitions.
    seed : int
        Of the bootstrap.

    Raises
    ------
    CellCycleError
        If there are no cells.
    """
    truth = np.asarray(truth, dtype=np.int64)
    probability = np.asarray(probability, dtype=float)
    if len(truth) == 0:
        raise CellCycleError("There are no cells to evaluate.")
    called = (probability > 0.5).astype(np.int64)
    _, code = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    per_group = np.zeros((code.max() + 1, 4), dtype=np.int64)
    np.add.at(per_group, (code, 2 * truth + called), 1)
    total = per_group.sum(axis=0)
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(per_group), size=(draws, len(per_group)))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = _metrics(per_group[picks].sum(axis=1))
        values = {name: float(v) for name, v in zip(METRICS, _metrics(total[None])[0], strict=True)}
    intervals = {}
    for name, column in zip(METRICS, drawn.T, strict=True):
        finite = column[np.isfinite(column)]
        low, high = np.percentile(finite, (2.5, 97.5)) if len(finite) else (np.nan, np.nan)
        intervals[name] = (float(low), float(high))
    return Evaluation(
        len(truth),
        float(truth.mean()),
        values,
        intervals,
        total.reshape(2, 2),
        expected_calibration_error(np.maximum(probability, 1 - probability), called == truth),
    )


def expected_calibration_error(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_], bins: int = 15
) -> float:
    """Weigh the gap between confidence and accuracy in equal-width bins by the bins' sizes."""
    index = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    n = np.bincount(index, minlength=bins)
    gap = np.abs(
        np.bincount(index, weights=confidence, minlength=bins)
        - np.bincount(index, weights=np.asarray(correct, dtype=float), minlength=bins)
    )
    return float(gap.sum() / n.sum())


def _metrics(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    tn, fp, fn, tp = (counts[:, i].astype(float) for i in range(4))
    recall, specificity = tp / (tp + fn), tn / (tn + fp)
    return np.stack(
        [
            (tp + tn) / counts.sum(axis=1),
            (recall + specificity) / 2,
            tp / (tp + fp),
            recall,
            specificity,
            2 * tp / (2 * tp + fp + fn),
        ],
        axis=1,
    )
