"""Two judges on the same cells: McNemar, a paired bootstrap by group and a paired t-test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.evaluation.bootstrap import DRAWS, bootstrap, group_codes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class McNemar:
    """Exact test of McNemar (1947), whether two judges err equally often on the same cells.

    It takes cells for independent; where they come in groups, trust the bootstrap more.

    Parameters
    ----------
    only_first, only_second : int
        Cells that one alone is right about.
    p : float
        Two-sided, from the binomial distribution; 1 where they never differ.
    """

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True, slots=True)
class PairedT:
    """Student's t-test of paired values, such as the accuracies of two models in each fold.

    Parameters
    ----------
    pairs : int
    mean : float
        Of first minus second.
    t, p : float
        Two-sided. NaN with fewer than two pairs; t is infinite where all differ by the same.
    """

    pairs: int
    mean: float
    t: float
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two judges of the same cells compare.

    Parameters
    ----------
    first, second : str
        Who.
    n, groups : int
    accuracy : tuple of float
        Of each.
    difference : float
        First minus second.
    interval : tuple of float
        95 % of the difference, by paired bootstrap: whole groups are drawn, for both the same.
    mcnemar : McNemar
        On cells.
    t_test : PairedT
        On the groups' accuracies.
    """

    first: str
    second: str
    n: int
    groups: int
    accuracy: tuple[float, float]
    difference: float
    interval: tuple[float, float]
    mcnemar: McNemar
    t_test: PairedT

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Test whether two judges are right equally often.

    Parameters
    ----------
    first, second : ndarray, ``(n,)``, bool
        Whether each is right about each cell.
    """
    from scipy.stats import binomtest

    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    n = only_first + only_second
    return McNemar(only_first, only_second, float(binomtest(only_first, n).pvalue) if n else 1.0)


def paired_t(first: ArrayLike, second: ArrayLike) -> PairedT:
    """Test whether paired values differ on average.

    Parameters
    ----------
    first, second : array-like, ``(n,)``, float
        One value a fold, group or person.

    Raises
    ------
    CellCycleError
        If they are not pairs.
    """
    from scipy.special import stdtr

    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise CellCycleError(f"A paired test needs pairs; there are {a.size} and {b.size} values.")
    if len(a) < 2:
        return PairedT(len(a), float(np.mean(a - b)) if len(a) else np.nan, np.nan, np.nan)
    gap = a - b
    mean, error = float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap)))
    # differences that are equal but for rounding have no spread
    if error <= 1e-12:
        return (
            PairedT(len(a), mean, 0.0, 1.0)
            if abs(mean) <= 1e-12
            else PairedT(len(a), mean, float(np.copysign(np.inf, mean)), 0.0)
        )
    t = mean / error
    return PairedT(len(a), mean, t, float(2 * stdtr(len(a) - 1, -abs(t))))


def compare(
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    group: Sequence[str] | NDArray[np.str_],
    *,
    names: tuple[str, str] = ("first", "second"),
    draws: int = DRAWS,
    seed: int = 0,
) -> Comparison:
    """Compare two judges on the same cells.

    Parameters
    ----------
    first, second : ndarray, ``(n,)``, bool
        Whether each is right about each cell.
    group : sequence of str, ``(n,)``
        Plate, image or embryo.
    names : (str, str)
        Who they are.
    draws, seed : int
        Of the bootstrap.

    Raises
    ------
    CellCycleError
        If there are no cells.
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if len(first) == 0:
        raise CellCycleError(f"There are no cells on which to compare {names[0]} and {names[1]}.")
    n_groups, code = group_codes(group)
    n = np.bincount(code, minlength=n_groups).astype(float)
    right = np.stack(
        [np.bincount(code, weights=judge, minlength=n_groups) for judge in (first, second)]
    )

    def gap(weights: NDArray[np.float64]) -> Mapping[str, NDArray[np.float64]]:
        return {"difference": (weights @ (right[0] - right[1])) / (weights @ n)}

    drawn = bootstrap(gap, n_groups, width=n_groups, draws=draws, seed=seed)
    return Comparison(
        *names,
        len(first),
        n_groups,
        (float(first.mean()), float(second.mean())),
        drawn.values["difference"],
        drawn.intervals["difference"],
        mcnemar(first, second),
        paired_t(right[0] / n, right[1] / n),
    )
