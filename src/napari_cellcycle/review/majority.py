"""The answer that most people give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.review.kappa import NO_ANSWER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


def majority_vote(answers: Codes, n_classes: int) -> tuple[Codes, NDArray[np.bool_]]:
    """Find the answer that most annotators give.

    Parameters
    ----------
    answers : ndarray, ``(n, annotators)``, int64
        Index of a class; negative where there is no answer.
    n_classes : int
        How many classes there are.

    Returns
    -------
    majority : ndarray, ``(n,)``, int64
        -1 where there is none: no answers, or a tie.
    tied : ndarray, ``(n,)``, bool
    """
    counts = (answers[:, :, None] == np.arange(n_classes)).sum(axis=1)
    most = counts.max(axis=1)
    leading = (counts == most[:, None]).sum(axis=1)
    tied = (most > 0) & (leading > 1)
    return np.where((most > 0) & ~tied, counts.argmax(axis=1), NO_ANSWER), tied
