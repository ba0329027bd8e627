"""The background of an image: its level and its noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def background(grey: NDArray[np.float32]) -> tuple[float, float]:
    """Most frequent grey value, and the width of the noise below it.

    Parameters
    ----------
    grey : ndarray, any shape, float32
        One frame, smoothed.

    Returns
    -------
    level, noise : float
        Grey values; the noise is 0 where the image is flat.
    """
    from scipy import ndimage

    low, high = np.percentile(grey, (0.1, 99.9))
    if not low < high:
        return float(low), 0.0
    counts, edges = np.histogram(grey, 256, (low, high))
    peak = int(ndimage.gaussian_filter1d(counts.astype(float), 2).argmax())
    mode = float(edges[peak] + edges[peak + 1]) / 2
    below = grey[grey <= mode]
    return mode, float(np.sqrt(np.mean((below - mode) ** 2)))
