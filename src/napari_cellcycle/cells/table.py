"""One row a cell: where it is, how large, and whether the image cuts it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellcycle.cells.objects import check_objects, check_pieces
from napari_cellcycle.cells.runs import Runs, compact, find_runs
from napari_cellcycle.errors import SegmentationError, SegmentationMismatchError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre, Segmentation
    from napari_cellcycle.image.window import Window


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
    merged_labels : ndarray, ``(n,)``, str, optional
        Labels that are one cell (``"16+20"``), empty where it has one alone.
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
    merged_labels: NDArray[np.str_] | None = None

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
    """Measure every label of every frame, reading one frame at a time and each once.

    Parameters
    ----------
    segmentation : Segmentation
        Labels of cells or of nuclei; any integer dtype, any values that fit an int64.
    spacing : Spacing
        As resolved for the image; it is only passed on.
    image, scene : str
        First half of each cell's key.
    nuclei : Segmentation, optional
        Labels of nuclei on the same grid, when ``segmentation`` holds cells. A nucleus belongs to
        the cell that it overlaps most, and to none when at least as much of it lies outside all
        cells; ``nucleus_voxels`` adds up the whole nuclei of a cell, 0 for a cell without any.

    Raises
    ------
    SegmentationError
        If the labels are no positive integers, there is none in any frame, or they are the grey
        values of an image, or a mask of many cells.
    SegmentationMismatchError
        If the nuclei do not lie on the same grid.
    """
    _check_integer(segmentation)
    if segmentation.labels_are == "nucleus":
        nuclei = None
    if nuclei is not None:
        _check_integer(nuclei)
        if nuclei.grid != segmentation.grid:
            raise SegmentationMismatchError(
                f"The nuclei {nuclei.name} do not lie on the cells {segmentation.name}: they are "
                f"{nuclei.grid} (t, z, y, x), the cells {segmentation.grid}. "
                "Choose two segmentations that were made from the same image."
            )
        _check_objects(_measure(nuclei.window(0), nuclei.name), nuclei.name)
    n_frames, *shape = segmentation.grid
    parts: list[tuple[NDArray[np.int64], _Measured, NDArray[np.int64]]] = []
    for frame in range(n_frames):
        labels = segmentation.window(frame)
        measured = _measure(labels, segmentation.name)
        _check_objects(measured, segmentation.name)
        if not any(len(earlier.label) for _, earlier, _ in parts):
            check_pieces(labels, measured.label, measured.bbox, spacing.zyx, segmentation.name)
        if segmentation.labels_are == "nucleus":
            nucleus_voxels = measured.voxels
        elif nuclei is None:
            nucleus_voxels = np.full(len(measured.label), -1, np.int64)
        else:
            nucleus_voxels = _nucleus_voxels(
                labels, nuclei.window(frame), measured.label, nuclei.name
            )
        parts.append((np.full(len(measured.label), frame, np.int64), measured, nucleus_voxels))
    if not sum(len(measured.label) for _, measured, _ in parts):
        raise SegmentationError(
            f"The segmentation {segmentation.name} is empty: all of its "
            f"{'x'.join(str(n) for n in segmentation.grid)} (t, z, y, x) voxels are 0. "
            "Choose another one, or segment the nuclei first."
        )
    bbox = np.concatenate([measured.bbox for _, measured, _ in parts])
    faces = (bbox[:, 0] == 0) | (bbox[:, 1] == shape)
    if shape[0] == 1:
        faces[:, 0] = False
    return CellTable(
        image=image,
        scene=scene,
        labels_are=segmentation.labels_are,
        spacing=spacing,
        frame=np.concatenate([frame for frame, _, _ in parts]),
        label=np.concatenate([measured.label for _, measured, _ in parts]),
        bbox=bbox,
        centroid=np.concatenate([measured.centroid for _, measured, _ in parts]),
        voxels=np.concatenate([measured.voxels for _, measured, _ in parts]),
        touches_border=faces.any(axis=1),
        nucleus_voxels=np.concatenate([sizes for _, _, sizes in parts]),
    )


class _Measured(NamedTuple):
    label: NDArray[np.int64]
    bbox: NDArray[np.int64]
    centroid: NDArray[np.float64]
    voxels: NDArray[np.int64]
    runs: NDArray[np.int64]
    touching: int


def _check_objects(found: _Measured, name: str) -> None:
    check_objects(found.voxels, found.bbox, found.runs, found.touching, name)


def _check_integer(segmentation: Segmentation) -> None:
    dtype = np.dtype(segmentation.data.dtype)
    if dtype.kind not in "iu":
        advice = (
            "Give every object a number of its own (connected components) first."
            if dtype.kind == "b"
            else "Convert it to integers if the values are whole numbers, or choose another one."
        )
        raise SegmentationError(
            f"The segmentation {segmentation.name} holds {dtype.name} values, "
            f"integer labels are needed. {advice}"
        )


def _check_range(values: NDArray[np.integer[Any]], name: str) -> None:
    if values.size and int(values.max()) > np.iinfo(np.int64).max:
        raise SegmentationError(
            f"The segmentation {name} has label {values.max()}, which does not fit 64 bits with a "
            "sign. Renumber the labels."
        )


def _measure(labels: NDArray[np.integer[Any]] | Window, name: str) -> _Measured:
    """Measure one frame, ``(z, y, x)``, from the runs of equal labels along x, box by box."""
    pieces = [_measure_runs(runs, name) for runs in find_runs(labels)]
    if not pieces:
        none = np.zeros(0, np.int64)
        return _Measured(none, np.zeros((0, 2, 3), np.int64), np.zeros((0, 3)), none, none, 0)
    parts = _Sums(*(np.concatenate(column, axis=-1) for column in zip(*pieces, strict=True)))
    label, index = compact(parts.label)
    n = len(label)
    low, high = np.full((3, n), np.iinfo(np.int64).max), np.zeros((3, n), np.int64)
    moments = np.empty((3, n))
    for axis in range(3):
        np.minimum.at(low[axis], index, parts.low[axis])
        np.maximum.at(high[axis], index, parts.high[axis])
        moments[axis] = np.bincount(index, weights=parts.moments[axis], minlength=n)
    voxels = np.bincount(index, weights=parts.voxels, minlength=n)
    return _Measured(
        label=label,
        bbox=np.stack([low.T, high.T], axis=1),
        centroid=(moments / np.maximum(voxels, 1)).T,
        voxels=voxels.astype(np.int64),
        runs=np.bincount(index, weights=parts.runs, minlength=n).astype(np.int64),
        touching=int(parts.touching.sum()),
    )


class _Sums(NamedTuple):
    """What adds up over the parts of a cell; coordinates ``(3, n)``, z, y, x.

    ``runs`` are those of each label, ``touching`` (one number) how many follow one another.
    """

    label: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    moments: NDArray[np.float64]
    voxels: NDArray[np.int64]
    runs: NDArray[np.int64]
    touching: NDArray[np.int64]


def _measure_runs(runs: Runs, name: str) -> _Sums:
    _check_range(runs.values[0], name)
    label, index = compact(runs.values[0])
    n, length = len(label), runs.length
    low, high = np.full((3, n), np.iinfo(np.int64).max), np.zeros((3, n), np.int64)
    moments = np.empty((3, n))
    last = (runs.z, runs.y, runs.x + length - 1)
    for axis, first in enumerate((runs.z, runs.y, runs.x)):
        np.minimum.at(low[axis], index, first)
        np.maximum.at(high[axis], index, last[axis] + 1)
        # a run lies in one row: its mean z and y are those of the row
        middle = (first + last[axis]) / 2
        moments[axis] = np.bincount(index, weights=middle * length, minlength=n)
    voxels = np.bincount(index, weights=length, minlength=n).astype(np.int64)
    follows = (runs.x + length)[:-1] == runs.x[1:]
    follows &= (runs.y[:-1] == runs.y[1:]) & (runs.z[:-1] == runs.z[1:])
    touching = np.array([np.count_nonzero(follows)])
    return _Sums(label, low, high, moments, voxels, np.bincount(index, minlength=n), touching)


def _nucleus_voxels(
    cells: NDArray[np.integer[Any]] | Window,
    nuclei: NDArray[np.integer[Any]] | Window,
    label: NDArray[np.int64],
    name: str,
) -> NDArray[np.int64]:
    """Voxels of the nuclei of each cell in ``label`` (sorted), one frame, ``(z, y, x)``."""
    pieces = []
    for runs in find_runs(nuclei, cells):
        _check_range(runs.values[0], name)
        (nucleus, in_nucleus), (owner, in_owner) = (compact(value) for value in runs.values)
        key, index = np.unique(in_nucleus * len(owner) + in_owner, return_inverse=True)
        size = np.bincount(index, weights=runs.length, minlength=len(key))
        pair = np.stack([nucleus[key // len(owner)], owner[key % len(owner)]], axis=1)
        pieces.append((pair, size))
    if not pieces:
        return np.zeros(len(label), np.int64)
    pair, index = np.unique(
        np.concatenate([pair for pair, _ in pieces]), axis=0, return_inverse=True
    )
    sizes = np.concatenate([size for _, size in pieces])
    overlap = np.bincount(index.reshape(-1), weights=sizes, minlength=len(pair))
    nucleus, owner = pair.T
    # within a nucleus the largest overlap first, then the smaller label
    order = np.lexsort((owner, -overlap, nucleus))
    first = order[np.diff(nucleus[order], prepend=-1) != 0]
    whole = np.bincount(compact(nucleus)[1], weights=overlap)
    inside = owner[first] != 0
    place = np.searchsorted(label, owner[first][inside])
    return np.bincount(place, weights=whole[inside], minlength=len(label)).astype(np.int64)
