"""Mouse and keys in the mosaic: clicks, the rubber band, arrows, drag from bin to bin, zoom."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer
from qtpy.QtGui import QColor, QDrag, QKeyEvent, QPainter, QPixmap
from qtpy.QtWidgets import QApplication

from napari_cellcycle._qt.review.gallery.dragging import pack, unpack
from napari_cellcycle._qt.review.gallery.mosaic_keys import press_key
from napari_cellcycle._qt.review.look import Look

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QMouseEvent, QWheelEvent

    from napari_cellcycle._qt.review.gallery.mosaic import Mosaic
    from napari_cellcycle._qt.review.gallery.mosaic_layout import Section

    Ints = NDArray[np.int64]

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CTRL = Qt.KeyboardModifier.ControlModifier
_EDGE = 28
"""How near to the edge a drag scrolls, pixels."""


class Gestures(QObject):
    """What a person's hands do in a mosaic.

    A drag that begins on a tile takes along the selected cells, or that one cell; one that begins
    beside tiles, or with Shift or Ctrl held, draws a rubber band.
    """

    def __init__(self, mosaic: Mosaic) -> None:
        super().__init__(mosaic)
        self._mosaic = mosaic
        self._pressed: QPoint | None = None
        self._on = -1
        self._band_from: QPoint | None = None
        self._kept: Ints = np.zeros(0, np.int64)
        self._scrolling = QTimer(self)
        self._scrolling.setInterval(30)
        self._scrolling.timeout.connect(self._scroll_on)
        self._speed = 0
        mosaic.view.setAcceptDrops(True)
        mosaic.view.installEventFilter(self)
        mosaic.installEventFilter(self)
        self._viewport_events: dict[QEvent.Type, Callable[[Any], bool]] = {
            QEvent.Type.MouseButtonPress: self._press,
            QEvent.Type.MouseMove: self._move,
            QEvent.Type.MouseButtonRelease: self._release,
            QEvent.Type.MouseButtonDblClick: self._double_click,
            QEvent.Type.Wheel: self._wheel,
            QEvent.Type.DragEnter: self._drag_over,
            QEvent.Type.DragMove: self._drag_over,
            QEvent.Type.DragLeave: self._drag_leave,
            QEvent.Type.Drop: self._drop,
        }

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take what is a gesture, leave the rest to Qt."""
        if event is None:
            return False
        if watched is self._mosaic:
            return isinstance(event, QKeyEvent) and press_key(self._mosaic, event)
        handler = self._viewport_events.get(event.type())
        return handler is not None and handler(event)

    # --- mouse -----------------------------------------------------------------------------------

    def _press(self, event: QMouseEvent) -> bool:
        mosaic, at = self._mosaic, event.position().toPoint()
        self._on = self._index_at(at)
        if event.button() == Qt.MouseButton.RightButton:
            if self._on >= 0 and not mosaic.source.selection.mask[self._on]:
                mosaic.picker.pick(self._on)
            return False
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        mosaic.setFocus(Qt.FocusReason.MouseFocusReason)
        self._pressed = at
        if (
            self._on >= 0
            and not event.modifiers() & (_SHIFT | _CTRL)
            and not mosaic.source.selection.mask[self._on]
        ):
            mosaic.picker.pick(self._on)
        return True

    def _move(self, event: QMouseEvent) -> bool:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return False
        at = event.position().toPoint()
        if self._band_from is not None:
            self._stretch_band(at)
            return True
        if (at - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return True
        modified = bool(event.modifiers() & (_SHIFT | _CTRL))
        if self._on >= 0 and not modified:
            self._pressed = None
            self._start_drag()
            return True
        selection = self._mosaic.source.selection
        self._band_from = self._pressed + QPoint(0, self._mosaic.offset)
        self._kept = selection.indices if modified else np.zeros(0, np.int64)
        self._stretch_band(at)
        return True

    def _release(self, event: QMouseEvent) -> bool:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return False
        at, self._pressed = self._pressed, None
        if self._band_from is not None:
            self._band_from = None
            self._scroll_by(0)
            self._mosaic.mark_band(None)
            return True
        modifiers = event.modifiers()
        if self._on >= 0:
            self._mosaic.picker.pick(
                self._on, toggle=bool(modifiers & _CTRL), extend=bool(modifiers & _SHIFT)
            )
        elif (section := self._header_at(at)) is not None:
            number = section.number
            self._mosaic.fold(number, folded=number not in self._mosaic.folded)
        elif not modifiers & (_SHIFT | _CTRL):
            self._mosaic.source.selection.clear()
        return True

    def _double_click(self, event: QMouseEvent) -> bool:
        index = self._index_at(event.position().toPoint())
        if index < 0 or event.button() != Qt.MouseButton.LeftButton:
            return self._press(event)
        self._mosaic.activated.emit(index)
        return True

    def _wheel(self, event: QWheelEvent) -> bool:
        if not event.modifiers() & _CTRL:
            return False
        self._mosaic.zoom_by(event.angleDelta().y() / 120)
        return True

    # --- drag and drop ---------------------------------------------------------------------------

    def _start_drag(self) -> None:
        mosaic = self._mosaic
        indices = mosaic.source.selection.indices
        drag = QDrag(mosaic)
        drag.setMimeData(pack(mosaic.source, indices))
        drag.setPixmap(self._hand(self._on, len(indices)))
        drag.setHotSpot(QPoint(12, 12))
        drag.exec(Qt.DropAction.MoveAction)
        self._scroll_by(0)
        mosaic.mark_bin(-1)

    def _hand(self, index: int, count: int) -> QPixmap:
        """What hangs on the pointer: the tile, and how many cells there are."""
        look = Look.of(self._mosaic)
        tile, _ = self._mosaic.tiles.get(index, look)
        pixmap = QPixmap(64, 64)
        pixmap.fill(QColor(0, 0, 0, 0))
        painter = QPainter(pixmap)
        painter.setOpacity(0.85)
        painter.drawPixmap(QRect(0, 0, 56, 56), tile)
        if count > 1:
            painter.setOpacity(1)
            painter.fillRect(QRectF(24, 44, 40, 18), look.accent)
            painter.setPen(QColor("white"))
            painter.drawText(QRectF(24, 44, 40, 18), Qt.AlignmentFlag.AlignCenter, f"{count:,}")
        painter.end()
        return pixmap

    def _drag_over(self, event: Any) -> bool:
        at = event.position().toPoint()
        height = self._mosaic.view.height()
        self._scroll_by(-1 if at.y() < _EDGE else 1 if at.y() > height - _EDGE else 0)
        number = self._target_bin(at, event.mimeData())
        self._mosaic.mark_bin(number)
        # a move is accepted everywhere, so that it can be carried on over what is no target
        known = unpack(self._mosaic.source, event.mimeData()) is not None
        event.setDropAction(Qt.DropAction.MoveAction)
        event.setAccepted(known if event.type() == QEvent.Type.DragEnter else number >= 0)
        return True

    def _drag_leave(self, event: Any) -> bool:
        self._scroll_by(0)
        self._mosaic.mark_bin(-1)
        return True

    def _drop(self, event: Any) -> bool:
        mosaic = self._mosaic
        number = self._target_bin(event.position().toPoint(), event.mimeData())
        indices = unpack(mosaic.source, event.mimeData())
        self._drag_leave(event)
        event.setAccepted(number >= 0)
        if number >= 0 and indices is not None:
            mosaic.assign_requested.emit(indices, mosaic.source.phases.phases[number].slug)
        return True

    def _target_bin(self, at: QPoint, mime: Any) -> int:
        """Bin that cells can be dropped on, -1 for none: that of a phase, and not their own."""
        mosaic = self._mosaic
        indices = unpack(mosaic.source, mime)
        section = mosaic.page.section_at(at.y() + mosaic.offset)
        if indices is None or section is None:
            return -1
        number = section.number
        if (
            number >= len(mosaic.source.phases.phases)
            or (mosaic.source.phase[indices] == number).all()
        ):
            return -1
        return number

    # --- inside ----------------------------------------------------------------------------------

    def _index_at(self, at: QPoint) -> int:
        found = self._mosaic.page.tile_at(at.x(), at.y() + self._mosaic.offset)
        if found is None:
            return -1
        section, place = found
        return int(self._mosaic.bins.members(section.number)[place])

    def _header_at(self, at: QPoint) -> Section | None:
        page, point = self._mosaic.page, at + QPoint(0, self._mosaic.offset)
        section = page.section_at(point.y())
        return section if section is not None and page.header(section).contains(point) else None

    def _stretch_band(self, at: QPoint) -> None:
        mosaic = self._mosaic
        assert self._band_from is not None
        height = mosaic.view.height()
        self._scroll_by(-1 if at.y() < 0 else 1 if at.y() > height else 0)
        self._last = at
        to = QPoint(at.x(), min(max(at.y(), 0), height)) + QPoint(0, mosaic.offset)
        band = QRect(self._band_from, to).normalized()
        inside = mosaic.cells_in(band)
        mosaic.source.selection.set(np.union1d(self._kept, inside))
        mosaic.mark_band(band)

    def _scroll_by(self, direction: int) -> None:
        self._speed = direction
        if direction and not self._scrolling.isActive():
            self._scrolling.start()
        elif not direction:
            self._scrolling.stop()

    def _scroll_on(self) -> None:
        self._mosaic.offset += self._speed * self._mosaic.page.pitch // 3
        if self._band_from is not None:
            self._stretch_band(self._last)
