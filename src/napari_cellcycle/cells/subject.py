"""One cell in its volume: whose voxels are its own, where its DNA is, how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.geometry import dilate, moments, percentile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import ViewRecipe
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

_MIN_FOREGROUND = 8  # voxels; below this the mask itself gives the size


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A cell, cut out with a margin.

    Parameters
    ----------
    box : tuple of slice
        Where the arrays below lie in the volume.
    label_box : tuple of slice
        Where the label lies in these arrays.
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
        inside = tuple(slice(int(a), int(b)) for a, b in zip(bbox[0], bbox[1], strict=True))
        _, label_radius = moments(labels[inside] == label, step, is_2d)
        other_dilate = recipe.membrane_dilate if labels_are == "nucleus" else recipe.dilate
        reach = max(recipe.dilate, other_dilate) * label_radius
        margin = np.ceil(reach / step).astype(int) + 1
        start = np.maximum(bbox[0] - margin, 0)
        stop = np.minimum(bbox[1] + margin, labels.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        crop = labels[box]
        label_box = tuple(slice(int(a), int(b)) for a, b in zip(*(bbox - start), strict=True))
        own = crop == label
        if labels_are == "nucleus":
            around = dilate(own, recipe.dilate * label_radius, step, label_box)
            mask = around & (own | (crop == 0))
        else:
            mask = own
        values = np.asarray(dna[box], dtype=np.float32)
        background = _background(values, crop, own, labels_are)
        bright = percentile(values[own], 98)
        level = background + recipe.foreground * max(bright - background, 0.0)
        foreground = mask & (values > level)
        if int(foreground.sum()) < _MIN_FOREGROUND:
            foreground = own
        centre, radius = moments(foreground, step, is_2d)
        return cls(
            box=box,
            label_box=label_box,
            own=own,
            mask=mask,
            foreground=foreground,
            values=values,
            background=background,
            centre=centre + start * step,
            radius=radius,
            other_reach=other_dilate * label_radius,
        )


def _background(
    dna: Floats, labels: NDArray[np.integer[Any]], own: NDArray[np.bool_], labels_are: LabelsAre
) -> float:
    """Grey value of the DNA channel where there is no DNA."""
    if labels_are == "nucleus":
        around = dna[labels == 0]
        if around.size >= 64:
            return percentile(around, 25)
        return percentile(dna.ravel(), 1)
    return percentile(dna[own], 10)
