"""Cells that are picked in the scatter: the queue, the gallery and the canvas have them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.timers import once
from napari_cellcycle.review.orders import SUSPICION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.desk import Desk

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Picks(QObject):
    """Picked cells are the selection of all widgets and the queue of Review.

    What is selected elsewhere stands out here too, and leaves the queue as it is.

    Parameters
    ----------
    desk : Desk

    Attributes
    ----------
    changed : Signal()
        Other cells stand out, or another one is current.
    """

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._queued = np.zeros(0, np.int64)
        self._soon = once(self, self.changed)
        selection = desk.source.selection
        selection.changed.connect(self._tell)
        selection.current_changed.connect(self._tell)
        desk.queue_changed.connect(self._tell)

    def close(self) -> None:
        """Tell nothing more."""
        self._soon.stop()
        self.blockSignals(True)

    @property
    def marked(self) -> Mask | None:
        """Cells that stand out: those of the queue if it was picked, and several selected ones."""
        chosen, selected = self._desk.queue.chosen, self._desk.source.selection.mask
        if np.count_nonzero(selected) < 2:
            return chosen
        return selected if chosen is None else selected | chosen

    def pick(self, rows: Ints, mode: str = "replace") -> None:
        """Pick cells, or more, or fewer.

        Parameters
        ----------
        rows : ndarray, ``(n,)``, int64
            Of the review.
        mode : {"replace", "add", "remove"}
            Whether they are all, more, or fewer.
        """
        if mode != "replace":
            marked = self.marked
            before = np.zeros(0, np.int64) if marked is None else np.flatnonzero(marked)
            join = np.union1d if mode == "add" else np.setdiff1d
            rows = join(before, rows)
        self.take(rows)

    def take(self, rows: Ints) -> None:
        """Make cells the queue and the selection; without any, the queue has all again."""
        desk = self._desk
        if not len(rows):
            self.clear()
            return
        desk.choose(rows)
        first = desk.current
        if first not in rows:
            members = desk.queue.members()
            first = int(members[0]) if len(members) else int(rows[0])
        desk.source.selection.set(rows, first)
        if len(rows) > 1:
            desk.told.emit(
                f"{len(rows):,} cells are selected: a word is about all of them, until you go to "
                "one."
            )

    def clear(self) -> None:
        """Pick and select nothing; the current cell stays."""
        self._desk.choose(None)
        self._desk.source.selection.clear()

    def queue_up(self, suspects: Ints) -> None:
        """Make suspects the queue, the most suspect first, and go to that one."""
        desk, self._queued = self._desk, np.sort(suspects)
        desk.sort(SUSPICION)
        desk.choose(suspects)
        members = desk.queue.members()
        if len(members):
            desk.go_to(int(members[0]))

    def queue_more(self, suspects: Ints) -> None:
        """Add the suspects of another search, if suspects are the queue; its place stays."""
        chosen = self._desk.queue.chosen
        if chosen is not None and np.array_equal(np.flatnonzero(chosen), self._queued):
            self._queued = np.union1d(self._queued, suspects)
            self._desk.choose(self._queued)

    def _tell(self) -> None:
        # one gesture changes several things; they are told together
        self._soon.start(0)
