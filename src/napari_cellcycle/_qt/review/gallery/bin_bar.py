"""All bins in a few lines: how full each is, the way to it, and a place to drop cells on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QHelpEvent, QPainter
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_cellcycle._qt.review.gallery.bin_header import draw_name_and_count
from napari_cellcycle._qt.review.gallery.dragging import unpack
from napari_cellcycle._qt.review.look import Look, draw_chip, is_branch, phase_color, phase_name
from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    from qtpy.QtGui import QMouseEvent, QPaintEvent, QResizeEvent

    from napari_cellcycle._qt.review.source import CellSource

_HEIGHT = 22
_GAP = 4
_NARROWEST = 140


class BinBar(QWidget):
    """One field a bin, in columns: colour, name and count.

    Parameters
    ----------
    source : CellSource

    Attributes
    ----------
    chosen : Signal(int)
        A field was clicked: the number of its bin.
    assign_requested : Signal(object, str)
        Cells were dropped on a field: their indices, and the slug of its phase.
    """

    chosen = Signal(int)
    assign_requested = Signal(object, str)

    def __init__(self, source: CellSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._counts: list[int] = []
        self._target = -1
        self.setAcceptDrops(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def set_counts(self, counts: Sequence[int]) -> None:
        """Cells in each bin; the last one, of cells without a phase, is shown if it has any."""
        several = len(self._shown())
        self._counts = list(counts)
        if len(self._shown()) != several:
            self.updateGeometry()
            self._fit()
        self.update()

    def field(self, number: int) -> QRect:
        """Rectangle of the field of a bin."""
        shown = self._shown()
        columns, width = self._columns(self.width())
        row, column = divmod(shown.index(number), columns)
        x = round(column * (width + _GAP))
        return QRect(x, row * (_HEIGHT + _GAP), int(width), _HEIGHT)

    def heightForWidth(self, width: int) -> int:
        """Height of the fields, in as many columns as there is room for."""
        columns, _ = self._columns(width)
        rows = -(-len(self._shown()) // columns)
        return max(rows * (_HEIGHT + _GAP) - _GAP, 0)

    def sizeHint(self) -> QSize:
        """Room for two columns."""
        return QSize(2 * _NARROWEST + _GAP, self.heightForWidth(2 * _NARROWEST + _GAP))

    def minimumSizeHint(self) -> QSize:
        """As narrow as one column."""
        return QSize(_NARROWEST, self.heightForWidth(max(self.width(), _NARROWEST)))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Take the height that the width asks for."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the fields."""
        look, phases = Look.of(self), self._source.phases
        painter = QPainter(self)
        for number in self._shown():
            box, code = self.field(number), self._code(number)
            target = number == self._target
            painter.fillRect(box, look.tint if target else look.card)
            chip = QRectF(box.left() + 6, box.top() + 5, 12, 12)
            draw_chip(painter, chip, phase_color(phases, code), hollow=is_branch(phases, code))
            name = phase_name(phases, code)
            draw_name_and_count(
                painter, box.adjusted(25, 0, -6, 0), look, name, self._counts[number]
            )
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Choose a bin."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            number = self._at(event.position().toPoint())
            if number >= 0:
                self.chosen.emit(number)

    def event(self, event: QEvent | None) -> bool:
        """Give the whole name of a bin as a tooltip."""
        if isinstance(event, QHelpEvent):
            number = self._at(event.pos())
            if number >= 0:
                name = phase_name(self._source.phases, self._code(number))
                cells = counted(self._counts[number], "cell")
                QToolTip.showText(event.globalPos(), f"{name}: {cells}", self)
            return True
        return super().event(event)

    def dragEnterEvent(self, event: Any) -> None:
        """Take cells of the same source."""
        event.setAccepted(unpack(self._source, event.mimeData()) is not None)

    def dragMoveEvent(self, event: Any) -> None:
        """Show where they would go."""
        number = self._at(event.position().toPoint())
        if self._code(number) < 0 or unpack(self._source, event.mimeData()) is None:
            number = -1
        event.setAccepted(number >= 0)
        self._mark(number)

    def dragLeaveEvent(self, event: Any) -> None:
        """Show nothing any more."""
        self._mark(-1)

    def dropEvent(self, event: Any) -> None:
        """Ask for the phase of the field."""
        self.dragMoveEvent(event)
        number = self._target
        self._mark(-1)
        if number >= 0:
            indices = unpack(self._source, event.mimeData())
            self.assign_requested.emit(indices, self._source.phases.phases[number].slug)

    def _shown(self) -> list[int]:
        last = len(self._source.phases.phases)
        return [n for n, count in enumerate(self._counts) if count or n < last]

    def _columns(self, width: int) -> tuple[int, float]:
        columns = max((width + _GAP) // (_NARROWEST + _GAP), 1)
        columns = min(columns, max(len(self._shown()), 1))
        return columns, (width + _GAP) / columns - _GAP

    def _code(self, number: int) -> int:
        return number if number < len(self._source.phases.phases) else -1

    def _at(self, point: QPoint) -> int:
        return next((n for n in self._shown() if self.field(n).contains(point)), -1)

    def _mark(self, number: int) -> None:
        if number != self._target:
            self._target = number
            self.update()

    def _fit(self) -> None:
        self.setFixedHeight(max(self.heightForWidth(self.width()), 1))
