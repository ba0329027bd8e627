"""Which cells lie in the slice that a viewer shows, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Slice:
    """The slice of a Labels layer that is on screen; in 3D the frame.

    Parameters
    ----------
    dims : napari.components.Dims
        Of the viewer.
    layer : napari.layers.Labels
    axes : str
        Its axes, letters of ``TZYX``.

    Attributes
    ----------
    point : ndarray, ``(ndim,)``, float64
        Its place, in voxels of the layer.
    displayed : list of int
        Axes of the layer that are on screen.
    """

    def __init__(self, dims: Any, layer: Any, axes: str) -> None:
        ahead = dims.ndim - layer.ndim
        self._axes = axes
        self.displayed = [d - ahead for d in dims.displayed if d >= ahead]
        self.point: Floats = np.round(layer.world_to_data(dims.point[ahead:]))

    def holds(self, cells: CellTable) -> Mask:
        """Whether each cell lies in it, by its frame and its bounding box."""
        found = np.ones(len(cells), bool)
        for axis, letter in enumerate(self._axes):
            if axis in self.displayed:
                continue
            if letter == "T":
                found &= cells.frame == self.point[axis]
            elif letter in "ZYX":
                low, high = cells.bbox[:, :, "ZYX".index(letter)].T
                found &= (low <= self.point[axis]) & (self.point[axis] < high)
        return found

    def places(self, cells: CellTable, rows: Ints) -> Floats:
        """Middles of some cells along the displayed axes, in voxels; the rest is the slice's."""
        places = np.tile(self.point, (len(rows), 1))
        for axis in self.displayed:
            letter = self._axes[axis]
            places[:, axis] = (
                cells.frame[rows] if letter == "T" else cells.centroid[rows, "ZYX".index(letter)]
            )
        return places
