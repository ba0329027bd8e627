"""Make docs/images/curate.png: Curate beside Review in the dark theme, and by itself in the light.

Needs a display with OpenGL. Without one:
``xvfb-run -a -s "-screen 0 1366x768x24" python scripts/curate_pictures.py``
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from review_pictures import wait
from side_by_side import save

ROOT = Path(__file__).resolve().parents[1]
LASSO = ((0.02, 0.55), (0.42, 0.5), (0.5, 0.7), (0.46, 0.98), (0.03, 0.98))
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def main() -> None:
    """Simulate, classify, measure, draw around some points, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--cells", type=int, default=120)
    parser.add_argument("--model", default="mitosis-3d")
    args = parser.parse_args()

    import napari

    from napari_cellcycle._qt.launch import launch
    from napari_cellcycle.classify import classify
    from napari_cellcycle.simulate import simulate_field

    field = simulate_field(n_cells=args.cells, seed=3)
    found = classify(field.stack, field.nuclei, model=args.model)
    viewer = napari.Viewer(show=True, show_welcome_screen=False)
    viewer.window.resize(1366, 768)
    viewer.theme = "dark"
    launch(field.stack, found, viewer=viewer, block=False)
    _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    with tempfile.TemporaryDirectory() as folder:
        review.form.who.setText("Ann")
        review.form.choose_place(Path(folder) / "simulated.cellcycle")
        QTest.mouseClick(review.form.start, LEFT)
        wait(lambda: review.bench is not None)
        dock, curate = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Curate")
        window = viewer.window._qt_window
        window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        canvas = viewer.window._qt_viewer
        for other in (canvas.dockLayerList, canvas.dockLayerControls):
            other.hide()
        window.resizeDocks([dock], [400], Qt.Orientation.Horizontal)
        wait()
        bench = curate.bench
        QTest.mouseClick(bench.progress.start, LEFT)
        wait(lambda: bench.finding.suspects is not None)
        draw_around(bench.scatter)
        review.bench.tabs.setCurrentWidget(review.bench.gallery)
        wait()
        shots = [window.grab()]
        viewer.theme = "light"
        bench.tabs.setCurrentWidget(bench.report)
        wait()
        corner = dock.mapTo(window, dock.rect().topLeft())
        light = window.grab()
        shots.append(light.copy(corner.x(), 0, dock.width(), light.height()))
        save(shots, args.out / "curate.png")
        review.close_project()
        viewer.close()


def draw_around(scatter: Any) -> None:
    """Draw a lasso with the mouse."""
    frame = scatter.frame
    corners = [
        QPoint(round(frame.left() + x * frame.width()), round(frame.top() + y * frame.height()))
        for x, y in LASSO
    ]
    QTest.mousePress(scatter, LEFT, NONE, corners[0])
    for start, end in itertools.pairwise(corners):
        for share in np.linspace(0, 1, 12)[1:]:
            QTest.mouseMove(scatter, start + (end - start) * float(share))
            QApplication.processEvents()
    QTest.mouseRelease(scatter, LEFT, NONE, corners[-1])


if __name__ == "__main__":
    main()
