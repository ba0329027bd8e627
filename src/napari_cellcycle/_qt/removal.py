"""When a dock widget is over: napari takes it out of the window, and tells it nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


def was_removed(widget: QWidget, event: QEvent | None) -> bool:
    """Whether an event means that a widget was taken out of the window.

    Parameters
    ----------
    widget : QWidget
        Has handled the event.
    event : QEvent or None
        As ``QWidget.event`` gets it.
    """
    return (
        event is not None and event.type() == QEvent.Type.ParentChange and widget.parent() is None
    )
