"""Repaired labels: which cells were touched, and which new cell each old one became."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.table import CellTable, cell_table
from napari_cellcycle.errors import SegmentationMismatchError
from napari_cellcycle.project.routes import Transfer
from napari_cellcycle.review.daughters.below import Below, labels_below
from napari_cellcycle.review.relabelling.matching import SHARE, match_tables, overlaps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.project.project import Project

    Ints = NDArray[np.int64]
    Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Revision:
    """What an edit of labels did.

    Parameters
    ----------
    segmentation : int
        Number of the version.
    touched : tuple of (frame, label)
        Cells of the new version that are new or have other voxels: these are stale.
    carried : tuple of (frame, old label, new label)
        Touched cells whose words go on.
    gone : tuple of (frame, old label)
        Cells without an heir: words on them are kept in the journal and count no more.
    """

    segmentation: int
    touched: tuple[Key, ...]
    carried: tuple[tuple[int, int, int], ...]
    gone: tuple[Key, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.touched)} cells to classify again; words follow {len(self.carried)} edited "
            f"cells, {len(self.gone)} have no heir."
        )


def revise(project: Project, image: int, old: Segmentation | None, new: Segmentation) -> Revision:
    """Take an edited segmentation into a project.

    Parameters
    ----------
    project : Project
        Open for writing.
    image : int
        Number of the image.
    old : Segmentation or None
        As the project has it, see :meth:`napari_cellcycle.project.images.Images.labels`. None if
        nobody has it any more, because its file was changed: then only cells that are the same go
        on.
    new : Segmentation
        As it is now.

    Raises
    ------
    SegmentationMismatchError
        If they have different grids.
    SegmentationError
        If no label is left.
    """
    project.store.check_writable()
    former = project.segmentations.cells(project.segmentations.current(image))
    # without other nuclei the table keeps what it had for untouched cells
    cells = cell_table(new, former.spacing, image=former.image, scene=former.scene)
    if old is None:
        found = match_tables(former, cells)
        transfer, back = found.there, found.back
        touched = _strangers(transfer, former, cells)
    else:
        transfer, touched = compare_labels(old, new, former, cells)
        back = _back(transfer, touched)
    cells = _with_nuclei(cells, former, touched)
    below = None if old is None else labels_below(project, image, old, new, transfer)
    if below is None:
        number = project.segmentations.revise(image, cells, new, transfer, back)
    else:
        number = _revise_below(project, image, below, transfer, back)
    return _report(number, transfer, touched)


def _revise_below(
    project: Project, image: int, below: Below, transfer: Transfer, back: Transfer
) -> int:
    """Take the labels below merged cells into a project, and merge them again."""
    former = project.segmentations.cells(project.segmentations.below(image))
    cells = cell_table(below.new, former.spacing, image=former.image, scene=former.scene)
    steps, touched = compare_labels(below.old, below.new, former, cells)
    cells = _with_nuclei(cells, former, touched)
    merged = steps, below.groups
    return project.segmentations.revise(image, cells, below.new, transfer, back, merged)


def compare_labels(
    old: Segmentation, new: Segmentation, old_cells: CellTable, new_cells: CellTable
) -> tuple[Transfer, tuple[Key, ...]]:
    """Compare two label images voxel by voxel.

    An old cell and a new one belong together if each is what the other overlaps most, and at least
    half of the smaller one lies in both. So a cell that was cut in two goes on in the larger part,
    and of two cells that were joined the larger one goes on.

    Returns
    -------
    transfer : Transfer
        Of the touched cells.
    touched : tuple of (frame, label)
        New or changed cells of ``new``.

    Raises
    ------
    SegmentationMismatchError
        If they have different grids.
    """
    if old.grid != new.grid:
        raise SegmentationMismatchError(
            f"{new.name} is {new.grid} (t, z, y, x), the segmentation in the project {old.grid}: "
            "these are not two versions of one segmentation."
        )
    rows: list[tuple[int, int, int]] = []
    touched: list[Key] = []
    for frame in range(old.grid[0]):
        before, after = old.volume(frame), new.volume(frame)
        differs = before != after
        if not differs.any():
            continue
        named = np.union1d(before[differs], after[differs]).astype(np.int64)
        mine, theirs = _sizes(old_cells, frame, named), _sizes(new_cells, frame, named)
        heirs = _heirs(before, after, mine, theirs)
        rows += [(frame, label, heirs.get(label, 0)) for label in mine]
        touched += [(frame, label) for label in theirs]
    return _transfer(rows), tuple(sorted(touched))


def _strangers(transfer: Transfer, old: CellTable, new: CellTable) -> tuple[Key, ...]:
    """Cells of a segmentation that are no cell of the older one."""
    heir_of = {(frame, label): heir for frame, label, heir, _ in transfer.rows()}
    known = set()
    for frame, label in zip(old.frame.tolist(), old.label.tolist(), strict=True):
        known.add((frame, heir_of.get((frame, label), label)))
    keys = zip(new.frame.tolist(), new.label.tolist(), strict=True)
    return tuple(key for key in keys if key not in known)


def _heirs(
    before: NDArray[Any], after: NDArray[Any], old: dict[int, int], new: dict[int, int]
) -> dict[int, int]:
    """New label of each touched old one that goes on; ``old`` and ``new`` are sizes by label."""
    mine, theirs = (np.array(sorted(sizes), np.int64) for sizes in (old, new))
    both = np.isin(before, mine) & np.isin(after, theirs)
    first, second, shared = overlaps(before[both], after[both], mine, theirs)
    pairs = zip(mine[first].tolist(), theirs[second].tolist(), shared.tolist(), strict=True)
    # of equal overlaps the smaller label counts
    best_new: dict[int, tuple[int, int]] = {}
    best_old: dict[int, tuple[int, int]] = {}
    for a, b, n in pairs:
        best_new[a] = max(best_new.get(a, (0, 0)), (n, -b))
        best_old[b] = max(best_old.get(b, (0, 0)), (n, -a))
    heirs = {}
    for a, (n, negative) in best_new.items():
        b = -negative
        if best_old[b][1] == -a and n >= SHARE * min(old[a], new[b]):
            heirs[a] = b
    return heirs


def _sizes(cells: CellTable, frame: int, labels: Ints) -> dict[int, int]:
    here = (cells.frame == frame) & np.isin(cells.label, labels)
    return dict(zip(cells.label[here].tolist(), cells.voxels[here].tolist(), strict=True))


def _transfer(rows: list[tuple[int, int, int]]) -> Transfer:
    frame, old, new = np.array(rows, np.int64).reshape(-1, 3).T
    return Transfer(frame, old, new, np.zeros(len(old), bool))


def _back(transfer: Transfer, touched: tuple[Key, ...]) -> Transfer:
    """The way back from the touched cells of the new version to the old one."""
    ancestor = {(frame, new): old for frame, old, new, _ in transfer.rows()}
    return _transfer([(frame, new, ancestor.get((frame, new), 0)) for frame, new in touched])


def _with_nuclei(cells: CellTable, former: CellTable, touched: tuple[Key, ...]) -> CellTable:
    """Keep what was measured of the nuclei inside untouched cells."""
    if cells.labels_are == "nucleus":
        return cells
    sizes = cells.nucleus_voxels.copy()
    rows = CellIndex(former).rows(cells.frame, cells.label)
    known = rows >= 0
    sizes[known] = former.nucleus_voxels[rows[known]]
    index = CellIndex(cells)
    sizes[[index.row(*key) for key in touched]] = -1
    return replace(cells, nucleus_voxels=sizes)


def _report(number: int, transfer: Transfer, touched: tuple[Key, ...]) -> Revision:
    rows = [(frame, old, new) for frame, old, new, _ in transfer.rows()]
    return Revision(
        segmentation=number,
        touched=touched,
        carried=tuple(row for row in rows if row[2]),
        gone=tuple((frame, old) for frame, old, new in rows if not new),
    )
