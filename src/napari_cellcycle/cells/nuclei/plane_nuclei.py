"""Nuclei in a plane: thresholds nucleus by nucleus, and touching ones parted at their necks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.background import NOISE, contrast, single_threshold
from napari_cellcycle.cells.nuclei.sharpest import sharpest_objects
from napari_cellcycle.cells.nuclei.touching import part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Parts = NDArray[np.int32]
    Step = NDArray[np.float64]

_DIM = 0.2  # below this fraction of Otsu's threshold the scale of brightness becomes linear
_DIM_NOISE = 3.0  # and below that many noise widths
_SMOOTHING = 0.05  # standard deviation of the Gaussian, in nuclear radii
_CANDIDATE = 0.35  # radius of the smallest component looked at, in nuclear radii
_COARSE = 12  # radius in pixels that is enough to choose the thresholds
_LEVEL = 60  # percentile of the pixels of a nucleus that is its brightness
_EDGE = 0.4  # its edge lies at that fraction of it
_BESIDE = 0.35  # half of the width of what is left of an object to be one itself, in radii
_MIN_SIZE = 0.45  # smallest diameter kept, in typical diameters
_MIN_PIXELS = 4.0  # and in pixels, whatever the rest


def label_plane(
    plane: NDArray[np.float32],
    step: Step,
    smoothing: float | None,
    min_diameter: float | None,
    *,
    local: bool,
) -> Parts:
    """Label the nuclei of one plane.

    Parameters
    ----------
    plane : ndarray, ``(y, x)``, float32
        The image.
    step : ndarray, ``(2,)``
        Size of a pixel; it gives the unit of the lengths below.
    smoothing : float or None
        Standard deviation of the Gaussian; None for a twentieth of the typical radius, and a pixel
        at least.
    min_diameter : float or None
        Of the nuclei kept; None for 0.45 of the typical one.
    local : bool
        Whether each nucleus has a threshold of its own.

    Returns
    -------
    ndarray, ``(y, x)``, int32
    """
    from scipy import ndimage

    pixel = float(step.min())
    sigma = pixel if smoothing is None else smoothing
    light, noise, reach = _above_background(plane, sigma / step)
    labels = np.zeros(plane.shape, np.int32)
    radius = _typical_radius(light, noise, reach, step)
    if not radius:
        return labels
    if smoothing is None and _SMOOTHING * radius > pixel:
        light, noise, reach = _above_background(plane, _SMOOTHING * radius / step)
    diameter = _MIN_SIZE * 2 * radius if min_diameter is None else min_diameter
    min_pixels = np.pi / 4 * max(diameter, _MIN_PIXELS * pixel) ** 2 / step.prod()
    if local:
        fold = max(1, int(radius / pixel / _COARSE))
        grey, lowest = _brightness(_coarser(light, fold), noise, reach)
        candidate = min(np.pi * (_CANDIDATE * radius) ** 2 / step.prod(), min_pixels) / fold**2
        objects = sharpest_objects(grey, lowest, candidate)
        objects = objects.repeat(fold, 0).repeat(fold, 1)[: plane.shape[0], : plane.shape[1]]
    else:
        objects, _ = ndimage.label(light > single_threshold(noise, reach), np.ones((3, 3)))
    n = 0
    for i, box in enumerate(ndimage.find_objects(objects), start=1):
        cut = [(s.start == 0, s.stop == size) for s, size in zip(box, plane.shape, strict=True)]
        whole = ndimage.binary_fill_holes(objects[box] == i)
        pieces = _at_own_level(whole, light[box], radius, step) if local else [whole]
        for piece in pieces:
            if piece.sum() < min_pixels:
                continue
            parts = part(piece, light[box], radius, step, cut)
            for nucleus in _connected(parts):
                if nucleus.sum() >= min_pixels:
                    n += 1
                    labels[box][nucleus] = n
    return labels


def _above_background(plane: Floats, sigma: Step) -> tuple[Floats, float, float]:
    """Smooth and subtract the background: grey values, their noise, and Otsu's threshold."""
    from scipy import ndimage

    light = ndimage.gaussian_filter(plane, sigma)
    level, noise, reach = contrast(light)
    return light - level, noise, reach


def _coarser(light: Floats, fold: int) -> Floats:
    """Mean over squares of ``fold`` pixels; those at the end are filled up with the last pixel."""
    if fold == 1:
        return light
    filled = np.pad(light, [(0, -n % fold) for n in light.shape], "edge")
    rows, columns = (n // fold for n in filled.shape)
    mean: Floats = filled.reshape(rows, fold, columns, fold).mean((1, 3))
    return mean


def _brightness(light: Floats, noise: float, reach: float) -> tuple[Floats, float]:
    """Logarithmic scale of brightness, linear where it is dim, and the lowest threshold on it."""
    scale = max(_DIM_NOISE * noise, _DIM * reach)
    return np.log1p(np.maximum(light, 0) / scale), float(np.log1p(NOISE * noise / scale))


def _typical_radius(light: Floats, noise: float, reach: float, step: Step) -> float:
    """Radius of discs with the same mean distance to the edge as the foreground, 0 for none."""
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    if noise == 0:
        return 0.0
    grey, lowest = _brightness(light, noise, reach)
    threshold = float(threshold_otsu(grey))  # type: ignore[no-untyped-call]
    mask = ndimage.binary_opening(grey > max(threshold, lowest))
    if not mask.any():
        return 0.0
    # over a disc the mean distance is a third of the radius
    return float(3 * ndimage.distance_transform_edt(mask, sampling=step)[mask].mean())


def _at_own_level(whole: Mask, light: Floats, radius: float, step: Step) -> Iterator[Mask]:
    """Yield the object without its halo, then what else is wide enough in what was left out."""
    from scipy import ndimage

    while True:
        bright = light > _EDGE * np.percentile(light[whole], _LEVEL)
        piece = ndimage.binary_fill_holes(whole & bright)
        if not piece.any():
            return
        yield piece
        left = whole & ~piece
        if left.sum() * step.prod() < np.pi * (_BESIDE * radius) ** 2:
            return
        wide = ndimage.distance_transform_edt(left, sampling=step) > _BESIDE * radius
        if not wide.any():
            return
        near = ndimage.distance_transform_edt(~wide, sampling=step) <= _BESIDE * radius
        whole = left & near


def _connected(parts: Parts) -> Iterator[Mask]:
    """Yield the connected components of each part."""
    from scipy import ndimage

    for name in np.unique(parts[parts > 0]):
        pieces, n = ndimage.label(parts == name)
        for i in range(1, n + 1):
            yield pieces == i
