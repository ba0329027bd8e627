"""Tables of cells as files of a project, and how two of them are told to be equal."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.table import CellTable
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.project.columns import Columns, write_columns

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.image.stack import LabelsAre, Segmentation

_ARRAYS = ("frame", "label", "bbox", "centroid", "voxels", "touches_border", "nucleus_voxels")


def digest_of(cells: CellTable) -> str:
    """Sha256 of what was measured of every cell: two segmentations share it if they are equal.

    They also share it if each cell has the same box, size and centre in both; see
    :func:`digest_with`.
    """
    digest = hashlib.sha256()
    for name in ("frame", "label", "bbox", "voxels", "centroid"):
        column = getattr(cells, name)
        digest.update(f"{name}{column.shape}".encode())
        digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def digest_with(digest: str, labels: Segmentation) -> str:
    """Sha256 of what was measured and of all voxels: for labels that no measure tells apart."""
    found = hashlib.sha256(digest.encode())
    for frame in range(labels.grid[0]):
        found.update(labels.volume(frame).astype("<i8").tobytes())
    return found.hexdigest()


def identity_of(cells: CellTable, digest: str) -> str:
    """Sha256 of all that a table of cells holds; ``digest`` is of what was measured."""
    about = (digest, cells.image, cells.scene, cells.labels_are, asdict(cells.spacing))
    mark = hashlib.sha256(repr(about).encode())
    mark.update(cells.nucleus_voxels.astype("<i8").tobytes())
    return mark.hexdigest()


def write_cells(path: Path, cells: CellTable) -> None:
    """Write a table of cells, whole or not at all."""
    arrays: dict[str, NDArray[Any]] = {name: getattr(cells, name) for name in _ARRAYS}
    text = {"image": cells.image, "scene": cells.scene, "labels_are": cells.labels_are}
    spacing = asdict(cells.spacing)
    arrays["about"] = np.array([*text.values(), spacing["source"]], dtype=np.str_)
    arrays["spacing"] = np.array(cells.spacing.zyx)
    write_columns(path, arrays)


def read_cells(path: Path) -> CellTable:
    """Read a table of cells."""
    columns = Columns(path)
    image, scene, labels_are, source = columns["about"].tolist()
    z, y, x = columns["spacing"].tolist()
    kind: LabelsAre = labels_are
    return CellTable(
        image, scene, kind, Spacing(z, y, x, source), **{name: columns[name] for name in _ARRAYS}
    )
