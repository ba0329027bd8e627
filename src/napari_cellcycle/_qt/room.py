"""Room for several dock widgets of ours: as tabs, where the screen is not high enough for all."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import QEvent, QObject, QSize, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

_SPARE = 120
"""Pixels for the title of the window, and for notices that come later."""
_PACKAGE = __name__.partition(".")[0]


def make_room(widget: QWidget) -> None:
    """Put a dock widget behind others of ours, as tabs, if the window grows beyond the screen.

    napari stacks them. To be called before a widget gets higher.

    Parameters
    ----------
    widget : QWidget
        In a dock widget of napari, or not yet.
    """
    if widget.isVisible():
        _look_soon(widget)
    else:
        _FirstShow(widget)


class _FirstShow(QObject):
    """Waits until a widget is in the window."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is not None and event.type() == QEvent.Type.Show and isinstance(watched, QWidget):
            watched.removeEventFilter(self)
            _look_soon(watched)
        return False


def _look_soon(widget: QWidget) -> None:
    later = QTimer(widget)  # ends with the widget
    later.setSingleShot(True)
    later.timeout.connect(partial(_tab, widget, (widget.window() or widget).size()))
    later.timeout.connect(later.deleteLater)
    later.start(0)


def bring_forward(widget: QWidget) -> None:
    """Show a dock widget that may lie behind others, as a tab."""
    dock = _dock_of(widget)
    if dock is not None:
        dock.show()
        dock.raise_()


def _dock_of(widget: QWidget) -> QDockWidget | None:
    dock = widget.parentWidget()
    while dock is not None and not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    return dock


def _tab(widget: QWidget, size: QSize) -> None:
    """Join a widget with the others in its area if need be; the window gets its size back."""
    main, dock = widget.window(), _dock_of(widget)
    if not isinstance(main, QMainWindow) or dock is None or dock.isFloating():
        return
    screen, area = main.screen(), main.dockWidgetArea(dock)
    if screen is None:
        return
    most = screen.availableSize()
    if main.minimumSizeHint().height() <= most.height() - _SPARE:
        return
    others = [
        other
        for other in main.findChildren(QDockWidget)
        if other is not dock
        and other.isVisible()
        and not other.isFloating()
        and main.dockWidgetArea(other) == area
        and _is_ours(other.widget())
    ]
    for joined in [*others[1:], dock] if others else []:
        main.tabifyDockWidget(others[0], joined)
    dock.raise_()
    if (layout := main.layout()) is not None:
        layout.activate()  # the window may be lower now
    main.resize(size.boundedTo(most))


def _is_ours(widget: QWidget | None) -> bool:
    return type(widget).__module__.partition(".")[0] == _PACKAGE
