"""DNA content of the cells of each phase, with the peaks of G1 and of G2 and mitosis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPen

from napari_cellcycle._qt.curate.axis import Axis
from napari_cellcycle._qt.curate.plot import Plot
from napari_cellcycle._qt.review.look import Look
from napari_cellcycle.cells.measures.dna_peaks import DnaPeaks, find_dna_peaks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent
    from qtpy.QtWidgets import QWidget

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_REST = 0.995
"""Share of the cells that is in sight: a few clumps must not press all others together."""
_MOST_BARS, _PIXELS_A_BAR = 80, 4


class Histogram(Plot):
    """Cells by DNA content, the phases above one another.

    Attributes
    ----------
    peaks : DnaPeaks
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("curate-histogram", parent)
        self.setMinimumHeight(130)
        self.setAccessibleName("Histogram of DNA content")
        self.peaks = DnaPeaks((), problem="")
        self._content: Floats = np.zeros(0)
        self._groups: Ints = np.zeros(0, np.int64)
        self._colors: tuple[QColor, ...] = ()
        self._unit = 1.0
        self._counts: NDArray[np.int64] | None = None

    def sizeHint(self) -> QSize:
        """Room for a dock of the usual width."""
        return QSize(380, 190)

    def set_content(self, content: Floats, title: str) -> None:
        """Show the DNA content of each cell, in units of the G1 peak where there is one."""
        self._content = content
        self.peaks = find_dna_peaks(content)
        self._unit = self.peaks.g1 if self.peaks.found else 1.0
        known = content[np.isfinite(content) & (content > 0)] / self._unit
        most = float(np.quantile(known, _REST)) * 1.05 if len(known) else 1.0
        text = f"{title}, in units of the G1 peak" if self.peaks.found else f"{title}, grey values"
        self.x_axis = Axis(text, 0.0, most)
        self.redraw()

    def set_groups(self, groups: Ints, colors: Sequence[QColor]) -> None:
        """Colour the bars: the group of each cell, and the colour of each group."""
        self._groups, self._colors = groups, tuple(colors)
        self.redraw()

    def redraw(self) -> None:
        """Count again."""
        self._counts = None
        self.update()

    @property
    def counts(self) -> NDArray[np.int64]:
        """Cells of each group in each bar, ``(groups, bars)``."""
        if self._counts is None:
            bars = int(np.clip(self.frame.width() / _PIXELS_A_BAR, 10, _MOST_BARS))
            bars = min(bars, max(int(2 * np.sqrt(len(self._content))), 10))
            edges = np.linspace(self.x_axis.low, self.x_axis.high, bars + 1)
            values = self._content / self._unit
            self._counts = np.stack(
                [
                    np.histogram(values[self._groups == g], edges)[0]
                    for g in range(len(self._colors))
                ]
            )
        return self._counts

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw bars, axes and peaks."""
        if len(self._groups) != len(self._content) or not self._colors:
            return
        painter, look = QPainter(self), Look.of(self)
        counts = self.counts
        highest = int(counts.sum(axis=0).max(initial=0))
        self.y_axis = Axis("cells", 0.0, max(highest * 1.18, 1.0))
        self.paint_axes(painter, look)
        frame = self.frame
        wide, scale = frame.width() / counts.shape[1], frame.height() / self.y_axis.high
        below = np.zeros(counts.shape[1])
        for group in np.argsort(-counts.sum(axis=1), kind="stable").tolist():
            for bar in np.flatnonzero(counts[group]).tolist():
                high = counts[group, bar] * scale
                top = frame.bottom() - below[bar] - high
                rect = QRectF(frame.left() + bar * wide + 0.5, top, max(wide - 1, 1), high)
                painter.fillRect(rect, self._colors[group])
            below += counts[group] * scale
        if self.peaks.found:
            self._paint_peak(painter, look, self.peaks.g1, "G1")
            self._paint_peak(painter, look, self.peaks.g2, f"G2/M  {self.peaks.ratio:.2f}×")

    def _paint_peak(self, painter: QPainter, look: Look, content: float, name: str) -> None:
        frame = self.frame
        x = self.at(content / self._unit, 0.0).x()
        if x > frame.right():
            return
        painter.setPen(QPen(look.ink, 1.2, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, frame.top() + 14), QPointF(x, frame.bottom()))
        painter.setPen(look.ink)
        metrics = painter.fontMetrics()
        half = metrics.horizontalAdvance(name) / 2 + 2
        middle = min(max(x, frame.left() + half), frame.right() - half)
        box = QRectF(middle - half, frame.top(), 2 * half, 14)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
