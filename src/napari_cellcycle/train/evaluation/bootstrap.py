"""The bootstrap by group: whole plates, images or embryos are drawn, never single cells of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Measure = Callable[[Floats], Mapping[str, Floats]]

DRAWS = 2000
_MOST = 1 << 22


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Metrics of all cells, and how they vary with the groups that happen to be there.

    Parameters
    ----------
    values : dict of str to float
        NaN where a metric is undefined.
    intervals : dict of str to (low, high)
        The central 95 % of the draws that define the metric; NaN where none does, and where there
        is one group only, which says nothing about another.
    undefined : dict of str to int
        How many draws were left out, for those metrics that had such.
    draws, groups : int
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    undefined: dict[str, int]
    draws: int
    groups: int


def bootstrap(
    measure: Measure, n_groups: int, *, width: int, draws: int = DRAWS, seed: int = 0
) -> Bootstrap:
    """Measure all groups once, and then many draws of them with replacement.

    Parameters
    ----------
    measure : callable
        Takes how often each group counts, ``(draws, groups)``, float64, and gives ``(draws,)`` for
        each metric.
    n_groups : int
        Groups to draw from.
    width : int
        Numbers that ``measure`` holds for each draw, such as one a cell; bounds the memory.
    draws : int
        Repetitions.
    seed : int
        Of the draws.
    """
    whole = measure(np.ones((1, n_groups)))
    parts: list[Mapping[str, Floats]] = []
    if n_groups > 1:
        parts = [measure(counts) for counts in draw_groups(n_groups, draws, seed, width=width)]
    found, undefined = {}, {}
    for name in whole:
        drawn = np.concatenate([part[name] for part in parts]) if parts else np.empty(0)
        drawn = drawn[np.isfinite(drawn)]
        low, high = np.percentile(drawn, (2.5, 97.5)) if len(drawn) else (np.nan, np.nan)
        found[name] = (float(low), float(high))
        if len(drawn) < draws:
            undefined[name] = draws - len(drawn)
    values = {name: float(value[0]) for name, value in whole.items()}
    return Bootstrap(values, found, undefined, draws, n_groups)


def draw_groups(n_groups: int, draws: int, seed: int, *, width: int = 0) -> Iterator[Floats]:
    """Draw as many groups as there are, with replacement.

    Yields
    ------
    ndarray, ``(some of the draws, n_groups)``, float64
        How often each group was drawn.
    """
    rng = np.random.default_rng(seed)
    part = max(1, _MOST // max(n_groups, width))
    for start in range(0, draws, part):
        n = min(part, draws - start)
        picks = rng.integers(n_groups, size=(n, n_groups))
        picks += n_groups * np.arange(n)[:, None]
        counts = np.bincount(picks.ravel(), minlength=n * n_groups)
        yield counts.reshape(n, n_groups).astype(np.float64)


def group_codes(group: Sequence[str] | NDArray[Any]) -> tuple[int, NDArray[np.int64]]:
    """Number the groups: how many there are, and that of each cell ``(n,)``."""
    names, code = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    return len(names), code.astype(np.int64)
