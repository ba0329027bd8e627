"""Cells as rows of a Qt table: nothing is copied, a row is made when it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QObject, QRectF, Qt
from qtpy.QtGui import QGuiApplication, QPainter, QPixmap

from napari_cellcycle._qt.alignment import LEFT, RIGHT
from napari_cellcycle._qt.review.look import (
    draw_chip,
    is_branch,
    phase_color,
    phase_name,
    status_name,
)
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.source import CellSource

    Ints = NDArray[np.int64]

_ROLE = Qt.ItemDataRole


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Parameters
    ----------
    name : str
        Header.
    key : callable
        From a source to ``(n,)`` numbers that sort it; NaN comes last.
    text : callable
        From a source and an index to what is shown.
    is_number : bool
        Aligned at the right.
    chip : str
        Attribute of the source whose codes give the colour before the text; empty for none.
    width : int
        At first, pixels.
    """

    name: str
    key: Callable[[CellSource], NDArray[Any]]
    text: Callable[[CellSource, int], str]
    is_number: bool = False
    chip: str = ""
    width: int = 70


def _number(attribute: str, form: str) -> Callable[[CellSource, int], str]:
    def text(source: CellSource, index: int) -> str:
        value = getattr(source, attribute)[index]
        return "" if np.isnan(value) else format(value, form)

    return text


def _phase(attribute: str) -> Callable[[CellSource, int], str]:
    def text(source: CellSource, index: int) -> str:
        return phase_name(source.phases, int(getattr(source, attribute)[index]))

    return text


def _place(axis: int, name: str) -> Column:
    def text(source: CellSource, index: int) -> str:
        value = source.position[index, axis]
        return "" if np.isnan(value) else f"{value:.1f}"

    return Column(name, lambda s: s.position[:, axis], text, is_number=True, width=64)


def _by_note(source: CellSource) -> NDArray[Any]:
    """Notes in their order, cells without one last."""
    names, place = np.unique(source.notes.astype(str), return_inverse=True)
    return np.where(names[place] == "", np.nan, place)


def columns_of(source: CellSource) -> tuple[Column, ...]:
    """Columns that have anything to say of a source's cells."""
    unit = source.unit
    found = [Column("cell", lambda s: s.label, _number("label", "d"), width=60, is_number=True)]
    if source.frame.any():
        found.append(
            Column("frame", lambda s: s.frame, _number("frame", "d"), width=60, is_number=True)
        )
    found.append(Column("phase", lambda s: s.phase, _phase("phase"), chip="phase", width=132))
    found.append(
        Column(
            "status", lambda s: s.status, lambda s, i: status_name(STATUSES[s.status[i]]), width=76
        )
    )
    if (source.predicted >= 0).any():
        found += [
            Column(
                "confidence",
                lambda s: s.confidence,
                _number("confidence", ".3f"),
                width=88,
                is_number=True,
            ),
            Column(
                "entropy", lambda s: s.entropy, _number("entropy", ".3f"), width=70, is_number=True
            ),
            Column(
                "predicted", lambda s: s.predicted, _phase("predicted"), chip="predicted", width=132
            ),
        ]
    if len(np.unique(source.deciding_axis)) > 1:
        found.append(
            Column(
                "axis",
                lambda s: np.unique(s.deciding_axis, return_inverse=True)[1],
                lambda s, i: str(s.deciding_axis[i]),
                width=40,
            )
        )
    found.append(
        Column("seen", lambda s: s.seen, lambda s, i: "yes" if s.seen[i] else "", width=44)
    )
    if not np.isnan(source.position).all():
        axes = enumerate("zyx")
        found += [_place(a, f"{n} ({unit})") for a, n in axes if n != "z" or not source.is_2d]
    found.append(Column("note", _by_note, lambda s, i: str(s.notes[i]), width=120))
    return tuple(found)


