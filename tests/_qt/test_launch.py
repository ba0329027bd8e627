"""What ``--view`` opens: the phases over the image, and beside it what their colours mean."""

from __future__ import annotations

import napari
from qtpy.QtWidgets import QLabel

from napari_cellcycle._qt.launch import launch
from napari_cellcycle._qt.overlay import overlays_of
from napari_cellcycle._qt.results import ResultPanel
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image


def test_colours_are_explained_beside_the_image(viewer, data_dir, tiny_folder, qtbot, monkeypatch):
    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    image = open_image(f"{stem}.ome.tif")
    result = classify(image, f"{stem}_nuclei_labels.ome.tif", model=tiny_folder)
    monkeypatch.setattr(napari, "Viewer", lambda **settings: viewer)

    assert launch(image, result, block=False) is viewer

    panel = viewer.window.dock_widgets["Phases"]
    assert isinstance(panel, ResultPanel)
    qtbot.waitUntil(panel.isVisible)
    for slug, count in result.counts().items():
        assert panel.findChild(object, f"count-{slug}").text() == str(count)
    names = [label for label in panel.findChildren(QLabel) if label.toolTip()]
    assert len(names) == len(result.counts())
    for name in names:
        qtbot.waitUntil(lambda name=name: name.width() >= name.sizeHint().width())
    assert panel.summary.text() == f"{len(result.cells)} cells classified by {result.card.name}"
    layer = viewer.layers[result.segmentation.name]
    (overlay,) = overlays_of(viewer, layer)
    assert overlay.visible
    assert not layer.visible
