"""Whether people judged a fair sample of an image, or the cells that a model was unsure of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.models.ensemble import entropy
from napari_cellcycle.review.sets import sets_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.state import Review


def doubt_ranks(review: Review) -> NDArray[np.float64]:
    """How uncertain each cell was beside the others of its image when it was judged.

    Of each cell, the predictions count that were the newest when its latest word was said.

    Parameters
    ----------
    review : Review
        Of an image.

    Returns
    -------
    ndarray, ``(n,)``, float
        From 0, the surest cell, to 1, the most uncertain; a fair sample has a mean of about 0.5.
        NaN where nobody has said anything, or before there were predictions.
    """
    from scipy.stats import rankdata

    found = np.full(len(review), np.nan)
    waiting = review.time > 0
    for given in sets_of(review):
        now = waiting & (review.time >= given.time)
        if given.vocabulary != review.phases.name or not now.any():
            continue
        doubt = entropy(review.beside(given).column("probabilities", np.nan))
        known = ~np.isnan(doubt)
        ranks = np.full(len(review), np.nan)
        ranks[known] = (rankdata(doubt[known]) - 0.5) / max(1, int(known.sum()))
        found[now] = ranks[now]
        waiting &= ~now
    return found
