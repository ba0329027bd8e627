"""Views of a few real 3D cells, each in many ways: turned, drawn anew, with fewer planes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from real_cells import NON_MITOTIC, RealCell

from napari_cellcycle.cells.views.views import view_cell
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.train.data.viewset import ViewSet, allowed_leaves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.phases import PhaseSet

_MOST, _FEWER = 40, 8
"""Views of a cell that divides, and of one that does not: there are more of these."""
_PLANES, _ROOM = 8, 1.2
"""How much around a cell is kept: planes, and widths of the cell."""
_DISC = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]], bool)


def turned_views(
    cells: Iterable[RealCell], recipe: ViewRecipe, phases: PhaseSet, seed: int
) -> ViewSet:
    """Make views of cells, the first of each as it is.

    Parameters
    ----------
    cells : iterable of RealCell
        From :func:`real_cells.real_cells`.
    recipe : ViewRecipe
        How views are made.
    phases : PhaseSet
        The vocabulary of their phases.
    seed : int
        The views of cell ``i`` depend on ``(seed, i)`` only.

    Returns
    -------
    ViewSet
        40 rows a mitotic cell, 8 any other; fewer where hardly anything of it was left.
    """
    images, truth, groups = [], [], []
    for i, cell in enumerate(cells):
        rng = np.random.default_rng((seed, i))
        cell = _box(cell)
        made = [_view(cell, recipe)]
        for _ in range((_FEWER if cell.phase == NON_MITOTIC else _MOST) - 1):
            other = vary(cell, rng)
            if (other.labels == other.label).sum() >= 20:
                made.append(_view(other, recipe))
        images += made
        truth += [cell.phase] * len(made)
        groups += [cell.group] * len(made)
    allowed = allowed_leaves(truth, phases.slugs)
    return ViewSet(np.stack(images), recipe.axes, allowed, np.array(groups))


def vary(cell: RealCell, rng: np.random.Generator) -> RealCell:
    """Turn a cell about the optical axis, draw its outline anew, and take it more coarsely.

    It is turned by any angle, and half of the time upside down. Its outline grows by up to three
    pixels or shrinks by one. Planes are left out, where there are enough of them, or their distance
    is told wrongly. Channels other than DNA are missing in three of ten.
    """
    from scipy import ndimage

    angle = float(rng.uniform(0, 360))
    labels = ndimage.rotate(cell.labels, angle, axes=(1, 2), order=0)
    channels = [
        None
        if channel is None
        else ndimage.rotate(channel.astype(np.float32), angle, axes=(1, 2), order=1, mode="nearest")
        for channel in cell.channels
    ]
    step = -1 if rng.random() < 0.5 else 1
    spacing = cell.spacing
    z, y, x = spacing.zyx
    deep = len(np.unique(np.nonzero(cell.labels == cell.label)[0]))
    first = 0
    if z <= 1 and deep >= 10 and rng.random() < 0.4:
        step *= int(rng.integers(2, 4))
        first = int(rng.integers(abs(step)))
        spacing = Spacing(z * abs(step), y, x, "user")
    elif rng.random() < 0.3:
        spacing = Spacing(z * float(np.exp(rng.uniform(-0.35, 0.35))), y, x, "user")
    planes = slice(first, None, step) if step > 0 else slice(len(labels) - 1 - first, None, step)
    labels = _outline(labels[planes], cell.label, int(rng.integers(-1, 4)))
    told = [None if channel is None else channel[planes] for channel in channels]
    if rng.random() < 0.3:
        told[1:] = [None] * len(told[1:])
    return replace(cell, channels=tuple(told), labels=labels, spacing=spacing)


def _outline(labels: NDArray[np.integer[Any]], label: int, pixels: int) -> NDArray[np.integer[Any]]:
    """Grow a label within its planes where no other lies, or shrink it unless half would go."""
    from scipy import ndimage

    mask = labels == label
    labels = labels.copy()
    if pixels > 0:
        labels[ndimage.binary_dilation(mask, _DISC, pixels) & (labels == 0)] = label
    elif pixels < 0:
        smaller = ndimage.binary_erosion(mask, _DISC, -pixels)
        if smaller.sum() > mask.sum() / 2:
            labels[mask & ~smaller] = 0
    return labels


def _box(cell: RealCell) -> RealCell:
    """Cut out a cell with what lies around it."""
    where = np.nonzero(cell.labels == cell.label)
    low = np.array([axis.min() for axis in where])
    high = np.array([axis.max() + 1 for axis in where])
    wide = int((high - low)[1:].max() * _ROOM) + _PLANES
    room = np.array([_PLANES, wide, wide])
    box = tuple(slice(max(a - r, 0), b + r) for a, b, r in zip(low, high, room, strict=True))
    channels = tuple(None if channel is None else channel[box] for channel in cell.channels)
    return replace(cell, channels=channels, labels=cell.labels[box])


def _view(cell: RealCell, recipe: ViewRecipe) -> NDArray[np.uint8]:
    where = np.nonzero(cell.labels == cell.label)
    bbox = np.array([[axis.min() for axis in where], [axis.max() + 1 for axis in where]])
    views, _ = view_cell(
        cell.channels,
        cell.labels,
        cell.label,
        bbox,
        recipe=recipe,
        spacing=cell.spacing,
        labels_are="nucleus",
    )
    return np.rint(views * 255).astype(np.uint8)
