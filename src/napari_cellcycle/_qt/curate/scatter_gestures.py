"""Mouse and keys in the scatter: lasso, rectangle, click, zoom and pan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtGui import QPolygonF

if TYPE_CHECKING:
    from napari_cellcycle._qt.curate.scatter import Scatter

Tool = Literal["lasso", "rectangle", "move"]
_STILL = 4.0
"""Pixels that a hand may move between press and release of a click."""
_STEP = 1.2
_LEFT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
_ADD = Qt.KeyboardModifier.ShiftModifier
_REMOVE = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier


class Gestures(QObject):
    """What a person's hands do in a scatter.

    Attributes
    ----------
    tool : {"lasso", "rectangle", "move"}
        What dragging with the left button does; the middle one always moves.
    """

    def __init__(self, scatter: Scatter) -> None:
        super().__init__(scatter)
        self._scatter = scatter
        self.tool: Tool = "lasso"
        self._pressed: QPointF | None = None
        self._moving = False
        self._dragged = False
        self._last = QPointF()
        scatter.installEventFilter(self)
        self._events: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.MouseButtonDblClick: self._double_click,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.KeyPress: self._key,
        }

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take what is a gesture, leave the rest to Qt."""
        handler = None if event is None else self._events.get(event.type())
        return handler is not None and handler(event)

    def _press(self, event: Any) -> bool:
        if event.button() not in (_LEFT, _MIDDLE):
            return False
        self._scatter.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pressed = self._last = event.position()
        self._dragged = False
        self._moving = event.button() == _MIDDLE or self.tool == "move"
        return True

    def _move(self, event: Any) -> bool:
        if self._pressed is None:
            return False
        at, scatter = event.position(), self._scatter
        if not self._dragged:
            if (at - self._pressed).manhattanLength() <= _STILL:
                return True
            self._dragged = True
            scatter.trace = QPolygonF([self._pressed])
        if self._moving:
            frame, step = scatter.frame, at - self._last
            scatter.look_at(
                scatter.x_axis.moved(step.x() / frame.width()),
                scatter.y_axis.moved(-step.y() / frame.height()),
            )
            self._last = at
        elif self.tool == "rectangle":
            scatter.trace = scatter.box(self._pressed, at)
        elif (at - scatter.trace[len(scatter.trace) - 1]).manhattanLength() >= 2:
            scatter.trace.append(at)
        scatter.update()
        return True

    def _release(self, event: Any) -> bool:
        if self._pressed is None or event.button() not in (_LEFT, _MIDDLE):
            return False
        scatter = self._scatter
        outline, scatter.trace = scatter.trace, QPolygonF()
        pressed, self._pressed = self._pressed, None
        scatter.update()
        if self._moving:
            return True
        mode = _mode(event.modifiers())
        if self._dragged:
            scatter.enclosed.emit(scatter.inside(outline), mode)
            return True
        row = scatter.point_at(pressed)
        if mode == "replace":
            scatter.pointed.emit(row)
        elif row >= 0:
            scatter.enclosed.emit(np.array([row]), mode)
        return True

    def _double_click(self, event: Any) -> bool:
        row = self._scatter.point_at(event.position())
        if event.button() != _LEFT or row < 0:
            return self._press(event)
        self._scatter.activated.emit(row)
        return True

    def _wheel(self, event: Any) -> bool:
        factor = _STEP ** (event.angleDelta().y() / 120)
        self._zoom(factor, *self._scatter.place_of(event.position()))
        event.accept()
        return True

    def _key(self, event: Any) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._scatter.pointed.emit(-1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._zoom(_STEP, 0.5, 0.5)
        elif key == Qt.Key.Key_Minus:
            self._zoom(1 / _STEP, 0.5, 0.5)
        elif key == Qt.Key.Key_Home:
            self._scatter.reset_view()
        else:
            return False
        return True

    def _zoom(self, factor: float, across: float, up: float) -> None:
        """Zoom both axes; over the numbers of one, that one alone."""
        scatter = self._scatter
        x, y = scatter.x_axis, scatter.y_axis
        if up >= 0:
            y = y.zoomed(factor, min(up, 1.0))
        if across >= 0:
            x = x.zoomed(factor, min(across, 1.0))
        scatter.look_at(x, y)


def _mode(modifiers: Any) -> str:
    if modifiers & _REMOVE:
        return "remove"
    return "add" if modifiers & _ADD else "replace"
