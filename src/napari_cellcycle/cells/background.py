"""The background of an image: its level and its noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE = 4.0  # a threshold lies this many noise widths above the background
_OTSU = 0.7  # and a single one this far from the background (0) to Otsu's threshold (1)


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


def contrast(grey: NDArray[np.float32]) -> tuple[float, float, float]:
    """Level and noise of the background, and how far above that level Otsu's threshold lies.

    Parameters
    ----------
    grey : ndarray, any shape, float32
        One frame, smoothed.

    Returns
    -------
    level, noise, reach : float
        Grey values; the reach is four noise widths at least, and infinite where the image is flat.
    """
    from skimage.filters import threshold_otsu

    level, noise = background(grey)
    otsu = float(threshold_otsu(grey)) if noise > 0 else np.inf  # type: ignore[no-untyped-call]
    return level, noise, max(otsu - level, NOISE * noise)


def single_threshold(noise: float, reach: float) -> float:
    """Grey value above the background that parts a whole frame into background and nuclei.

    Parameters
    ----------
    noise, reach : float
        Of the frame, as :func:`contrast` gives them.

    Returns
    -------
    float
    """
    return max(_OTSU * reach, NOISE * noise)
