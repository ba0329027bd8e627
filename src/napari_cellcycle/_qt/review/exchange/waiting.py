"""Words that wait for a cell: how many, what they say, and the way to the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle.counted import counted
from napari_cellcycle.review.relabelling.orphans import find_orphans, rows_to_check

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.review.relabelling.orphans import Orphan


_LONG = 96
"""Characters that do not take the room of the phases; all of it is in the tooltip."""


class WaitingWords(Notice):
    """Says on how many cells words wait after a new segmentation, and makes them the queue.

    Parameters
    ----------
    desk : Desk
        Whose queue it is.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("waiting-words", parent)
        self._desk = desk
        self._orphans: tuple[Orphan, ...] = ()
        self._rows = np.zeros(0, np.int64)
        self.pressed.connect(self._go)
        desk.source.signals.reloaded.connect(self._read)
        desk.source.selection.current_changed.connect(self._show)
        desk.review.changed.connect(self._follow)
        self._read()

    def close_notice(self) -> None:
        """Follow the review no more."""
        self._desk.review.changed.disconnect(self._follow)

    def _read(self) -> None:
        review = self._desk.review
        self._orphans = find_orphans(review) if review.unplaced else ()
        self._follow()

    def _follow(self, rows: NDArray[np.int64] | None = None) -> None:
        if self._orphans or len(self._rows):
            self._rows = rows_to_check(self._orphans, self._desk.review)
        self._show()

    def _show(self, row: int | None = None) -> None:
        n, at = len(self._rows), self._desk.current
        if not n:
            self.clear()
            return
        before = [orphan for orphan in self._orphans if at in orphan.rows]
        if at in self._rows and before:
            told = f"This was {' or '.join(map(str, before))}. Say what it is now."
        else:
            told = f"Words from former labels wait: they may be about {counted(n, 'cell')}."
        short = told if len(told) <= _LONG else f"{told[:_LONG].rstrip()}…"
        self.hint(short, f"Check {n:,}")
        self.message.setToolTip(told)

    def _go(self) -> None:
        """Make the cells the queue, and go to the first."""
        desk = self._desk
        desk.choose(self._rows)
        if desk.queue.count:
            desk.go_to(int(desk.queue.members()[0]))
