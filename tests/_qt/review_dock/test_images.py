"""Several images in one project."""

from __future__ import annotations

import shutil

import numpy as np
from qtpy.QtCore import Qt
from review_hands import LEFT, LONG, SHIFT, name, press, settle, shown, throw_all_away

from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.layers import add_segmentation, add_stack
from napari_cellcycle._qt.overlay import is_overlay
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project.project import Project
from napari_cellcycle.project.words import STATUSES


def beside_ring(viewer):
    """All layers but the ring, which is made once the pictures of a cell are there."""
    return [layer for layer in viewer.layers if not layer.name.startswith("current cell")]


def test_images_of_a_viewer_go_to_one_project_and_take_turns(
    found_twice, three_files, viewer, dock, tmp_path, qtbot, monkeypatch
):
    for image, result in found_twice.values():
        launch(image, result, viewer=viewer, block=False)
    everything = [layer for layer in viewer.layers if not is_overlay(layer)]
    of_t301, of_t302 = everything[:2], everything[3:5]
    form = dock.form
    assert form.all_found.isVisible()
    assert form.all_found.text() == "and 1 other classified image"
    monkeypatch.setattr(form.place, "ask_folder", lambda: tmp_path / "both.cellcycle")
    qtbot.mouseClick(form.place.change, LEFT)
    qtbot.mouseClick(form.start, LEFT)
    settle(qtbot, dock)
    bar = dock.bench.images
    assert bar.isVisible()
    assert [bar.image.itemText(i) for i in range(2)] == ["t302.ome.tif", "t301.ome.tif"]
    assert name(dock) == "t302.ome.tif"

    # the queue ends, and the next image is one key away
    dock.desk.go_to(int(dock.desk.queue.rows[-1]))
    at = dock.desk.current
    press(dock, Qt.Key.Key_2)
    slug = dock.desk.review.phases.slugs[1]
    assert "The next image is t301.ome.tif" in dock.bench.message.text()
    overlay = dock.scene.phases.layer
    press(dock, Qt.Key.Key_D, SHIFT)
    settle(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert overlay not in viewer.layers
    assert all(layer in viewer.layers for layer in everything)
    assert [layer.visible for layer in (*of_t301, *of_t302)] == [True, True, False, False]
    press(dock, Qt.Key.Key_3)
    assert not dock.bench.images.next.isEnabled()

    # and back: the cell, the word and the layers are as they were
    dock.bench.images.image.choose(1)
    settle(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    assert dock.desk.current == at
    assert dock.desk.review.final_slugs()[at] == slug
    assert [layer.visible for layer in (*of_t301, *of_t302)] == [False, False, True, True]
    dock.bench.images.image.choose(2)
    settle(qtbot, dock)

    # one more image, without any model
    throw_all_away(qtbot, viewer)
    qtbot.waitUntil(lambda: dock.bench is None)
    assert "The segmentation was removed" in dock.message.text()
    dock.open_project(tmp_path / "both.cellcycle")
    settle(qtbot, dock)
    assert name(dock) == "t301.ome.tif"
    assert dock.desk.review.status_counts[STATUSES.index("corrected")] == 1
    qtbot.mouseClick(dock.bench.add_button, LEFT)
    assert dock.bench is None
    image = open_image(three_files / "t303.ome.tif")
    add_stack(viewer, image, image.spacing)
    labels = open_labels(three_files / "t303_nuclei.ome.tif")
    layer = add_segmentation(viewer, labels, image.spacing)
    form.labels.choose(layer.unique_id)
    assert not form.message.text()
    assert form.place.name.text() == "add to both.cellcycle"
    qtbot.mouseClick(form.start, LEFT)
    settle(qtbot, dock)
    assert len(dock.desk.project.images.all()) == 3
    assert dock.desk.queue.order == "position"


def test_layers_of_a_project_make_room_for_each_other(two_images, viewer, dock, qtbot):
    mine = viewer.add_image(np.zeros((16, 90, 90)), name="mine")
    dock.open_project(two_images)
    settle(qtbot, dock)
    first = shown(viewer)
    assert first[0] == "mine"
    assert name(dock) == "t301.ome.tif"
    n = len(beside_ring(viewer))
    dock.bench.images.image.choose(2)
    settle(qtbot, dock)
    assert name(dock) == "t302.ome.tif"
    assert mine in viewer.layers
    assert mine.visible
    assert len(beside_ring(viewer)) == n
    names = [layer.name for layer in viewer.layers]
    assert "t302_nuclei.ome.tif" in names
    assert "t301_nuclei.ome.tif" not in names


def test_another_project_does_not_lie_over_what_the_former_left(
    two_images, found_twice, viewer, dock, qtbot, tmp_path
):
    mine = viewer.add_image(np.zeros((16, 90, 90)), name="mine")
    dock.open_project(two_images)
    settle(qtbot, dock)
    left = [layer for layer in viewer.layers if layer != mine and layer.visible]
    blendings = [layer.blending for layer in left[:2]]
    assert blendings == ["translucent_no_depth", "additive"]
    dock.close_project()
    assert all(layer.visible for layer in left if layer in viewer.layers)
    image, result = found_twice["t302"]
    with Project.create(tmp_path / "other.cellcycle", who="Ann") as other:
        other.images.add(image, result.segmentation, cells=result.cells)
        other.vocabularies.add(MITOSIS_STAGES)
    dock.open_project(other.folder)
    settle(qtbot, dock)
    assert not any(layer.visible for layer in left if layer in viewer.layers)
    assert mine.visible
    assert dock.scene.phases.layer.visible


def test_a_project_is_continued_with_the_same_image(found_twice, two_images, viewer, dock, qtbot):
    launch(*found_twice["t301"], viewer=viewer, block=False)
    regions = viewer.add_labels(np.ones((16, 90, 90), int), name="regions")
    copy = two_images.with_name("t301.cellcycle")
    shutil.copytree(two_images, copy)
    dock.form.choose_place(copy)
    qtbot.mouseClick(dock.form.start, LEFT)
    settle(qtbot, dock)
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
