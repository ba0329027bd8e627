"""Timers for what is done a little later, once for all that has asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from qtpy.QtCore import QObject


def once(parent: QObject | None, act: Any, ms: int = 0) -> QTimer:
    """Make a timer that does something once; started again before that, it begins anew.

    Parameters
    ----------
    parent : QObject or None
        Owns the timer.
    act : callable or Signal
        What is called, or emitted.
    ms : int
        Milliseconds from the start; by default as soon as the events that wait are handled.
    """
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(ms)
    timer.timeout.connect(act)
    return timer
