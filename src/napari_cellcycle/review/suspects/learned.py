"""What a discriminant learns of the phases from the measures: probabilities, out of fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

ENOUGH = 100
"""Cells with a phase: of fewer, nothing is learned."""
_FAR = 5.0  # deviations: what lies further away pulls no harder


def folds_of(phase: Ints, n: int, parts: int) -> Ints:
    """Part that each cell is in: each takes its share of every phase, and of cells without one."""
    fold = np.zeros(len(phase), np.int64)
    for code in range(-1, n):
        rows = np.flatnonzero(phase == code)
        fold[rows] = np.arange(len(rows)) % parts
    return fold


def iter_learned(
    points: Floats, phase: Ints, n: int, *, parts: int
) -> Generator[tuple[int, int], None, Floats | None]:
    """Let a discriminant predict the phases of cells that it has not learned from.

    It is Fisher's linear discriminant of the measures and of their squares, with the covariance
    shrunk as Ledoit and Wolf do. All phases share that covariance: a few cells are enough to learn
    a rare phase, and phases that are wrong move its mean a little, while they cannot bend its
    border around single cells.

    Parameters
    ----------
    points : ndarray, ``(n_cells, measures)``, float64
        Measures, in robust standard deviations.
    phase : ndarray, ``(n_cells,)``, int64
        Leaf that is learned, -1 for none.
    n : int
        Number of leaves.
    parts : int
        Parts of the cells: each is predicted by what the others teach. A phase with fewer cells
        than parts is not learned.

    Yields
    ------
    tuple of int
        Fits that are done, and all.

    Returns
    -------
    ndarray, ``(n_cells, n)``, float64, or None
        Probabilities; 0 for phases that were not learned, and None where fewer than two were, or
        there are fewer cells than :data:`ENOUGH`.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    known = np.flatnonzero(np.bincount(phase[phase >= 0], minlength=n) >= parts)
    if len(known) < 2 or (phase >= 0).sum() < ENOUGH:
        return None
    held = np.clip(points, -_FAR, _FAR)
    features = np.hstack([held, held**2])
    fold = folds_of(phase, n, parts)
    learned = np.isin(phase, known)
    found = np.zeros((len(points), n))
    for part in range(parts):
        yield part, parts
        others, judged = learned & (fold != part), fold == part
        fit = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        fit.fit(features[others], phase[others])
        if judged.any():
            found[np.ix_(judged, fit.classes_)] = fit.predict_proba(features[judged])
    return found
