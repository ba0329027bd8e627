"""How a review in the viewer begins, ends and comes back."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog
from review_hands import CTRL, LEFT, LONG, add_dock, check_overlay, press, slug, status

from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
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
