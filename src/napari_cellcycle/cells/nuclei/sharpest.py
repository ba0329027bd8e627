"""Objects in a plane, each at the threshold where its own edge is sharpest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVELS = 24
_BRANCH = 1.08  # several objects replace one if their edges are that much sharper
_BRIGHTEST = 99.98  # percentile of the highest threshold
_TYPICAL = 0.75  # the sharpness that this share of the area of all objects stays below
_WEAK = 0.25  # objects less sharp than this fraction of it are dropped


def sharpest_objects(
    grey: NDArray[np.float32], lowest: float, min_pixels: float
) -> NDArray[np.int32]:
    """Choose among the connected components of many thresholds those with the sharpest edges.

    Components of different thresholds lie inside each other and form a tree. Going from the
    highest threshold to the lowest, a component takes the place of those inside it if the mean
    gradient along its edge is at least theirs. So a dim nucleus and a bright one, a haze with
    nuclei in it and a bright plate in its halo each get a threshold of their own.

    Parameters
    ----------
    grey : ndarray, ``(y, x)``, float32
        Smoothed; on a logarithmic scale, so that an edge counts by its ratio and not by its height.
    lowest : float
        Lowest threshold, in the units of ``grey``.
    min_pixels : float
        Area below which a component is no object.

    Returns
    -------
    ndarray, ``(y, x)``, int32
        Labels, 0 elsewhere. Objects with a weak edge for this image, such as haze and noise, are
        left out.
    """
    from scipy import ndimage

    gradient = ndimage.gaussian_gradient_magnitude(grey, 1.0)
    highest = float(np.percentile(grey, _BRIGHTEST))
    chosen = np.zeros(grey.shape, np.int32)
    # of the objects that were chosen so far, the first being none
    sharp, area, pixel, stands = np.zeros(1), np.zeros(1), np.zeros(1, np.int64), np.zeros(1, bool)
    for threshold in np.linspace(lowest, max(highest, lowest), _LEVELS, endpoint=False)[::-1]:
        parts, n = ndimage.label(grey > threshold)
        size = np.bincount(parts.reshape(-1), minlength=n + 1)
        own = _along_edges(parts, n, gradient)
        own[(size < min_pixels) | (np.arange(n + 1) == 0)] = -1
        inner = np.flatnonzero(stands)
        outer = parts.reshape(-1)[pixel[inner]]
        inside = np.bincount(outer, area[inner], n + 1)
        best = np.bincount(outer, sharp[inner] * area[inner], n + 1) / np.maximum(inside, 1)
        several = np.bincount(outer, minlength=n + 1) > 1
        new = np.flatnonzero((own > 0) & (own * np.where(several, _BRANCH, 1) >= best))
        if not len(new):
            continue
        stands[inner[np.isin(outer, new)]] = False
        name = np.zeros(n + 1, np.int32)
        name[new] = np.arange(len(sharp), len(sharp) + len(new))
        named = name[parts]
        where = np.flatnonzero(named)
        first = np.zeros(n + 1, np.int64)
        first[parts.reshape(-1)[where[::-1]]] = where[::-1]
        chosen.reshape(-1)[where] = named.reshape(-1)[where]
        sharp, area = np.append(sharp, own[new]), np.append(area, size[new])
        pixel, stands = np.append(pixel, first[new]), np.append(stands, np.ones(len(new), bool))
    if stands.any():
        order = np.argsort(sharp[stands])
        share = np.cumsum(area[stands][order])
        typical = sharp[stands][order][np.searchsorted(share, _TYPICAL * share[-1])]
        stands &= sharp >= _WEAK * typical
    names = np.zeros(len(stands), np.int32)
    names[stands] = 1 + np.argsort(np.argsort(pixel[stands]))  # from the top of the image down
    labels: NDArray[np.int32] = names[chosen]
    return labels


def _along_edges(
    parts: NDArray[np.int32], n: int, gradient: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Mean gradient over the pixels of each component next to the background."""
    on = parts > 0
    edge = np.zeros(on.shape, bool)
    edge[1:] |= on[1:] & ~on[:-1]
    edge[:-1] |= on[:-1] & ~on[1:]
    edge[:, 1:] |= on[:, 1:] & ~on[:, :-1]
    edge[:, :-1] |= on[:, :-1] & ~on[:, 1:]
    owner = parts[edge]
    total = np.bincount(owner, gradient[edge], n + 1)
    mean: NDArray[np.float64] = total / np.maximum(np.bincount(owner, minlength=n + 1), 1)
    return mean
