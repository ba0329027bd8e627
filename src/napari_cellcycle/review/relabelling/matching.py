"""Two segmentations of one image: which cell of the one is which of the other, by overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import SegmentationMismatchError
from napari_cellcycle.project.routes import Transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

SHARE = 0.5
"""Two cells may be the same one if at least this part of the smaller lies in both."""
PART = 0.2
"""A cell is shared between two others if each holds at least this part of it."""
AT_LEAST = 0.25
"""Intersection over union below which two cells are not taken for the same without a look."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What became of the cells of a segmentation in another one.

    Parameters
    ----------
    there, back : Transfer
        From the old segmentation to the new one, and from the new one to the old.
    moved, ambiguous, lost : ndarray, ``(k,)``, int64
        Rows of old cells: one new cell goes on; it is not clear which; there is none.
    new : ndarray, ``(k,)``, int64
        Rows of new cells that are no old one.
    """

    there: Transfer
    back: Transfer
    moved: Ints
    ambiguous: Ints
    lost: Ints
    new: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """Old and new cells that may be the same, by row of their tables."""

    old: Ints
    new: Ints
    same: Mask
    clear: Mask


def match_labels(
    old: Segmentation,
    new: Segmentation,
    old_cells: CellTable,
    new_cells: CellTable,
    *,
    at_least: float = AT_LEAST,
) -> Match:
    """Find each cell of a segmentation in another one of the same image.

    Old and new cells may be the same if half of the smaller one lies in both. Among these, pairs
    are chosen so that the sum of their intersections over union is largest. A pair is clear if its
    own is ``at_least`` that much, and neither of the two is shared: a fifth of it in another cell.

    Parameters
    ----------
    old, new : Segmentation
        On one grid.
    old_cells, new_cells : CellTable
        Measured from them.
    at_least : float
        Intersection over union, 0 to 1.

    Raises
    ------
    SegmentationMismatchError
        If they have different grids.
    """
    if old.grid != new.grid:
        raise SegmentationMismatchError(
            f"{new.name} is {new.grid} (t, z, y, x), the segmentation in the project {old.grid}: "
            "choose labels of the same image."
        )
    parts = [
        _pairs(old.volume(t), new.volume(t), old_cells, new_cells, t, at_least)
        for t in range(old.grid[0])
    ]
    a, b, same, clear = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("old", "new", "same", "clear")
    )
    return _match(old_cells, new_cells, _Pairs(a, b, same, clear))


def match_tables(old: CellTable, new: CellTable) -> Match:
    """Match by what was measured of cells, without label images.

    Cells are the same if box, size and centre are the same, whatever their number; every other
    cell is lost.
    """
    where = {key: row for row, key in enumerate(_shapes(new))}
    pairs = [(row, where[key]) for row, key in enumerate(_shapes(old)) if key in where]
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    yes = np.ones(len(a), bool)
    return _match(old, new, _Pairs(a, b, yes, yes))


def _match(old: CellTable, new: CellTable, pairs: _Pairs) -> Match:
    a, b, same = pairs.old, pairs.new, pairs.same[pairs.clear]
    moved, heirs = a[pairs.clear], b[pairs.clear]
    ambiguous = np.setdiff1d(a, moved)
    asked, free = np.isin(a, ambiguous), ~np.isin(b, heirs)
    return Match(
        there=_transfer(old, new, (moved, heirs), same, (a[asked], b[asked])),
        back=_transfer(new, old, (heirs, moved), same, (b[free], a[free])),
        moved=np.sort(moved),
        ambiguous=ambiguous,
        lost=np.setdiff1d(np.arange(len(old)), a),
        new=np.setdiff1d(np.arange(len(new)), np.concatenate([heirs, b[asked]])),
    )


def _pairs(
    before: NDArray[Any],
    after: NDArray[Any],
    old: CellTable,
    new: CellTable,
    frame: int,
    at_least: float,
) -> _Pairs:
    old_rows, new_rows = np.flatnonzero(old.frame == frame), np.flatnonzero(new.frame == frame)
    a, b, shared = overlaps(before, after, old.label[old_rows], new.label[new_rows])
    a, b = old_rows[a], new_rows[b]
    size_a, size_b = old.voxels[a], new.voxels[b]
    # a cell may be shared with one that is too large to be the same
    alone = ~_has_rival(a, shared >= PART * size_a) & ~_has_rival(b, shared >= PART * size_b)
    near = shared >= SHARE * np.minimum(size_a, size_b)
    a, b, shared, size_a, size_b = (v[near] for v in (a, b, shared, size_a, size_b))
    iou = shared / (size_a + size_b - shared)
    clear = _assigned(a, b, iou) & (iou >= at_least) & alone[near]
    return _Pairs(a, b, (shared == size_a) & (shared == size_b), clear)


def overlaps(
    before: NDArray[Any], after: NDArray[Any], old: Ints, new: Ints
) -> tuple[Ints, Ints, Ints]:
    """Count voxels that a label of the one and a label of the other image share.

    Parameters
    ----------
    before, after : ndarray of one shape, integer
        Labels; 0 is none.
    old, new : ndarray, ascending
        All labels of either that there are where the other has one, too.

    Returns
    -------
    a, b : ndarray, ``(pairs,)``, int64
        Places in ``old`` and ``new``.
    shared : ndarray, ``(pairs,)``, int64
        Voxels.
    """
    both = (before > 0) & (after > 0)
    a = np.searchsorted(old, before[both].astype(np.int64))
    b = np.searchsorted(new, after[both].astype(np.int64))
    code, shared = np.unique(a * max(len(new), 1) + b, return_counts=True)
    return code // max(len(new), 1), code % max(len(new), 1), shared.astype(np.int64)


def _has_rival(cell: Ints, large: Mask) -> Mask:
    """Whether another pair of the same cell holds a large part of it."""
    _, place = np.unique(cell, return_inverse=True)
    n_large = np.bincount(place, weights=large)
    return np.asarray(n_large[place] - large > 0)


def _assigned(a: Ints, b: Ints, weight: Floats) -> Mask:
    """Choose pairs so that no cell is in two, and the sum of weights is largest."""
    from scipy.optimize import linear_sum_assignment
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    chosen = np.ones(len(a), bool)
    _, left = np.unique(a, return_inverse=True)
    _, right = np.unique(b, return_inverse=True)
    several = (np.bincount(left)[left] > 1) | (np.bincount(right)[right] > 1)
    edges = np.flatnonzero(several)
    if not len(edges):
        return chosen
    n = int(left.max()) + int(right.max()) + 2
    graph = coo_array((np.ones(len(a)), (left, left.max() + 1 + right)), shape=(n, n))
    group = connected_components(graph, directed=False)[1][left[edges]]
    edges = edges[np.argsort(group, kind="stable")]
    for part in np.split(edges, np.flatnonzero(np.diff(np.sort(group))) + 1):
        rows, i = np.unique(left[part], return_inverse=True)
        columns, j = np.unique(right[part], return_inverse=True)
        table = np.zeros((len(rows), len(columns)))
        table[i, j] = weight[part]
        best = np.full(len(rows), -1)
        at, to = linear_sum_assignment(table, maximize=True)
        best[at] = to
        chosen[part] = best[i] == j
    return chosen


def _shapes(cells: CellTable) -> Iterable[tuple[Any, ...]]:
    boxes = cells.bbox.reshape(len(cells), 6).tolist()
    centres = cells.centroid.tolist()
    rows = zip(cells.frame.tolist(), boxes, cells.voxels.tolist(), centres, strict=True)
    return [(frame, *box, size, *centre) for frame, box, size, centre in rows]


def _transfer(
    old: CellTable,
    new: CellTable,
    clear: tuple[Ints, Ints],
    same: Mask,
    doubtful: tuple[Ints, Ints],
) -> Transfer:
    """From rows to labels; a cell with the same label and voxels is not listed."""
    heir, is_same = np.zeros(len(old), np.int64), np.zeros(len(old), bool)
    heir[clear[0]], is_same[clear[0]] = new.label[clear[1]], same
    listed = ~(is_same & (heir == old.label))
    before, after = doubtful
    return Transfer(
        old.frame[listed],
        old.label[listed],
        heir[listed],
        is_same[listed],
        np.stack([old.frame[before], old.label[before], new.label[after]], axis=1),
    )
