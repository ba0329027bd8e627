"""Real clicks and keys on "Review cells", on real images."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
from napari._qt.utils import QImg2array
from parting import parted
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QColor, QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QColorDialog, QFileDialog, QKeySequenceEdit, QMenu

from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
from napari_cellcycle._qt.review import desk as desk_module
from napari_cellcycle._qt.review import desk as desks
from napari_cellcycle._qt.review import phase_layer
from napari_cellcycle._qt.review.canvas import Canvas
from napari_cellcycle._qt.review.kept import Kept
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.project.project import Project
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review import Review

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


def press(qtbot, widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key while the dock has the focus."""
    widget.bench.setFocus()
    if isinstance(key, str):
        key = getattr(Qt.Key, f"Key_{key.upper()}")
    qtbot.keyClick(widget.bench, key, modifier)


def place_of(viewer, scene, row):
    """Pixel of the canvas where a cell that was just centred lies."""
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    return canvas, QPoint(canvas.width() // 2, canvas.height() // 2)


def click_cell(qtbot, viewer, scene, row, *, expect=True):
    """Click the middle of the canvas; returns the row that was told."""
    canvas, at = place_of(viewer, scene, row)
    told = []
    scene.canvas.clicked.connect(told.append)
    qtbot.wait(30)
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    qtbot.mouseRelease(canvas, LEFT, pos=at)
    scene.canvas.clicked.disconnect(told.append)
    assert len(told) == int(expect), told
    return told[0] if told else -1


def drag_from_cell(qtbot, viewer, scene, row):
    """Press on a cell, move, and release."""
    canvas, at = place_of(viewer, scene, row)
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    for step in np.linspace(4, 40, 6):
        qtbot.mouseMove(canvas, at + QPoint(int(step), int(step)))
    qtbot.mouseRelease(canvas, LEFT, pos=at + QPoint(40, 40))


@pytest.fixture(scope="module")
def files(tmp_path_factory, data_dir):
    """A part of an organoid and its nuclei as files of their own."""
    folder = tmp_path_factory.mktemp("organoid")
    stack = open_image(data_dir / "organoid_h2b_membrane_3d_t301.ome.tif")
    labels = open_labels(data_dir / "organoid_h2b_membrane_3d_t301_nuclei_labels.ome.tif")
    part = (..., slice(60, 220), slice(60, 220))
    write_stack(replace(stack, data=np.asarray(stack.data[part])), folder / "field.ome.tif")
    write_labels(replace(labels, data=np.asarray(labels.data[part])), folder / "nuclei.ome.tif")
    return folder


@pytest.fixture(scope="module")
def found(files, tiny_model):
    """Its cells, classified once."""
    image, labels = open_image(files / "field.ome.tif"), open_labels(files / "nuclei.ome.tif")
    return image, classify(image, labels, model=tiny_model, device="cpu")


@pytest.fixture(scope="module")
def pristine(found, tmp_path_factory):
    """A closed project of them in which nobody has said anything."""
    image, result = found
    folder = tmp_path_factory.mktemp("pristine") / "field.cellcycle"
    with Project.create(folder, who="Ann") as project:
        number = project.images.add(
            image,
            result.segmentation,
            cells=result.cells,
            settings={"channels": dict(result.channels)},
        ).number
        project.predictions.add_classification(number, result)
    return folder


@pytest.fixture
def dock(viewer, qtbot):
    """The dock widget "Review cells", opened as from the menu, with the first keys."""
    opened = []

    def open_widget():
        opened.append(add_dock(viewer, qtbot))
        return opened[-1]

    yield open_widget
    for widget in opened:
        widget.close_project()


def add_dock(viewer, qtbot):
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    qtbot.waitUntil(widget.isVisible)
    return activated(widget, qtbot)


def activated(widget, qtbot):
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


@pytest.fixture
def review(found, pristine, viewer, shared_viewer, tmp_path, qtbot):
    """A review in a new project; the layers and the dock are those of the test before."""
    if "review" not in shared_viewer.kept:
        launch(*found, viewer=viewer, block=False)
        widget = add_dock(viewer, qtbot)
        shared_viewer.kept["review"] = widget, list(viewer.layers), viewer.layers[2].data.copy()
    widget, layers, labels = shared_viewer.kept["review"]
    folder = shutil.copytree(pristine, tmp_path / "field.cellcycle")
    activated(widget, qtbot).open_project(folder)
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    assert not widget.message.text(), widget.message.text()
    yield widget
    widget.close_project()
    viewer.dims.ndisplay = 2
    if all(layer in viewer.layers for layer in layers[:3]):
        layers[2].data = labels.copy()
    else:
        shared_viewer.kept.clear()


def slug(review, row):
    return review.desk.review.final_slugs()[row]


def status(review, row):
    return STATUSES[review.desk.review.status[row]]


def check_overlay(review):
    """Every voxel has the class of its cell's final phase, but where cells meet."""
    desk, scene = review.desk, review.scene
    labels, shown = np.asarray(scene.segmentation.data), np.asarray(scene.phases.layer.data)
    table = np.zeros(labels.max() + 1, np.uint8)
    ids = np.where(scene.shown, scene.phases.class_ids(), 0)
    table[desk.review.cells.label] = ids
    np.testing.assert_array_equal(shown, parted(table, labels))


def test_one_click_starts_beside_the_image(found, viewer, dock, files, qtbot):
    launch(*found, viewer=viewer, block=False)
    widget = dock()
    assert widget.form.place.name.text() == "field.cellcycle"
    assert f"{len(found[1].cells)} cells" in widget.form.found.text()
    qtbot.mouseClick(widget.form.start, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
    assert (files / "field.cellcycle" / "journal.sqlite").is_file()
    assert widget.desk.current == widget.desk.queue.rows[0]
    check_overlay(widget)
    widget.close_project()
    with Project.open(files / "field.cellcycle", who="Bob") as project:
        assert project.inputs.locate(1) == files / "field.ome.tif"
        assert project.inputs.locate(1, "labels") == files / "nuclei.ome.tif"


def test_keys_correct_accept_exclude_undo(review, qtbot):
    desk = review.desk
    first = desk.current
    other = next(
        i for i, leaf in enumerate(desk.review.phases.leaves) if leaf.slug != slug(review, first)
    )
    press(qtbot, review, str(other + 1))
    assert slug(review, first) == desk.review.phases.slugs[other]
    assert status(review, first) == "corrected"
    second = desk.current
    assert second == desk.queue.rows[1]
    press(qtbot, review, Qt.Key.Key_Return)
    assert status(review, second) == "accepted"
    third = desk.current
    press(qtbot, review, "x")
    assert status(review, third) == "excluded"
    fourth = desk.current
    press(qtbot, review, "n")
    assert review.bench.focusWidget() == review.bench.note
    qtbot.keyClicks(review.bench.note, "blurred, 2 cells?")
    qtbot.keyClick(review.bench.note, Qt.Key.Key_Return)
    press(qtbot, review, "u")
    assert status(review, fourth) == "unsure"
    assert desk.review.word(fourth).note == "blurred, 2 cells?"
    fifth = desk.current
    press(qtbot, review, "0")
    assert slug(review, fifth) == "mitotic"
    check_overlay(review)
    press(qtbot, review, "a")
    assert desk.current == fifth
    for row, was in ((fifth, "predicted"), (fourth, "predicted"), (third, "predicted")):
        press(qtbot, review, "z", Qt.KeyboardModifier.ControlModifier)
        assert desk.current == row
        assert status(review, row) == was
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(qtbot, review, "z", both)
    assert status(review, third) == "excluded"
    press(qtbot, review, Qt.Key.Key_Backspace)
    assert status(review, third) == "predicted"
    check_overlay(review)

    # why it is left out: by key, with a note; and by click
    why = review.bench.gestures.why
    review.bench.note.setText("a bubble")
    press(qtbot, review, "x", Qt.KeyboardModifier.ShiftModifier)
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
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
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
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    first, second, third = desk.queue.rows[:3]
    give_key(qtbot, review, "next cell of the queue", Qt.Key.Key_X)
    assert "X is the key of “exclude" in bench.keys.message.text()
    assert (desk.current, status(review, first)) == (first, "predicted")
    give_key(qtbot, review, "next cell of the queue", Qt.Key.Key_F)
    give_key(qtbot, review, "prophase", Qt.Key.Key_P)
    assert desk.current == first
    assert bench.gestures.buttons["next"].toolTip() == "Next cell of the queue (F)"
    assert bench.phases.buttons["prophase"].text() == "P   prophase"
    press(qtbot, review, "d")
    assert desk.current == first
    press(qtbot, review, "f")
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


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_clicks_select_assign_and_never_after_a_drag(review, viewer, qtbot, ndisplay):
    desk, scene = review.desk, review.scene
    viewer.dims.ndisplay = ndisplay
    for row in desk.queue.rows[3:6].tolist():
        scene.canvas.go_to(row)
        clicked = click_cell(qtbot, viewer, scene, row)
        assert desk.current == clicked
    before = desk.review.final.copy()
    tool = review.bench.phases.tool
    target = int(desk.queue.rows[7])
    other = "prophase" if slug(review, target) != "prophase" else "non-mitotic"
    tool.choose(other)
    scene.canvas.go_to(target)
    drag_from_cell(qtbot, viewer, scene, target)
    np.testing.assert_array_equal(desk.review.final, before)
    scene.canvas.go_to(target)
    clicked = click_cell(qtbot, viewer, scene, target)
    assert slug(review, clicked) == other
    assert (desk.review.final != before).sum() == 1
    check_overlay(review)


def test_hidden_phases_are_not_hit(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    row = desk.current
    scene.canvas.go_to(row)
    review.bench.phases.eyes[slug(review, row)].click()
    check_overlay(review)
    other = int(np.flatnonzero(scene.shown)[0]) if scene.shown.any() else -1
    assert not scene.shown[row]
    desk.go_to(other) if other >= 0 else desk.source.selection.go_to(-1)
    scene.canvas.go_to(row)
    click_cell(qtbot, viewer, scene, row, expect=False)
    assert desk.current == other


def test_uncertain_cells_are_outlined_until_they_are_judged(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    press(qtbot, review, "o")
    doubtful = desk.review.shown.confidence < 0.9
    assert doubtful[desk.current]
    labels, lines = scene.segmentation.data, scene.phases.outlines.layer.data
    assert set(np.unique(labels[lines > 0])) == set(desk.review.cells.label[doubtful])
    assert (lines > 0).sum() < np.isin(labels, desk.review.cells.label[doubtful]).sum() / 2
    judged = int(desk.review.cells.label[desk.current])
    press(qtbot, review, "1")
    assert not lines[labels == judged].any()
    press(qtbot, review, "z", Qt.KeyboardModifier.ControlModifier)
    assert lines[labels == judged].any()
    viewer.dims.ndisplay = 3
    assert not scene.phases.outlines.layer.visible
    layer = scene.phases.outlines.layer
    press(qtbot, review, "o")
    viewer.dims.ndisplay = 2
    assert not layer.visible
    press(qtbot, review, "1")
    press(qtbot, review, "o")
    assert layer.visible
    assert scene.phases.outlines.layer is layer
    qtbot.waitUntil(lambda: not scene.phases.is_painting)
    assert not np.asarray(layer.data)[labels == judged].any()
    review.close_project()
    assert layer not in viewer.layers


def test_blind_mode_shows_own_words_only_in_the_canvas(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    press(qtbot, review, "1")
    own = int(desk.queue.rows[0])
    assert (scene.phases.class_ids() <= len(desk.review.phases.phases)).all()
    assert review.bench.sets.shown.currentText().startswith("tiny ")
    review.bench.blind.click()
    check_overlay(review)
    assert np.flatnonzero(desk.review.final >= 0).tolist() == [own]
    ids = scene.phases.class_ids()
    assert len(set(np.delete(ids, own).tolist())) == 1
    features = scene.segmentation.features
    assert not {"confidence", "entropy", "deciding_axis"} & set(features.columns)
    assert set(features["phase"]) == {"", "non-mitotic"}
    assert not review.bench.sets.isVisible()
    press(qtbot, review, "o")
    assert not np.asarray(scene.phases.outlines.layer.data).any()
    press(qtbot, review, "o")
    at = desk.current
    press(qtbot, review, Qt.Key.Key_Return)
    assert "hidden in blind mode" in review.bench.message.text()
    press(qtbot, review, "2")
    assert slug(review, at) == desk.review.phases.slugs[1]
    check_overlay(review)
    review.bench.blind.click()
    assert (desk.review.final >= 0).all()
    assert {"confidence", "entropy"} <= set(scene.segmentation.features.columns)
    check_overlay(review)


def named(review):
    """Rows and names that are written, once all events are through."""
    layer, cells = review.scene.text.layer, review.desk.review.cells
    labels = np.asarray(review.scene.segmentation.data)
    places = np.round(layer.data).astype(int)
    near = [
        int(np.argmin(np.linalg.norm(cells.centroid[:, 1:] - place[1:], axis=1) + 1e6 * missed))
        for place in places
        for missed in [~np.isin(cells.label, np.unique(labels[place[0]]))]
    ]
    return dict(zip(near, layer.features["phase"].tolist(), strict=True))


def pixels_of(viewer, layer):
    """How many pixels of the canvas look otherwise without a layer."""
    pictures = []
    for layer.visible in (False, True):
        pictures.append(viewer.screenshot(flash=False).astype(int))
    return (np.abs(pictures[0] - pictures[1]).max(axis=-1) > 40).sum()


def test_names_of_phases_follow_words_planes_and_what_is_shown(review, viewer, qtbot):
    desk, scene, bench = review.desk, review.scene, review.bench
    labels = np.asarray(scene.segmentation.data)
    press(qtbot, review, "t")
    assert bench.canvas.names.isChecked()
    layer = scene.text.layer
    assert (layer.text.color.array[:, :3] == 1).all()
    desk.review.recolor({phase.slug: "#FFF3B0" for phase in desk.review.phases})
    scene.text.write()
    assert (layer.text.color.array[:, :3] < 0.1).all()  # on light cells
    desk.review.recolor({})
    plane = int(viewer.dims.point[0] / scene.segmentation.scale[0] + 0.5)
    written = named(review)
    assert desk.current in written
    assert set(desk.review.cells.label[list(written)]) <= set(np.unique(labels[plane]))
    assert viewer.layers.selection.active == scene.phases.layer
    desk.goes_on = False
    was = slug(review, desk.current)
    press(qtbot, review, "1" if was != "non-mitotic" else "2")
    name = desk.review.phases[slug(review, desk.current)].name
    qtbot.waitUntil(lambda: named(review).get(desk.current) == name)
    click_cell(qtbot, viewer, scene, desk.current)
    press(qtbot, review, "i")
    qtbot.waitUntil(lambda: list(named(review)) == [desk.current])
    bench.phases.eyes[slug(review, desk.current)].click()
    press(qtbot, review, "i")
    qtbot.waitUntil(lambda: desk.current not in named(review))
    bench.phases.eyes[slug(review, desk.current)].click()
    other = (plane + 4) % len(labels)
    viewer.dims.set_current_step(0, other)
    qtbot.waitUntil(lambda: len(layer.data) == 0 or set(layer.data[:, 0]) == {other})
    assert set(desk.review.cells.label[list(named(review))]) <= set(np.unique(labels[other]))
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: len(layer.data) == len(desk.review))
    written = pixels_of(viewer, layer)
    scene.phases.layer.visible = False
    assert written > 0.5 * pixels_of(viewer, layer) > 100  # no cell hides its name
    scene.phases.layer.visible = True
    qtbot.mouseClick(bench.canvas.names, LEFT)
    assert not layer.visible
    viewer.dims.ndisplay = 2
    qtbot.wait(50)
    assert len(layer.data) == len(desk.review)  # nothing is written meanwhile
    qtbot.mouseClick(bench.canvas.names, LEFT)
    assert scene.text.layer is layer
    assert layer.visible
    qtbot.waitUntil(lambda: len(layer.data) < len(desk.review))


def test_the_eye_of_the_names_does_as_the_key_does(review, viewer, qtbot):
    desk, scene, names = review.desk, review.scene, review.bench.canvas.names
    desk.goes_on = False
    press(qtbot, review, "t")
    layer = scene.text.layer
    layer.visible = False
    assert not names.isChecked()
    press(qtbot, review, "1" if slug(review, desk.current) != "non-mitotic" else "2")
    name = desk.review.phases[slug(review, desk.current)].name
    assert named(review)[desk.current] != name
    layer.visible = True
    assert names.isChecked()
    assert named(review)[desk.current] == name
    viewer.layers.remove(layer)
    assert not names.isChecked()
    press(qtbot, review, "t")
    assert names.isChecked()
    layer = scene.text.layer
    review.close_project()
    assert layer not in viewer.layers


@pytest.mark.own_viewer
def test_a_viewer_that_is_closed_closes_its_project(found, pristine, viewer, tmp_path, qtbot):
    """With a gesture that is still being saved."""
    folder = shutil.copytree(pristine, tmp_path / "closed.cellcycle")
    launch(*found, viewer=viewer, block=False)
    widget = add_dock(viewer, qtbot)
    widget.open_project(folder)
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    desk = widget.desk
    row = int(desk.queue.rows[3])
    desk.go_to(row)
    cell = int(desk.review.cells.label[row])
    rows = np.arange(len(desk.review))
    desk.saving.start(lambda: time.sleep(0.3) or desk.review.scribe.say(rows, "prophase"))
    viewer.close()
    qtbot.wait(10)
    with Project.open(folder, who="Ann") as project:
        assert not project.read_only, project.reason
        assert set(Review(project).final_slugs()) == {"prophase"}
        assert Kept(project, 1).place["cell"] == [0, cell]


def test_keys_of_napari_paint_no_phases(review, viewer, qtbot):
    """A key that means nothing here, as 9 with five phases or E, changes nothing."""
    desk, scene = review.desk, review.scene
    layer = scene.phases.layer
    assert viewer.layers.selection.active == layer
    row = int(desk.queue.rows[1])
    desk.go_to(row)
    canvas, _ = place_of(viewer, scene, row)
    canvas.setFocus()
    before = np.array(layer.data)
    for key in (Qt.Key.Key_E, Qt.Key.Key_7, Qt.Key.Key_6, Qt.Key.Key_P, Qt.Key.Key_F, Qt.Key.Key_L):
        qtbot.keyClick(canvas, key)
        assert layer.mode == "pan_zoom"
        assert click_cell(qtbot, viewer, scene, row) == row
    np.testing.assert_array_equal(layer.data, before)


def test_phases_that_were_removed_are_shown_again(review, viewer, qtbot):
    desk, scene, lost = review.desk, review.scene, review.bench.lost_phases
    desk.goes_on = False
    assert not lost.isVisible()
    viewer.layers.selection = {scene.phases.layer}
    viewer.layers.remove_selected()
    qtbot.waitUntil(lost.isVisible)
    press(qtbot, review, "o")  # there is nothing to outline them above
    press(qtbot, review, "1" if slug(review, desk.current) != "non-mitotic" else "2")
    said = slug(review, desk.current)
    qtbot.mouseClick(lost.button, LEFT)
    assert not lost.isVisible()
    assert scene.is_there
    assert scene.phases.outlines.layer in viewer.layers
    check_overlay(review)
    press(qtbot, review, "o")
    # keys are bound on it, and on nothing that has gone
    assert viewer.layers.selection.active == scene.phases.layer
    other = "1" if said != "non-mitotic" else "2"
    canvas, _ = place_of(viewer, scene, desk.current)
    canvas.setFocus()
    qtbot.keyClick(canvas, other)
    assert slug(review, desk.current) != said
    # with the segmentation the project is closed, and there is nothing to be told
    viewer.layers.clear()
    qtbot.waitUntil(lambda: review.bench is None)


def test_a_key_centres_and_zooms_and_sure_cells_are_accepted_at_once(
    review, viewer, qtbot, monkeypatch
):
    desk, scene, bench = review.desk, review.scene, review.bench
    camera, layer = viewer.scene.camera, scene.segmentation
    press(qtbot, review, "d")
    centre = layer.data_to_world(scene.canvas.centre_of(desk.current))
    wide = np.ptp(desk.review.cells.bbox[desk.current], axis=0)[1:].max() * layer.scale[-1]
    for ndisplay in (2, 3):
        viewer.dims.ndisplay = ndisplay
        viewer.dims.set_current_step(0, 0)
        camera.center, camera.zoom = (0, 0, 0), 0.2
        press(qtbot, review, "c")
        np.testing.assert_allclose(camera.center[-ndisplay:], centre[-ndisplay:])
        assert 0.1 < wide * camera.zoom / min(viewer.canvas.size) < 0.2
        if ndisplay == 2:
            assert abs(viewer.dims.point[0] - centre[0]) <= layer.scale[0] / 2
            assert click_cell(qtbot, viewer, scene, desk.current) == desk.current
    shown = desk.review.shown
    same = shown.phase == shown.phase[desk.current]
    monkeypatch.setattr(desk_module, "SURE", float(np.median(shown.confidence[same])))
    desk.queue_changed.emit()
    sure = same & (shown.confidence > desk_module.SURE)
    assert 0 < sure.sum() < same.sum()
    assert bench.gestures.accept_all.text() == f"Accept {sure.sum()} above 0.99"
    qtbot.mouseClick(bench.gestures.accept_all, LEFT)
    accepted = STATUSES.index("accepted")
    np.testing.assert_array_equal(desk.review.status == accepted, sure)
    qtbot.waitUntil(lambda: not bench.gestures.accept_all.isEnabled())
    press(qtbot, review, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert "No cell of this phase" in bench.message.text()
    press(qtbot, review, "z", Qt.KeyboardModifier.ControlModifier)
    assert desk.review.status_counts[accepted] == 0
    press(qtbot, review, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert desk.review.status_counts[accepted] == sure.sum()


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
        qtbot.wait(30)
        picture = QImg2array(widget.grab().toImage())[..., :3]
        return bool((picture == QColor(color).getRgb()[:3]).all(axis=-1).any())

    first = phases["prophase"].color.lower()
    assert painted() == {first}
    for widget in (bench.gallery, bench.panel.sheet):
        assert drawn(widget, first)
        assert not drawn(widget, "#2040e0")
    choose("#2040e0")
    assert painted() == {"#2040e0"}
    for widget in (bench.gallery, bench.panel.sheet):
        assert drawn(widget, "#2040e0")
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


def test_isolate_and_filter(review, viewer, qtbot):
    desk, scene, bench = review.desk, review.scene, review.bench
    press(qtbot, review, "i")
    assert scene.shown.sum() == 1
    press(qtbot, review, "d")
    assert np.flatnonzero(scene.shown).tolist() == [desk.current]
    press(qtbot, review, "i")
    assert scene.shown.all()
    press(qtbot, review, "x")
    bench.queue.status.choose("excluded")
    bench.queue.only.setChecked(True)
    qtbot.waitUntil(lambda: "1 in the queue" in bench.queue.count.text())
    assert set(np.flatnonzero(scene.shown)) == {
        *np.flatnonzero(desk.queue.match),
        desk.current,
    }
    check_overlay(review)
    at = desk.current
    for row in np.flatnonzero(~scene.shown)[:2].tolist():
        scene.canvas.go_to(row)
        click_cell(qtbot, viewer, scene, row, expect=False)
    assert desk.current == at


def drop(viewer, path):
    """Drop a folder onto the viewer, as from the file manager."""
    target = viewer.__wrapped__.window._qt_viewer
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    act = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), act, mime, LEFT, none)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(50, 50), act, mime, LEFT, none))


@pytest.mark.own_viewer
def test_a_project_comes_back(review, viewer, tmp_path, qtbot, dock, monkeypatch):
    desk = review.desk
    press(qtbot, review, "2")
    corrected = int(desk.queue.rows[0])
    press(qtbot, review, "d")
    press(qtbot, review, "d")
    at = desk.current
    about = desk.review.to_undo.about
    n = len(desk.review)
    review.close_project()
    viewer.layers.clear()

    drop(viewer, tmp_path / "field.cellcycle")
    widget = next(
        w for w in viewer.window.dock_widgets.values() if type(w).__name__ == "ReviewWidget"
    )
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    widget.activateWindow()
    assert not widget.message.text(), widget.message.text()
    assert [layer.name for layer in viewer.layers][:2] == ["H2B", "membrane"] or viewer.layers
    assert len(widget.desk.review) == n
    assert widget.desk.current == at
    assert widget.desk.review.to_undo.about == about
    assert not widget.bench.notice.text(), widget.bench.notice.text()
    check_overlay(widget)
    press(qtbot, widget, "z", Qt.KeyboardModifier.ControlModifier)
    assert widget.desk.current == corrected
    assert status(widget, corrected) == "predicted"
    widget.close_project()
    viewer.layers.clear()
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *a, **k: str(tmp_path / "field.cellcycle")
    )
    viewer.__wrapped__.window._qt_viewer._open_folder_dialog()
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    assert widget.desk.current == corrected
    widget.close_project()


def test_a_closed_project_is_the_place_of_its_labels(review, viewer, tmp_path, qtbot):
    folder = tmp_path / "field.cellcycle"
    press(qtbot, review, "2")
    corrected = int(review.desk.queue.rows[0])
    layer = review.scene.segmentation
    qtbot.mouseClick(review.bench.close_button, LEFT)
    qtbot.waitUntil(lambda: review.desk is None)
    assert review.form.labels.value() == layer
    assert review.form.place.name.text() == "add to field.cellcycle"
    assert review.form.place.name.toolTip() == str(folder)
    other = viewer.add_labels(layer.data.copy(), name="other labels")
    review.form.labels.choose(other.unique_id)
    assert review.form.place.name.toolTip() != str(folder)
    review.form.labels.choose(layer.unique_id)
    qtbot.mouseClick(review.form.start, LEFT)
    qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
    assert review.desk.project.folder == folder
    assert status(review, corrected) == "corrected"
    viewer.layers.remove(other)


def test_gallery_and_table_select_in_both_directions(review, qtbot):
    desk, bench = review.desk, review.bench
    bench.tabs.setCurrentWidget(bench.gallery)
    rows = desk.queue.rows[:3]
    bench.gallery.assign_requested.emit(rows, "prophase")
    assert {slug(review, row) for row in rows.tolist()} == {"prophase"}
    assert desk.review.to_undo.about.endswith("3 cells")
    desk.source.selection.set(rows)
    press(qtbot, review, "3")
    assert len({slug(review, row) for row in rows.tolist()}) == 1
    bench.tabs.setCurrentWidget(bench.table)
    bench.table.activated.emit(int(rows[2]))
    assert desk.current == rows[2]


def test_the_ring_is_seen_at_any_zoom(review, viewer, qtbot):
    canvas, camera = review.scene.canvas, viewer.scene.camera
    qtbot.waitUntil(lambda: canvas.ring is not None, timeout=LONG)
    widths = []
    for zoom in (0.3, 200.0):
        camera.zoom = zoom
        pixels = zoom * canvas.ring.scale[-1]
        # a line of two pixels of the screen
        qtbot.waitUntil(
            lambda by=pixels: np.isclose(
                canvas.ring.size[0] * canvas.ring.border_width[0] * by, 2, rtol=1e-3
            )
        )
        widths.append(float(canvas.ring.size[0] * pixels))
    assert widths[0] == pytest.approx(24)
    low, high = review.desk.review.cells.bbox[review.desk.current]
    assert widths[1] > (high - low)[1:].max() * pixels  # around the cell


def test_a_step_draws_the_ring_once_and_the_list_of_layers_later(review, viewer, qtbot):
    canvas, desk = review.scene.canvas, review.desk
    qtbot.waitUntil(lambda: canvas.ring is not None, timeout=LONG)
    qtbot.wait(400)  # nothing of the opening is under way
    drawn, listed = [], []
    canvas.ring.events.set_data.connect(lambda event: drawn.append(desk.current))

    def on_list(event):
        listed.append(event.type)

    viewer.layers.events.connect(on_list)
    for key in "ddaa":
        press(qtbot, review, key)
        assert drawn == [desk.current]
        np.testing.assert_array_equal(canvas.ring.data[0], np.round(canvas.centre_of(desk.current)))
        drawn.clear()
    assert not {"set_data", "thumbnail"} & {*listed}
    qtbot.waitUntil(lambda: listed.count("thumbnail") == len(viewer.layers))
    viewer.layers.events.disconnect(on_list)


def test_words_on_many_cells_are_painted_bit_by_bit(review, qtbot, monkeypatch):
    monkeypatch.setattr(desks, "_MANY", 3)
    monkeypatch.setattr(phase_layer, "_AT_ONCE", 2)
    desk, scene = review.desk, review.scene
    press(qtbot, review, "o")
    before = desk.review.final.copy()
    desk.source.selection.set(desk.queue.rows[:7])
    press(qtbot, review, "2")
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    rows = np.sort(desk.queue.rows[:7])
    assert {slug(review, row) for row in rows.tolist()} == {desk.review.phases.slugs[1]}
    qtbot.waitUntil(lambda: not scene.phases.is_painting)
    check_overlay(review)
    lines = np.asarray(scene.phases.outlines.layer.data)
    assert not lines[np.isin(scene.segmentation.data, desk.review.cells.label[rows])].any()
    at = desk.current
    assert at in rows
    press(qtbot, review, "z", Qt.KeyboardModifier.ControlModifier)
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


def test_edited_labels_make_stale_cells_that_one_key_classifies_again(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    layer = scene.segmentation
    row = desk.current
    press(qtbot, review, "3")
    kept = int(desk.review.cells.label[row])
    gone = int(desk.review.cells.label[desk.queue.rows[-1]])
    layer.data = np.where(layer.data == gone, 0, layer.data)
    inside = np.argwhere(layer.data == kept)
    layer.data[tuple(inside[: len(inside) // 5].T)] = 0
    press(qtbot, review, "r")
    qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
    assert "1 cells classified again" in review.bench.message.text()
    assert len(desk.review.stale_rows) == 0
    assert desk.review.row_of(0, gone) == -1
    assert slug(review, desk.review.row_of(0, kept)) == desk.review.phases.slugs[2]
    assert len(desk.source) == len(desk.review)
    check_overlay(review)


@pytest.fixture
def blocks(viewer, table_of):
    """Four cells of 6 voxels a side in a row, and others behind each, in any kind of layer."""

    def make(kind):
        data = np.zeros((24, 30, 60), np.uint16)
        for i in range(4):
            for depth in range(2):
                z, x = 2 + 12 * depth, 4 + 14 * i
                data[z : z + 6, 10:16, x : x + 6] = 1 + i + 4 * depth
        place = {"scale": (3.0, 1.0, 1.0), "axis_labels": ("z", "y", "x")}
        if kind == "time":
            data = np.stack([data, data[:, :, ::-1]])
            place = {"scale": (1.0, 3.0, 1.0, 1.0), "axis_labels": ("t", "z", "y", "x")}
        if kind == "rotated":
            place |= {"rotate": (0, 0, 30), "translate": (5, -40, 12)}
        if kind == "multiscale":
            data = [data, data[:, ::2, ::2]]
        if kind == "dask":
            data = da.from_array(data, chunks=(8, 15, 20))
        if kind == "multiscale":
            layer = viewer.add_labels(data, multiscale=True, **place)
        else:
            layer = viewer.add_labels(data, **place)
        axes = "".join(place["axis_labels"]).upper()
        return layer, axes, table_of(layer)

    return make


@pytest.mark.parametrize("ndisplay", [2, 3])
@pytest.mark.parametrize("kind", ["plain", "rotated", "time", "dask", "multiscale"])
def test_clicks_hit_the_cell_in_any_layer(blocks, viewer, qtbot, kind, ndisplay):
    layer, axes, cells = blocks(kind)
    shown = np.ones(len(cells), bool)

    def row_of(frame, label):
        row = int(np.flatnonzero((cells.frame == frame) & (cells.label == label))[0])
        return row if shown[row] else -1

    canvas = Canvas(viewer, layer, axes, cells, row_of)
    viewer.dims.ndisplay = ndisplay
    widget = viewer.__wrapped__.window._qt_viewer.canvas.native
    told = []
    canvas.clicked.connect(told.append)

    def click():
        qtbot.wait(40)
        at = QPoint(widget.width() // 2, widget.height() // 2)
        qtbot.mouseMove(widget, at)
        qtbot.mousePress(widget, LEFT, pos=at)
        qtbot.mouseRelease(widget, LEFT, pos=at)

    front = [row for row in range(len(cells)) if cells.label[row] <= 4]
    for row in (front[0], front[-1]):
        canvas.go_to(row, zoom=True)
        if ndisplay == 2:
            click()
            assert told.pop() == row
            shown[row] = False
            click()
            assert not told
        else:
            click()
            first = told.pop()
            assert cells.frame[first] == cells.frame[row]
            assert (cells.label[first] - cells.label[row]) % 4 == 0
            shown[first] = False
            click()
            behind = told.pop()
            assert behind != first
            assert (cells.label[behind] - cells.label[row]) % 4 == 0
            shown[behind] = False
            click()
            assert not told
        shown[:] = True
    canvas.close()


def test_annotating_without_any_model(files, viewer, dock, tmp_path, qtbot, monkeypatch):
    image, labels = open_image(files / "field.ome.tif"), open_labels(files / "nuclei.ome.tif")
    add_stack(viewer, image, image.spacing)
    add_segmentation(viewer, labels, image.spacing)
    widget = dock()
    form = widget.form
    assert form.channels["dna"].value().name == "H2B"
    form.vocabulary.choose("own")
    assert not form.start.isEnabled()
    qtbot.keyClicks(form.own, "G1, S, G2, M")
    monkeypatch.setattr(form.place, "ask_folder", lambda: tmp_path / "own.cellcycle")
    qtbot.mouseClick(form.start, LEFT)
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    desk = widget.desk
    assert desk.queue.order == "position"
    first = desk.current
    press(qtbot, widget, "4")
    assert slug(widget, first) == "M"
    assert not widget.bench.gestures.accept_all.isVisible()
    check_overlay(widget)
    widget.close_project()
    widget.open_project(tmp_path / "own.cellcycle")
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    assert not widget.message.text(), widget.message.text()
    assert slug(widget, first) == "M"
    # the image was never a file, and is found among the layers
    assert widget.desk.undertaking.stack is not None
    qtbot.waitUntil(lambda: len(viewer.layers) == 5, timeout=LONG)  # with the ring


def test_who_comes_second_can_look_and_is_told_by_every_gesture_who_is_first(
    review, qtbot, monkeypatch
):
    folder = review.desk.project.folder
    review.close_project()
    with Project.open(folder, who="Ann") as first:
        review.form.who.setText("Bob")
        review.open_project(folder)
        qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
        desk, bench, scene = review.desk, review.bench, review.scene
        reason = desk.project.reason
        assert reason.startswith("Ann has field.cellcycle open on")
        assert bench.notice.text() == reason
        row = desk.current
        shift, ctrl = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
        monkeypatch.setattr(desk_module, "SURE", 0.0)
        gestures = [
            *(lambda key=key: press(qtbot, review, key) for key in "120xur"),
            lambda: press(qtbot, review, Qt.Key.Key_Return),
            lambda: press(qtbot, review, Qt.Key.Key_Return, shift),
            lambda: bench.phases.buttons["prophase"].click(),
            lambda: bench.phases.swatches["prophase"].click(),
            lambda: bench.gallery.assign_requested.emit(np.array([row]), "prophase"),
            lambda: (bench.phases.tool.choose("prophase"), scene.canvas.clicked.emit(row)),
        ]
        for number, gesture in enumerate(gestures):
            bench.message.clear()
            gesture()
            assert bench.message.text() == reason, number
            assert bench.message.is_error
        for key, modifier in ((Qt.Key.Key_Backspace, None), ("z", ctrl)):
            press(qtbot, review, key, modifier or Qt.KeyboardModifier.NoModifier)
        assert not any(
            bench.gestures.buttons[name].isEnabled()
            for name in ("accept", "clear", "exclude", "unsure", "undo", "redo")
        )
        assert status(review, row) == "predicted"
        assert not first.journal.events(1, desk.review.phases.name)
        bench.phases.tool.choose("")
        press(qtbot, review, "d")
        assert desk.current != row
        review.close_project()
    review.form.who.setText("Ann")


def test_this_frame_follows_the_slider_and_a_key_finds_a_cell_in_time(
    add, viewer, dock, qtbot, tmp_path, monkeypatch
):
    crop = (slice(0, 3), slice(20, 45), slice(30, 150), slice(40, 200))
    add("embryo_timelapse_3d", crop=crop)
    widget = dock()
    form = widget.form
    form.vocabulary.choose("own")
    qtbot.keyClicks(form.own, "inter, mitotic")
    monkeypatch.setattr(form.place, "ask_folder", lambda: tmp_path / "embryo.cellcycle")
    qtbot.mouseClick(form.start, LEFT)
    qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    desk, queue = widget.desk, widget.bench.queue
    frames = desk.review.cells.frame
    viewer.dims.set_current_step(0, 1)
    qtbot.mouseClick(queue.frame, LEFT)
    assert queue.frame.isChecked()
    assert set(frames[desk.queue.match]) == {1}
    told = f"of {(frames == 1).sum()} in the queue"
    qtbot.waitUntil(lambda: told in queue.count.text())
    viewer.dims.set_current_step(0, 2)
    assert set(frames[desk.queue.match]) == {2}
    queue.frame.click()
    assert desk.queue.match.all()
    press(qtbot, widget, "d")
    row = desk.current
    viewer.dims.set_current_step(0, (int(frames[row]) + 1) % 3)
    press(qtbot, widget, "c")
    layer, scene = widget.scene.segmentation, widget.scene
    at = layer.world_to_data(viewer.dims.point)
    np.testing.assert_allclose(at[:2], scene.canvas.centre_of(row)[:2], atol=0.51)
    assert scene.frame_on_screen() == frames[row]
    assert click_cell(qtbot, viewer, scene, row) >= 0
    press(qtbot, widget, "t")
    assert set(scene.text.layer.data[:, 0]) <= {frames[row]}

    # undo of several leads to the one that is on screen, or to where one is already
    each = np.array([np.flatnonzero(frames == frame)[0] for frame in range(3)])
    desk.say("mitotic", each)
    last = np.flatnonzero(frames == 2)[1]
    desk.go_to(int(last))
    ctrl = Qt.KeyboardModifier.ControlModifier
    press(qtbot, widget, "z", ctrl)
    assert desk.current == each[2]
    press(qtbot, widget, "z", ctrl | Qt.KeyboardModifier.ShiftModifier)
    assert desk.current == each[2]
    assert (desk.review.final[each] == desk.review.final[each[0]]).all()
    # frames that are not on screen are painted later, but before they are seen
    widget.bench.phases.eyes["mitotic"].click()
    ids = np.where(scene.shown, scene.phases.class_ids(), 0)
    labels, painted = np.asarray(layer.data), scene.phases.layer.data
    for frame in (scene.frame_on_screen(), 0, 1, 2):
        table = np.zeros(labels.max() + 1, np.uint8)
        table[desk.review.cells.label[frames == frame]] = ids[frames == frame]
        np.testing.assert_array_equal(painted[frame], parted(table, labels[frame]))
        qtbot.waitUntil(lambda: not scene.phases.is_painting)


def test_a_colleagues_words_and_the_conflicts_that_they_make(
    review, found, tmp_path, qtbot, monkeypatch
):
    desk, bench = review.desk, review.bench
    image, result = found
    with Project.create(tmp_path / "bea.cellcycle", who="Bea") as hers:
        hers.images.add(image, result.segmentation, cells=result.cells)
        hers.vocabularies.add(desk.review.phases)
        Review(hers).say([0, 1], "prophase")
    desk.say("mitotic", np.array([0]))
    bench.tabs.setCurrentWidget(bench.people)
    taking = bench.people.take_in
    monkeypatch.setattr(taking, "_ask_folder", lambda: str(tmp_path / "bea.cellcycle"))
    taking.of_project.trigger()
    qtbot.waitUntil(lambda: not taking.is_busy, timeout=LONG)
    assert taking.message.text() == "New words: 2 (Bea); known already: 0."
    assert (slug(review, 0), slug(review, 1)) == ("", "prophase")
    check_overlay(review)
    qtbot.waitUntil(lambda: "Ann and Bea" in bench.people.pair.currentText())
    assert bench.queue.conflicts.text() == "1 conflict"
    qtbot.mouseClick(bench.queue.conflicts, LEFT)
    assert desk.current == 0
    bench.tabs.setCurrentWidget(bench.panel)
    facts = bench.panel.facts.text()
    assert "Ann:" in facts
    assert "Bea:" in facts
    press(qtbot, review, "2")
    assert slug(review, 0) == "prophase"
    qtbot.waitUntil(lambda: bench.queue.conflicts.text() == "0 conflicts")
    check_overlay(review)


def test_a_project_that_is_none_is_refused_in_one_sentence(viewer, dock, tmp_path, qtbot):
    widget = dock()
    (tmp_path / "empty.cellcycle").mkdir()
    with qtbot.captureExceptions() as caught:
        widget.open_project(tmp_path / "empty.cellcycle")
        qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    assert not caught
    assert widget.message.is_error
    assert "Traceback" not in widget.message.text()
    assert widget.bench is None


def test_a_job_that_begins_when_another_has_just_returned_goes_to_its_end(qapp, qtbot):
    def work(number):
        yield number
        time.sleep(0.05)
        return number

    job, results, cancelled = Job(), [], []
    job.succeeded.connect(results.append)
    job.cancelled.connect(lambda: cancelled.append(1))

    def again():
        if len(results) < 3:
            job.start("again", work, len(results))

    job.ended.connect(again)
    job.start("first", work, 0)
    qtbot.waitUntil(lambda: len(results) == 3 or bool(cancelled), timeout=LONG)
    assert results == [0, 1, 2]
    assert not cancelled
