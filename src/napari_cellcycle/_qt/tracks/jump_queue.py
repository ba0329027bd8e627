"""Impossible steps along tracks as the queue of Review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, QSignalBlocker, Signal

from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QPushButton

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.tracks.tracing import Tracing

    Ints = NDArray[np.int64]


class JumpQueue(QObject):
    """Makes the cells beside impossible steps the queue, and keeps it what its button says.

    Parameters
    ----------
    desk : Desk
        Whose queue it is.
    tracing : Tracing
        Knows the steps.
    button : QPushButton
        Checkable: whether they are the queue.

    Attributes
    ----------
    told : Signal(str)
    """

    told = Signal(str)

    def __init__(
        self, desk: Desk, tracing: Tracing, button: QPushButton, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._tracing, self._button = desk, tracing, button
        self._picked: Ints | None = None
        button.clicked.connect(self._set)
        tracing.changed.connect(self._pick_anew)
        desk.queue_changed.connect(self.count)

    def close(self) -> None:
        """Follow the queue no more."""
        self._desk.queue_changed.disconnect(self.count)

    def count(self) -> None:
        """Show how many steps there are, and whether they are the queue."""
        n = len(self._tracing.jumps)
        here = self._picked is not None and self._is_queue(self._picked)
        if not here:
            self._picked = None  # other cells were picked, or all
        with QSignalBlocker(self._button):
            self._button.setChecked(here)
        self._button.setText(counted(n, "impossible step"))
        self._button.setEnabled(n > 0 or here)

    # --- inside ---------------------------------------------------------------------------------

    def _set(self, on: bool) -> None:
        rows = self._tracing.jump_rows()
        self._pick(rows if on else None)
        if on and len(rows) and self._desk.current not in rows:
            self._desk.go_to(int(self._desk.queue.members()[0]))

    def _pick(self, rows: Ints | None) -> None:
        self._picked = rows
        self._desk.choose(rows)

    def _pick_anew(self) -> None:
        """Keep the queue what it says, after words or with other phases."""
        picked, chosen = self._picked, self._desk.queue.chosen
        if picked is None or not (chosen is None or self._is_queue(picked)):
            return
        rows = self._tracing.jump_rows()
        if chosen is None or not np.array_equal(rows, picked):
            self._pick(rows)
            self.told.emit("" if len(rows) else "No impossible step is left in the queue.")

    def _is_queue(self, rows: Ints) -> bool:
        chosen = self._desk.queue.chosen
        return chosen is not None and np.array_equal(np.flatnonzero(chosen), rows)
