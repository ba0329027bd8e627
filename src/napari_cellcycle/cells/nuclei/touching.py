"""Touching nuclei in a plane: part one object at its necks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Parts = NDArray[np.int32]

_CONVEX = 0.93  # an object that fills so much of its hull is one nucleus
_LARGE = 2.2  # unless its area is larger than that of so many typical ones
_SMOOTHING = 0.12  # of the distance map, in radii
_BETWEEN = 0.35  # smallest distance between two peaks, in radii
_LOWEST_PEAK = 0.25  # of the highest one of the object
_TOGETHER = 0.85  # parts stay together if their neck is that wide and bright
_STEP = 1.4  # brightness of two parts may differ by that factor


def part(
    mask: Mask,
    grey: Floats,
    radius: float,
    step: NDArray[np.float64],
    cut: Sequence[tuple[bool, bool]],
) -> Parts:
    """Part an object into nuclei.

    A watershed of the distance to its edge gives pieces. Two neighbours are joined again, the
    closest first, while the neck between them is nearly as wide as the narrower one, nearly as
    bright as the dimmer one, and both are about equally bright.

    Parameters
    ----------
    mask : ndarray, ``(y, x)``, bool
        The object in its bounding box.
    grey : ndarray, ``(y, x)``, float32
        The image there, above its background.
    radius : float
        Typical radius of a nucleus, in the units of ``step``.
    step : ndarray, ``(2,)``
        Size of a pixel.
    cut : sequence of pairs of bool
        For each axis, whether the box begins and ends at the border of the image. The object goes
        on beyond it.

    Returns
    -------
    ndarray, ``(y, x)``, int32
        The parts, from 1 on but not without gaps; 0 outside the object.
    """
    from scipy import ndimage
    from skimage.segmentation import watershed

    whole = mask.astype(np.int32)
    if solidity(mask) > _CONVEX and mask.sum() * step.prod() < _LARGE * np.pi * radius**2:
        return whole
    distance = _depth(mask, radius, step, cut)
    unit = min(radius, float(distance.max()))
    height = ndimage.gaussian_filter(distance, _SMOOTHING * unit / step) * mask
    size = [2 * max(1, round(_BETWEEN * unit / s)) + 1 for s in step]
    peaks = (ndimage.maximum_filter(height, size) == height) & (
        height > _LOWEST_PEAK * distance.max()
    )
    markers, n = ndimage.label(peaks & mask, np.ones((3, 3)))
    if n < 2:
        return whole
    parts: Parts = watershed(-height, markers, mask=mask)  # type: ignore[no-untyped-call]
    while True:
        first, second, together = max(
            _necks(parts, distance, grey), key=lambda neck: neck[2], default=(0, 0, 0.0)
        )
        if together < _TOGETHER:
            return parts
        parts[parts == second] = first


def solidity(mask: Mask) -> float:
    """Area of an object as a fraction of that of its convex hull."""
    from scipy import ndimage
    from scipy.spatial import ConvexHull

    rim = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    corners = [rim + np.array((y, x)) for y in (-0.5, 0.5) for x in (-0.5, 0.5)]
    return float(mask.sum() / ConvexHull(np.concatenate(corners)).volume)


def _depth(
    mask: Mask, radius: float, step: NDArray[np.float64], cut: Sequence[tuple[bool, bool]]
) -> Floats:
    """Distance to the background, as if the object went on beyond the border of the image."""
    from scipy import ndimage

    wide = [int(2 * radius / s) + 1 for s in step]
    grown = mask
    for axis, (sides, width) in enumerate(zip(cut, wide, strict=True)):
        for side, is_cut in enumerate(sides):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (width, 0) if side == 0 else (0, width)
            grown = np.pad(grown, pad, "edge") if is_cut else np.pad(grown, pad)
    inner = tuple(slice(w, w + n) for w, n in zip(wide, mask.shape, strict=True))
    depth: Floats = ndimage.distance_transform_edt(grown, sampling=step)[inner].astype(np.float32)
    return depth


def _necks(parts: Parts, distance: Floats, grey: Floats) -> Iterator[tuple[int, int, float]]:
    """Yield two parts that touch, and how much they are one (1: wholly)."""
    from scipy import ndimage

    sides = [(parts[:-1], parts[1:]), (parts[:, :-1], parts[:, 1:])]
    depth = [(distance[:-1], distance[1:]), (distance[:, :-1], distance[:, 1:])]
    light = [(grey[:-1], grey[1:]), (grey[:, :-1], grey[:, 1:])]
    met = [(a != b) & (a > 0) & (b > 0) for a, b in sides]
    pairs = np.concatenate(
        [
            np.c_[np.minimum(a, b)[m], np.maximum(a, b)[m]]
            for (a, b), m in zip(sides, met, strict=True)
        ]
    )
    width = np.concatenate([np.minimum(a, b)[m] for (a, b), m in zip(depth, met, strict=True)])
    bright = np.concatenate([(a[m] + b[m]) / 2 for (a, b), m in zip(light, met, strict=True)])
    for first, second in np.unique(pairs, axis=0):
        neck = (pairs == (first, second)).all(axis=1)
        peaks = ndimage.maximum(distance, parts, (first, second))
        levels = np.maximum(ndimage.median(grey, parts, (first, second)), 1e-6)
        wide = width[neck].max() / min(peaks)
        valley = min(float(np.median(bright[neck])) / min(levels), 1.0)
        alike = min(_STEP * min(levels) / max(levels), 1.0)
        yield int(first), int(second), float(wide * valley * alike)