class CellModel(QAbstractTableModel):
    """Rows of cells, sorted by numpy; an order is kept until it is asked for anew.

    Parameters
    ----------
    source : CellSource
        Read when a row is painted.
    """

    def __init__(self, source: CellSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._rows: Ints | None = None
        self._column, self._descending = 0, False
        self._chips: dict[int, QPixmap] = {}
        self.load()

    # --- the order -------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the source anew: there may be other cells and other columns."""
        self.beginResetModel()
        self._chips.clear()
        self.columns = columns_of(self._source)
        self._column = min(self._column, len(self.columns) - 1)
        if self._rows is not None and len(self._rows) and self._rows.max() >= len(self._source):
            self._rows = None
        self._arrange()
        self.endResetModel()

    def set_rows(self, rows: Ints | None) -> None:
        """Show only these cells; None for all."""
        self.beginResetModel()
        self._rows = rows
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; equal ones by their place in the source, unknown ones last."""
        if not 0 <= column < len(self.columns):
            return
        self.layoutAboutToBeChanged.emit()
        self._column, self._descending = column, order == Qt.SortOrder.DescendingOrder
        self._arrange()
        self.layoutChanged.emit()

    def _arrange(self) -> None:
        rows = np.arange(len(self._source)) if self._rows is None else np.sort(self._rows)
        keys = np.asarray(self.columns[self._column].key(self._source), np.float64)[rows]
        self._order: Ints = rows[np.argsort(-keys if self._descending else keys, kind="stable")]
        self._ranks = np.full(len(self._source), -1)
        self._ranks[self._order] = np.arange(len(self._order))

    def __len__(self) -> int:
        return len(self._order)

    def rank(self, index: int) -> int:
        """Row of a cell, -1 where it is not shown."""
        return int(self._ranks[index]) if 0 <= index < len(self._ranks) else -1

    def at(self, rank: int) -> int:
        """Cell of a row."""
        return int(self._order[rank])

    def between(self, first: int, last: int) -> Ints:
        """Cells from a row up to and including another."""
        return self._order[first : last + 1]

    def field(self, index: int, column: int) -> tuple[str, QPixmap | None, bool]:
        """Text of a cell in a column, the chip before it, and whether it is a number."""
        of = self.columns[column]
        chip = self._chip(int(getattr(self._source, of.chip)[index])) if of.chip else None
        return of.text(self._source, index), chip, of.is_number

    def tell_changed(self, indices: Ints) -> None:
        """Say that cells have changed; they stay where they are."""
        ranks = self._ranks[indices]
        ranks = ranks[ranks >= 0]
        if len(ranks):
            last = len(self.columns) - 1
            self.dataChanged.emit(
                self.index(int(ranks.min()), 0), self.index(int(ranks.max()), last)
            )

    # --- Qt --------------------------------------------------------------------------------------

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Cells that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        """Names of the columns."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self.columns):
            return None
        if role == _ROLE.DisplayRole:
            return self.columns[section].name
        return int(LEFT) if role == _ROLE.TextAlignmentRole else None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """What is shown of a cell."""
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == _ROLE.DisplayRole:
            return column.text(self._source, int(self._order[index.row()]))
        if role == _ROLE.TextAlignmentRole:
            return int(RIGHT) if column.is_number else int(LEFT)
        if role == _ROLE.DecorationRole and column.chip:
            codes = getattr(self._source, column.chip)
            return self._chip(int(codes[self._order[index.row()]]))
        if role == _ROLE.ToolTipRole and (column.chip or column.name == "note"):
            return column.text(self._source, int(self._order[index.row()]))
        return None

    def _chip(self, code: int) -> QPixmap:
        chip = self._chips.get(code)
        if chip is None:
            screen = QGuiApplication.primaryScreen()
            ratio = 1.0 if screen is None else screen.devicePixelRatio()
            chip = QPixmap(round(12 * ratio), round(12 * ratio))
            chip.setDevicePixelRatio(ratio)
            chip.fill(Qt.GlobalColor.transparent)
            painter = QPainter(chip)
            phases = self._source.phases
            color, hollow = phase_color(phases, code), is_branch(phases, code)
            draw_chip(painter, QRectF(0, 0, 12, 12), color, hollow=hollow)
            painter.end()
            self._chips[code] = chip
        return chip
