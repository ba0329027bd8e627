"""One row a cell: where it is, how large, and whether the image cuts it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre, Segmentation


@dataclass(frozen=True, slots=True)
class CellTable:
    """Cells of one image, ordered by frame and label.

    Parameters
    ----------
    image, scene : str
        First half of each cell's key ``(image, scene, frame, label)``.
    labels_are : {"cell", "nucleus"}
    spacing : Spacing
        As resolved for the image.
    frame, label : ndarray, ``(n,)``, int64
    bbox : ndarray, ``(n, 2, 3)``, int64
        First voxel and one past the last voxel, ``(z, y, x)``.
    centroid : ndarray, ``(n, 3)``, float64
        Mean voxel index ``(z, y, x)``.
    voxels : ndarray, ``(n,)``, int64
        Size in voxels.
    touches_border : ndarray, ``(n,)``, bool
        Whether it touches a face of the volume: y and x always, z only where there is more than
        one plane.
    nucleus_voxels : ndarray, ``(n,)``, int64
        Size of the nucleus (or nuclei) inside a cell, -1 where unknown.
    """

    image: str
    scene: str
    labels_are: LabelsAre
    spacing: Spacing
    frame: NDArray[np.int64]
    label: NDArray[np.int64]
    bbox: NDArray[np.int64]
    centroid: NDArray[np.float64]
    voxels: NDArray[np.int64]
    touches_border: NDArray[np.bool_]
    nucleus_voxels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)

    def select(self, which: NDArray[Any]) -> CellTable:
        """Rows by boolean mask or by indices."""
        arrays = {
            field.name: getattr(self, field.name)[which]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **arrays)


def cell_table(
    segmentation: Segmentation,
    spacing: Spacing,
    *,
    image: str = "",
    scene: str = "",
    nuclei: Segmentation | None = None,
) -> CellTable:
    """Measure every label of every frame in one pass."""
    raise NotImplementedError  # cells helper
