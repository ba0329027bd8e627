"""Keys in the dock and in the canvas: words, undo, and keys that a person has changed."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QKeySequenceEdit
from review_hands import (
    CTRL,
    LEFT,
    SHIFT,
    canvas_of,
    check_overlay,
    click_middle,
    press,
    slug,
    status,
)

from napari_cellcycle.project.words import STATUSES


def test_keys_correct_accept_exclude_undo(review, qtbot):
    desk = review.desk
    first = desk.current
    other = next(
        i for i, leaf in enumerate(desk.review.phases.leaves) if leaf.slug != slug(review, first)
    )
    press(review, str(other + 1))
    assert slug(review, first) == desk.review.phases.slugs[other]
    assert status(review, first) == "corrected"
    second = desk.current
    assert second == desk.queue.rows[1]
    press(review, Qt.Key.Key_Return)
    assert status(review, second) == "accepted"
    third = desk.current
    press(review, "x")
    assert status(review, third) == "excluded"
    fourth = desk.current
    press(review, "n")
    assert review.bench.focusWidget() == review.bench.note
    qtbot.keyClicks(review.bench.note, "blurred, 2 cells?")
    qtbot.keyClick(review.bench.note, Qt.Key.Key_Return)
    press(review, "u")
    assert status(review, fourth) == "unsure"
    assert desk.review.word(fourth).note == "blurred, 2 cells?"
    fifth = desk.current
    press(review, "0")
    assert slug(review, fifth) == "mitotic"
    check_overlay(review)
    press(review, "a")
    assert desk.current == fifth
    for row, was in ((fifth, "predicted"), (fourth, "predicted"), (third, "predicted")):
        press(review, "z", CTRL)
        assert desk.current == row
        assert status(review, row) == was
    both = CTRL | SHIFT
    press(review, "z", both)
    assert status(review, third) == "excluded"
    press(review, Qt.Key.Key_Backspace)
    assert status(review, third) == "predicted"
    check_overlay(review)

    # why it is left out: by key, with a note; and by click
    why = review.bench.gestures.why
    review.bench.note.setText("a bubble")
    press(review, "x", SHIFT)
    assert status(review, third) == "predicted"
    qtbot.waitUntil(why.reasons.isVisible)
    qtbot.keyClick(why.reasons, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: not why.reasons.isVisible())
    assert (status(review, third), desk.review.word(third).note) == ("excluded", "debris; a bubble")
    at = desk.current
    assert at != third
    qtbot.mouseClick(why, LEFT)
    qtbot.waitUntil(why.reasons.isVisible)
    blurred = why.reasons.actions()[1]
    qtbot.mouseClick(why.reasons, LEFT, pos=why.reasons.actionGeometry(blurred).center())
    assert desk.review.word(at).note == "out of focus"
    table = review.bench.table
    table.query.setText("focus")
    table.refilter()
    assert [table.model.at(row) for row in range(len(table.model))] == [at]
    last = len(table.model.columns) - 1
    assert (table.model.columns[last].name, table.model.field(at, last)[0]) == (
        "note",
        "out of focus",
    )


def test_keys_in_the_canvas_work_on_our_layer_and_leave_the_users_alone(review, viewer, qtbot):
    desk, layer = review.desk, review.scene.segmentation
    assert viewer.layers.selection.active == review.scene.phases.layer
    canvas = canvas_of(viewer)
    first = desk.current
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_2)
    assert slug(review, first) == desk.review.phases.slugs[1]
    layer.visible = True
    viewer.layers.selection.active = layer
    modes = []
    for key in "1234567":
        qtbot.keyClick(canvas, key)
        modes.append(str(layer.mode))
    assert len(set(modes)) == 7
    assert modes[1] == "paint"
    assert desk.review.status_counts[STATUSES.index("corrected")] == 1
    layer.mode = "pan_zoom"


def give_key(qtbot, review, words, key):
    """Double click a row of the table of keys, and press the new key."""
    page = review.bench.keys
    review.bench.tabs.setCurrentWidget(page)
    row = next(i for i, k in enumerate(page.keys) if k.words == words)
    page.table.scrollToItem(page.table.item(row, 1))
    at = page.table.visualItemRect(page.table.item(row, 1)).center()
    qtbot.mouseClick(page.table.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(page.table.viewport(), LEFT, pos=at)
    field = page.table.findChild(QKeySequenceEdit)
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClick(field, key)
    qtbot.waitUntil(lambda: page.table.findChild(QKeySequenceEdit) is None)


def test_changed_keys_work_in_the_dock_and_in_the_canvas(review, viewer, qtbot):
    desk, bench = review.desk, review.bench
    canvas = canvas_of(viewer)
    first, second, third = desk.queue.rows[:3]
    give_key(qtbot, review, "next cell of the queue", Qt.Key.Key_X)
    assert "X is the key of “exclude" in bench.keys.message.text()
    assert (desk.current, status(review, first)) == (first, "predicted")
    give_key(qtbot, review, "next cell of the queue", Qt.Key.Key_F)
    give_key(qtbot, review, "prophase", Qt.Key.Key_P)
    assert desk.current == first
    assert bench.gestures.buttons["next"].toolTip() == "Next cell of the queue (F)"
    assert bench.phases.buttons["prophase"].text() == "P   prophase"
    press(review, "d")
    assert desk.current == first
    press(review, "f")
    assert desk.current == second
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert desk.current == second
    qtbot.keyClick(canvas, Qt.Key.Key_F)
    assert desk.current == third
    qtbot.keyClick(canvas, Qt.Key.Key_P)
    assert slug(review, third) == "prophase"
    qtbot.mouseClick(bench.keys.reset_all_button, LEFT)
    canvas.setFocus()
    at = desk.current
    qtbot.keyClick(canvas, Qt.Key.Key_F)
    assert desk.current == at
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    assert desk.current != at


def test_keys_of_napari_paint_no_phases(review, viewer, qtbot):
    """A key that means nothing here, as 9 with five phases or E, changes nothing."""
    desk, scene = review.desk, review.scene
    layer = scene.phases.layer
    assert viewer.layers.selection.active == layer
    row = int(desk.queue.rows[1])
    desk.go_to(row)
    canvas = canvas_of(viewer)
    canvas.setFocus()
    before = np.array(layer.data)
    for key in (Qt.Key.Key_E, Qt.Key.Key_7, Qt.Key.Key_6, Qt.Key.Key_P, Qt.Key.Key_F, Qt.Key.Key_L):
        qtbot.keyClick(canvas, key)
        assert layer.mode == "pan_zoom"
        assert click_middle(qtbot, viewer, scene.canvas) == row
    np.testing.assert_array_equal(layer.data, before)
