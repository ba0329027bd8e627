"""How a review begins, with keys on the lists of the form."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt

from napari_cellcycle.image import open_labels

FRAMES = (301, 302)


@pytest.fixture
def organoids(viewer, data_dir):
    """Two images of one shape with their labels: layers of images, and of labels."""
    for frame in FRAMES:
        name = f"organoid_h2b_membrane_3d_t{frame}"
        viewer.open(data_dir / f"{name}.ome.tif", plugin="napari")
        for kind in ("nuclei", "cells"):
            file = f"{name}_{kind}_labels.ome"
            data = open_labels(data_dir / f"{file}.tif").data[0].compute()
            viewer.add_labels(data, name=file)
    layers = list(viewer.layers)
    return [layers[0], layers[3]], [layers[1:3], layers[4:6]]


def test_channels_chosen_by_hand_follow_labels_of_another_image_only(viewer, organoids, qtbot):
    images, (first, second) = organoids
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    form = widget.form
    qtbot.waitUntil(form.isVisible)
    dna, membrane = form.channels["dna"], form.channels["membrane"]
    assert form.labels.value() is second[1]
    assert [box.value().layer for box in (dna, membrane)] == [images[1]] * 2
    qtbot.keyClick(dna, Qt.Key.Key_Down)  # the membrane for the DNA
    qtbot.keyClick(membrane, Qt.Key.Key_Home)  # none
    chosen = dna.key()
    assert chosen == (images[1].unique_id, 1)
    assert form.start.isEnabled(), form.message.text()

    qtbot.keyClick(form.labels, Qt.Key.Key_Up)  # of the same image: what was chosen stays
    assert form.labels.value() is second[0]
    assert (dna.key(), membrane.key()) == (chosen, None)

    qtbot.keyClick(form.labels, Qt.Key.Key_Up)
    assert form.labels.value() is first[1]
    assert [(box.value().layer, box.value().index) for box in (dna, membrane)] == [
        (images[0], 0),
        (images[0], 1),
    ]
    assert form.start.isEnabled(), form.message.text()
