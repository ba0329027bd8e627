"""A viewer, real layers in it, and the tables that go with them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.image import Spacing, open_image, open_labels, segmentation_from_layer

UM = ("um", "um", "um")


@pytest.fixture
def viewer(make_napari_viewer_proxy, monkeypatch):
    """A viewer as a plugin gets it, visible, with strict Qt."""
    monkeypatch.setenv("NAPARI_STRICT_QT", "1")
    return make_napari_viewer_proxy(show=True)


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
