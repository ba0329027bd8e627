"""Views: what a network sees of one cell. Crop, mask, project, resample, normalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ChannelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import Axis, ViewRecipe
    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre

    Volume = NDArray[Any]
    Floats = NDArray[np.float32]

_ARRAY_AXIS: dict[Axis, int] = {"z": 0, "y": 1, "x": 2}
_MIN_FOREGROUND = 8  # voxels; below this the mask itself gives the size


@dataclass(frozen=True, slots=True)
class Views:
    """Views of some cells, in the order of their table.

    Parameters
    ----------
    images : ndarray, ``(n, axes, channels, size, size)``, float32 in [0, 1]
        Rows and columns are (y, x) along z, (z, x) along y and (z, y) along x.
    axes : tuple of {"x", "y", "z"}
        Axis along which each was projected.
    radius : ndarray, ``(n,)``, float64
        Radius of each cell in the units of its spacing, as the recipe defines it.
    """

    images: Floats
    axes: tuple[Axis, ...]
    radius: NDArray[np.float64]


def make_views(
    channels: Sequence[Volume | None],
    labels: NDArray[np.integer[Any]],
    cells: CellTable,
    recipe: ViewRecipe,
) -> Views:
    """Make the views of the cells of one frame.

    Parameters
    ----------
    channels : sequence of (ndarray, ``(z, y, x)``) or None
        One volume a role, in the order of ``recipe.channels``; ``None`` where the image has none.
    labels : ndarray, ``(z, y, x)``, integer
        The frame's segmentation.
    cells : CellTable
        Rows of this frame only.
    recipe : ViewRecipe
        How the model wants its views.

    Raises
    ------
    ChannelError
        If the DNA channel is missing.
    """
    axes = view_axes(recipe, is_2d=labels.shape[0] == 1)
    images = np.zeros(
        (len(cells), len(axes), len(recipe.channels), recipe.size, recipe.size), np.float32
    )
    radius = np.zeros(len(cells))
    for i in range(len(cells)):
        images[i], radius[i] = view_cell(
            channels,
            labels,
            int(cells.label[i]),
            cells.bbox[i],
            recipe=recipe,
            spacing=cells.spacing,
            labels_are=cells.labels_are,
        )
    return Views(images, axes, radius)


def view_axes(recipe: ViewRecipe, *, is_2d: bool) -> tuple[Axis, ...]:
    """Axes that can be projected along: only z in 2D."""
    return ("z",) if is_2d else recipe.axes


def view_cell(
    channels: Sequence[Volume | None],
    labels: NDArray[np.integer[Any]],
    label: int,
    bbox: NDArray[np.int64],
    *,
    recipe: ViewRecipe,
    spacing: Spacing,
    labels_are: LabelsAre,
) -> tuple[Floats, float]:
    """Make the views of one cell.

    1. The mask of a cell is its label as it is. The mask of a nucleus is its label dilated by a box
       of ``recipe.dilate`` radii (of the label), without the voxels of other labels. Channels other
       than DNA take the label dilated by ``recipe.membrane_dilate`` radii (nuclei) or
       ``recipe.dilate`` radii (cells), other labels included.
    2. DNA above ``background + recipe.foreground * (bright - background)`` inside the mask is the
       foreground: its centre is the centre of the view, its radius of gyration gives the radius.
       Background is the 25th percentile of unlabelled voxels around a nucleus, or the 10th
       percentile inside a cell; bright is the 98th percentile of DNA inside the label.
    3. Each channel is masked and projected by its maximum along each axis, then resampled to
       square pixels with a triangle filter; outside the image there is nothing (zero).
    4. DNA is scaled from its background to the 99.5th percentile of its foreground, other channels
       from the 5th to the 99.5th percentile of their mask, and clipped to [0, 1].

    Parameters
    ----------
    channels, labels
        As in :func:`make_views`, the whole volume.
    label : int
        The subject.
    bbox : ndarray, ``(2, 3)``
        First and one past the last voxel of the label.
    recipe : ViewRecipe
        How the model wants its views.
    spacing : Spacing
        As resolved for the image.
    labels_are : {"cell", "nucleus"}
        What the labels outline.

    Returns
    -------
    images : ndarray, ``(axes, channels, size, size)``, float32
    radius : float
        In the units of ``spacing``.
    """
    dna_index = recipe.channels.index("dna")
    if channels[dna_index] is None:
        raise ChannelError("Views need a DNA channel; none was given.")
    is_2d = labels.shape[0] == 1
    step = np.array(spacing.zyx)
    inside = tuple(slice(int(a), int(b)) for a, b in zip(bbox[0], bbox[1], strict=True))
    _, label_radius = _moments(labels[inside] == label, step, is_2d)

    other_dilate = recipe.membrane_dilate if labels_are == "nucleus" else recipe.dilate
    reach = max(recipe.dilate, other_dilate) * label_radius
    margin = np.ceil(reach / step).astype(int) + 1
    start = np.maximum(bbox[0] - margin, 0)
    stop = np.minimum(bbox[1] + margin, labels.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    crop = labels[box]
    own = crop == label
    if labels_are == "nucleus":
        mask = _dilate(own, recipe.dilate * label_radius, step) & (own | (crop == 0))
    else:
        mask = own

    dna = np.asarray(channels[dna_index][box], dtype=np.float32)  # type: ignore[index]
    background = _background(dna, crop, own, labels_are)
    bright = float(np.percentile(dna[own], 98))
    level = background + recipe.foreground * max(bright - background, 0.0)
    foreground = mask & (dna > level)
    if int(foreground.sum()) < _MIN_FOREGROUND:
        foreground = own
    centre, radius = _moments(foreground, step, is_2d)
    centre += start * step
    half = recipe.extent * (radius if recipe.unit == "cell" else 1.0)

    axes = view_axes(recipe, is_2d=is_2d)
    images = np.zeros((len(axes), len(recipe.channels), recipe.size, recipe.size), np.float32)
    weights = [
        _resampling(int(stop[d] - start[d]), float(start[d] * step[d]), float(step[d]),
                    float(centre[d]), half, recipe.size)
        for d in range(3)
    ]  # fmt: skip
    for c, volume in enumerate(channels):
        if volume is None:
            continue
        if c == dna_index:
            where, values, low = mask, dna, background
            high = float(np.percentile(dna[foreground], 99.5))
        else:
            where = _dilate(own, other_dilate * label_radius, step)
            values = np.asarray(volume[box], dtype=np.float32)
            low, high = (float(v) for v in np.percentile(values[where], (5, 99.5)))
        if high <= low:
            continue
        scaled = np.where(where, (values - low) / (high - low), np.float32(0))
        np.clip(scaled, 0, 1, out=scaled)
        for a, axis in enumerate(axes):
            rows, columns = (d for d in range(3) if d != _ARRAY_AXIS[axis])
            projection = scaled.max(axis=_ARRAY_AXIS[axis])
            images[a, c] = weights[rows] @ projection @ weights[columns].T
    return images, radius


def crop_labels(crop: Volume, *, join: bool = False) -> NDArray[np.uint16]:
    """Find the subject of a ready-made 2D crop that came without a mask.

    Parameters
    ----------
    crop : ndarray, ``(y, x)``
        DNA.
    join : bool
        Give every bright object in the crop to the subject, such as both daughters of an anaphase.

    Returns
    -------
    ndarray, ``(y, x)``, uint16
        1 where the subject is, other numbers where its neighbours are.
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    height, width = crop.shape
    smooth = ndimage.gaussian_filter(np.asarray(crop, dtype=np.float32), max(1.0, height / 64))
    y, x = np.indices(crop.shape)
    distance = (y - (height - 1) / 2) ** 2 + (x - (width - 1) / 2) ** 2
    near = np.exp(-distance / (2 * (height / 8) ** 2))
    # Bright neighbours can hide a dim subject: then only the middle of the crop sets the threshold.
    for central in (False, True):
        window = (
            smooth[height // 4 : -(height // 4), width // 4 : -(width // 4)] if central else smooth
        )
        level = float(threshold_otsu(window))  # type: ignore[no-untyped-call]
        bright = ndimage.binary_fill_holes(smooth > level)
        if near[bright].sum() > 0.15 * near.sum():
            break
    objects, n = ndimage.label(bright)
    if n == 0:
        return np.ones(crop.shape, np.uint16)
    if join:
        return np.asarray(objects > 0, dtype=np.uint16)
    subject = int(np.argmax(ndimage.sum_labels(near, objects, np.arange(1, n + 1)))) + 1
    result = np.asarray(objects, dtype=np.uint16) + np.uint16(1)
    result[objects == 0] = 0
    result[objects == subject] = 1
    return result


def _background(
    dna: Floats, labels: NDArray[np.integer[Any]], own: NDArray[np.bool_], labels_are: LabelsAre
) -> float:
    """Grey value of the DNA channel where there is no DNA."""
    if labels_are == "nucleus":
        around = dna[labels == 0]
        if around.size >= 64:
            return float(np.percentile(around, 25))
        return float(np.percentile(dna, 1))
    return float(np.percentile(dna[own], 10))


def _moments(
    mask: NDArray[np.bool_], step: NDArray[np.float64], is_2d: bool
) -> tuple[NDArray[np.float64], float]:
    """Find the centre (from the first voxel) and the radius of the ball with the same gyration.

    Voxels count as boxes, not as points; in 2D it is the radius of a disc.
    """
    centre = np.zeros(3)
    spread = np.zeros(3)
    total = float(mask.sum())
    for d in range(3):
        profile = mask.sum(axis=tuple(other for other in range(3) if other != d))
        position = np.arange(len(profile)) * step[d]
        centre[d] = (profile @ position) / total
        spread[d] = (profile @ (position - centre[d]) ** 2) / total + step[d] ** 2 / 12
    if is_2d:
        return centre, float(np.sqrt(2 * spread[1:].sum()))
    return centre, float(np.sqrt(5 / 3 * spread.sum()))


def _dilate(mask: NDArray[np.bool_], reach: float, step: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Dilate by a box that reaches ``reach`` (rounded to voxels) along each axis."""
    from scipy import ndimage

    result = mask.view(np.uint8)
    for d in range(3):
        n = int(reach / step[d] + 0.5)
        if n > 0 and mask.shape[d] > 1:
            result = ndimage.maximum_filter1d(result, 2 * n + 1, axis=d, mode="constant")
    return result.view(np.bool_)


def _resampling(n: int, first: float, step: float, centre: float, half: float, size: int) -> Floats:
    """Weigh ``n`` voxels for ``size`` pixels over ``centre ± half``: a matrix ``(size, n)``."""
    pitch = 2 * half / size
    target = centre - half + (np.arange(size) + 0.5) * pitch
    support = max(step, pitch)
    # a pixel up to one support outside still sees voxels, and reaches another support further
    pad = 2 * int(np.ceil(support / step)) + 1
    source = first + np.arange(-pad, n + pad) * step
    weights = np.maximum(0.0, 1 - np.abs(target[:, None] - source[None]) / support)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=weights, where=total > 0)
    return np.asarray(weights[:, pad : pad + n], dtype=np.float32)
