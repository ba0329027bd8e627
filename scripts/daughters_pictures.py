"""Make docs/images/daughters.png: pairs of an organoid in the canvas, and the dock in both themes.

Needs the organoid ``t303`` (``../shared/data/README.md``) and a display with OpenGL. Without one:
``xvfb-run -a -s "-screen 0 1366x768x24" python scripts/daughters_pictures.py``
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from side_by_side import save

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("NAPARI_CELLCYCLE_DATA", ROOT.parent / "shared" / "data"))
NAME = "organoid_h2b_membrane_3d_t303"
WIDTH, HEIGHT, DOCK = 980, 720, 420


def main() -> None:
    """Classify, look for pairs, and save the window in dark and the dock in light."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "daughters.png")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # before there is a window: a network's compiler and OpenGL do not load in this order
        take(project(Path(folder)), args.out)


def take(made: Path, out: Path) -> None:
    """Save the pictures of a project."""
    viewer = napari.Viewer(show=True, show_welcome_screen=False)
    window = viewer.window._qt_window
    for side in (
        viewer.window._qt_viewer.dockLayerList,
        viewer.window._qt_viewer.dockLayerControls,
    ):
        side.hide()
    window.resize(WIDTH, HEIGHT)
    _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    _, dock = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Daughters", tabify=True)
    review.form.who.setText("Ann")
    review.open_project(made)
    wait(lambda: dock.pairs is not None)
    review.desk.goes_on = False
    QTest.mouseClick(dock.find_button, Qt.MouseButton.LeftButton)
    wait(lambda: dock.pairs.proposals is not None)
    host = dock.parent()
    host.raise_()
    window.resizeDocks([host], [DOCK], Qt.Orientation.Horizontal)
    shots = []
    for theme in ("dark", "light"):
        get_settings().appearance.theme = theme
        QTest.qWait(2500)
        whole = window.grab()
        shots.append(whole if theme == "dark" else whole.copy(host.x(), 0, host.width(), HEIGHT))
    save(shots, out)
    review.close_project()
    get_settings().appearance.theme = "dark"
    viewer.close()


def project(folder: Path) -> Path:
    """A project of the organoid, classified by the default model."""
    from napari_cellcycle import classify, open_image, open_labels
    from napari_cellcycle.project import Project

    image, labels = (
        open_image(DATA / f"{NAME}.ome.tif"),
        open_labels(DATA / f"{NAME}_nuclei_labels.ome.tif"),
    )
    found = classify(image, labels)
    with Project.create(folder / "organoid", who="Ann") as made:
        channels = {"channels": dict(found.channels)}
        number = made.images.add(image, labels, cells=found.cells, settings=channels).number
        made.predictions.add_classification(number, found)
    return made.folder


def wait(until: Callable[[], Any]) -> None:
    """Let Qt work until something holds."""
    while not until():
        QTest.qWait(50)


if __name__ == "__main__":
    main()
