"""Labels that are one cell: their rows and voxels put together; the labels stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.errors import SegmentationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation

Group = tuple[int, tuple[int, ...]]
"""Frame, and the labels there that are one cell, in order; the smallest is the cell's label."""


def group_of(frame: int, labels: Iterable[int]) -> Group:
    """Bring labels of one frame into order.

    Raises
    ------
    SegmentationError
        If there is only one.
    """
    found = tuple(sorted({int(label) for label in labels}))
    if len(found) < 2:
        raise SegmentationError(
            f"Label {', '.join(map(str, found)) or '?'} of frame {frame} cannot be merged with "
            "itself. Choose two labels or more."
        )
    return int(frame), found


def named(labels: Iterable[int]) -> str:
    """Write labels that are one cell, such as ``16+20``."""
    return "+".join(map(str, labels))


def merge_cells(cells: CellTable, groups: Iterable[Group]) -> CellTable:
    """Put rows together, as if the cells had been measured from merged labels.

    Nuclei are an exception: a cell keeps those of its parts. Where one of them lies in several
    cells, or one of another cell lies in the parts together more than there, a new measurement
    may count it elsewhere.

    Parameters
    ----------
    cells : CellTable
        Of labels as they are.
    groups : iterable of (frame, labels)
        No label is in two of them.

    Returns
    -------
    CellTable
        With ``merged_labels``. A merged cell has its smallest label.

    Raises
    ------
    SegmentationError
        If a label is not there, or in two groups.
    """
    groups = sorted(groups)
    index = CellIndex(cells)
    names = np.full(len(cells), "", dtype=object)
    columns = {
        name: getattr(cells, name).copy()
        for name in ("bbox", "centroid", "voxels", "touches_border", "nucleus_voxels")
    }
    gone = np.zeros(len(cells), bool)
    taken: set[int] = set()
    for frame, labels in groups:
        rows = np.array([index.row(frame, label) for label in labels])
        for row, label in zip(rows.tolist(), labels, strict=True):
            if row < 0 or row in taken:
                state = "in two merged cells" if row in taken else "not in the segmentation"
                raise SegmentationError(
                    f"Labels {named(labels)} of frame {frame} cannot be one cell: label {label} "
                    f"is {state}. Split that cell, or choose other labels."
                )
        taken.update(rows.tolist())
        first = rows[0]
        _put_together(cells, columns, rows)
        names[first] = named(labels)
        gone[rows[1:]] = True
    texts = np.array(names.tolist(), dtype=np.str_)
    return replace(cells, **columns, merged_labels=texts).select(~gone)


def _put_together(cells: CellTable, columns: dict[str, NDArray[Any]], rows: NDArray[Any]) -> None:
    """Measure several cells as one, into the row of the first."""
    first, voxels = rows[0], cells.voxels[rows]
    # sums of voxel indices, which are whole or half numbers: so the mean is that of the voxels
    sums = np.round(2 * cells.centroid[rows] * voxels[:, None]).sum(axis=0) / 2
    columns["bbox"][first, 0] = cells.bbox[rows, 0].min(axis=0)
    columns["bbox"][first, 1] = cells.bbox[rows, 1].max(axis=0)
    columns["centroid"][first] = sums / voxels.sum()
    columns["voxels"][first] = voxels.sum()
    columns["touches_border"][first] = cells.touches_border[rows].any()
    nuclei = cells.nucleus_voxels[rows]
    columns["nucleus_voxels"][first] = nuclei.sum() if (nuclei >= 0).all() else -1


def widest_gap(cells: CellTable, rows: NDArray[np.integer[Any]]) -> float:
    """How much empty space cells of one frame would have in them if they were one.

    Parameters
    ----------
    cells : CellTable
        Of the image.
    rows : ndarray, ``(n,)``, int
        Rows of one frame, two or more.

    Returns
    -------
    float
        The widest gap between bounding boxes that has to be bridged to get from each cell to each
        other one, in typical radii: half the median length of boxes of the frame along y and x.
    """
    step = np.array(cells.spacing.zyx)
    boxes = cells.bbox[cells.frame == cells.frame[rows[0]]]
    typical = float(np.median(((boxes[:, 1] - boxes[:, 0]) * step)[:, 1:])) / 2
    low, high = np.moveaxis(cells.bbox[rows] * step, 1, 0)
    widest, left, at = 0.0, np.ones(len(rows), bool), 0
    nearest = np.full(len(rows), np.inf)
    for _ in rows[1:]:  # from what is reached already to the nearest of the others
        left[at] = False
        apart = np.maximum(low - high[at], low[at] - high).clip(0)
        nearest = np.minimum(nearest, np.linalg.norm(apart, axis=1))
        at = int(np.argmin(np.where(left, nearest, np.inf)))
        widest = max(widest, float(nearest[at]))
    return widest / typical


def merge_labels(segmentation: Segmentation, groups: Iterable[Group]) -> Segmentation:
    """Derive a segmentation in which some labels are one cell.

    Parameters
    ----------
    segmentation : Segmentation
        Never changed; lazy data stay lazy.
    groups : iterable of (frame, labels)
        As for :func:`merge_cells`.
    """
    heirs: dict[int, dict[int, int]] = {}
    for frame, labels in groups:
        heirs.setdefault(frame, {}).update(dict.fromkeys(labels[1:], labels[0]))
    if not heirs:
        return segmentation
    data = segmentation.data
    if isinstance(data, np.ndarray):
        merged = data.copy()
        for frame, heir_of in heirs.items():
            merged[frame] = relabel(data[frame], heir_of)
        return replace(segmentation, data=merged, path=None)
    import dask.array as dask_array

    da: Any = dask_array
    lazy = data if isinstance(data, da.Array) else da.from_array(data, chunks=(1, -1, -1, -1))
    frames = [
        lazy[t : t + 1].map_blocks(relabel, heirs[t], dtype=lazy.dtype)
        if t in heirs
        else lazy[t : t + 1]
        for t in range(lazy.shape[0])
    ]
    return replace(segmentation, data=da.concatenate(frames), path=None)


def relabel(labels: NDArray[Any], heir_of: dict[int, int]) -> NDArray[Any]:
    """Give voxels of some labels another label, in a copy.

    Parameters
    ----------
    labels : ndarray, integer
        Any shape.
    heir_of : dict of int to int
        New label of each old one.
    """
    found = labels.copy()
    old = np.array(sorted(heir_of), labels.dtype)
    new = np.array([heir_of[label] for label in sorted(heir_of)], labels.dtype)
    place = np.isin(labels, old)
    found[place] = new[np.searchsorted(old, labels[place])]
    return found
