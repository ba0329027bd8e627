"""A plain segmentation of nuclei: smooth, threshold, split touching nuclei, drop specks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_cellcycle.errors import SegmentationError, SegmentationMismatchError
from napari_cellcycle.image.stack import Segmentation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Stack

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

Method = Literal["local", "otsu"]

_NOISE = 4.0  # a global threshold lies this many noise widths above the background
_OTSU = 0.7  # and this far from the background (0) to Otsu's threshold (1)
_FLOOR = 0.3  # the same, where a local threshold has to hold as well
_LOCAL_SCALE = 2.0  # Gaussian of the local background, in nuclear radii
_LOCAL_OTSU = 0.5  # local contrast needed, as a fraction of its Otsu threshold
_LOCAL_NOISE = 3.0
_MARKER_SMOOTHING = 0.2  # of the distance map, in nuclear radii
_MARKER_DISTANCE = 0.5  # between two nuclei, in nuclear radii
_MIN_SIZE = 0.5  # smallest diameter kept, in typical diameters
_MIN_PIXELS = 4.0  # and in pixels, whatever the rest


@dataclass(frozen=True, slots=True)
class _Settings:
    method: Method
    step: NDArray[np.float64]  # (z, y, x)
    axes: NDArray[np.float64]  # 1 where there is more than one voxel
    smoothing: float
    min_diameter: float | None

    @property
    def n_axes(self) -> int:
        return 3 if self.axes[0] else 2


def segment_nuclei(
    stack: Stack,
    channel: int | str,
    spacing: Spacing | None = None,
    *,
    frames: Iterable[int] | None = None,
    method: Method = "local",
    smoothing: float | None = None,
    min_diameter: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmentation:
    """Segment nuclei with thresholds and a watershed of the distance map, frame by frame.

    It is meant for well separated or slightly touching nuclei. For serious work on crowded tissue
    give the labels of a trained method, such as Cellpose or StarDist.

    Parameters
    ----------
    stack : Stack
        The image, 2D or 3D.
    channel : int or str
        DNA: index or name.
    spacing : Spacing, optional
        The default is the stack's own. Where that is unknown too, lengths are in voxels, which are
        taken to be as deep as wide.
    frames : iterable of int, optional
        Frames to segment; the others stay empty. The default is all.
    method : {"local", "otsu"}
        ``"otsu"`` takes one threshold for the frame; ``"local"`` also asks a voxel to be brighter
        than its surroundings (two nuclear radii), which separates crowded or hazy nuclei.
    smoothing : float, optional
        Standard deviation of the Gaussian, micrometres (voxels where they are unknown). The default
        is one pixel of the plane.
    min_diameter : float, optional
        Smaller objects are dropped; micrometres or voxels. The default is half of the typical
        diameter in the frame.
    progress : callable, optional
        Called with the number of frames done and the number of frames to do.

    Returns
    -------
    Segmentation
        Labels of nuclei, ``(t, z, y, x)``, uint16 or uint32; labels start at 1 in each frame.

    Raises
    ------
    SegmentationError
        If nothing is found in any frame; the message says what was tried.
    """
    if method not in get_args(Method):
        raise SegmentationError(
            f"No segmentation method {method!r}; known are {', '.join(get_args(Method))}."
        )
    index = stack.channel(channel)
    spacing = spacing or stack.spacing
    physical = spacing is not None and spacing.is_physical
    step = np.array(spacing.zyx if spacing is not None and physical else (1.0, 1.0, 1.0))
    axes = np.array([float(not stack.is_2d), 1.0, 1.0])
    settings = _Settings(
        method=method,
        step=step,
        axes=axes,
        smoothing=float(step[1:].min()) if smoothing is None else smoothing,
        min_diameter=min_diameter,
    )
    wanted = list(range(stack.n_frames) if frames is None else frames)
    unknown = [frame for frame in wanted if not 0 <= frame < stack.n_frames]
    if unknown:
        raise SegmentationError(
            f"{stack.name} has no frame {unknown[0]}: it has {stack.n_frames}, counted from 0."
        )
    found: dict[int, NDArray[np.int32]] = {}
    for done, frame in enumerate(wanted, start=1):
        found[frame] = _segment(stack.volume(frame, index), settings)
        if progress is not None:
            progress(done, len(wanted))
    most = max((int(labels.max()) for labels in found.values()), default=0)
    if most == 0:
        unit = "µm" if physical else "pixels"
        smallest = "half of the typical" if min_diameter is None else f"{min_diameter:g} {unit}"
        raise SegmentationError(
            f"No nuclei found in channel {stack.channels[index]} of {stack.name} "
            f"({len(wanted)} frames; method {method}, smoothing {settings.smoothing:g} {unit}, "
            f"smallest diameter {smallest}). Check that this channel shows DNA, try other "
            "settings, or give a segmentation made elsewhere."
        )
    data = np.zeros(stack.grid, np.uint16 if most < 1 << 16 else np.uint32)
    for frame, labels in found.items():
        data[frame] = labels
    return Segmentation(data, "nucleus", f"{stack.name} nuclei", spacing)


def threshold_nuclei(
    dna: NDArray[Any], labels: NDArray[np.integer[Any]]
) -> NDArray[np.integer[Any]]:
    """Find the nucleus inside each cell by Otsu's threshold of its own voxels.

    Parameters
    ----------
    dna : ndarray, ``(z, y, x)``, any real dtype
        DNA of one frame.
    labels : ndarray, ``(z, y, x)``, integer
        Labels of cells.

    Returns
    -------
    ndarray, ``(z, y, x)``, dtype of ``labels``
        The label of the cell where its DNA is above its threshold; a cell with uniform DNA has no
        nucleus.

    Raises
    ------
    SegmentationMismatchError
        If the two differ in shape.
    """
    from skimage.filters import threshold_otsu

    if dna.shape != labels.shape:
        raise SegmentationMismatchError(
            f"The cells are {labels.shape} (z, y, x), the DNA is {dna.shape}. "
            "Choose the segmentation that was made from this image."
        )
    voxels = np.flatnonzero(labels)
    own = labels.reshape(-1)[voxels]
    order = np.argsort(own, kind="stable")
    voxels, own = voxels[order], own[order]
    grey = np.ascontiguousarray(dna).reshape(-1)[voxels].astype(np.float32)
    nuclei = np.zeros(labels.size, labels.dtype)
    edges = np.flatnonzero(np.diff(own)) + 1
    for first, last in zip([0, *edges], [*edges, len(own)], strict=True):
        values = grey[first:last]
        if values.size and values.min() < values.max():
            bright = values > threshold_otsu(values)  # type: ignore[no-untyped-call]
            nuclei[voxels[first:last][bright]] = own[first]
    return nuclei.reshape(labels.shape)


def _segment(volume: NDArray[Any], settings: _Settings) -> NDArray[np.int32]:
    """Label the nuclei of one frame, ``(z, y, x)``."""
    from scipy import ndimage

    grey = np.asarray(volume, dtype=np.float32)
    grey = ndimage.gaussian_filter(grey, settings.axes * settings.smoothing / settings.step)
    foreground, distance, radius = _foreground(grey, settings)
    if not foreground.any():
        return np.zeros(volume.shape, np.int32)
    labels = _split(foreground, distance, radius, settings)
    pixel = float(settings.step[1:].min())
    diameter = settings.min_diameter
    if diameter is None:
        diameter = _MIN_SIZE * 2 * radius
    diameter = max(diameter, _MIN_PIXELS * pixel)
    ball = np.pi / 6 * diameter**3 if settings.n_axes == 3 else np.pi / 4 * diameter**2
    voxel = np.prod(settings.step if settings.n_axes == 3 else settings.step[1:])
    keep = np.bincount(labels.reshape(-1)) * voxel >= ball
    keep[0] = False
    renumbered = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
    result: NDArray[np.int32] = renumbered[labels]
    return result


def _foreground(grey: Floats, settings: _Settings) -> tuple[Mask, Floats, float]:
    """Threshold a smoothed frame: foreground, distance to its edge, and typical nuclear radius."""
    from skimage.filters import threshold_otsu

    background, noise = _background(grey)
    otsu = float(threshold_otsu(grey)) if noise > 0 else np.inf  # type: ignore[no-untyped-call]
    lowest = background + _NOISE * noise
    otsu = max(otsu, lowest)
    reach = otsu - background
    foreground = _fill_holes(grey > max(background + _OTSU * reach, lowest))
    distance, radius = _distance(foreground, settings)
    if settings.method == "otsu" or not foreground.any():
        return foreground, distance, radius
    bright = grey > background + _FLOOR * reach
    # the second round knows the radius better than the first, in which neighbours are merged
    for _ in range(2):
        contrast = grey - _local_mean(grey, _LOCAL_SCALE * radius, settings)
        middle, noise = _background(contrast)
        local_otsu = float(threshold_otsu(contrast))  # type: ignore[no-untyped-call]
        level = max(_LOCAL_OTSU * local_otsu, middle + _LOCAL_NOISE * noise)
        local = _fill_holes(bright & (contrast > level))
        if not local.any():
            break
        foreground = local
        distance, radius = _distance(foreground, settings)
    return foreground, distance, radius


def _background(grey: Floats) -> tuple[float, float]:
    """Most frequent grey value, and the width of the noise below it."""
    from scipy import ndimage

    low, high = np.percentile(grey, (0.1, 99.9))
    if not low < high:
        return float(low), 0.0
    counts, edges = np.histogram(grey, 256, (low, high))
    peak = int(ndimage.gaussian_filter1d(counts.astype(float), 2).argmax())
    mode = float(edges[peak] + edges[peak + 1]) / 2
    below = grey[grey <= mode]
    return mode, float(np.sqrt(np.mean((below - mode) ** 2)))


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


def _distance(mask: Mask, settings: _Settings) -> tuple[Floats, float]:
    """Distance to the background, and the radius of balls (discs) with the same mean distance."""
    from scipy import ndimage

    if not mask.any():
        return np.zeros(mask.shape, np.float32), 0.0
    distance = np.zeros(mask.shape, np.float32)
    parts, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    plane = (0,) if settings.n_axes == 2 else ()
    step = settings.step[-settings.n_axes :]
    # one part at a time: most of a frame is background
    for i, box in enumerate(ndimage.find_objects(parts), start=1):
        around = tuple(slice(max(s.start - 1, 0), s.stop + 1) for s in box)
        inner = ndimage.distance_transform_edt(mask[around][plane], sampling=step)
        own = parts[around][plane] == i
        distance[around][plane][own] = inner[own]
    # over a ball the mean distance is a quarter of the radius, over a disc a third
    radius = float((settings.n_axes + 1) * distance[mask].mean())
    return distance, radius


def _local_mean(grey: Floats, sigma: float, settings: _Settings) -> Floats:
    """Blur by three box filters, which cost the same at any width and come close to a Gaussian."""
    from scipy import ndimage

    width = np.sqrt(4 * (sigma / settings.step) ** 2 + 1)
    size = [2 * int(w / 2) + 1 if on else 1 for w, on in zip(width, settings.axes, strict=True)]
    for _ in range(3):
        grey = ndimage.uniform_filter(grey, size)
    return grey


def _split(
    foreground: Mask, distance: Floats, radius: float, settings: _Settings
) -> NDArray[np.int32]:
    """Split touching nuclei by a watershed from the peaks of the smoothed distance map."""
    from scipy import ndimage
    from skimage.segmentation import watershed

    height = ndimage.gaussian_filter(
        distance, settings.axes * _MARKER_SMOOTHING * radius / settings.step
    )
    size = [
        2 * max(1, round(_MARKER_DISTANCE * radius / step)) + 1 if on else 1
        for step, on in zip(settings.step, settings.axes, strict=True)
    ]
    peaks = (ndimage.maximum_filter(height, size) == height) & foreground
    markers, _ = ndimage.label(peaks, np.ones((3, 3, 3)))
    labels: NDArray[np.int32] = watershed(-height, markers, mask=foreground)  # type: ignore[no-untyped-call]
    return labels
