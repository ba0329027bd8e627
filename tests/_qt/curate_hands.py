"""What a person does with "Curate", and where cells lie in its plot."""

from __future__ import annotations

import itertools

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QApplication
from resting import rest

LONG = 60_000
LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
N = 80
WRONG = (7, 41)
"""Labels of large cells that the model calls small."""


def idle(qtbot, curate):
    """Wait for the worker and for what follows it."""
    qtbot.waitUntil(lambda: not curate.bench.finding.is_running, timeout=LONG)
    rest(qtbot, curate.bench)


def pixel(scatter, row):
    """Where a cell lies in the widget."""
    columns, rows = scatter.pixels()
    ratio, corner = scatter.devicePixelRatioF(), scatter.frame.topLeft()
    return QPoint(round(corner.x() + columns[row] / ratio), round(corner.y() + rows[row] / ratio))


def drag(qtbot, scatter, corners, modifier=NONE, button=LEFT):
    """Press, move along corners, release; what follows at once is done."""
    qtbot.mousePress(scatter, button, modifier, corners[0])
    for start, end in itertools.pairwise(corners):
        for share in np.linspace(0, 1, 9)[1:]:
            qtbot.mouseMove(scatter, start + (end - start) * float(share))
    qtbot.mouseRelease(scatter, button, modifier, corners[-1])
    for _ in range(3):
        QApplication.processEvents()


def around(scatter, rows, margin=6):
    """Corners of a rectangle around cells."""
    points = [pixel(scatter, row) for row in rows]
    left, right = min(p.x() for p in points) - margin, max(p.x() for p in points) + margin
    top, bottom = min(p.y() for p in points) - margin, max(p.y() for p in points) + margin
    return QPoint(left, top), QPoint(right, bottom)


def inside(scatter, corners):
    """Which cells lie between two corners: counted one by one."""
    (first, last), found = corners, []
    for row in range(N):
        at = pixel(scatter, row)
        if first.x() <= at.x() <= last.x() and first.y() <= at.y() <= last.y():
            found.append(row)
    return found
