"""A viewer, real layers in it, and the tables that go with them."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_model as tiny
from shared_viewer import SharedViewer

from napari_cellcycle._qt.review.keys import key_file
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.image import Spacing, open_image, open_labels, segmentation_from_layer

UM = ("um", "um", "um")


@pytest.fixture(autouse=True)
def key_path(monkeypatch, tmp_path):
    """File of changed keys, of the test's own: the person's are neither read nor written."""
    path = tmp_path / "home" / "keys.json"
    monkeypatch.setattr(key_file, "key_path", lambda: path)
    return path


@pytest.fixture(scope="module")
def shared_viewer(qapp):
    """The viewer of a module's tests."""
    shared = SharedViewer()
    yield shared
    shared.close()


@pytest.fixture
def viewer(request, shared_viewer):
    """A viewer as a plugin gets it, visible and empty.

    It is that of the test before, cleaned but for what a fixture of both tests keeps in it; with
    the mark ``own_viewer`` it is a new one, which the test may close.
    """
    own = request.node.get_closest_marker("own_viewer") is not None
    if own:
        shared_viewer.close()
    elif not shared_viewer.kept.keys() <= set(request.fixturenames):
        shared_viewer.clean()
    yield shared_viewer.open()
    passed = request.node.rep_setup.passed and request.node.rep_call.passed
    if own or not passed:
        shared_viewer.close(check=passed)
    elif not shared_viewer.kept:
        shared_viewer.clean()


@pytest.fixture
def add(viewer, data_dir):
    """Open channels and labels of a real image as layers, with or without their spacing."""

    def add(name, *, labels=("labels",), crop=(), units=True, channels=None, lazy=False):
        stack = open_image(data_dir / f"{name}.ome.tif")
        t, z, _, _ = stack.grid
        axes = ("t",) * (t > 1) + ("z",) * (z > 1) + ("y", "x")

        def arranged(data):
            data = data[tuple(slice(None) if a in axes else 0 for a in "tzyx")]
            data = data[crop]
            return data if lazy else np.asarray(data)

        place = {}
        if units:
            spacing = stack.spacing or Spacing(1.0, 0.5, 0.5, "user")
            scale = {"t": 1.0, "z": spacing.z, "y": spacing.y, "x": spacing.x}
            place = {
                "scale": [scale[a] for a in axes],
                "units": ["pixel" if a == "t" else "um" for a in axes],
                "axis_labels": axes,
            }
        layers = []
        for index, channel in enumerate(channels or stack.channels):
            layers.append(viewer.add_image(arranged(stack.data[:, index]), name=channel, **place))
        for kind in labels:
            found = open_labels(data_dir / f"{name}_{kind}.ome.tif")
            layers.append(viewer.add_labels(arranged(found.data), name=kind, **place))
        return layers

    return add


@pytest.fixture
def table_of():
    """The cell table of a Labels layer."""

    def table_of(layer):
        segmentation = segmentation_from_layer(layer)
        spacing = segmentation.spacing or Spacing(1.0, 1.0, 1.0, "cell-size")
        return cell_table(segmentation, spacing)

    return table_of


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """Name of a small model of the user, with random weights.

    No wider than a module: tests of other rooms must not see its architecture and its home.
    """
    with tiny.tiny_model(tmp_path_factory.mktemp("home")) as name:
        yield name


@pytest.fixture
def widget(viewer, tiny_model, qtbot):
    """The dock widget "Classify cells", opened as from the menu, with the tiny model chosen."""

    def open_widget():
        _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Classify cells")
        widget.form.model.choose(tiny_model)
        widget.form.device.choose("cpu")
        qtbot.waitUntil(widget.isVisible)
        return widget

    return open_widget
