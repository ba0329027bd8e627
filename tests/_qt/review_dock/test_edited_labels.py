"""Labels that are painted while they are reviewed."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from review_hands import (
    LEFT,
    LONG,
    check_overlay,
    paint,
    press,
    settle,
    shown,
    slug,
    throw_all_away,
)


def test_edited_labels_make_stale_cells_that_one_key_classifies_again(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    layer = scene.segmentation
    row = desk.current
    press(review, "3")
    kept = int(desk.review.cells.label[row])
    gone = int(desk.review.cells.label[desk.queue.rows[-1]])
    layer.data = np.where(layer.data == gone, 0, layer.data)
    inside = np.argwhere(layer.data == kept)
    layer.data[tuple(inside[: len(inside) // 5].T)] = 0
    press(review, "r")
    qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
    assert "1 cell classified again" in review.bench.message.text()
    assert len(desk.review.stale_rows) == 0
    assert desk.review.row_of(0, gone) == -1
    assert slug(review, desk.review.row_of(0, kept)) == desk.review.phases.slugs[2]
    assert len(desk.source) == len(desk.review)
    check_overlay(review)


def test_edited_labels_are_told_of_at_once(two_images, viewer, dock, qtbot):
    dock.open_project(two_images)
    settle(qtbot, dock)
    layer, notice = dock.scene.segmentation, dock.bench.edits
    assert not notice.isVisible()
    dock.scene.canvas.go_to(dock.desk.current)
    layer.selected_label = int(layer.data.max()) + 1
    paint(qtbot, viewer, layer)
    assert notice.text() == "Labels were edited."
    assert notice.button.toolTip().endswith(" (R)")

    # another image and back: the edit is still there
    edited = layer.data.copy()
    dock.bench.images.image.choose(2)
    settle(qtbot, dock)
    assert not dock.bench.edits.isVisible()
    dock.bench.images.image.choose(1)
    settle(qtbot, dock)
    np.testing.assert_array_equal(dock.scene.segmentation.data, edited)
    assert dock.bench.edits.isVisible()
    assert "H2B" in shown(viewer)

    n = len(dock.desk.review)
    qtbot.mouseClick(dock.bench.edits.button, LEFT)
    settle(qtbot, dock)
    assert not dock.bench.edits.isVisible()
    assert len(dock.desk.review) == n + 1
    layer.selected_label += 1
    paint(qtbot, viewer, layer)
    assert dock.bench.edits.isVisible()
    press(dock, Qt.Key.Key_R)
    settle(qtbot, dock)
    assert not dock.bench.edits.isVisible()

    # all layers go, and a drawing comes before the next ones
    throw_all_away(qtbot, viewer)
    dock.open_project(two_images)
    settle(qtbot, dock)
