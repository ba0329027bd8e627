"""Several images in one project, in "Review cells": real clicks and keys on real images."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.project.project import Project
from napari_cellcycle.project.words import STATUSES

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


def shown(viewer):
    """Names of the visible layers of images and labels that are not our own."""
    return [layer.name for layer in viewer.layers if layer.visible and not is_overlay(layer)]


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
    monkeypatch.setattr(form, "_ask_place", lambda: tmp_path / "both.cellcycle")
    qtbot.mouseClick(form.change, LEFT)
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
    viewer.layers.clear()
    assert dock.bench is None
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
    assert form.place.text() == "add to both.cellcycle"
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
    n = len(viewer.layers)
    dock.bench.images.image.choose(2)
    wait(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    assert mine in viewer.layers
    assert mine.visible
    assert len(viewer.layers) == n
    assert "t302_nuclei.ome.tif" in shown(viewer)
    assert "t301_nuclei.ome.tif" not in shown(viewer)

    # an image whose labels are gone is not shown, and the one that is there stays
    dock.close_project()
    with Project.open(project, who="Ann") as made, made.store.transaction() as changes:
        changes.run("UPDATE input SET absolute = '/gone.tif', relative = '' WHERE image = 1")
    dock.open_project(project)
    wait(qtbot, dock)
    dock.bench.images.image.choose(1)
    qtbot.waitUntil(lambda: not dock.is_busy, timeout=LONG)
    assert dock.bench.message.is_error
    assert "is not at /gone.tif any more" in dock.bench.message.text()
    assert name(dock) == "t302.ome.tif"
    assert dock.bench.images.image.key() == 2


def test_a_project_is_continued_with_the_same_image(found, project, viewer, dock, qtbot):
    launch(*found["t301"], viewer=viewer, block=False)
    copy = project.with_name("t301.cellcycle")
    shutil.copytree(project, copy)
    dock.form.choose_place(copy)
    qtbot.mouseClick(dock.form.start, LEFT)
    wait(qtbot, dock)
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
