"""Several images in one project, in "Review cells": real clicks and keys on real images."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from fields import decision
from parting import parted
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QOpenGLContext
from qtpy.QtWidgets import QFileDialog

from napari_cellcycle._qt import layers
from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle._qt.review import filling
from napari_cellcycle._qt.review.filling import Filling
from napari_cellcycle._qt.session import Finished, session_of
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project.project import Project
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review.orders import divergence

LONG = 60_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def files(tmp_path_factory, data_dir):
    """A small part of an organoid at three times, each a file of its own."""
    folder = tmp_path_factory.mktemp("organoid")
    part = (..., slice(8, 24), slice(60, 150), slice(60, 150))
    for time in ("t301", "t302", "t303"):
        name = f"organoid_h2b_membrane_3d_{time}"
        stack = open_image(data_dir / f"{name}.ome.tif")
        labels = open_labels(data_dir / f"{name}_nuclei_labels.ome.tif")
        write_stack(replace(stack, data=np.asarray(stack.data[part])), folder / f"{time}.ome.tif")
        write_labels(
            replace(labels, data=np.asarray(labels.data[part])), folder / f"{time}_nuclei.ome.tif"
        )
    return folder


@pytest.fixture(scope="module")
def found(files, tiny_model):
    """Two of the images, classified once."""

    def one(time):
        image = open_image(files / f"{time}.ome.tif")
        labels = open_labels(files / f"{time}_nuclei.ome.tif")
        return image, classify(image, labels, model=tiny_model, device="cpu")

    return {time: one(time) for time in ("t301", "t302")}


@pytest.fixture
def project(found, tmp_path):
    """A closed project of both."""
    with Project.create(tmp_path / "both.cellcycle", who="Ann") as made:
        for image, result in found.values():
            number = made.images.add(
                image,
                result.segmentation,
                cells=result.cells,
                settings={"channels": dict(result.channels)},
            ).number
            made.predictions.add_classification(number, result)
    return made.folder


@pytest.fixture
def dock(viewer, qtbot):
    """The dock widget "Review cells", opened as from the menu."""
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    qtbot.waitUntil(widget.isVisible)
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    yield widget
    widget.close_project()


def press(qtbot, dock, key, modifier=Qt.KeyboardModifier.NoModifier):
    dock.bench.setFocus()
    qtbot.keyClick(dock.bench, key, modifier)


def wait(qtbot, dock):
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench is not None, dock.message.text()
    assert not dock.bench.message.is_error, dock.bench.message.text()


def beside_ring(viewer):
    """All layers but the ring, which is made once the pictures of a cell are there."""
    return [layer for layer in viewer.layers if not layer.name.startswith("current cell")]


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


def name(dock):
    return dock.desk.review.cells.image


def test_images_of_a_viewer_go_to_one_project_and_take_turns(
    found, files, viewer, dock, tmp_path, qtbot, monkeypatch
):
    for image, result in found.values():
        launch(image, result, viewer=viewer, block=False)
    everything = [layer for layer in viewer.layers if not is_overlay(layer)]
    of_t301, of_t302 = everything[:2], everything[3:5]
    form = dock.form
    assert form.all_found.isVisible()
    assert form.all_found.text() == "and 1 other classified image"
    monkeypatch.setattr(form.place, "ask_folder", lambda: tmp_path / "both.cellcycle")
    qtbot.mouseClick(form.place.change, LEFT)
    qtbot.mouseClick(form.start, LEFT)
    wait(qtbot, dock)
    bar = dock.bench.images
    assert bar.isVisible()
    assert [bar.image.itemText(i) for i in range(2)] == ["t302.ome.tif", "t301.ome.tif"]
    assert name(dock) == "t302.ome.tif"

    # the queue ends, and the next image is one key away
    dock.desk.go_to(int(dock.desk.queue.rows[-1]))
    at = dock.desk.current
    press(qtbot, dock, Qt.Key.Key_2)
    slug = dock.desk.review.phases.slugs[1]
    assert "The next image is t301.ome.tif" in dock.bench.message.text()
    overlay = dock.scene.phases.layer
    press(qtbot, dock, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    wait(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert overlay not in viewer.layers
    assert all(layer in viewer.layers for layer in everything)
    assert [layer.visible for layer in (*of_t301, *of_t302)] == [True, True, False, False]
    press(qtbot, dock, Qt.Key.Key_3)
    assert not dock.bench.images.next.isEnabled()

    # and back: the cell, the word and the layers are as they were
    dock.bench.images.image.choose(1)
    wait(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    assert dock.desk.current == at
    assert dock.desk.review.final_slugs()[at] == slug
    assert [layer.visible for layer in (*of_t301, *of_t302)] == [False, False, True, True]
    dock.bench.images.image.choose(2)
    wait(qtbot, dock)

    # one more image, without any model
    throw_all_away(qtbot, viewer)
    qtbot.waitUntil(lambda: dock.bench is None)
    assert "The segmentation was removed" in dock.message.text()
    dock.open_project(tmp_path / "both.cellcycle")
    wait(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert dock.desk.review.status_counts[STATUSES.index("corrected")] == 1
    qtbot.mouseClick(dock.bench.add_button, LEFT)
    assert dock.bench is None
    image = open_image(files / "t303.ome.tif")
    add_stack(viewer, image, image.spacing)
    layer = add_segmentation(viewer, open_labels(files / "t303_nuclei.ome.tif"), image.spacing)
    form.labels.choose(layer.unique_id)
    assert not form.message.text()
    assert form.place.name.text() == "add to both.cellcycle"
    qtbot.mouseClick(form.start, LEFT)
    wait(qtbot, dock)
    assert len(dock.desk.project.images.all()) == 3
    assert dock.desk.queue.order == "position"


def test_layers_of_a_project_make_room_for_each_other(project, viewer, dock, qtbot):
    mine = viewer.add_image(np.zeros((16, 90, 90)), name="mine")
    dock.open_project(project)
    wait(qtbot, dock)
    first = shown(viewer)
    assert first[0] == "mine"
    assert name(dock) == "t301.ome.tif"
    n = len(beside_ring(viewer))
    dock.bench.images.image.choose(2)
    wait(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    assert mine in viewer.layers
    assert mine.visible
    assert len(beside_ring(viewer)) == n
    names = [layer.name for layer in viewer.layers]
    assert "t302_nuclei.ome.tif" in names
    assert "t301_nuclei.ome.tif" not in names


def test_another_project_does_not_lie_over_what_the_former_left(
    project, found, viewer, dock, qtbot, tmp_path
):
    mine = viewer.add_image(np.zeros((16, 90, 90)), name="mine")
    dock.open_project(project)
    wait(qtbot, dock)
    left = [layer for layer in viewer.layers if layer != mine and layer.visible]
    blendings = [layer.blending for layer in left[:2]]
    assert blendings == ["translucent_no_depth", "additive"]
    dock.close_project()
    assert all(layer.visible for layer in left if layer in viewer.layers)
    image, result = found["t302"]
    with Project.create(tmp_path / "other.cellcycle", who="Ann") as other:
        other.images.add(image, result.segmentation, cells=result.cells)
        other.vocabularies.add(MITOSIS_STAGES)
    dock.open_project(other.folder)
    wait(qtbot, dock)
    assert not any(layer.visible for layer in left if layer in viewer.layers)
    assert mine.visible
    assert dock.scene.phases.layer.visible


def test_a_project_is_continued_with_the_same_image(found, project, viewer, dock, qtbot):
    launch(*found["t301"], viewer=viewer, block=False)
    regions = viewer.add_labels(np.ones((16, 90, 90), int), name="regions")
    copy = project.with_name("t301.cellcycle")
    shutil.copytree(project, copy)
    dock.form.choose_place(copy)
    qtbot.mouseClick(dock.form.start, LEFT)
    wait(qtbot, dock)
    assert beside_ring(viewer)[-2:] == [regions, dock.scene.phases.layer]
    viewer.layers.remove(regions)
    opened = dock.desk.project
    assert len(opened.images.all()) == 2
    assert len(opened.predictions.sets(1)) == 1  # the very same run is not added again
    dock.close_project()

    # labels that the project does not have are refused before anything is changed
    layer = next(layer for layer in viewer.layers if layer.name == "t301_nuclei.ome.tif")
    dock.form.all_found.setChecked(False)
    layer.data = np.where(layer.data == layer.data.max(), 0, layer.data)
    dock.form.choose_place(copy)
    qtbot.mouseClick(dock.form.start, LEFT)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench is None
    assert "edited after the classification" in dock.message.text()


def test_files_that_moved_are_asked_for(project, files, viewer, dock, qtbot, monkeypatch):
    answers = []
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(answers.pop(0)), ""))

    def lose(*roles):
        with Project.open(project, who="Ann") as made, made.store.transaction() as changes:
            for role in roles:
                changes.run(
                    "UPDATE input SET absolute = '/gone.tif', relative = '' "
                    f"WHERE image = 1 AND role = '{role}'"
                )

    # the image: cells are there without pictures, and another image is refused
    lose("image")
    dock.open_project(project)
    wait(qtbot, dock)
    notice = dock.bench.notice
    assert "is not at /gone.tif any more" in notice.text()
    assert notice.button.text() == "Find image…"
    answers += [files / "t302.ome.tif", files / "t301.ome.tif"]
    with qtbot.captureExceptions() as caught:
        qtbot.mouseClick(notice.button, LEFT)
        qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert not caught
    assert "is another image than the one this project was made with" in dock.bench.message.text()
    assert dock.desk.undertaking.stack is None
    assert "H2B" not in shown(viewer)
    qtbot.mouseClick(notice.button, LEFT)
    wait(qtbot, dock)
    assert not notice.isVisible()
    assert dock.desk.undertaking.stack is not None
    assert "H2B" in shown(viewer)
    assert dock.desk.project.inputs.locate(1) == files / "t301.ome.tif"

    # the labels of the second image to be shown: what is on screen stays until they are found
    dock.bench.images.image.choose(2)
    wait(qtbot, dock)
    dock.close_project()
    lose("labels")
    dock.open_project(project)
    wait(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    dock.bench.images.image.choose(1)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert name(dock) == "t302.ome.tif"
    assert dock.bench.images.image.key() == 2
    assert "t301_nuclei.ome.tif is not at /gone.tif any more" in dock.bench.lost.text()
    answers.append(files / "t301_nuclei.ome.tif")
    qtbot.mouseClick(dock.bench.lost.button, LEFT)
    wait(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    dock.close_project()

    # and those of the first one
    lose("labels")
    dock.open_project(project)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench is None
    assert dock.lost.isVisible()
    answers.append(files / "t301_nuclei.ome.tif")
    qtbot.mouseClick(dock.lost.button, LEFT)
    wait(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert not dock.lost.isVisible()


def check_phases(dock):
    """Overlay, gallery and table show the final phases of the review."""
    desk, scene = dock.desk, dock.scene
    labels, painted = np.asarray(scene.segmentation.data), np.asarray(scene.phases.layer.data)
    table = np.zeros(labels.max() + 1, np.uint8)
    table[desk.review.cells.label] = scene.phases.class_ids()
    np.testing.assert_array_equal(painted, parted(table, labels))
    np.testing.assert_array_equal(desk.source.predicted, desk.review.shown.phase)


def test_prediction_sets_are_shown_compared_and_added(
    project, found, viewer, dock, tiny_model, qtbot
):
    image, result = found["t301"]
    n = len(result.cells)
    with Project.open(project, who="Ann") as made:
        older = made.predictions.sets(1)[0].id
        newer = made.predictions.add(
            1,
            result.cells,
            decision(n, seed=4),
            model="second",
            version="2",
            model_sha256="2" * 8,
            phases=MITOSIS_STAGES,
        ).id
    dock.open_project(project)
    wait(qtbot, dock)
    desk, bench = dock.desk, dock.bench
    box = bench.sets.shown
    assert box.key() == newer
    assert box.currentText().startswith("second 2 · 20")
    check_phases(dock)
    press(qtbot, dock, Qt.Key.Key_3)
    judged = int(desk.queue.rows[0])
    before = desk.review.shown.phase.copy()

    box.choose(older)
    assert desk.review.prediction_set.id == older
    assert not np.array_equal(desk.review.shown.phase, before)
    assert desk.review.final_slugs()[judged] == MITOSIS_STAGES.slugs[2]
    check_phases(dock)

    # the order of their disagreement
    assert not bench.sets.other.isVisible()
    bench.queue.order.choose("disagreement of models")
    qtbot.waitUntil(bench.sets.other.isVisible)
    assert bench.sets.other.key() == newer
    p = [one.columns["probabilities"] for one in desk.project.predictions.sets(1)]
    np.testing.assert_array_equal(
        desk.queue.rows, np.argsort(-divergence(np.stack(p, axis=1)), kind="stable")
    )
    box.choose(newer)  # the two change places
    assert desk.queue.order == "disagreement of models"
    assert desk.queue.other.id == older

    # another model classifies, and so does "Classify cells"
    bench.sets.menu.aboutToShow.emit()
    *same, further = bench.sets.menu.actions()
    assert "mitosis-2d" not in {action.text() for action in same}
    assert "mitosis-2d" in {action.text() for action in further.menu().actions()}
    action = next(action for action in same if action.text() == tiny_model)
    action.trigger()
    wait(qtbot, dock)
    assert desk.review.prediction_set.model == tiny_model
    assert len(desk.project.predictions.sets(1)) == 2  # the very same predictions as the first
    session = session_of(viewer)
    layer, axes = dock.scene.segmentation, dock.scene.axes
    session.begin(viewer, layer, result.cells, axes, MITOSIS_STAGES)
    again = replace(result, decision=decision(n, seed=9))
    session.finish(Finished(again, image, layer, axes))
    wait(qtbot, dock)
    assert box.count() == 3
    assert box.key() == desk.project.predictions.sets(1)[-1].id
    check_phases(dock)
    assert desk.review.final_slugs()[judged] == MITOSIS_STAGES.slugs[2]

    # what was shown comes back
    box.choose(older)
    dock.close_project()
    dock.open_project(project)
    wait(qtbot, dock)
    assert dock.bench.sets.shown.key() == older
    assert dock.desk.queue.order == "disagreement of models"
    dock.bench.blind.click()
    assert not dock.bench.sets.isVisible()


def paint(qtbot, viewer, layer):
    """Paint a dot with napari's brush in the middle of the canvas."""
    canvas = viewer.__wrapped__.window._qt_viewer.canvas.native
    layer.visible = True
    viewer.layers.selection.active = layer
    layer.mode = "paint"
    at = QPoint(canvas.width() // 2, canvas.height() // 2)
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    qtbot.mouseRelease(canvas, LEFT, pos=at)
    layer.mode = "pan_zoom"


def test_edited_labels_are_told_of_at_once(project, viewer, dock, qtbot):
    dock.open_project(project)
    wait(qtbot, dock)
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
    wait(qtbot, dock)
    assert not dock.bench.edits.isVisible()
    dock.bench.images.image.choose(1)
    wait(qtbot, dock)
    np.testing.assert_array_equal(dock.scene.segmentation.data, edited)
    assert dock.bench.edits.isVisible()
    assert "H2B" in shown(viewer)

    n = len(dock.desk.review)
    qtbot.mouseClick(dock.bench.edits.button, LEFT)
    wait(qtbot, dock)
    assert not dock.bench.edits.isVisible()
    assert len(dock.desk.review) == n + 1
    layer.selected_label += 1
    paint(qtbot, viewer, layer)
    assert dock.bench.edits.isVisible()
    press(qtbot, dock, Qt.Key.Key_R)
    wait(qtbot, dock)
    assert not dock.bench.edits.isVisible()

    # all layers go, and a drawing comes before the next ones
    throw_all_away(qtbot, viewer)
    dock.open_project(project)
    wait(qtbot, dock)


@pytest.fixture
def movie(tmp_path, data_dir):
    """A closed project of a movie of an embryo, all of it in files."""
    image, labels = tmp_path / "embryo.ome.tif", tmp_path / "embryo_labels.ome.tif"
    stack = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    found = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    times, box = slice(0, 3), (slice(20, 45), slice(30, 150), slice(40, 200))
    write_stack(replace(stack, data=np.asarray(stack.data[times, :, *box])), image)
    write_labels(replace(found, data=np.asarray(found.data[times, *box])), labels)
    with Project.create(tmp_path / "embryo.cellcycle", who="Ann") as made:
        made.images.add(open_image(image), open_labels(labels), settings={"channels": {"dna": 0}})
        made.vocabularies.add(MITOSIS_STAGES)
    return made.folder


@pytest.fixture
def unread(monkeypatch):
    """Movies of any size are read later, and not before :meth:`Filling.begin` is called."""
    monkeypatch.setattr(layers, "_AT_ONCE", 0)
    monkeypatch.setattr(Filling, "is_waiting", False)
    monkeypatch.setattr(filling, "_AT_LATEST_MS", 10**6)


@pytest.mark.usefixtures("unread")
def test_a_movie_is_shown_before_it_is_read(movie, viewer, dock, qtbot):
    labels = np.asarray(open_labels(movie.parent / "embryo_labels.ome.tif").data)
    image = np.asarray(open_image(movie.parent / "embryo.ome.tif").data[:, 0])

    def check_frame(frame):
        """Whether all cells of a frame are painted as not classified yet."""
        painted = dock.scene.phases.layer.data[frame]
        classes = np.full(labels.max() + 1, len(MITOSIS_STAGES.phases) + 1)
        classes[0] = 0
        np.testing.assert_array_equal(painted, parted(classes, labels[frame]))

    dock.open_project(movie)
    wait(qtbot, dock)
    scene, desk, pixels = dock.scene, dock.desk, viewer.layers[0]
    layer, at = scene.segmentation, scene.frame_on_screen()
    assert not layer.visible
    others = layer.data.missing
    assert others == pixels.data.missing == {0, 1, 2} - {at}
    assert pixels.contrast_limits == [image[at].min(), image[at].max()]
    pictures = desk.source.pixels.views(np.array([desk.current]))
    anew = desk._pixels().views(np.array([desk.current]))
    np.testing.assert_array_equal(pictures.images, anew.images)
    check_frame(at)
    assert scene.phases.is_painting
    # a frame is read when somebody looks at it, and painted
    other = min(others)
    viewer.dims.set_current_step(0, other)
    assert layer.data.missing == others - {other}
    check_frame(other)
    np.testing.assert_array_equal(pixels.data[other], image[other])
    # in the end the layers have plain arrays, and nobody has edited anything
    dock.layers.filling.begin()
    qtbot.waitUntil(lambda: not dock.layers.filling.is_running, timeout=LONG)
    qtbot.waitUntil(lambda: not scene.phases.is_painting, timeout=LONG)
    assert not dock.bench.edits.isVisible()
    for one, expected in ((layer, labels), (pixels, image)):
        assert type(one.data) is np.ndarray
        np.testing.assert_array_equal(one.data, expected)
    for frame in range(3):
        check_frame(frame)


@pytest.mark.usefixtures("unread")
def test_what_is_painted_while_frames_are_missing_stays(movie, viewer, dock, qtbot):
    labels = np.asarray(open_labels(movie.parent / "embryo_labels.ome.tif").data)
    dock.open_project(movie)
    wait(qtbot, dock)
    layer, phases = dock.scene.segmentation, dock.scene.phases.layer
    layer.selected_label = int(labels.max()) + 1
    paint(qtbot, viewer, layer)
    assert layer.data.missing
    assert dock.bench.edits.isVisible()
    # a project that is closed then has phases in all frames
    dock.close_project()
    assert not layer.data.missing
    dot = np.asarray(layer.data) != labels
    assert dot.any()
    assert set(layer.data.whole[dot]) == {layer.selected_label}
    np.testing.assert_array_equal(phases.data[~dot] > 0, labels[~dot] > 0)
