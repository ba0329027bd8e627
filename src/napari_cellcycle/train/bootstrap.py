"""The bootstrap by group: whole plates, images or embryos are drawn, never single cells of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 2000
_MOST = 1 << 22


def group_codes(group: Sequence[str] | NDArray[Any]) -> tuple[int, NDArray[np.int64]]:
    """Number the groups: how many there are, and that of each cell ``(n,)``."""
    names, code = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    return len(names), code.astype(np.int64)


def draw_groups(n_groups: int, draws: int, seed: int, *, width: int = 0) -> Iterator[Floats]:
    """Draw as many groups as there are, with replacement.

    Parameters
    ----------
    n_groups : int
        Groups to draw from.
    draws : int
        Repetitions.
    seed : int
        Of the draws.
    width : int
        Numbers a draw that the caller will hold, such as one a cell; bounds the size of a part.

    Yields
    ------
    ndarray, ``(part of the draws, n_groups)``, float64
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


def intervals(
    drawn: Mapping[str, Floats],
) -> tuple[dict[str, tuple[float, float]], dict[str, int]]:
    """Take the central 95 % of each metric.

    Parameters
    ----------
    drawn : mapping of str to ndarray, ``(draws,)``
        Values of each metric; NaN where a draw leaves it undefined.

    Returns
    -------
    intervals : dict of str to (low, high)
        NaN where no draw defines the metric.
    undefined : dict of str to int
        How many draws were left out, of those metrics that had such.
    """
    found, undefined = {}, {}
    for name, values in drawn.items():
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, (2.5, 97.5)) if len(finite) else (np.nan, np.nan)
        found[name] = (float(low), float(high))
        if len(finite) < len(values):
            undefined[name] = len(values) - len(finite)
    return found, undefined
