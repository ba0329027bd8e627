"""The table of Review: every cell a row, found by typing, sorted by a click, selected with all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QModelIndex, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import LEFT, RIGHT
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.look import Look
from napari_cellcycle._qt.review.selection import Picker
from napari_cellcycle._qt.review.table.cell_filter import HELP, matching
from napari_cellcycle._qt.review.table.cell_model import CellModel
from napari_cellcycle._qt.timers import once
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPainter, QShowEvent

    from napari_cellcycle._qt.review.source import CellSource

    Ints = NDArray[np.int64]

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier


class CellTable(QWidget):
    """Cells of a source as a table.

    Rows stay where they are when their cells change, until the table is sorted or filtered anew.

    Parameters
    ----------
    source : CellSource
        Read; only its selection is written.

    Attributes
    ----------
    activated : Signal(int)
        A cell was double-clicked, or Enter was pressed on it.
    """

    activated = Signal(int)

    def __init__(self, source: CellSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._rows: Ints | None = None
        self.model = CellModel(source, self)
        self.view = _View(source, self.model)
        self.query = QLineEdit()
        self.query.setObjectName("cell-find")
        self.query.setPlaceholderText("find: metaphase, corrected, confidence<0.8 …")
        self.query.setClearButtonEnabled(True)
        self.query.setToolTip(HELP)
        self.count = QLabel()
        self.count.setObjectName("cell-count")
        self.message = MessageLabel("cell-find-message")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.query, 1)
        line.addWidget(self.count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self.message)
        layout.addWidget(self.view, 1)
        self._typing = once(self, self.refilter, 150)
        self.query.textChanged.connect(lambda: self._typing.start())
        self.query.returnPressed.connect(self.refilter)
        self.view.cell_activated.connect(self.activated)
        source.signals.changed.connect(self.model.tell_changed)
        source.signals.reloaded.connect(self._reload)
        self._tell()

    def set_rows(self, rows: Ints | None) -> None:
        """Show only these cells, and of them those that the text asks for; None for all."""
        self._rows = rows
        self.refilter()

    def refilter(self) -> None:
        """Find again which cells the text asks for, and sort them again."""
        self._typing.stop()
        text = self.query.text().strip()
        rows = self._rows
        self.message.clear()
        if text:
            try:
                found = matching(self._source, text)
            except CellCycleError as error:
                self.message.error(str(error))
                return
            rows = np.flatnonzero(found) if rows is None else rows[found[rows]]
        self.model.set_rows(rows)
        self.view.follow(self._source.selection.current)
        self._tell()

    def _reload(self) -> None:
        if self._rows is not None and len(self._rows) and self._rows.max() >= len(self._source):
            self._rows = None
        self.model.load()
        self.view.set_widths()
        self.view.picker.forget()
        self.refilter()

    def _tell(self) -> None:
        shown, all_cells = len(self.model), len(self._source)
        self.count.setText(
            counted(all_cells, "cell") if shown == all_cells else f"{shown:,} of {all_cells:,}"
        )


class _View(QTableView):
    """Rows that are selected as the source's selection says, however many they are.

    Qt's own selection keeps a list of ranges, which is slow for thousands of scattered rows.
    """

    cell_activated = Signal(int)

    def __init__(self, source: CellSource, model: CellModel) -> None:
        super().__init__()
        self._source = source
        self._model = model
        self.picker = Picker(source.selection, model)
        self.setModel(model)
        self._delegate = _Delegate(source, model, self)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAccessibleName("Table of cells")
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        rows, header, pane = self.verticalHeader(), self.horizontalHeader(), self.viewport()
        assert rows is not None
        assert header is not None
        assert pane is not None
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(22)
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setStretchLastSection(True)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.set_widths()
        self._pane = pane
        source.selection.changed.connect(pane.update)
        source.selection.current_changed.connect(self.follow)

    def set_widths(self) -> None:
        """Give the columns their first widths."""
        for number, column in enumerate(self._model.columns):
            self.setColumnWidth(number, column.width)

    def follow(self, index: int) -> None:
        """Scroll to a cell, if it is shown."""
        rank = self._model.rank(index) if index >= 0 else -1
        if rank >= 0:
            first = max(self.columnAt(0), 0)
            self.scrollTo(
                self._model.index(rank, first), QAbstractItemView.ScrollHint.EnsureVisible
            )
        self._pane.update()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._delegate.look = Look.of(self)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Begin at the cell that is current already."""
        super().showEvent(event)
        self.follow(self._source.selection.current)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Select a row, beside the others with Ctrl, up to it with Shift."""
        if event is None:
            return
        index = self._index_at(event)
        if index < 0:
            if event.button() == Qt.MouseButton.LeftButton:
                self._source.selection.clear()
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self._pick(index, event.modifiers())
        elif not self._source.selection.mask[index]:
            self.picker.pick(index)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Select up to the row that is dragged to."""
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            index = self._index_at(event)
            if index >= 0 and index != self._source.selection.current:
                self.picker.pick(index, extend=True)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Nothing: a press has selected."""

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Go to a cell."""
        if event is not None and (index := self._index_at(event)) >= 0:
            self.cell_activated.emit(index)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Move from row to row; what is no movement is for others."""
        if event is None:
            return
        key, model, selection = event.key(), self._model, self._source.selection
        page = max(self._pane.height() // self.rowHeight(0) - 1, 1) if len(model) else 1
        steps: dict[int, int] = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -len(model),
            Qt.Key.Key_End: len(model),
        }
        if key in steps and len(model):
            rank = model.rank(selection.current)
            to = 0 if rank < 0 and abs(steps[key]) < len(model) else rank + steps[key]
            self._pick(model.at(min(max(to, 0), len(model) - 1)), event.modifiers() & _SHIFT)
        elif key == Qt.Key.Key_A and event.modifiers() == _CTRL:
            self.picker.add(model.between(0, len(model)), keep=False)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and selection.current >= 0:
            self.cell_activated.emit(selection.current)
        elif key == Qt.Key.Key_Escape and selection.mask.any():
            selection.clear()
        else:
            event.ignore()

    def _pick(self, index: int, modifiers: Qt.KeyboardModifier) -> None:
        self.picker.pick(index, toggle=bool(modifiers & _CTRL), extend=bool(modifiers & _SHIFT))

    def _index_at(self, event: QMouseEvent) -> int:
        row = self.rowAt(event.position().toPoint().y())
        return -1 if row < 0 else self._model.at(row)


class _Delegate(QStyledItemDelegate):
    """Paints a field by itself: the viewer's style sheet takes ten times as long for it.

    Selected cells have the colour of selection, the current one a line above and below.
    """

    def __init__(self, source: CellSource, model: CellModel, view: _View) -> None:
        super().__init__(view)
        self._selection = source.selection
        self._model = model
        self.look = Look.of(view)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        if painter is None:
            return
        cell, box = self._model.at(index.row()), option.rect
        if self._selection.mask[cell]:
            painter.fillRect(box, self.look.tint)
        text, chip, is_number = self._model.field(cell, index.column())
        inner = box.adjusted(5, 0, -5, 0)
        if chip is not None:
            painter.drawPixmap(inner.left(), inner.center().y() - 5, chip)
            inner.setLeft(inner.left() + 18)
        painter.setPen(self.look.ink)
        if is_number:
            painter.drawText(inner, RIGHT, text)
        else:
            elide = Qt.TextElideMode.ElideRight
            shown = painter.fontMetrics().elidedText(text, elide, inner.width())
            painter.drawText(inner, LEFT, shown)
        if cell == self._selection.current:
            painter.drawLine(box.topLeft(), box.topRight())
            painter.drawLine(box.bottomLeft(), box.bottomRight())
