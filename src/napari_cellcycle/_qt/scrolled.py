"""What a dock shows, scrolled where the window has no room for all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QScrollArea,
    QSlider,
    QStyle,
    QWidget,
)

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

_FIELDS = (QComboBox, QAbstractSpinBox, QSlider)
_SETTLES_MS = 50
"""Until a widget that has come has its place."""


def scroll_to(widget: QWidget) -> None:
    """Bring a widget into view, if it is on a page that scrolls."""
    around = widget.parent()
    while around is not None and not isinstance(around, Scrolled):
        around = around.parent()
    if around is not None:
        around.show_soon(widget)


class _Wheel(QObject):
    """Keeps the wheel from fields that it passes while a page scrolls: they would change unseen."""

    def guard(self, page: QWidget) -> None:
        """Guard the fields of a page; lists that come and go guard themselves."""
        for field in page.findChildren(QWidget):
            if isinstance(field, _FIELDS) and not isinstance(field, ChoiceBox):
                if field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                field.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Leave the wheel to the page, unless it is over a number that is being edited."""
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        if isinstance(watched, QAbstractSpinBox) and watched.hasFocus():
            return False
        event.ignore()
        return True


class Scrolled(QScrollArea):
    """Gives a widget the height that it needs at least, or less if it is bounded.

    Parameters
    ----------
    page : QWidget

    Attributes
    ----------
    grew : Signal()
        The widget needs more height than before.
    """

    grew = Signal()

    def __init__(self, page: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._most: int | None = None
        self._needed = QSize()
        self._soon_seen: QWidget | None = None
        self._settled = once(
            self, lambda: self.ensureWidgetVisible(self._soon_seen, 0, 8), _SETTLES_MS
        )
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(page)
        self._wheel = _Wheel(self)
        self._wheel.guard(page)

    @property
    def needed(self) -> QSize:
        """The least size in which all is seen."""
        return self._least(self.maximumViewportSize().width()).grownBy(self.contentsMargins())

    def bound(self, most: int | None) -> None:
        """Ask for no more height than this, pixels; None: for what is needed."""
        if most != self._most:
            self._most = most
            self.updateGeometry()

    def show_soon(self, widget: QWidget) -> None:
        """Scroll to a widget on the page, once it has its place there."""
        self._soon_seen = widget
        self._settled.start()

    def minimumSizeHint(self) -> QSize:
        """What is needed, unless it is bounded."""
        size = self._needed if self._needed.isValid() else self.needed
        if self._most is None or size.height() <= self._most:
            return size
        return QSize(size.width() + self._bar, self._most)

    def sizeHint(self) -> QSize:
        """What the widget would like."""
        page = self.widget()
        return QSize() if page is None else page.sizeHint()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the widget the room that there is."""
        super().resizeEvent(event)
        self._look()
        self._fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass on that the widget needs another size."""
        handled = bool(super().eventFilter(watched, event))
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._look()
            self._fit()
        return handled

    def _look(self) -> None:
        needed = self.needed
        if needed != self._needed:  # else the window would be laid out anew for nothing
            grew = needed.height() > self._needed.height()
            self._needed = needed
            self.updateGeometry()
            if grew:
                self.grew.emit()

    @property
    def _bar(self) -> int:
        """Width of the scroll bar."""
        style = self.style()
        metric = QStyle.PixelMetric.PM_ScrollBarExtent
        return 0 if style is None else style.pixelMetric(metric, None, self)

    def _fit(self) -> None:
        # Qt would scroll as soon as there is less than the widget would like
        page, room = self.widget(), self.maximumViewportSize()
        if page is None:
            return
        if (least := self._least(room.width()).height()) > room.height():
            room.setWidth(room.width() - self._bar)
            least = self._least(room.width()).height()
        page.resize(room.width(), max(room.height(), least))

    def _least(self, width: int) -> QSize:
        """Size that is needed at a width: texts are higher where it is narrow."""
        page = self.widget()
        if page is None:
            return QSize()
        size, layout = page.minimumSizeHint().expandedTo(page.minimumSize()), page.layout()
        if layout is not None and layout.hasHeightForWidth():
            height = layout.minimumHeightForWidth(max(width, size.width()))
            size.setHeight(max(size.height(), height))
        return size
