"""Curves of a training while it runs: losses on the left, accuracies on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.review.look import Look

if TYPE_CHECKING:
    from napari_cellcycle.train.fit.fitting import Epoch

_BLUE, _ORANGE = "#56B4E9", "#E69F00"
_PANELS = (
    ("Loss", (("train_loss", _BLUE, "training"), ("validation_loss", _ORANGE, "validation"))),
    (
        "On validation cells",
        (("accuracy", _BLUE, "accuracy"), ("balanced_accuracy", _ORANGE, "balanced")),
    ),
)
_HEAD, _FOOT, _LEFT, _GAP, _EDGE = 20, 34, 38, 8, 4
_HEIGHT = 150


class CurvesView(QWidget):
    """The epochs of the fit that is under way; of several axes, the last that has begun."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("curves")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fits: dict[str, list[Epoch]] = {}
        self._most = 1

    def sizeHint(self) -> QSize:
        """Two panels beside each other."""
        return QSize(320, _HEIGHT)

    @property
    def fits(self) -> dict[str, list[Epoch]]:
        """Epochs of each axis up to now."""
        return self._fits

    def clear(self) -> None:
        """Forget all epochs."""
        self._fits = {}
        self.update()

    def add(self, axis: str, epoch: Epoch, most: int) -> None:
        """Take in an epoch of an axis, of at most ``most``."""
        known = self._fits.setdefault(axis, [])
        known[:] = [one for one in known if one.epoch < epoch.epoch]
        known.append(epoch)
        self._most = most
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint both panels."""
        if not self._fits:
            return
        axis, curve = list(self._fits.items())[-1]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = Look.of(self)
        width = (self.width() - _GAP) / 2
        for place, (name, lines) in enumerate(_PANELS):
            frame = QRectF(
                place * (width + _GAP) + _LEFT,
                _HEAD,
                width - _LEFT - _EDGE,
                self.height() - _HEAD - _FOOT,
            )
            title = f"{name}, axis {axis}" if len(self._fits) > 1 and not place else name
            painter.setPen(look.ink)
            head = QRectF(frame.left() - _LEFT, 0, width, _HEAD - 4)
            painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, title)
            top = 1.0
            if not place:
                top = max(max(getattr(e, key) for e in curve for key, _, _ in lines), 1e-6)
            self._axes(painter, frame, look, top)
            for key, color, _ in lines:
                values = [(e.epoch, getattr(e, key)) for e in curve]
                self._line(painter, frame, values, top, QColor(color))
            self._legend(painter, frame, look, [(c, text) for _, c, text in lines])

    def _axes(self, painter: QPainter, frame: QRectF, look: Look, top: float) -> None:
        painter.fillRect(frame, look.card)
        small = painter.font()
        small.setPixelSize(10)
        painter.save()
        painter.setFont(small)
        for share in (0.0, 0.5, 1.0):
            y = frame.bottom() - share * frame.height()
            painter.setPen(QPen(look.line, 1))
            painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
            painter.setPen(look.faint)
            painter.drawText(
                QRectF(frame.left() - _LEFT, y - 7, _LEFT - 4, 14),
                RIGHT,
                f"{share * top:.2g}" if share else "0",
            )
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), 13)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "1")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{self._most}")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "epoch")
        painter.restore()

    def _line(
        self,
        painter: QPainter,
        frame: QRectF,
        values: list[tuple[int, float]],
        top: float,
        color: QColor,
    ) -> None:
        span = max(1, self._most - 1)
        points = [
            QPointF(
                frame.left() + (epoch - 1) / span * frame.width(),
                frame.bottom() - min(1.0, value / top) * frame.height(),
            )
            for epoch, value in values
        ]
        painter.setPen(QPen(color, 1.8))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(points[-1], 2.6, 2.6)

    def _legend(
        self, painter: QPainter, frame: QRectF, look: Look, lines: list[tuple[str, str]]
    ) -> None:
        painter.save()
        small = painter.font()
        small.setPixelSize(10)
        painter.setFont(small)
        x, y = frame.left(), frame.bottom() + 25
        metrics = QFontMetricsF(small)
        for color, text in lines:
            painter.setPen(QPen(QColor(color), 2))
            painter.drawLine(QPointF(x, y), QPointF(x + 9, y))
            painter.setPen(look.ink)
            painter.drawText(QPointF(x + 12, y + 4), text)
            x += 12 + metrics.horizontalAdvance(text) + 7
        painter.restore()
