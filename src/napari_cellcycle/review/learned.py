"""What trees learn of the phases from the measures: probabilities, out of fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

ENOUGH = 1000
"""Cells with a phase: of fewer, trees learn less than clusters tell."""


def folds_of(phase: Ints, n: int, parts: int) -> Ints:
    """Part that each cell is in: each takes its share of every phase, and of cells without one."""
    fold = np.zeros(len(phase), np.int64)
    for code in range(-1, n):
        rows = np.flatnonzero(phase == code)
        fold[rows] = np.arange(len(rows)) % parts
    return fold


def iter_learned(
    points: Floats, phase: Ints, n: int, *, fewest: int, parts: int
) -> Generator[tuple[int, int], None, Floats | None]:
    """Let boosted trees predict the phases of cells that they have not learned from.

    Trees learn from predicted phases, the wrong ones among them: small trees, and few, take up what
    most cells of a phase share. Phases that people gave stand in their place, and each cell counts
    once: people judge suspect cells first, and more weight on them would tell the trees that
    phases are as mixed everywhere as they are there.

    Parameters
    ----------
    points : ndarray, ``(n_cells, measures)``, float64
        Measures.
    phase : ndarray, ``(n_cells,)``, int64
        Leaf that people gave, else the predicted one; -1 for none.
    n : int
        Number of leaves.
    fewest : int
        A phase with fewer cells is not learned.
    parts : int
        Parts of the cells: each is predicted by trees that learned from the others.

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
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = np.flatnonzero(np.bincount(phase[phase >= 0], minlength=n) >= max(fewest, parts))
    if len(known) < 2 or (phase >= 0).sum() < ENOUGH:
        return None
    fold = folds_of(phase, n, parts)
    learned = np.isin(phase, known)
    found = np.zeros((len(points), n))
    for part in range(parts):
        yield part, parts
        trees = HistGradientBoostingClassifier(
            max_iter=60,
            learning_rate=0.08,
            max_leaf_nodes=8,
            min_samples_leaf=20,
            l2_regularization=5.0,
            early_stopping=False,
            random_state=0,
        )
        trees.fit(points[learned & (fold != part)], phase[learned & (fold != part)])
        judged = fold == part
        found[np.ix_(judged, trees.classes_)] = trees.predict_proba(points[judged])
    return found
