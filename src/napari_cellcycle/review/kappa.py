"""Agreement beyond chance: Cohen's kappa of two, Fleiss' kappa of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_ANSWER = -1


def cohen_kappa(first: NDArray[np.integer[Any]], second: NDArray[np.integer[Any]]) -> float:
    """Cohen's kappa of two raters, unweighted (Cohen 1960).

    Parameters
    ----------
    first, second : ndarray, ``(n,)``, int
        Class that each gives to each cell; negative where there is no answer. Cells that one of
        them left out do not count.

    Returns
    -------
    float
        NaN where both name one class only, or no cell has both answers.
    """
    both = (first >= 0) & (second >= 0)
    a, b = first[both], second[both]
    if len(a) == 0:
        return float("nan")
    k = int(max(a.max(), b.max())) + 1
    expected = float(np.bincount(a, minlength=k) @ np.bincount(b, minlength=k)) / len(a) ** 2
    return _beyond_chance(float((a == b).mean()), expected)


def fleiss_kappa(answers: NDArray[np.integer[Any]]) -> float:
    """Fleiss' kappa of any number of raters (Fleiss 1971).

    Where cells have different numbers of answers, each cell's agreement is that of its pairs of
    answers, and cells with fewer than two do not count.

    Parameters
    ----------
    answers : ndarray, ``(n, raters)``, int
        Class of each answer; negative where there is none.

    Returns
    -------
    float
        NaN where all answers name one class, or no cell has two.
    """
    answers = answers[(answers >= 0).sum(axis=1) > 1]
    if len(answers) == 0:
        return float("nan")
    counts = (answers[:, :, None] == np.arange(answers.max() + 1)).sum(axis=1)
    raters = counts.sum(axis=1)
    agreeing = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    share = counts.sum(axis=0) / counts.sum()
    return _beyond_chance(float(agreeing.mean()), float((share**2).sum()))


def _beyond_chance(observed: float, expected: float) -> float:
    if expected >= 1:
        return float("nan")
    return (observed - expected) / (1 - expected)
