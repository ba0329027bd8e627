"""Real clicks on "Segment nuclei", alone and from "Classify cells"."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt

LONG = 120_000


@pytest.fixture
def blobs():
    """Three bright balls in 3D, far apart."""
    z, y, x = np.ogrid[:12, :40, :60]
    image = np.full((12, 40, 60), 10.0, np.float32)
    for centre in ((6, 12, 12), (6, 25, 30), (6, 14, 48)):
        ball = sum((a - c) ** 2 for a, c in zip((2 * z, y, x), (12, *centre[1:]), strict=True))
        image[ball < 64] = 200.0
    return image


def click(qtbot, button):
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_nuclei_become_a_labels_layer_on_the_image(viewer, qtbot, blobs):
    image = viewer.add_image(
        blobs, name="DAPI", scale=(2, 1, 1), translate=(5, 6, 7), units="um",
        axis_labels=("z", "y", "x"),
    )  # fmt: skip
    _, panel = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Segment nuclei")
    qtbot.waitUntil(panel.isVisible)

    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)

    layer = viewer.layers[-1]
    assert layer.name == "nuclei of DAPI"
    assert len(np.unique(layer.data)) == 4
    np.testing.assert_allclose(layer.data_to_world((1, 2, 3)), image.data_to_world((1, 2, 3)))
    assert layer.units == image.units
    assert layer.axis_labels == image.axis_labels
    assert "3 nuclei" in panel.message.text()


def test_frames_and_channels(viewer, qtbot, blobs):
    data = np.stack([np.stack([np.zeros_like(blobs), blobs])] * 2)  # t, c, z, y, x
    data[1, 1] = 10.0  # nothing in the second frame
    viewer.add_image(data, name="field", axis_labels=("t", "c", "z", "y", "x"), channel_axis=None)
    _, panel = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Segment nuclei")
    panel.channel.setCurrentIndex(1)
    assert "tick isotropic" in panel.message.text()
    panel.spacing.isotropic.setChecked(True)

    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)

    layer = viewer.layers[-1]
    assert layer.data.shape == (2, 12, 40, 60)
    assert layer.axis_labels == ("t", "z", "y", "x")
    assert layer.data[0].any()
    assert not layer.data[1].any()


def test_nuclei_are_seen_over_the_channel_where_they_were_found(viewer, qtbot, blobs):
    data = np.stack([np.zeros_like(blobs), blobs, np.zeros_like(blobs)])
    viewer.add_image(data, axis_labels=("c", "z", "y", "x"), scale=(1, 2, 1, 1), channel_axis=None)
    viewer.dims.set_current_step(0, 2)
    _, panel = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Segment nuclei")
    panel.channel.setCurrentIndex(1)
    panel.spacing.isotropic.setChecked(True)
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert viewer.dims.current_step[0] == 1


def test_an_image_without_nuclei_is_an_error_in_plain_text(viewer, qtbot):
    viewer.add_image(np.full((30, 30), 7.0), name="DAPI")
    _, panel = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Segment nuclei")
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.message.is_error
    assert "No nuclei found" in panel.message.text()
    assert len(viewer.layers) == 1
    viewer.layers.clear()
    assert not panel.progress.start.isEnabled()
    assert "open an image" in panel.message.text()


def test_without_labels_the_classify_widget_segments_first(add, viewer, widget, qtbot):
    crop = (slice(300), slice(300))
    (image,) = add("dapi_tubulin_p21_edu_field_2d", labels=(), crop=crop, channels=["DAPI"])
    panel = widget()
    assert panel.segment_button.isVisible()

    click(qtbot, panel.segment_button)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert not panel.segment_button.isVisible()
    assert panel.form.labels.value().name == f"nuclei of {image.name}"
    click(qtbot, panel.progress.start)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)

    assert len(panel.result.cells) > 2
    assert viewer.layers[-1].name == "phase: nuclei of DAPI"
