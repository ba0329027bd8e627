"""A small confusion matrix: rows are the truth, phases are numbered chips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_cellcycle._qt.alignment import CENTER
from napari_cellcycle._qt.review.look import Look, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RIGHT, _WRONG = QColor("#0072B2"), QColor("#D55E00")
_HEAD, _CHIP, _GAP = 20, 16, 2
_LARGEST = 44


class MatrixView(QWidget):
    """Counts, coloured by their share of the row; the tooltip has names.

    Parameters
    ----------
    title : str
        Written above; nothing if it is empty.
    tip : callable, optional
        From a row and a column to what the tooltip says; that so many of the truth were called so
        by default.
    """

    def __init__(
        self,
        title: str,
        parent: QWidget | None = None,
        *,
        tip: Callable[[int, int], str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.title = title
        self._tip = tip or self._called
        self.names: tuple[str, ...] = ()
        self.colors: tuple[str, ...] = ()
        self.counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_counts(
        self, counts: NDArray[np.int64], names: Sequence[str], colors: Sequence[str]
    ) -> None:
        """Show a matrix ``(n, n)``; a name and a colour each class."""
        self.counts, self.names, self.colors = counts, tuple(names), tuple(colors)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Square fields, as large as half of a dock allows."""
        return QSize(
            150, int(self._head + _CHIP + _GAP + len(self.names) * (self._edge + _GAP)) + 2
        )

    def minimumSizeHint(self) -> QSize:
        """Room for every field."""
        return QSize(110, self.sizeHint().height())

    @property
    def _head(self) -> int:
        return _HEAD if self.title else 0

    @property
    def _edge(self) -> float:
        n = max(1, len(self.names))
        return min(_LARGEST, (150 - _CHIP - _GAP) / n - _GAP)

    def _field(self, i: int, j: int) -> QRectF:
        step = self._edge + _GAP
        return QRectF(
            _CHIP + _GAP + j * step, self._head + _CHIP + _GAP + i * step, self._edge, self._edge
        )

    def event(self, event: QEvent | None) -> bool:
        """Tell what a field counts."""
        if event is not None and event.type() == QEvent.Type.ToolTip:
            assert isinstance(event, QHelpEvent)
            for i, j in np.ndindex(self.counts.shape):
                if self._field(i, j).contains(event.pos().toPointF()):
                    QToolTip.showText(event.globalPos(), self._tip(i, j), self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    def _called(self, i: int, j: int) -> str:
        head = f"{self.counts[i, j]} of {self.counts[i].sum()} {self.names[i]}"
        return f"{head}\ncalled {self.names[j]}"

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint title, chips and fields."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look = Look.of(self)
        painter.setPen(look.ink)
        head = QRectF(0, 0, self.width(), _HEAD - 4)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, self.title)
        small = painter.font()
        small.setPixelSize(11 if self._edge > 20 else 9)
        painter.setFont(small)
        for i, color in enumerate(self.colors):
            first = self._field(i, 0)
            chip(painter, QRectF(0, first.top(), _CHIP, first.height()), color, i + 1)
            first = self._field(0, i)
            chip(painter, QRectF(first.left(), self._head, first.width(), _CHIP), color, i + 1)
            for j in range(len(self.colors)):
                self._paint_field(painter, look, i, j)

    def _paint_field(self, painter: QPainter, look: Look, i: int, j: int) -> None:
        total, n = int(self.counts[i].sum()), int(self.counts[i, j])
        share = n / total if total else 0.0
        color = mix(look.card, _RIGHT if i == j else _WRONG, 0.92 * share)
        painter.fillRect(self._field(i, j), color)
        painter.setPen(ink_on(color) if n else look.faint)
        painter.drawText(self._field(i, j), CENTER, str(n) if total else "–")


def chip(painter: QPainter, rect: QRectF, color: str, number: int) -> None:
    """Draw the number of a class on its colour."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(color))
    painter.drawRoundedRect(rect, 2.5, 2.5)
    painter.setPen(ink_on(QColor(color)))
    painter.drawText(rect, CENTER, str(number))
    painter.restore()


def ink_on(color: QColor) -> QColor:
    """Black or white, whichever reads better."""
    red, green, blue, _ = color.getRgb()
    return QColor("white" if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else "#1B2026")
