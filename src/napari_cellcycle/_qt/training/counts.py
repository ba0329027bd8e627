"""Cells of each phase, by group: a table that shows at once what is thin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_cellcycle._qt.alignment import LEFT, RIGHT
from napari_cellcycle.counted import counted
from napari_cellcycle.train.data.census import THIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.train.data.census import Census

_MOST = 200
_WIDEST = 90
"""Pixels of a column: a long name of a group must not push its counts out of sight."""
_WARNING = QColor("#D55E00")


class CountsTable(QTableWidget):
    """Phases down, with all cells first, and the groups of the sets beside."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("counts")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVisible(False)
        head = self.horizontalHeader()
        assert head is not None
        head.setMaximumSectionSize(_WIDEST)
        head.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        rows = self.verticalHeader()
        assert rows is not None
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(20)
        rows.setDefaultAlignment(LEFT)
        rows.setMaximumWidth(150)

    def sizeHint(self) -> QSize:
        """As high as its rows, up to eight of them."""
        head, bar = self.horizontalHeader(), self.horizontalScrollBar()
        assert head is not None
        assert bar is not None
        height = head.sizeHint().height() + min(8, self.rowCount()) * 20 + 4
        return QSize(200, height + bar.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """All of that."""
        return self.sizeHint()

    def show_sets(self, sets: Sequence[Census]) -> None:
        """Count the cells of some sets, by group; groups beyond 200 in all alone."""
        self.setVisible(bool(sets))
        if not sets:
            return
        phases = sorted({str(phase) for one in sets for phase in one.phase})
        columns: list[tuple[str, str, dict[str, int]]] = []
        total = dict.fromkeys(phases, 0)
        for one in sets:
            groups, here, counts = one.table()
            for phase, n in zip(here, counts.sum(axis=0).tolist(), strict=True):
                total[phase] += n
            if len(groups) <= _MOST:
                columns += [
                    (group, one.name, dict(zip(here, row, strict=True)))
                    for group, row in zip(groups, counts.tolist(), strict=True)
                ]
            else:
                told = counted(len(groups), "group")
                columns.append(
                    (told, one.name, dict(zip(here, counts.sum(axis=0).tolist(), strict=True)))
                )
        columns.insert(0, ("all", "of all sets", total))
        self.setRowCount(len(phases))
        self.setColumnCount(len(columns))
        self.setVerticalHeaderLabels(phases)
        self.setHorizontalHeaderLabels([name for name, _, _ in columns])
        for i, phase in enumerate(phases):
            side = self.verticalHeaderItem(i)
            assert side is not None
            side.setToolTip(phase)
        for j, (name, of, times) in enumerate(columns):
            head = self.horizontalHeaderItem(j)
            assert head is not None
            head.setToolTip(f"{name}, {of}")
            for i, phase in enumerate(phases):
                n = times.get(phase, 0)
                item = QTableWidgetItem(f"{n:,}" if n else "–")
                item.setTextAlignment(RIGHT)
                if j == 0:
                    font = item.font()
                    font.setBold(True)
                    item.setFont(font)
                    if n < THIN:
                        item.setForeground(_WARNING)
                self.setItem(i, j, item)
        self.resizeColumnsToContents()
        self.updateGeometry()
