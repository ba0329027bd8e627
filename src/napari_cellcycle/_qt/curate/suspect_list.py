"""Suspect cells as a list with reasons, and what makes a cell suspect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.curate.limits_form import LimitsForm
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.look import draw_chip
from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.suspects.suspects import Limits, Suspects

    Ints = NDArray[np.int64]

_HEAD = ("cell", "", "why")
_ROLE = Qt.ItemDataRole
_ROOM = 320


class SuspectModel(QAbstractTableModel):
    """Suspects in their order; a reason is written when its row is looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.suspects: Suspects | None = None
        self.rows: Ints = np.zeros(0, np.int64)

    def set(self, suspects: Suspects | None) -> None:
        """Show other suspects."""
        self.beginResetModel()
        self.suspects = suspects
        self.rows = np.zeros(0, np.int64)
        if suspects is not None:
            self.rows = suspects.order[suspects.kind[suspects.order] > 0]
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return len(_HEAD)

    def headerData(self, section: int, orientation: Any, role: int = _ROLE.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == _ROLE.DisplayRole:
            return _HEAD[section]
        return None

    def data(self, index: QModelIndex, role: int = _ROLE.DisplayRole) -> Any:
        if not index.isValid() or self.suspects is None:
            return None
        row, suspects = int(self.rows[index.row()]), self.suspects
        if role == _ROLE.DecorationRole and index.column() == 1:
            return _chips(suspects, row)
        if role == _ROLE.ToolTipRole:
            return f"{suspects.reason(row)}\nsuspicion {suspects.score[row]:.3f}"
        if role != _ROLE.DisplayRole:
            return None
        if index.column() == 0:
            cells = suspects.measurements.cells
            frame = f"{cells.frame[row]}/" if cells.frame[-1] else ""
            return f"{frame}{cells.label[row]}"
        return suspects.reason(row, brief=True) if index.column() == 2 else None


class SuspectList(QWidget):
    """The list, the limits, and a button that makes a queue of it.

    Attributes
    ----------
    activated : Signal(int)
        The cell of a row was chosen.
    queue_wanted : Signal(object)
        Rows that are to be the queue, the most suspect first.
    limits_changed : Signal(object)
        Others make a cell suspect.
    save_wanted : Signal()
        The list is to be written to a file.
    """

    activated = Signal(int)
    queue_wanted = Signal(object)
    limits_changed = Signal(object)
    save_wanted = Signal()

    def __init__(self, limits: Limits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = SuspectModel(self)
        self.view = QTableView()
        self.view.setObjectName("suspects")
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setShowGrid(False)
        self.view.setWordWrap(True)
        self.view.setMinimumHeight(60)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        lines, head = self.view.verticalHeader(), self.view.horizontalHeader()
        assert lines is not None
        assert head is not None
        lines.hide()
        lines.setDefaultSectionSize(36)
        head.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for column, wide in ((0, 56), (1, 46)):
            self.view.setColumnWidth(column, wide)
        self.count = QLabel()
        self.count.setObjectName("suspect-count")
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.send = QPushButton("Review them")
        self.send.setObjectName("suspects-to-queue")
        self.send.setToolTip("Make them the queue of Review, the most suspect first")
        self.save = QToolButton()
        self.save.setText("Save…")
        self.save.setObjectName("save-suspects")
        self.save.setToolTip("Write them with their measures and reasons, as CSV or Parquet")
        self.more = QToolButton()
        self.more.setText("Limits")
        self.more.setObjectName("suspect-limits")
        self.more.setCheckable(True)
        self.more.setToolTip("What makes a cell suspect")
        self._following = False
        self.limits = LimitsForm(limits)
        self.limits.setVisible(False)
        self.message = MessageLabel("suspect-message")
        line = QHBoxLayout()
        line.setSpacing(6)
        for widget, stretch in ((self.count, 1), (self.more, 0), (self.save, 0), (self.send, 0)):
            line.addWidget(widget, stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(line)
        layout.addWidget(self.limits)
        layout.addWidget(self.message)
        layout.addWidget(self.view, 1)
        layout.addStretch(0)
        self.more.toggled.connect(self._show_limits)
        self.limits.changed.connect(self.limits_changed)
        self.send.clicked.connect(lambda: self.queue_wanted.emit(self.model.rows))
        self.save.clicked.connect(self.save_wanted)
        chosen = self.view.selectionModel()
        assert chosen is not None
        chosen.currentRowChanged.connect(self._go)
        self.show_suspects(None, "")

    def show_suspects(self, suspects: Suspects | None, problem: str) -> None:
        """Show suspects and what they were learned from, or say why there are none."""
        self.model.set(suspects)
        n = len(self.model.rows)
        answers = 0 if suspects is None else suspects.answers
        learned = f"Learned from {counted(answers, 'answer')}."
        self.message.hint(learned if answers else problem)
        self.count.setText("" if suspects is None else counted(n, "suspect"))
        for widget in (self.save, self.send):
            widget.setVisible(suspects is not None)
            widget.setEnabled(n > 0)
        self._show_limits()

    def follow(self, row: int) -> None:
        """Mark the row of the current cell, if it is in the list."""
        places = np.flatnonzero(self.model.rows == row)
        at = int(places[0]) if len(places) else -1
        if at == self.view.currentIndex().row():
            return
        self._following = True
        if at < 0:
            self.view.setCurrentIndex(QModelIndex())
            self.view.clearSelection()
        else:
            self.view.selectRow(at)
        self._following = False

    def _show_limits(self) -> None:
        """Show the limits above the list, or instead of it where there is no room for both."""
        shown = self.more.isChecked()
        self.limits.setVisible(shown)
        there = self.model.suspects is not None
        self.view.setVisible(there and not (shown and self.height() < _ROOM))

    def _go(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid() and not self._following:
            self.activated.emit(int(self.model.rows[now.row()]))


def _chips(suspects: Suspects, row: int) -> QPixmap:
    """The colours of the predicted phase and of the likelier one."""
    pixmap = QPixmap(36, 14)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    leaves = suspects.phases.leaves
    for place, code in enumerate((int(suspects.phase[row]), int(suspects.likely[row]))):
        draw_chip(painter, QRectF(1 + 19 * place, 1, 12, 12), QColor(leaves[code].color))
    painter.end()
    return pixmap
