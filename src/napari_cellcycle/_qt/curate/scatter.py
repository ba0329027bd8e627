"""Cells as points of two measures, in the colours of their phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QImage, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QToolTip, QWidget

from napari_cellcycle._qt.curate.cloud import draw_cloud, opacity_of, radius_of
from napari_cellcycle._qt.curate.plot import Plot
from napari_cellcycle._qt.curate.scatter_gestures import Gestures
from napari_cellcycle._qt.review.look import Look
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    from napari_cellcycle._qt.curate.axis import Axis

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_FADED = 0.28
_REACH = 7.0
"""Pixels within which a point is hit."""
_RINGED = 400
"""Marked points of which each has a ring; of more, their colours are enough."""


class Scatter(Plot):
    """Points of two measures; a person draws around some, or points at one.

    Parameters
    ----------
    tip : callable
        From a row to what the tooltip says of it.

    Attributes
    ----------
    enclosed : Signal(object, str)
        Rows that were drawn around, and ``replace``, ``add`` or ``remove``.
    pointed : Signal(int)
        Row of a point that was clicked, -1 beside all points.
    activated : Signal(int)
        Row of a point that was clicked twice.
    """

    enclosed = Signal(object, str)
    pointed = Signal(int)
    activated = Signal(int)

    def __init__(self, tip: Callable[[int], str], parent: QWidget | None = None) -> None:
        super().__init__("curate-scatter", parent)
        self.setMinimumHeight(170)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Scatter of two measures")
        self._tip = tip
        self._values: tuple[Floats, Floats] = (np.zeros(0), np.zeros(0))
        self._home = (self.x_axis, self.y_axis)
        self._groups: Ints = np.zeros(0, np.int64)
        self._colors: tuple[QColor, ...] = ()
        self._marked: Mask | None = None
        self._current = -1
        self._all: QImage | None = None
        self._top: QImage | None = None
        self._pixels: tuple[Ints, Ints] | None = None
        self.trace = QPolygonF()
        self._soon = once(self, self.update)
        self.gestures = Gestures(self)

    def sizeHint(self) -> QSize:
        """Room for a dock of the usual width."""
        return QSize(380, 300)

    # --- what is shown --------------------------------------------------------------------------

    def set_values(self, x: Axis, y: Axis, across: Floats, up: Floats) -> None:
        """Show other measures: their axes, and the values of each cell, NaN where unknown."""
        self._values, self._home = (across, up), (x, y)
        self.look_at(x, y)

    def set_groups(self, groups: Ints, colors: Sequence[QColor]) -> None:
        """Colour the points: the group of each cell, and the colour of each group."""
        self._groups, self._colors = groups, tuple(colors)
        self._all = self._top = None
        self._soon.start(0)

    def set_marked(self, marked: Mask | None, current: int) -> None:
        """Let some points stand out from the others, if any do, and put a ring around one."""
        self._marked = marked if marked is not None and marked.any() else None
        self._current = current
        self._top = None
        self._soon.start(0)

    def look_at(self, x: Axis, y: Axis) -> None:
        """Show another part of the plot."""
        self.x_axis, self.y_axis = x, y
        self.redraw()

    def reset_view(self) -> None:
        """Show all points again."""
        self.look_at(*self._home)

    def redraw(self) -> None:
        """Draw everything anew."""
        self._all = self._top = self._pixels = None
        self.update()

    # --- which points ---------------------------------------------------------------------------

    def pixels(self) -> tuple[Ints, Ints]:
        """Column and row of each point in the frame, in pixels of the screen; -1 for none."""
        if self._pixels is None:
            wide, high = self._size()
            across, up = self.x_axis.place(self._values[0]), self.y_axis.place(self._values[1])
            with np.errstate(invalid="ignore"):
                inside = (across >= 0) & (across <= 1) & (up >= 0) & (up <= 1)
            columns = np.where(inside, across * (wide - 1), -1).astype(np.int64)
            rows = np.where(inside, (1 - up) * (high - 1), -1).astype(np.int64)
            self._pixels = columns, rows
        return self._pixels

    def point_at(self, at: QPointF) -> int:
        """Row of the point nearest to a place of the widget; -1 if it is too far away."""
        columns, rows = self.pixels()
        if not len(columns):
            return -1
        ratio, corner = self.devicePixelRatioF(), self.frame.topLeft()
        column, row = (at.x() - corner.x()) * ratio, (at.y() - corner.y()) * ratio
        far = np.hypot(columns - column, rows - row)
        far[columns < 0] = np.inf
        nearest = int(far.argmin())
        return nearest if far[nearest] <= _REACH * ratio else -1

    def inside(self, outline: QPolygonF) -> Ints:
        """Rows of the points that are in sight within an outline, in pixels of the widget."""
        from skimage.draw import polygon2mask

        ratio, corner = self.devicePixelRatioF(), self.frame.topLeft()
        corners = [
            ((p.y() - corner.y()) * ratio, (p.x() - corner.x()) * ratio)
            for p in (outline[i] for i in range(len(outline)))
        ]
        wide, high = self._size()
        columns, rows = self.pixels()
        mask = polygon2mask((high, wide), corners)
        there = columns >= 0
        found: Ints = np.flatnonzero(there & mask[np.maximum(rows, 0), np.maximum(columns, 0)])
        return found

    # --- Qt -------------------------------------------------------------------------------------

    def event(self, event: QEvent | None) -> bool:
        """Tell of the point under the pointer."""
        if isinstance(event, QHelpEvent):
            row = self.point_at(QPointF(event.pos()))
            if row >= 0:
                QToolTip.showText(event.globalPos(), self._tip(row), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the axes, the points, and what stands out."""
        painter, look = QPainter(self), Look.of(self)
        self.paint_axes(painter, look)
        if len(self._groups) != len(self._values[0]) or not self._colors:
            return
        if self._all is None:
            self._all = self._cloud(None)
        marked = self._marked
        painter.setOpacity(1.0 if marked is None else _FADED)
        painter.drawImage(self.frame, self._all)
        painter.setOpacity(1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if marked is not None:
            if self._top is None:
                self._top = self._cloud(marked)
            painter.drawImage(self.frame, self._top)
            rows = np.flatnonzero(marked)
            if len(rows) <= _RINGED:
                self._paint_rings(painter, rows, QPen(look.ink, 1.0), 2.0)
        if self._current >= 0:
            one = np.array([self._current])
            self._paint_rings(painter, one, QPen(look.paper, 4), 4.0)
            self._paint_rings(painter, one, QPen(look.ink, 2), 4.0)
        if len(self.trace):
            painter.setPen(QPen(look.accent, 1.5))
            tint = QColor(look.accent)
            tint.setAlpha(40)
            painter.setBrush(tint)
            painter.drawPolygon(self.trace)

    # --- inside ---------------------------------------------------------------------------------

    def _size(self) -> tuple[int, int]:
        """Of the frame, pixels of the screen."""
        ratio, frame = self.devicePixelRatioF(), self.frame
        return max(round(frame.width() * ratio), 1), max(round(frame.height() * ratio), 1)

    def _cloud(self, chosen: Mask | None) -> QImage:
        """Picture of the points, or of some."""
        n = len(self._groups)
        columns, rows = self.pixels()
        groups = self._groups
        if chosen is not None:
            columns, rows, groups = columns[chosen], rows[chosen], groups[chosen]
        radius = radius_of(n) * self.devicePixelRatioF() + (0.5 if chosen is not None else 0.0)
        opacity = opacity_of(n if chosen is None else int(chosen.sum()))
        return draw_cloud(columns, rows, groups, self._colors, self._size(), radius, opacity)

    def _paint_rings(self, painter: QPainter, rows: Ints, pen: QPen, more: float) -> None:
        columns, lines = (places[rows] for places in self.pixels())
        ratio, corner = self.devicePixelRatioF(), self.frame.topLeft()
        radius = radius_of(len(self._groups)) + more
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for column, line in zip(columns.tolist(), lines.tolist(), strict=True):
            if column >= 0:
                at = QPointF(corner.x() + column / ratio, corner.y() + line / ratio)
                painter.drawEllipse(at, radius, radius)

    def box(self, first: QPointF, last: QPointF) -> QPolygonF:
        """The rectangle between two places, within the frame."""
        return QPolygonF(QRectF(first, last).normalized().intersected(self.frame))
