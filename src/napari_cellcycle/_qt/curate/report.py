"""What became of the predictions, for each phase and in total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.results import text_label
from napari_cellcycle._qt.review.look import draw_chip

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.review.suspects.curation import PhaseCount

_COLUMNS = (
    ("predicted", "predicted", "Cells that the model gave this phase"),
    ("suspects", "suspect", "Those that do not fit it"),
    ("examined", "examined", "Those that somebody judged, or that you have looked at"),
    ("changed", "changed", "Those that people gave another phase"),
    ("left_out", "left out", "Those that people excluded or are unsure of"),
)
_WIDTH = 52
_SMALL = "QTableWidget { font-size: 11px; } QHeaderView { font-size: 10px; }"


class ReportView(QWidget):
    """A small table, and a button that copies it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.problem = text_label("curation-problem")
        self.table = QTableWidget(0, 1 + len(_COLUMNS))
        self.table.setObjectName("curation-report")
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setStyleSheet(_SMALL)
        lines, head = self.table.verticalHeader(), self.table.horizontalHeader()
        assert lines is not None
        assert head is not None
        lines.hide()
        lines.setDefaultSectionSize(21)
        head.setMinimumSectionSize(40)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setHorizontalHeaderItem(0, QTableWidgetItem("phase"))
        for place, (_, name, tip) in enumerate(_COLUMNS, start=1):
            item = QTableWidgetItem(name)
            item.setToolTip(tip)
            self.table.setHorizontalHeaderItem(place, item)
            self.table.setColumnWidth(place, _WIDTH)
        self.copy = QPushButton("Copy")
        self.copy.setObjectName("copy-report")
        self.copy.setToolTip("Copy the table, to paste it into a sheet or a text")
        self.copy.clicked.connect(self._copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.problem)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignRight)
        self.show_nothing("")

    def show_counts(self, counts: Sequence[PhaseCount], phases: PhaseSet) -> None:
        """Show other counts."""
        self.table.setRowCount(len(counts))
        for row, count in enumerate(counts):
            total = count.phase == "total"
            name = "in total" if total else phases[count.phase].name
            item = QTableWidgetItem(name)
            item.setToolTip(name)
            if not total:
                item.setIcon(_chip(phases[count.phase].color))
            self.table.setItem(row, 0, item)
            for place, (column, _, _) in enumerate(_COLUMNS, start=1):
                value = QTableWidgetItem(f"{getattr(count, column):,}")
                value.setTextAlignment(RIGHT)
                self.table.setItem(row, place, value)
        self._show("")

    def show_nothing(self, why: str) -> None:
        """Say why there is nothing to count."""
        self.table.setRowCount(0)
        self._show(why)

    def _show(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        for widget in (self.table, self.copy):
            widget.setVisible(not problem)

    def _copy(self) -> None:
        """Copy as text between tabs, numbers without thousands separators."""
        table, rows = self.table, [("phase", *(name for _, name, _ in _COLUMNS))]
        for row in range(table.rowCount()):
            items = (table.item(row, place) for place in range(table.columnCount()))
            name, *values = ("" if item is None else item.text() for item in items)
            rows.append((name, *(value.replace(",", "") for value in values)))
        clipboard = QGuiApplication.clipboard()
        assert clipboard is not None
        clipboard.setText("\n".join("\t".join(row) for row in rows) + "\n")


def _chip(color: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_chip(painter, QRectF(1, 1, 10, 10), QColor(color))
    painter.end()
    return QIcon(pixmap)
