"""The strip: phases along a track as blocks, frames from left to right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QToolTip, QWidget

from napari_cellcycle._qt.review.look import Look, is_branch, mix, phase_color

if TYPE_CHECKING:
    from qtpy.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent

    from napari_cellcycle._qt.tracks.tracing import Line
    from napari_cellcycle.phases import PhaseSet

_TOP = 14
"""Room for the marks of words."""
_ROW = 24
_SECOND = 12
_AXIS = 22
_NARROWEST, _WIDEST = 7, 34
_WRONG = QColor("#E5484D")
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class Blocks(QWidget):
    """Draws a line, and turns clicks and keys into cells.

    Attributes
    ----------
    chosen : Signal(int)
        Row of a cell to go to.
    """

    chosen = Signal(int)

    def __init__(self, tip: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._tip = tip
        self._line: Line | None = None
        self._phases: PhaseSet | None = None
        self._current = -1
        self._room, self._width = 300, float(_WIDEST)

    def show_line(self, line: Line, phases: PhaseSet, current: int) -> None:
        """Show a track, with the cell at hand marked."""
        self._line, self._phases, self._current = line, phases, current
        self._fit()

    def set_room(self, width: int) -> None:
        """Fit into this width, if blocks stay wide enough to be hit."""
        self._room = width
        self._fit()

    @property
    def n_frames(self) -> int:
        """Frames from the first to the last one of the track."""
        line = self._line
        return int(line.frame[-1] - line.frame[0]) + 1 if line is not None and len(line) else 0

    @property
    def place(self) -> int:
        """Place of the cell at hand on the track, -1 where it is not on it."""
        if self._line is None:
            return -1
        found = np.flatnonzero(self._line.rows == self._current)
        return int(found[0]) if len(found) else -1

    def block(self, place: int) -> QRectF:
        """Rectangle of a cell in the first row."""
        assert self._line is not None
        at = int(self._line.frame[place] - self._line.frame[0])
        return QRectF(at * self._width, _TOP, self._width, _ROW)

    def place_at(self, x: float) -> int:
        """Place of the cell at a position; the one before, where a frame was missed."""
        assert self._line is not None
        frame = self._line.frame[0] + int(x // self._width)
        return int(np.searchsorted(self._line.frame, frame, side="right")) - 1

    def sizeHint(self) -> QSize:
        """As wide as its blocks."""
        second = self._line is not None and self._line.beside is not None
        height = _TOP + _ROW + (_SECOND + 3 if second else 0) + _AXIS
        return QSize(round(self.n_frames * self._width) + 2, height)

    def _fit(self) -> None:
        wide = (self._room - 2) / max(self.n_frames, 1)
        self._width = min(max(wide, _NARROWEST), _WIDEST)
        self.setFixedSize(self.sizeHint())
        self.update()

    # --- gestures -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Go to the cell of a block."""
        if event is None or self._line is None or not len(self._line):
            return
        self.setFocus()
        place = self.place_at(event.position().x())
        if event.button() == Qt.MouseButton.LeftButton and 0 <= place < len(self._line):
            self.chosen.emit(int(self._line.rows[place]))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go along the track: arrows, Home, End."""
        if event is None:
            return
        n, place = (0 if self._line is None else len(self._line)), self.place
        wanted = {
            Qt.Key.Key_Left: place - 1,
            Qt.Key.Key_Right: place + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: n - 1,
        }.get(Qt.Key(event.key()))
        if wanted is None or not n:
            super().keyPressEvent(event)
        elif 0 <= wanted < n and self._line is not None:
            self.chosen.emit(int(self._line.rows[wanted]))

    def event(self, event: QEvent | None) -> bool:
        """Tell what a block is."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(event.pos().x()) if self.n_frames else -1
            if self._line is not None and 0 <= place < len(self._line):
                QToolTip.showText(event.globalPos(), self._tip(int(self._line.rows[place])), self)
            return True
        return bool(super().event(event))

    # --- drawing --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw blocks, marks and frames."""
        line, phases = self._line, self._phases
        if line is None or phases is None or not len(line):
            return
        look = Look.of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(QRectF(0, _TOP, self.n_frames * self._width, _ROW), look.card)
        for place in range(len(line)):
            self._draw_block(painter, look, place, phases)
        for place in np.flatnonzero(line.jumps).tolist():
            self._draw_jump(painter, look, self.block(place).left())
        if self.place >= 0:
            self._draw_current(painter, look, self.block(self.place))
        self._draw_frames(painter, look)
        painter.end()

    def _draw_block(self, painter: QPainter, look: Look, place: int, phases: PhaseSet) -> None:
        assert self._line is not None
        gap = 1.0 if self._width > 10 else 0.4
        rect, code = self.block(place).adjusted(gap / 2, 0, -gap / 2, 0), self._line.phase[place]
        if code < 0:  # excluded, or nobody knows
            painter.setPen(QPen(look.faint, 1))
            painter.drawLine(rect.topLeft(), rect.bottomRight())
        elif is_branch(phases, int(code)):
            painter.setPen(QPen(phase_color(phases, int(code)), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        else:
            painter.fillRect(rect, phase_color(phases, int(code)))
        if self._line.beside is not None:
            other = int(self._line.beside[place])
            second = QRectF(rect.left(), _TOP + _ROW + 3, rect.width(), _SECOND)
            painter.fillRect(second, look.card if other < 0 else phase_color(phases, other))
        if self._line.judged[place]:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.ink)
            painter.drawEllipse(QPointF(rect.center().x(), _TOP - 5), 2.6, 2.6)
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_jump(self, painter: QPainter, look: Look, x: float) -> None:
        red = mix(_WRONG, look.ink, 0.1)
        painter.setPen(QPen(look.paper, 5))
        painter.drawLine(QPointF(x, _TOP), QPointF(x, _TOP + _ROW))
        painter.setPen(QPen(red, 2.4))
        painter.drawLine(QPointF(x, _TOP - 3), QPointF(x, _TOP + _ROW))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(red)
        painter.drawPolygon(QPolygonF([QPointF(x - 5, 1), QPointF(x + 5, 1), QPointF(x, _TOP - 2)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _draw_current(self, painter: QPainter, look: Look, rect: QRectF) -> None:
        for color, width in ((look.paper, 5), (look.ink, 2)):
            painter.setPen(QPen(color, width))
            painter.drawRect(rect.adjusted(0.5, -0.5, -0.5, 0.5))

    def _draw_frames(self, painter: QPainter, look: Look) -> None:
        assert self._line is not None
        first, y = int(self._line.frame[0]), self.height() - _AXIS
        metrics = painter.fontMetrics()
        widest = metrics.horizontalAdvance(str(first + self.n_frames)) + 10
        step = next((s for s in _STEPS if s * self._width >= widest), _STEPS[-1])
        painter.setPen(look.faint)
        for frame in range(-(-first // step) * step, first + self.n_frames, step):
            x = (frame - first + 0.5) * self._width
            text, width = str(frame), metrics.horizontalAdvance(str(frame))
            left = min(max(x - width / 2, 0), self.width() - width)
            painter.drawLine(QPointF(x, y + 2), QPointF(x, y + 5))
            painter.drawText(QPointF(left, y + 6 + metrics.ascent()), text)


class Strip(QScrollArea):
    """Blocks of a track; scrolls where it is longer than the dock is wide.

    Attributes
    ----------
    blocks : Blocks
    """

    def __init__(self, tip: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blocks = Blocks(tip)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.blocks, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        row.addStretch(1)
        self.setWidget(holder)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.blocks)
        bar: Any = self.horizontalScrollBar()
        # after another track is shown the range follows once Qt has laid it out
        bar.rangeChanged.connect(self._show_current)

    def show_line(self, line: Line, phases: PhaseSet, current: int) -> None:
        """Show a track, and the cell at hand in it."""
        self.blocks.show_line(line, phases, current)
        long = self.blocks.width() > self.viewport().width()  # type: ignore[union-attr]
        bar: Any = self.horizontalScrollBar()
        self.setFixedHeight(self.blocks.height() + (bar.sizeHint().height() if long else 0) + 2)
        self._show_current()

    def _show_current(self) -> None:
        if self.blocks.place >= 0:
            at = self.blocks.block(self.blocks.place).center()
            self.ensureVisible(round(at.x()), round(at.y()), 60, 0)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the blocks the room that there is."""
        super().resizeEvent(event)
        self.blocks.set_room(self.viewport().width())  # type: ignore[union-attr]
