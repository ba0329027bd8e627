"""Cells on the move: what is dragged from one bin and dropped on another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QByteArray, QMimeData

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.source import CellSource

CELLS = "application/x-napari-cellcycle-cells"


def pack(source: CellSource, indices: NDArray[np.int64]) -> QMimeData:
    """Pack cells of a source."""
    mime = QMimeData()
    head = np.array([os.getpid(), id(source)], np.int64)
    data = np.concatenate([head, np.asarray(indices, np.int64)]).tobytes()
    mime.setData(CELLS, QByteArray(data))
    return mime


def unpack(source: CellSource, mime: QMimeData | None) -> NDArray[np.int64] | None:
    """Unpack cells; None where the drag holds none of this very source."""
    if mime is None or not mime.hasFormat(CELLS):
        return None
    data: Any = np.frombuffer(mime.data(CELLS).data(), np.int64)
    if len(data) < 3 or tuple(data[:2]) != (os.getpid(), id(source)):
        return None
    cells: NDArray[np.int64] = data[2:].copy()
    return cells
