"""Cells on which people tie, as a queue of their own: one click there, and one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QPushButton, QWidget

from napari_cellcycle.counted import counted
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review.queue import EVERY, Filter

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk

CONFLICTS = Filter(statuses=frozenset({"conflict"}))
_CONFLICT = STATUSES.index("conflict")


class ConflictButton(QPushButton):
    """Says how many cells are in conflict, and is down while they are the queue.

    Parameters
    ----------
    desk : Desk
        Whose queue it is.
    """

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._before = EVERY
        self._cell = -1
        self.setObjectName("conflicts")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setStyleSheet("QPushButton { padding: 2px 8px; }")
        self.setToolTip(
            "Only cells on which people disagree and none has the majority; click again to go back"
        )
        self.clicked.connect(self._go)
        desk.queue_changed.connect(self._count)
        desk.source.signals.reloaded.connect(self._forget)
        self._count()

    def _go(self, there: bool) -> None:
        desk = self._desk
        if there:
            self._before, self._cell = desk.queue.only, desk.current
            desk.filter(CONFLICTS)
            members = desk.queue.members()
            if len(members) and not (desk.current >= 0 and desk.queue.match[desk.current]):
                desk.go_to(int(members[0]))
        else:
            desk.filter(self._before)
            if self._cell >= 0:
                desk.go_to(self._cell)
        self._count()

    def _count(self) -> None:
        n = int(self._desk.review.status_counts[_CONFLICT])
        here = self._desk.queue.only == CONFLICTS
        with QSignalBlocker(self):
            self.setChecked(here)
        self.setText(counted(n, "conflict"))
        self.setVisible(n > 0 or here)

    def _forget(self) -> None:
        """Rows are others now."""
        self._cell = -1
        self._count()
