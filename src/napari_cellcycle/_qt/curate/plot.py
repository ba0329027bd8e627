"""What every plot of Curate has: a frame with ticks and titles, legible in both themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QPointF, QRectF, Qt
from qtpy.QtGui import QFontMetricsF, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellcycle._qt.alignment import CENTER, RIGHT
from napari_cellcycle._qt.curate.axis import Axis

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

    from napari_cellcycle._qt.review.look import Look

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 8, 38
_SMALL, _TEXT = 10, 11


class Plot(QWidget):
    """A frame between two axes; what lies in it is drawn by those who know.

    Attributes
    ----------
    x_axis, y_axis : Axis
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.x_axis = self.y_axis = Axis("", 0.0, 1.0)

    @property
    def frame(self) -> QRectF:
        """Where points lie, in pixels of the widget."""
        wide, high = self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM
        return QRectF(_LEFT, _TOP, max(wide, 1), max(high, 1))

    def at(self, x: float, y: float) -> QPointF:
        """Pixel of a point of the plot."""
        frame = self.frame
        across, up = float(self.x_axis.place(x)), float(self.y_axis.place(y))
        return QPointF(frame.left() + across * frame.width(), frame.bottom() - up * frame.height())

    def place_of(self, at: QPointF) -> tuple[float, float]:
        """Share of the way along both axes."""
        frame = self.frame
        return (
            (at.x() - frame.left()) / frame.width(),
            (frame.bottom() - at.y()) / frame.height(),
        )

    def redraw(self) -> None:
        """Draw everything anew."""
        self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Draw in another size."""
        super().resizeEvent(event)
        self.redraw()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() in (
            QEvent.Type.PaletteChange,
            QEvent.Type.StyleChange,
        ):
            self.redraw()

    def paint_axes(self, painter: QPainter, look: Look) -> None:
        """Draw the frame, its ticks with their lines across it, and the titles."""
        frame = self.frame
        painter.fillRect(frame, look.card)
        font = painter.font()
        font.setPixelSize(_SMALL)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        taken = -1e9
        for place, text in self.x_axis.ticks(max(int(frame.width() / 46), 2)):
            x = round(frame.left() + place * frame.width()) + 0.5
            painter.setPen(QPen(look.line, 1))
            painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
            wide = metrics.horizontalAdvance(text)
            if x - wide / 2 < taken + 6:
                continue
            taken = x + wide / 2
            painter.setPen(look.faint)
            painter.drawText(QRectF(x - 40, frame.bottom() + 3, 80, 13), CENTER, text)
        for place, text in self.y_axis.ticks(max(int(frame.height() / 32), 2)):
            y = round(frame.bottom() - place * frame.height()) + 0.5
            painter.setPen(QPen(look.line, 1))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(look.faint)
            painter.drawText(QRectF(14, y - 7, _LEFT - 19, 14), RIGHT, text)
        font.setPixelSize(_TEXT)
        painter.setFont(font)
        painter.setPen(look.ink)
        below = QRectF(frame.left(), frame.bottom() + 18, frame.width(), 16)
        painter.drawText(below, CENTER, self._fitting(painter, self.x_axis.title, frame.width()))
        painter.save()
        painter.translate(8, frame.center().y())
        painter.rotate(-90)
        title = self._fitting(painter, self.y_axis.title, frame.height())
        painter.drawText(QRectF(-frame.height() / 2, -8, frame.height(), 16), CENTER, title)
        painter.restore()

    def _fitting(self, painter: QPainter, text: str, width: float) -> str:
        return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(width))
