"""The layer of phases: its colours, what is painted later, and what a person does to it."""

from __future__ import annotations

import numpy as np
from napari._qt.utils import QImg2array
from parting import parted
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QMenu
from review_hands import CTRL, LEFT, canvas_of, check_overlay, press, slug

from napari_cellcycle._qt.review import desk as desks
from napari_cellcycle._qt.review.canvas import phase_layer


def test_phases_that_were_removed_are_shown_again(review, viewer, qtbot):
    desk, scene, lost = review.desk, review.scene, review.bench.lost_phases
    desk.goes_on = False
    assert not lost.isVisible()
    viewer.layers.selection = {scene.phases.layer}
    viewer.layers.remove_selected()
    qtbot.waitUntil(lost.isVisible)
    press(review, "o")  # there is nothing to outline them above
    press(review, "1" if slug(review, desk.current) != "non-mitotic" else "2")
    said = slug(review, desk.current)
    qtbot.mouseClick(lost.button, LEFT)
    assert not lost.isVisible()
    assert scene.is_there
    assert scene.phases.outlines.layer in viewer.layers
    check_overlay(review)
    press(review, "o")
    # keys are bound on it, and on nothing that has gone
    assert viewer.layers.selection.active == scene.phases.layer
    other = "1" if said != "non-mitotic" else "2"
    canvas = canvas_of(viewer)
    canvas.setFocus()
    qtbot.keyClick(canvas, other)
    assert slug(review, desk.current) != said
    # with the segmentation the project is closed, and there is nothing to be told
    viewer.layers.clear()
    qtbot.waitUntil(lambda: review.bench is None)


def test_a_colour_is_changed_everywhere_and_comes_back(review, qtbot):
    desk, bench, scene = review.desk, review.bench, review.scene
    phases, row = desk.review.phases, desk.current
    eye = bench.phases.eyes["prophase"]
    eye.click()
    chip = bench.phases.swatches["prophase"]

    def choose(color):
        qtbot.mouseClick(chip, LEFT)
        dialog = review.window().findChild(QColorDialog, "phase-color")
        assert dialog.currentColor().name().upper() == desk.review.phases["prophase"].color
        dialog.setCurrentColor(QColor(color))
        dialog.accept()
        qtbot.waitUntil(lambda: review.window().findChild(QColorDialog, "phase-color") is None)

    def painted():
        code = [phase.slug for phase in phases].index("prophase")
        color = scene.phases.layer.colormap.color_dict[code + 1]
        icon = chip.icon().pixmap(14, 14).toImage().pixelColor(7, 7)
        return {QColor.fromRgbF(*map(float, color)).name(), icon.name()}

    def drawn(widget, color):
        bench.tabs.setCurrentWidget(bench.gallery if widget is bench.gallery else bench.panel)
        picture = QImg2array(widget.grab().toImage())[..., :3]
        return bool((picture == QColor(color).getRgb()[:3]).all(axis=-1).any())

    first = phases["prophase"].color.lower()
    assert painted() == {first}
    for widget in (bench.gallery, bench.panel.sheet):
        qtbot.waitUntil(lambda on=widget: drawn(on, first))
        assert not drawn(widget, "#2040e0")
    choose("#2040e0")
    assert painted() == {"#2040e0"}
    for widget in (bench.gallery, bench.panel.sheet):
        qtbot.waitUntil(lambda on=widget: drawn(on, "#2040e0"))
        assert not drawn(widget, first)
    assert desk.source.phases["prophase"].color == "#2040E0"
    assert bench.message.text() == "Colours are kept in the project."
    assert (desk.current, eye.isChecked()) == (row, False)
    check_overlay(review)
    choose(phases["non-mitotic"].color)
    assert "Hard to tell apart: non-mitotic and prophase for anybody" in bench.message.text()
    chip.customContextMenuRequested.emit(QPoint(3, 3))
    menu = chip.findChild(QMenu, "color-menu")
    qtbot.waitUntil(menu.isVisible)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert painted() == {first}
    assert desk.project.vocabularies[phases.name] == phases


def test_words_on_many_cells_are_painted_bit_by_bit(review, qtbot, monkeypatch):
    monkeypatch.setattr(desks, "_MANY", 3)
    monkeypatch.setattr(phase_layer, "_AT_ONCE", 2)
    desk, scene = review.desk, review.scene
    press(review, "o")
    before = desk.review.final.copy()
    desk.source.selection.set(desk.queue.rows[:7])
    press(review, "2")
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    rows = np.sort(desk.queue.rows[:7])
    assert {slug(review, row) for row in rows.tolist()} == {desk.review.phases.slugs[1]}
    qtbot.waitUntil(lambda: not scene.phases.is_painting)
    check_overlay(review)
    lines = np.asarray(scene.phases.outlines.layer.data)
    assert not lines[np.isin(scene.segmentation.data, desk.review.cells.label[rows])].any()
    at = desk.current
    assert at in rows
    press(review, "z", CTRL)
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    assert desk.current == at
    np.testing.assert_array_equal(desk.review.final, before)
    # what waits for its colour when the project is closed gets it
    assert scene.phases.is_painting
    layer, labels = scene.phases.layer, scene.segmentation.data
    ids = scene.phases.class_ids()
    review.close_project()
    table = np.zeros(labels.max() + 1, np.uint8)
    table[desk.review.cells.label] = ids
    np.testing.assert_array_equal(np.asarray(layer.data), parted(table, labels))
