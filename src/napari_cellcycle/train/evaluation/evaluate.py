"""Evaluation of any number of classes: the usual figures with bootstrap intervals by group."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing
from napari_cellcycle.train.evaluation.bootstrap import DRAWS, Bootstrap, bootstrap, group_codes
from napari_cellcycle.train.evaluation.calibration import BINS, Reliability, bin_of, reliability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

METRICS = ("accuracy", "balanced_accuracy", "macro_precision", "macro_recall", "macro_f1")
PER_CLASS = ("precision", "recall", "f1", "specificity", "auroc")
_BINARY = ("accuracy", "balanced_accuracy", "ece")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """How predictions compare with the truth.

    Parameters
    ----------
    labels : tuple of str
        The classes.
    n, groups : int
        Cells, and groups that they come from.
    prior : dict of str to float
        Share of each class in the truth.
    values : dict of str to float
        :data:`METRICS`, ``macro_auroc``, ``ece``, and each of :data:`PER_CLASS` as
        ``"recall/<class>"``. NaN where undefined: precision of a class that is never called, all
        of a class without cells. Macro averages go over the classes that have cells; there the
        precision of one that is never called counts as 0.
    intervals : dict of str to (float, float)
        95 % bootstrap intervals of every value; whole groups are drawn. NaN for one group.
    undefined : dict of str to int
        How many of the draws left a metric undefined and do not count in its interval.
    draws : int
    confusion : ndarray, ``(classes, classes)``, int64
        Rows are the truth, columns the prediction.
    bins : Reliability
        Confidence of the called class against accuracy, 15 equal-width bins.
    """

    labels: tuple[str, ...]
    n: int
    groups: int
    prior: dict[str, float]
    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    undefined: dict[str, int]
    draws: int
    confusion: NDArray[np.int64]
    bins: Reliability

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, rounded to four digits, ``None`` where undefined."""
        value = {name: _round(number) for name, number in self.values.items()}
        by_chance = dict(zip(("mean", "highest"), self.bins.error_by_chance(), strict=True))
        counts = self.confusion.sum(axis=1)
        return {
            "n": self.n,
            "accuracy": value["accuracy"],
            "balanced_accuracy": value["balanced_accuracy"],
            "macro_f1": value["macro_f1"],
            "ece": value["ece"],
            "classes": {
                label: {
                    "precision": value[f"precision/{label}"],
                    "recall": value[f"recall/{label}"],
                    "f1": value[f"f1/{label}"],
                    "n": int(n),
                }
                for label, n in zip(self.labels, counts, strict=True)
            },
            "confusion": {"labels": list(self.labels), "matrix": self.confusion.tolist()},
            "intervals": _round_all(self.intervals),
            "macro_precision": value["macro_precision"],
            "macro_recall": value["macro_recall"],
            "macro_auroc": value["macro_auroc"],
            "auroc": {label: value[f"auroc/{label}"] for label in self.labels},
            "ece_by_chance": {name: round(error, 4) for name, error in by_chance.items()},
            "prior": {label: round(share, 4) for label, share in self.prior.items()},
            "groups": self.groups,
            "draws": self.draws,
            "undefined_draws": dict(self.undefined),
        }

    def one_class(self, label: str) -> dict[str, Any]:
        """Figures of one class against the rest, for JSON, such as mitotic or not.

        Parameters
        ----------
        label : str
            The positive class. With two classes, accuracy and confusion are those of the test.

        Raises
        ------
        CellCycleError
            If there is no such class.
        """
        if label not in self.prior:
            raise CellCycleError(f"There is no class {label!r}; there are {_list(self.labels)}.")
        keys = {name: name for name in _BINARY} | {name: f"{name}/{label}" for name in PER_CLASS}
        return {
            "n": self.n,
            "prevalence": round(self.prior[label], 4),
            **{name: _round(self.values[key]) for name, key in keys.items()},
            "intervals": _round_all({name: self.intervals[key] for name, key in keys.items()}),
            "confusion": {"labels": list(self.labels), "matrix": self.confusion.tolist()},
        }

    def write_confusion(self, path: Path | str) -> Path:
        """Write the confusion matrix as CSV: one row a true class, one column a called one."""
        from napari_cellcycle.spreadsheet import neutralise

        path, names = Path(path), [neutralise(label) for label in self.labels]
        with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["truth", *names])
            for label, row in zip(names, self.confusion.tolist(), strict=True):
                writer.writerow([label, *row])
        return path


