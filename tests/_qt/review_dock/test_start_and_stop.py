"""How a review in the viewer begins, ends and comes back."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog
from review_hands import CTRL, LEFT, LONG, add_dock, canvas_of, check_overlay, press, slug, status

from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle._qt.review.opening.kept import Kept
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.project.project import Project
from napari_cellcycle.review import Review


def test_one_click_starts_beside_the_image(found, viewer, open_dock, files, qtbot):
    launch(*found, viewer=viewer, block=False)
    widget = open_dock()
    assert widget.form.place.name.text() == "field.cellcycle"
    assert f"{len(found[1].cells)} cells" in widget.form.found.text()
    qtbot.mouseClick(widget.form.start, LEFT)
    qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
    assert (files / "field.cellcycle" / "journal.sqlite").is_file()
    assert widget.desk.current == widget.desk.queue.rows[0]
    check_overlay(widget)
    widget.close_project()
    with Project.open(files / "field.cellcycle", who="Bob") as project:
        assert project.inputs.locate(1) == files / "field.ome.tif"
        assert project.inputs.locate(1, "labels") == files / "nuclei.ome.tif"


def test_phases_stay_in_the_layer_that_shows_them(found, viewer, open_dock, tmp_path, qtbot):
    """A layer that goes costs half a second of napari's garbage collection."""
    launch(*found, viewer=viewer, block=False)
    (layer,) = overlays_of(viewer, viewer.layers[2])
    layer.name = "mine"
    widget, canvas = open_dock(), canvas_of(viewer)
    gone = []
    viewer.layers.events.removed.connect(lambda event: gone.append(event.value.name))

    def start():
        widget.form.choose_place(tmp_path / "again.cellcycle")
        qtbot.mouseClick(widget.form.start, LEFT)
        qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
        assert widget.scene.phases.layer is layer
        check_overlay(widget)
        names = layer.features["phase"].tolist()
        assert names[-1] == "excluded"
        colors = [layer.colormap.map(np.uint8(i + 1)) for i in range(len(names))]
        expected = [phase.color for phase in widget.desk.review.phases]
        shown = ["#{:02X}{:02X}{:02X}".format(*(255 * c[:3]).round().astype(int)) for c in colors]
        assert shown[: len(expected)] == expected
        assert (layer.name, layer.opacity, layer.visible) == ("mine", 0.6, True)
        assert viewer.layers.selection.active == layer

    def say(key):
        canvas.setFocus()
        with qtbot.captureExceptions() as caught:
            qtbot.keyClick(canvas, key)
        assert not caught

    start()
    widget.desk.goes_on = False
    row = widget.desk.current
    said = "1" if slug(widget, row) != "non-mitotic" else "2"
    say(said)
    assert status(widget, row) == "corrected"
    painted = layer.data.copy()
    widget.close_project()
    assert set(gone) <= {"current cell: nuclei.ome.tif"}
    say("3")  # nobody is there to hear it
    np.testing.assert_array_equal(layer.data, painted)
    layer.visible = False
    start()
    assert status(widget, row) == "corrected"
    say("3")
    check_overlay(widget)
    assert len(widget.desk.review.status_counts.nonzero()[0]) == 2


def test_annotating_without_any_model(files, viewer, open_dock, tmp_path, qtbot, monkeypatch):
    image, labels = open_image(files / "field.ome.tif"), open_labels(files / "nuclei.ome.tif")
    add_stack(viewer, image, image.spacing)
    add_segmentation(viewer, labels, image.spacing)
    widget = open_dock()
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
    press(widget, "4")
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
def test_a_project_comes_back(review, viewer, tmp_path, qtbot, open_dock, monkeypatch):
    desk = review.desk
    press(review, "2")
    corrected = int(desk.queue.rows[0])
    press(review, "d")
    press(review, "d")
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
    press(widget, "z", CTRL)
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
    press(review, "2")
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
    with qtbot.waitSignal(widget.destroyed):
        viewer.close()
    with Project.open(folder, who="Ann") as project:
        assert not project.read_only, project.reason
        assert set(Review(project).final_slugs()) == {"prophase"}
        assert Kept(project, 1).place["cell"] == [0, cell]


def test_a_project_that_is_none_is_refused_in_one_sentence(viewer, open_dock, tmp_path, qtbot):
    widget = open_dock()
    (tmp_path / "empty.cellcycle").mkdir()
    with qtbot.captureExceptions() as caught:
        widget.open_project(tmp_path / "empty.cellcycle")
        qtbot.waitUntil(lambda: not widget.is_busy, timeout=LONG)
    assert not caught
    assert widget.message.is_error
    assert "Traceback" not in widget.message.text()
    assert widget.bench is None
