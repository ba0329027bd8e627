"""Room for dock widgets of ours: none makes the window higher than the screen."""

from __future__ import annotations

from weakref import WeakKeyDictionary, ref

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from napari_cellcycle._qt.scrolled import Scrolled
from napari_cellcycle._qt.timers import once

_SPARE = 120
"""Pixels for the title of the window, and for notices that come later."""
_LOWEST = 120
"""What scrolls is at least so high."""
_LARGE = 1 << 16
_PACKAGE = __name__.partition(".")[0]


def make_room(widget: QWidget) -> None:
    """Keep the window within the screen, wherever a dock widget comes or goes.

    napari stacks them. Where the window would be too high, those of ours in one area become tabs;
    if that is not enough, they share a place with the highest of napari's own there; then what is
    in them scrolls. To be called when a widget is made, and before it gets higher.

    Parameters
    ----------
    widget : QWidget
        In a dock widget of napari, or not yet.
    """
    room_of(widget).look_soon()


def room_of(widget: QWidget) -> Room:
    """Who looks after the room of a widget."""
    found: Room | None = widget.findChild(Room, "room", Qt.FindChildOption.FindDirectChildrenOnly)
    return Room(widget) if found is None else found


def bring_forward(widget: QWidget) -> None:
    """Show a dock widget that may lie behind others, as a tab."""
    dock = _dock_of(widget)
    if dock is not None:
        dock.show()
        dock.raise_()


class Room(QObject):
    """Looks after the room of one widget, which it ends with.

    Parameters
    ----------
    widget : QWidget
        In a dock widget of napari, or not yet.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.setObjectName("room")
        self._widget = widget
        self._dock: ref[QDockWidget] | None = None
        # napari's window grows before the widget is shown
        self._sizes: WeakKeyDictionary[QWidget, QSize] = WeakKeyDictionary(
            (window, window.size())
            for window in QApplication.topLevelWidgets()
            if isinstance(window, QMainWindow)
        )
        self._size: QSize | None = None
        self._later = once(self, self._look)
        widget.installEventFilter(self)

    def look_soon(self) -> None:
        """See whether there is room, when the layout is done."""
        main = self._widget.window()
        if main is not None and self._widget.isVisible() and not self._later.isActive():
            self._size = self._sizes.pop(main, main.size())
            self._later.start(0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Show and watched is self._widget:
            dock = _dock_of(self._widget)
            if dock is not None and (self._dock is None or dock is not self._dock()):
                self._dock = ref(dock)
                dock.dockLocationChanged.connect(self.look_soon)
                dock.topLevelChanged.connect(self._on_floating)
            self.look_soon()
        return False

    def _on_floating(self, floating: bool) -> None:
        """Let docks of ours be low while one is dragged: Qt takes it only where all have room."""
        dock = _dock_of(self._widget)
        main = None if dock is None else dock.parentWidget()
        if dock is None or not isinstance(main, QMainWindow):
            return
        for lower in {dock, *filter(_is_ours, _docks(main))}:
            for scrolled in lower.findChildren(Scrolled):
                scrolled.bound(_LOWEST if floating else None)
            _forget_height(lower)
        self.look_soon()

    def _look(self) -> None:
        main, dock = self._widget.window(), _dock_of(self._widget)
        if not isinstance(main, QMainWindow) or dock is None or dock.isFloating():
            return
        most, size = _screen_of(main), self._size
        _forget_height(dock)
        _tab(main, dock, most)
        for lower in (dock, *(o for o in _docks(main) if o is not dock and _is_ours(o))):
            if (excess := _excess(main, most)) > 0:
                _lower(lower, excess)
        if (layout := main.layout()) is not None:
            layout.activate()  # the window may be lower now
        self._later.stop()  # what was told of in between is done
        if size is not None and not main.isMaximized():
            main.resize(size.boundedTo(most))


def _screen_of(main: QMainWindow) -> QSize:
    screen = main.screen()
    return QSize(_LARGE, _LARGE) if screen is None else screen.availableSize()


def _lowered_by(dock: QDockWidget) -> int:
    """Pixels that are missing to what a dock widget needs."""
    found = (s for s in dock.findChildren(Scrolled) if not s.isHidden())
    return sum(max(s.needed.height() - s.minimumSizeHint().height(), 0) for s in found)


def _lower(dock: QDockWidget, by: int) -> None:
    """Scroll what is in a dock widget, so that it can be lower."""
    for scrolled in dock.findChildren(Scrolled):
        scrolled.bound(max(scrolled.minimumSizeHint().height() - by, _LOWEST))
    _forget_height(dock)


def _forget_height(dock: QDockWidget) -> None:
    """Let a dock widget be lower again: since napari has set its least height, Qt only adds."""
    dock.setMinimumHeight(0)
    for part in (dock.widget(), dock):
        if part is not None and (layout := part.layout()) is not None:
            layout.invalidate()
            layout.activate()


def _excess(main: QMainWindow, most: QSize) -> int:
    """Pixels by which a window is too high at least."""
    if (layout := main.layout()) is not None:
        layout.activate()
    return main.minimumSizeHint().height() - (most.height() - _SPARE)


def _tab(main: QMainWindow, dock: QDockWidget, most: QSize) -> None:
    """Join a dock widget with the others in its area, as far as need be."""
    area, tabs = main.dockWidgetArea(dock), main.tabifiedDockWidgets(dock)
    others = [o for o in _docks(main) if o is not dock and main.dockWidgetArea(o) == area]
    ours = [other for other in others if _is_ours(other)]
    theirs = [other for other in others if other not in ours]
    # what was lowered at another place needs its height here
    lowered = sum(map(_lowered_by, [*ours, dock]))
    if _excess(main, most) + lowered <= 0:
        return
    if ours and not all(other in tabs for other in ours):
        together = main.tabifiedDockWidgets(ours[0])
        for joined in [*ours[1:], dock]:
            if joined not in together:
                main.tabifyDockWidget(ours[0], joined)
        dock.raise_()
    if theirs and not any(other in tabs for other in theirs) and _excess(main, most) + lowered > 0:
        highest = max(theirs, key=lambda other: other.minimumSizeHint().height())
        for joined in [*ours, dock]:
            main.tabifyDockWidget(highest, joined)
        dock.raise_()


def _docks(main: QMainWindow) -> list[QDockWidget]:
    """Dock widgets in a window that are seen, or lie behind a tab."""
    return [d for d in main.findChildren(QDockWidget) if d.isVisible() and not d.isFloating()]


def _dock_of(widget: QWidget) -> QDockWidget | None:
    dock = widget.parentWidget()
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    return dock


def _is_ours(dock: QDockWidget) -> bool:
    return type(dock.widget()).__module__.partition(".")[0] == _PACKAGE
