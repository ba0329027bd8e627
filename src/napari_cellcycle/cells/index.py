"""From a cell's frame and label to its row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

    Ints = NDArray[np.int64]


class CellIndex:
    """Rows of a table of cells, found by frame and label.

    Parameters
    ----------
    cells : CellTable
        Ordered by frame and label, as they are.
    """

    def __init__(self, cells: CellTable) -> None:
        self._label = cells.label
        frames, starts = np.unique(cells.frame, return_index=True)
        stops = [*starts[1:].tolist(), len(cells)]
        self._rows = {
            frame: slice(start, stop)
            for frame, start, stop in zip(frames.tolist(), starts.tolist(), stops, strict=True)
        }

    def row(self, frame: int, label: int) -> int:
        """Row of one cell, -1 where there is none."""
        rows = self._rows.get(frame)
        if rows is None:
            return -1
        i = rows.start + int(np.searchsorted(self._label[rows], label))
        return i if i < rows.stop and int(self._label[i]) == label else -1

    def rows(self, frame: Ints, label: Ints) -> Ints:
        """Rows of many cells, -1 where there is none.

        Parameters
        ----------
        frame, label : ndarray, ``(n,)``, int64
            The cells.
        """
        found = np.full(len(label), -1, np.int64)
        for number in np.unique(frame).tolist():
            rows = self._rows.get(number)
            if rows is None:
                continue
            asked = np.flatnonzero(frame == number)
            labels = self._label[rows]
            place = np.searchsorted(labels, label[asked])
            inside = place < len(labels)
            hit = np.zeros(len(asked), bool)
            hit[inside] = labels[place[inside]] == label[asked[inside]]
            found[asked[hit]] = rows.start + place[hit]
        return found
