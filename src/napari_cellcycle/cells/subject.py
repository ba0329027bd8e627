"""One cell in its volume: whose voxels are its own, where its DNA is, how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.geometry import grow, moments, percentile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import ViewRecipe
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

_MIN_AROUND = 64  # voxels; below this they do not tell the background
_MIN_FOREGROUND = 8  # voxels; below this the mask itself gives the size


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A cell, cut out with a margin.

    Parameters
    ----------
    box : tuple of slice
        Where the arrays below lie in the volume.
    label_box, mask_box : tuple of slice
        Where the label and the mask lie in these arrays.
    own, mask, foreground : ndarray, ``(z, y, x)``, bool
        The label; the label dilated; bright DNA in it.
    values : ndarray, ``(z, y, x)``, float32
        DNA, grey values.
    background : float
        Grey value where there is no DNA.
    centre : ndarray, ``(3,)``
        Of the foreground, in the units of the spacing, from the volume's first voxel.
    radius : float
        Of the ball (in 2D the disc) with the foreground's radius of gyration, in these units.
    other_reach : float
        How far the mask of other channels is dilated, in these units.
    """

    box: tuple[slice, ...]
    label_box: tuple[slice, ...]
    mask_box: tuple[slice, ...]
    own: Mask
    mask: Mask
    foreground: Mask
    values: Floats
    background: float
    centre: NDArray[np.float64]
    radius: float
    other_reach: float

    @classmethod
    def find(
        cls,
        dna: NDArray[Any] | Window,
        labels: NDArray[np.integer[Any]] | Window,
        label: int,
        bbox: NDArray[np.int64],
        *,
        recipe: ViewRecipe,
        step: NDArray[np.float64],
        labels_are: LabelsAre,
    ) -> Subject:
        """Find a cell; see :func:`napari_cellcycle.cells.views.view_cell` for how.

        Parameters
        ----------
        dna, labels : ndarray or Window, ``(z, y, x)``
            The whole volume.
        label : int
            The cell.
        bbox : ndarray, ``(2, 3)``
            First and one past the last voxel of the label.
        recipe : ViewRecipe
            Dilations and threshold.
        step : ndarray, ``(3,)``
            Size of a voxel.
        labels_are : {"cell", "nucleus"}
            What the labels outline.
        """
        is_2d = labels.shape[0] == 1
        inside = tuple(map(slice, *bbox.tolist()))
        core = labels[inside] == label
        _, label_radius = moments(core, step, is_2d)
        other_dilate = recipe.membrane_dilate if labels_are == "nucleus" else recipe.dilate
        reach = max(recipe.dilate, other_dilate) * label_radius
        margin = np.ceil(reach / step).astype(int) + 1
        start = np.maximum(bbox[0] - margin, 0)
        stop = np.minimum(bbox[1] + margin, labels.shape)
        box = tuple(map(slice, start.tolist(), stop.tolist()))
        label_box = tuple(map(slice, *(bbox - start).tolist()))
        values = np.asarray(dna[box], dtype=np.float32)
        own = _placed(core, label_box, values.shape)
        bright_core = values[label_box][core]
        if labels_are == "nucleus":
            unlabelled = labels[box] == 0
            near, mask_box = grow(core, label_box, own.shape, recipe.dilate * label_radius, step)
            near &= own[mask_box] | unlabelled[mask_box]
            around = values[unlabelled]
            enough = around.size >= _MIN_AROUND
            background = percentile(around, 25) if enough else percentile(values.ravel(), 1)
        else:
            near, mask_box = core, label_box
            background = percentile(bright_core, 10)
        bright = percentile(bright_core, 98)
        level = background + recipe.foreground * max(bright - background, 0.0)
        seen = near & (values[mask_box] > level)
        if np.count_nonzero(seen) < _MIN_FOREGROUND:
            seen = own[mask_box]
        centre, radius = moments(seen, step, is_2d)
        corner = start + [part.start for part in mask_box]
        return cls(
            box=box,
            label_box=label_box,
            mask_box=mask_box,
            own=own,
            mask=_placed(near, mask_box, own.shape),
            foreground=_placed(seen, mask_box, own.shape),
            values=values,
            background=background,
            centre=centre + corner * step,
            radius=radius,
            other_reach=other_dilate * label_radius,
        )


def _placed(part: Mask, place: tuple[slice, ...], shape: tuple[int, ...]) -> Mask:
    """Put a part of a mask where it lies."""
    mask = np.zeros(shape, bool)
    mask[place] = part
    return mask
