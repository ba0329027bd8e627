"""Nuclei in a volume: a threshold, global or local, and a watershed of the distance map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.background import background, contrast, single_threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Step = NDArray[np.float64]

_FLOOR = 0.3  # of the way to Otsu's threshold, where a local threshold has to hold as well
_LOCAL_SCALE = 2.0  # Gaussian of the local background, in nuclear radii
_LOCAL_OTSU = 0.5  # local contrast needed, as a fraction of its Otsu threshold
_LOCAL_NOISE = 3.0
_MARKER_SMOOTHING = 0.2  # of the distance map, in nuclear radii
_MARKER_DISTANCE = 0.5  # between two nuclei, in nuclear radii
_MIN_SIZE = 0.5  # smallest diameter kept, in typical diameters
_MIN_PIXELS = 4.0  # and in pixels, whatever the rest


def label_volume(
    volume: NDArray[np.float32],
    step: Step,
    smoothing: float,
    min_diameter: float | None,
    *,
    local: bool,
) -> NDArray[np.int32]:
    """Label the nuclei of one volume.

    Parameters
    ----------
    volume : ndarray, ``(z, y, x)``, float32
        The image.
    step : ndarray, ``(3,)``
        Size of a voxel; it gives the unit of the lengths below.
    smoothing : float
        Standard deviation of the Gaussian.
    min_diameter : float or None
        Of the nuclei kept; None for half of the typical one.
    local : bool
        Whether a voxel has to be brighter than its surroundings too.

    Returns
    -------
    ndarray, ``(z, y, x)``, int32
    """
    from scipy import ndimage

    grey = ndimage.gaussian_filter(volume, smoothing / step)
    foreground, distance, radius = _foreground(grey, step, local=local)
    if not foreground.any():
        return np.zeros(volume.shape, np.int32)
    labels = _split(foreground, distance, radius, step)
    diameter = _MIN_SIZE * 2 * radius if min_diameter is None else min_diameter
    diameter = max(diameter, _MIN_PIXELS * float(step[1:].min()))
    keep = np.bincount(labels.reshape(-1)) * step.prod() >= np.pi / 6 * diameter**3
    keep[0] = False
    kept: NDArray[np.int32] = np.where(keep, np.cumsum(keep), 0).astype(np.int32)[labels]
    return kept


def _foreground(grey: Floats, step: Step, *, local: bool) -> tuple[Mask, Floats, float]:
    """Threshold a smoothed frame: foreground, distance to its edge, and typical nuclear radius."""
    from skimage.filters import threshold_otsu

    level, noise, reach = contrast(grey)
    foreground = _fill_holes(grey > level + single_threshold(noise, reach))
    distance, radius = _distance(foreground, step)
    if not local or not foreground.any():
        return foreground, distance, radius
    bright = grey > level + _FLOOR * reach
    # the second round knows the radius better than the first, in which neighbours are merged
    for _ in range(2):
        local_contrast = grey - _local_mean(grey, _LOCAL_SCALE * radius, step)
        middle, noise = background(local_contrast)
        local_otsu = float(threshold_otsu(local_contrast))  # type: ignore[no-untyped-call]
        above = max(_LOCAL_OTSU * local_otsu, middle + _LOCAL_NOISE * noise)
        found = _fill_holes(bright & (local_contrast > above))
        if not found.any():
            break
        foreground = found
        distance, radius = _distance(foreground, step)
    return foreground, distance, radius


def _fill_holes(mask: Mask) -> Mask:
    """Fill holes plane by plane, so that a nucleus cut by the border is filled as well."""
    from scipy import ndimage

    filled = mask.copy()
    for plane in filled:
        holes, n = ndimage.label(~plane)
        outside = np.zeros(n + 1, bool)
        for edge in (holes[0], holes[-1], holes[:, 0], holes[:, -1]):
            outside[edge] = True
        outside[0] = True
        plane |= ~outside[holes]
    return filled


def _distance(mask: Mask, step: Step) -> tuple[Floats, float]:
    """Distance to the background, and the radius of balls with the same mean distance."""
    from scipy import ndimage

    if not mask.any():
        return np.zeros(mask.shape, np.float32), 0.0
    distance = np.zeros(mask.shape, np.float32)
    parts, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    # one part at a time: most of a frame is background
    for i, box in enumerate(ndimage.find_objects(parts), start=1):
        around = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
        own = parts[around] == i
        distance[around][own] = ndimage.distance_transform_edt(mask[around], sampling=step)[own]
    # over a ball the mean distance is a quarter of the radius
    return distance, float(4 * distance[mask].mean())


def _local_mean(grey: Floats, sigma: float, step: Step) -> Floats:
    """Blur by three box filters, which cost the same at any width and come close to a Gaussian."""
    from scipy import ndimage

    size = [2 * int(w / 2) + 1 for w in np.sqrt(4 * (sigma / step) ** 2 + 1)]
    for _ in range(3):
        grey = ndimage.uniform_filter(grey, size)
    return grey


def _split(foreground: Mask, distance: Floats, radius: float, step: Step) -> NDArray[np.int32]:
    """Split touching nuclei by a watershed from the peaks of the smoothed distance map."""
    from scipy import ndimage
    from skimage.segmentation import watershed

    height = ndimage.gaussian_filter(distance, _MARKER_SMOOTHING * radius / step)
    size = [2 * max(1, round(_MARKER_DISTANCE * radius / s)) + 1 for s in step]
    peaks = (ndimage.maximum_filter(height, size) == height) & foreground
    markers, _ = ndimage.label(peaks, np.ones((3, 3, 3)))
    labels: NDArray[np.int32] = watershed(-height, markers, mask=foreground)  # type: ignore[no-untyped-call]
    return labels
