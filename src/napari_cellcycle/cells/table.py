"""One row a cell: where it is, how large, and whether the image cuts it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellcycle.errors import SegmentationError, SegmentationMismatchError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre, Segmentation

_SLAB = 1 << 22
"""Voxels looked at together."""


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
        If the labels are no positive integers, or there is none in any frame.
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
    n_frames, *shape = segmentation.grid
    parts = []
    for frame in range(n_frames):
        labels = segmentation.volume(frame)
        measured = _measure(labels, segmentation.name)
        if segmentation.labels_are == "nucleus":
            nucleus_voxels = measured.voxels
        elif nuclei is None:
            nucleus_voxels = np.full(len(measured.label), -1, np.int64)
        else:
            nucleus_voxels = _nucleus_voxels(
                labels, nuclei.volume(frame), measured.label, nuclei.name
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


def _measure(labels: NDArray[np.integer[Any]], name: str) -> _Measured:
    """Measure one frame, ``(z, y, x)``, from the runs of equal labels along x."""
    _, height, width = labels.shape
    start, length, values = _runs(labels)
    _check_range(values, name)
    label, index = _compact(values)
    n = len(label)
    row, x = np.divmod(start, width)
    z, y = np.divmod(row, height)
    low = np.full((3, n), np.iinfo(np.int64).max)
    high = np.zeros((3, n), np.int64)
    sums = np.empty((3, n))
    # a run lies in one row: its mean z and y are those of the row
    for axis, first, last, mean in ((0, z, z, z), (1, y, y, y), (2, x, x + length - 1, None)):
        np.minimum.at(low[axis], index, first)
        np.maximum.at(high[axis], index, last + 1)
        middle = x + (length - 1) / 2 if mean is None else mean
        sums[axis] = np.bincount(index, weights=middle * length, minlength=n)
    voxels = np.bincount(index, weights=length, minlength=n)
    return _Measured(
        label=label,
        bbox=np.stack([low.T, high.T], axis=1),
        centroid=(sums / np.maximum(voxels, 1)).T,
        voxels=voxels.astype(np.int64),
    )


def _runs(
    *volumes: NDArray[np.integer[Any]],
) -> tuple[NDArray[Any], ...]:
    """Find the runs along x in which every volume is constant and the first is not 0.

    Returns the flat index of each run's first voxel, its length, and its value in each volume.
    A run never spans two rows. The work goes slab by slab, so that little memory is needed
    beside the runs themselves.
    """
    depth, height, width = volumes[0].shape
    planes = max(1, _SLAB // max(1, height * width))
    pieces: list[tuple[NDArray[Any], ...]] = []
    for z in range(0, depth, planes):
        flats = [np.ascontiguousarray(volume[z : z + planes]).reshape(-1) for volume in volumes]
        if not flats[0].size:
            continue
        begins = np.empty(flats[0].size, bool)
        begins[0] = True
        np.not_equal(flats[0][1:], flats[0][:-1], out=begins[1:])
        for flat in flats[1:]:
            begins[1:] |= flat[1:] != flat[:-1]
        begins[::width] = True
        start = np.flatnonzero(begins)
        length = np.diff(start, append=begins.size)
        keep = flats[0][start] != 0
        start, length = start[keep], length[keep]
        pieces.append((start + z * height * width, length, *(flat[start] for flat in flats)))
    if not pieces:
        none = np.zeros(0, np.int64)
        return (none, none, *(none for _ in volumes))
    return tuple(np.concatenate(column) for column in zip(*pieces, strict=True))


def _compact(values: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct values in order, and the place of each value among them."""
    top = int(values.max(initial=0))
    if top <= max(1 << 16, values.size):
        # a table of all values up to the largest is smaller than the data, and needs no sorting
        present = np.zeros(top + 1, bool)
        present[values] = True
        label = np.flatnonzero(present)
        place = np.zeros(top + 1, np.int64)
        place[label] = np.arange(len(label))
        return label.astype(np.int64), place[values]
    unique, index = np.unique(values, return_inverse=True)
    return unique.astype(np.int64), index.reshape(-1).astype(np.int64)


def _nucleus_voxels(
    cells: NDArray[np.integer[Any]],
    nuclei: NDArray[np.integer[Any]],
    label: NDArray[np.int64],
    name: str,
) -> NDArray[np.int64]:
    """Voxels of the nuclei of each cell in ``label`` (sorted), one frame, ``(z, y, x)``."""
    _, length, nucleus, cell = _runs(nuclei, cells)
    _check_range(nucleus, name)
    _, nucleus_index = _compact(nucleus)
    cell_label, cell_index = _compact(cell)
    n_nuclei = int(nucleus_index.max(initial=-1)) + 1
    pair, pair_index = np.unique(
        nucleus_index * max(1, len(cell_label)) + cell_index, return_inverse=True
    )
    overlap = np.bincount(pair_index.reshape(-1), weights=length, minlength=len(pair))
    owner_of, owner = np.divmod(pair, max(1, len(cell_label)))
    # within a nucleus the largest overlap first, then the smaller label
    order = np.lexsort((owner, -overlap, owner_of))
    first = order[np.diff(owner_of[order], prepend=-1) != 0]
    belongs = cell_label[owner[first]]
    size = np.bincount(owner_of, weights=overlap, minlength=n_nuclei)
    inside = belongs != 0
    place = np.searchsorted(label, belongs[inside])
    return np.bincount(place, weights=size[inside], minlength=len(label)).astype(np.int64)
