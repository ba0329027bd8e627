"""Waiting for what widgets have put off."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication


def rest(qtbot, *owners):
    """Wait until no events are left, nor a timer of these that runs once."""

    def is_at_rest():
        QApplication.processEvents()
        timers = (timer for owner in owners for timer in owner.findChildren(QTimer))
        return not any(timer.isActive() and timer.isSingleShot() for timer in timers)

    qtbot.waitUntil(is_at_rest)