def evaluate(
    truth: Sequence[str] | NDArray[np.str_],
    probabilities: NDArray[np.floating[Any]],
    labels: Sequence[str],
    group: Sequence[str] | NDArray[np.str_],
    *,
    called: NDArray[np.integer[Any]] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Compare predictions with the truth.

    Parameters
    ----------
    truth : sequence of str, ``(n,)``
        Class of each cell, one of ``labels``.
    probabilities : ndarray, ``(n, classes)``, float
        Calibrated; rows sum to 1.
    labels : sequence of str
        The classes, in the order of the columns.
    group : sequence of str, ``(n,)``
        Plate, image or embryo; drawn as a whole, so that cells of one group do not count as
        independent.
    called : ndarray, ``(n,)``, int, optional
        Index of the class that is predicted; the most probable by default. A model of two levels
        decides along its tree.
    draws : int
        Bootstrap repetitions.
    seed : int
        Of the bootstrap.

    Raises
    ------
    CellCycleError
        If there are no cells, or a class is unknown.
    """
    labels = tuple(labels)
    p = np.asarray(probabilities, dtype=np.float64)
    if len(truth) == 0:
        raise CellCycleError("There are no cells to evaluate.")
    if p.shape != (len(truth), len(labels)) or len(group) != len(truth):
        raise ValueError(
            f"{len(truth)} cells, {len(group)} groups and {len(labels)} classes do not fit "
            f"probabilities of shape {p.shape}."
        )
    codes = class_codes(truth, labels)
    said = p.argmax(axis=1) if called is None else np.asarray(called, dtype=np.int64)
    confidence = p[np.arange(len(p)), said]
    n_groups, group_code = group_codes(group)
    per_group = np.zeros((n_groups, len(labels), len(labels)))
    np.add.at(per_group, (group_code, codes, said), 1)
    gaps = np.zeros((n_groups, BINS))
    np.add.at(gaps, (group_code, bin_of(confidence)), confidence - (said == codes))
    confusion = per_group.sum(axis=0)
    measure = partial(
        _measure,
        labels=labels,
        per_group=per_group,
        gaps=gaps,
        ranks=[_Ranks(p[:, k], codes == k, group_code, n_groups) for k in range(len(labels))],
        present=confusion.sum(axis=1) > 0,
    )
    found: Bootstrap = bootstrap(measure, n_groups, width=len(p), draws=draws, seed=seed)
    shares = confusion.sum(axis=1) / len(p)
    return Evaluation(
        labels,
        len(p),
        n_groups,
        dict(zip(labels, shares.tolist(), strict=True)),
        found.values,
        found.intervals,
        found.undefined,
        found.draws,
        confusion.astype(np.int64),
        reliability(confidence, said == codes),
    )


def class_codes(
    truth: Sequence[str] | NDArray[np.str_], labels: Sequence[str]
) -> NDArray[np.int64]:
    """Index of each cell's class.

    Raises
    ------
    CellCycleError
        If a class is none of ``labels``.
    """
    names, inverse = np.unique(np.asarray(truth, dtype=str), return_inverse=True)
    unknown = [str(name) for name in names if name not in labels]
    if unknown:
        raise CellCycleError(
            f"The truth holds {_list(unknown)}, which is no class; classes are {_list(labels)}."
        )
    return np.array([labels.index(str(name)) for name in names], dtype=np.int64)[inverse]


class _Ranks:
    """Cells by their probability of one class, so that the AUROC of many draws is two products.

    Cells of equal probability form one block; blocks are in ascending order.
    """

    def __init__(
        self,
        probability: Floats,
        positive: NDArray[np.bool_],
        group: NDArray[np.int64],
        n_groups: int,
    ) -> None:
        from scipy.sparse import csr_array

        _, block = np.unique(probability, return_inverse=True)
        shape = (int(block.max()) + 1, n_groups)
        self.positive, self.negative = (
            csr_array((np.ones(which.sum()), (block[which], group[which])), shape=shape)
            for which in (positive, ~positive)
        )

    def auroc(self, weights: Floats) -> Floats:
        """Area under the ROC curve of each draw ``(draws, groups)``; ties count half."""
        positive, negative = self.positive @ weights.T, self.negative @ weights.T
        below = negative.cumsum(axis=0) - negative / 2
        pairs = positive.sum(axis=0) * negative.sum(axis=0)
        return np.asarray((positive * below).sum(axis=0) / pairs, dtype=np.float64)


def _measure(
    weights: Floats,
    *,
    labels: tuple[str, ...],
    per_group: Floats,
    gaps: Floats,
    ranks: Sequence[_Ranks],
    present: NDArray[np.bool_],
) -> dict[str, Floats]:
    """Every metric of each draw.

    A class that has cells, but none in a draw, leaves its own figures and the averages undefined.
    """
    k = len(labels)
    confusion = (weights @ per_group.reshape(-1, k * k)).reshape(-1, k, k)
    n = confusion.sum(axis=(1, 2))
    right = np.diagonal(confusion, axis1=1, axis2=2)
    true, said = confusion.sum(axis=2), confusion.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall = right / true
        precision = np.where(true > 0, right / said, np.nan)
        f1 = np.where(true > 0, 2 * right / (true + said), np.nan)
        specificity = (n[:, None] - true - said + right) / (n[:, None] - true)
        auroc = np.stack([r.auroc(weights) for r in ranks], axis=1)
    counted = np.where((true > 0) & (said == 0), 0.0, precision)
    figures = (precision, recall, f1, specificity, auroc)
    macro = {
        "balanced_accuracy": recall,
        "macro_precision": counted,
        "macro_recall": recall,
        "macro_f1": f1,
        "macro_auroc": auroc,
    }
    return {
        "accuracy": right.sum(axis=1) / n,
        **{name: of_class[:, present].mean(axis=1) for name, of_class in macro.items()},
        "ece": np.abs(weights @ gaps).sum(axis=1) / n,
        **{
            f"{name}/{label}": of_class[:, c]
            for name, of_class in zip(PER_CLASS, figures, strict=True)
            for c, label in enumerate(labels)
        },
    }


def _round(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def _round_all(pairs: Mapping[str, tuple[float, float]]) -> dict[str, list[float | None]]:
    return {name: [_round(low), _round(high)] for name, (low, high) in pairs.items()}


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
