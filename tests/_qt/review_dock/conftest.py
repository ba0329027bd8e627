"""Real images as files, projects of them, and the dock "Review cells".

The viewer and the model are those of all modules here: each costs more than most of the tests.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import tiny_model as tiny
from review_hands import LONG, activated, add_dock
from shared_viewer import SharedViewer

from napari_cellcycle._qt.launch import launch
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.project.project import Project


@pytest.fixture(scope="package")
def tiny_model(tmp_path_factory):
    """Name of a small model of the user, with random weights."""
    with tiny.tiny_model(tmp_path_factory.mktemp("home")) as name:
        yield name


@pytest.fixture(scope="package")
def shared_viewer(qapp):
    """The viewer of all modules here."""
    shared = SharedViewer()
    yield shared
    shared.close()


def write_part(data_dir, time, part, image, labels):
    """A part of an organoid at one time and of its nuclei, as files of their own."""
    name = f"organoid_h2b_membrane_3d_{time}"
    stack = open_image(data_dir / f"{name}.ome.tif")
    nuclei = open_labels(data_dir / f"{name}_nuclei_labels.ome.tif")
    write_stack(replace(stack, data=np.asarray(stack.data[part])), image)
    write_labels(replace(nuclei, data=np.asarray(nuclei.data[part])), labels)


def classified(image, labels, model):
    image = open_image(image)
    return image, classify(image, open_labels(labels), model=model, device="cpu")


def add_found(project, image, result):
    """Add an image with its cells and their predictions to a project."""
    number = project.images.add(
        image,
        result.segmentation,
        cells=result.cells,
        settings={"channels": dict(result.channels)},
    ).number
    project.predictions.add_classification(number, result)


@pytest.fixture
def open_dock(viewer, qtbot):
    """Opens the dock widget "Review cells" as from the menu."""
    opened = []

    def open_widget():
        opened.append(add_dock(viewer, qtbot))
        return opened[-1]

    yield open_widget
    for widget in opened:
        widget.close_project()


@pytest.fixture
def dock(open_dock):
    """The dock widget "Review cells"."""
    return open_dock()


# --- one image ------------------------------------------------------------------------------------


@pytest.fixture(scope="package")
def files(tmp_path_factory, data_dir):
    """A part of an organoid and its nuclei as files of their own."""
    folder = tmp_path_factory.mktemp("organoid")
    part = (..., slice(60, 220), slice(60, 220))
    write_part(data_dir, "t301", part, folder / "field.ome.tif", folder / "nuclei.ome.tif")
    return folder


@pytest.fixture(scope="package")
def found(files, tiny_model):
    """Its cells, classified once."""
    return classified(files / "field.ome.tif", files / "nuclei.ome.tif", tiny_model)


@pytest.fixture(scope="package")
def pristine(found, tmp_path_factory):
    """A closed project of them in which nobody has said anything."""
    folder = tmp_path_factory.mktemp("pristine") / "field.cellcycle"
    with Project.create(folder, who="Ann") as project:
        add_found(project, *found)
    return folder


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


# --- several images -------------------------------------------------------------------------------


@pytest.fixture(scope="package")
def three_files(tmp_path_factory, data_dir):
    """A small part of an organoid at three times, each a file of its own."""
    folder = tmp_path_factory.mktemp("organoids")
    part = (..., slice(8, 24), slice(60, 150), slice(60, 150))
    for time in ("t301", "t302", "t303"):
        write_part(
            data_dir, time, part, folder / f"{time}.ome.tif", folder / f"{time}_nuclei.ome.tif"
        )
    return folder


@pytest.fixture(scope="package")
def found_twice(three_files, tiny_model):
    """Two of the images, classified once."""
    return {
        time: classified(
            three_files / f"{time}.ome.tif", three_files / f"{time}_nuclei.ome.tif", tiny_model
        )
        for time in ("t301", "t302")
    }


@pytest.fixture
def two_images(found_twice, tmp_path):
    """A closed project of both."""
    with Project.create(tmp_path / "both.cellcycle", who="Ann") as made:
        for image, result in found_twice.values():
            add_found(made, image, result)
    return made.folder
