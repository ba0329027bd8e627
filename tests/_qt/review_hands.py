"""What a person does with "Review cells", and what is on the screen then."""

from __future__ import annotations

import numpy as np
from parting import parted
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QOpenGLContext
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle.project.words import STATUSES

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


# --- the dock -------------------------------------------------------------------------------------


def add_dock(viewer, qtbot):
    """The dock widget "Review cells", opened as from the menu."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    qtbot.waitUntil(widget.isVisible)
    return activated(widget, qtbot)


def activated(widget, qtbot):
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def settle(qtbot, dock):
    """Wait until a project is open and nothing is under way."""
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench is not None, dock.message.text()
    assert not dock.bench.message.is_error, dock.bench.message.text()


def press(widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key while the dock has the focus."""
    widget.bench.setFocus()
    QTest.keyClick(widget.bench, key, modifier)


def slug(review, row):
    return review.desk.review.final_slugs()[row]


def status(review, row):
    return STATUSES[review.desk.review.status[row]]


def name(dock):
    """Name of the image on the screen."""
    return dock.desk.review.cells.image


# --- the canvas -----------------------------------------------------------------------------------


def canvas_of(viewer):
    return viewer.__wrapped__.window._qt_viewer.canvas.native


def middle_of(viewer):
    """Pixel of the canvas where a cell that was just centred lies."""
    canvas = canvas_of(viewer)
    return QPoint(canvas.width() // 2, canvas.height() // 2)


def click_middle(qtbot, viewer, cells, *, expect=True):
    """Click the middle of the canvas; returns the row that was told."""
    canvas, at = canvas_of(viewer), middle_of(viewer)
    told = []
    cells.clicked.connect(told.append)
    QApplication.processEvents()
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    qtbot.mouseRelease(canvas, LEFT, pos=at)
    cells.clicked.disconnect(told.append)
    assert len(told) == int(expect), told
    return told[0] if told else -1


def paint(qtbot, viewer, layer):
    """Paint a dot with napari's brush in the middle of the canvas."""
    canvas, at = canvas_of(viewer), middle_of(viewer)
    layer.visible = True
    viewer.layers.selection.active = layer
    layer.mode = "paint"
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    qtbot.mouseRelease(canvas, LEFT, pos=at)
    layer.mode = "pan_zoom"


# --- layers ---------------------------------------------------------------------------------------


def check_overlay(review):
    """Every voxel has the class of its cell's final phase, but where cells meet."""
    desk, scene = review.desk, review.scene
    labels, painted = np.asarray(scene.segmentation.data), np.asarray(scene.phases.layer.data)
    table = np.zeros(labels.max() + 1, np.uint8)
    ids = np.where(scene.shown, scene.phases.class_ids(), 0)
    table[desk.review.cells.label] = ids
    np.testing.assert_array_equal(painted, parted(table, labels))


def shown(viewer):
    """Names of the visible layers of images and labels that are not our own."""
    return [layer.name for layer in viewer.layers if layer.visible and not is_overlay(layer)]


def throw_all_away(qtbot, viewer):
    """Select all layers, and press the bin: what they had in the canvas is freed in its context."""
    window, contexts = viewer.__wrapped__.window._qt_viewer, []
    freed = viewer.layers.events.end_batch.connect(
        lambda: contexts.append(QOpenGLContext.currentContext()), position="last"
    )
    viewer.layers.select_all()
    with qtbot.captureExceptions() as caught:
        window.layerButtons.deleteButton.click()  # and nothing is drawn before we look
    viewer.layers.events.end_batch.disconnect(freed)
    assert not caught
    assert not viewer.layers
    assert contexts == [window.canvas.native.context()]
