"""Which cell of one segmentation became which of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.index import CellIndex
    from napari_cellcycle.cells.merge import Group

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """Which cells of one segmentation became which of another.

    Labels that are not listed stand for the very same voxels in both.

    Parameters
    ----------
    frame, old : ndarray, ``(m,)``, int64
        A cell of the old segmentation; each is listed once.
    new : ndarray, ``(m,)``, int64
        Its label in the new one, 0 where it has no heir; an heir has one ancestor.
    same : ndarray, ``(m,)``, bool
        Whether the voxels are the same, and only the number is another.
    doubtful : ndarray, ``(k, 3)``, int64
        Frame and label of a cell without an heir, and a label of the new segmentation that may be
        it; a row for each.
    """

    frame: Ints
    old: Ints
    new: Ints
    same: NDArray[np.bool_]
    doubtful: Ints = field(default_factory=lambda: np.zeros((0, 3), np.int64))

    def __len__(self) -> int:
        return len(self.old)

    def rows(self) -> Iterator[tuple[int, int, int, bool]]:
        """Frame, old label, new label and whether the voxels are the same, of each cell."""
        columns = (self.frame, self.old, self.new, self.same)
        return zip(*(column.tolist() for column in columns), strict=True)

    def to_bytes(self) -> bytes:
        """Four little-endian integers a row, without what is doubtful."""
        table = np.stack([self.frame, self.old, self.new, self.same.astype(np.int64)], axis=1)
        return table.astype("<i8").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Transfer:
        """Read :meth:`to_bytes`."""
        table = np.frombuffer(data, "<i8").reshape(-1, 4).astype(np.int64)
        return cls(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(bool))


_Steps = dict[tuple[int, int], tuple[int, bool]]
_SMALL = 1000  # a table of steps that is copied rather than looked up beside others


class Route:
    """The way of every cell from one segmentation to the present one.

    Parameters
    ----------
    *tables : dict of (frame, label) to (label, same)
        Where cells arrive, of which the first that lists a cell counts; those that none lists are
        the same in both. Routes share them.
    """

    def __init__(self, *tables: _Steps) -> None:
        self._tables = tables

    def before(self, transfer: Transfer) -> Route:
        """The way that begins with one more step."""
        steps: _Steps = {}
        for frame, old, new, same in transfer.rows():
            later, still = self._step((frame, new)) or (new, True) if new else (0, False)
            steps[frame, old] = later, same and still
        return self._behind(steps)

    def past(self, changed: Iterable[tuple[int, int]]) -> Route:
        """The way from a version in which some cells are other ones, which have no heir."""
        return self._behind(dict.fromkeys(changed, (0, False)))

    def follow(self, frame: Ints, label: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Find labels in the present segmentation, 0 where there is none, and what is the same.

        Parameters
        ----------
        frame, label : ndarray, ``(n,)``, int64
            Cells of the segmentation where the way begins.
        """
        found, same = label.copy(), np.ones(len(label), bool)
        n_listed = sum(map(len, self._tables))
        rows = np.arange(len(label))
        if n_listed < len(label):
            listed = (old for table in self._tables for _, old in table)
            rows = np.flatnonzero(np.isin(label, np.fromiter(listed, np.int64, n_listed)))
        keys = zip(frame[rows].tolist(), label[rows].tolist(), strict=True)
        for i, key in zip(rows.tolist(), keys, strict=True):
            step = self._step(key)
            if step is not None:
                found[i], same[i] = step
        return found, same

    def _step(self, cell: tuple[int, int]) -> tuple[int, bool] | None:
        return next((table[cell] for table in self._tables if cell in table), None)

    def _behind(self, steps: _Steps) -> Route:
        """The way with steps that count before all others."""
        tables = self._tables
        while tables and len(tables[0]) <= max(_SMALL, len(steps)):
            steps, tables = tables[0] | steps, tables[1:]
        return Route(steps, *tables) if steps else self


def place(
    routes: Mapping[int, Route],
    index: CellIndex,
    versions: Sequence[int],
    frames: Sequence[int],
    labels: Sequence[int],
) -> Ints:
    """Find rows of cells of any version in the present one, -1 where they have no heir.

    Parameters
    ----------
    routes : mapping of int to Route
        As from :meth:`Segmentations.routes`.
    index : CellIndex
        Of the present version.
    versions, frames, labels : sequence of int, ``(n,)``
        The cells.
    """
    frame = np.asarray(frames, np.int64)
    return index.rows(frame, follow_all(routes, versions, frame, labels))


def follow_all(
    routes: Mapping[int, Route],
    versions: Sequence[int] | Ints,
    frames: Sequence[int] | Ints,
    labels: Sequence[int] | Ints,
) -> Ints:
    """Find labels of cells of any version where the routes lead, 0 where they have no heir.

    Parameters
    ----------
    routes, versions, frames, labels
        As for :func:`place`.
    """
    version, frame, label = (np.asarray(given, np.int64) for given in (versions, frames, labels))
    found = np.zeros(len(label), np.int64)
    for number in np.unique(version).tolist():
        if number in routes:
            here = np.flatnonzero(version == number)
            found[here] = routes[number].follow(frame[here], label[here])[0]
    return found


def merged_differently(old: Iterable[Group], new: Iterable[Group]) -> set[tuple[int, int]]:
    """Cells that are not the same in two ways to merge labels of one segmentation.

    Parameters
    ----------
    old, new : iterable of (frame, labels)
        What is one cell in each.
    """
    return {(frame, label) for frame, labels in set(old) ^ set(new) for label in labels}
