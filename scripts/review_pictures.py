"""Make docs/images/review.png, review-gallery.png and review-cell.png: Review with real cells.

Needs the data sets and a display with OpenGL. Without one:
``xvfb-run -a -s "-screen 0 1366x768x24" python scripts/review_pictures.py``
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QDir, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from side_by_side import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtGui import QPixmap

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
PICTURES = ("review", "review-gallery", "review-cell")
ORGANOID = "organoid_h2b_membrane_3d_t302"


def main() -> None:
    """Show the widgets in both themes, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--model", default="mitosis-3d")
    parser.add_argument("--only", choices=PICTURES, action="append", help="make only this one")
    args = parser.parse_args()
    app = QApplication([])
    app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)

    from napari.resources._icons import _theme_path
    from review_cells import mitocheck, organoid

    for name in ("dark", "light"):
        QDir.addSearchPath(f"theme_{name}", str(_theme_path(name)))
    themes = ("dark", "light")
    wanted = args.only or PICTURES
    if "review-gallery" in wanted:
        nuclei = mitocheck(args.data)
        save([gallery(nuclei, theme) for theme in themes], args.out / "review-gallery.png")
    if "review-cell" in wanted:
        cells = organoid(args.data, model=args.model)
        save([panel(cells, theme) for theme in themes], args.out / "review-cell.png")
    if "review" in wanted:
        save(window(args.data, args.model), args.out / "review.png")


def window(data: Path, model: str) -> list[QPixmap]:
    """The viewer in the dark theme, and the dock beside it in the light one."""
    import napari

    from napari_cellcycle._qt.launch import launch
    from napari_cellcycle.classify import classify
    from napari_cellcycle.image import open_image, open_labels

    image = open_image(data / f"{ORGANOID}.ome.tif")
    labels = open_labels(data / f"{ORGANOID}_nuclei_labels.ome.tif")
    found = classify(image, labels, model=model)
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1366, 768)
    viewer.theme = "dark"
    launch(image, found, viewer=viewer, block=False)
    _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    with tempfile.TemporaryDirectory() as folder:
        review.form.who.setText("Ann")
        review.form.choose_place(Path(folder) / "organoid.cellcycle")
        QTest.mouseClick(review.form.start, Qt.MouseButton.LeftButton)
        wait(lambda: review.bench is not None)
        review.activateWindow()
        wait(review.isActiveWindow)
        review.bench.setFocus()
        for key in "2dto" + "\r" * 4:
            QTest.keyClick(review.bench, key)
        wait()
        shots = [viewer.window._qt_window.grab()]
        viewer.theme = "light"
        wait()
        whole = viewer.window._qt_window.grab()
        dock = review.parentWidget()
        corner = dock.mapTo(viewer.window._qt_window, dock.rect().topLeft())
        shots.append(whole.copy(corner.x(), 0, whole.width() - corner.x(), whole.height()))
        review.close_project()
        viewer.close()
    return shots


def wait(until: Callable[[], bool] = lambda: True) -> None:
    """Let Qt work until something holds, then settle."""
    while not until():
        QTest.qWait(50)
    QTest.qWait(4000)


def gallery(source: object, theme: str) -> QPixmap:
    """The gallery over the table of the same cells."""
    from napari_cellcycle._qt.review.gallery.gallery import Gallery
    from napari_cellcycle._qt.review.table.cell_table import CellTable

    mosaic_and_more, table = Gallery(source), CellTable(source)
    host = hosted((mosaic_and_more, table), theme, (520, 700))
    mosaic = mosaic_and_more.mosaic
    QTest.qWait(1500)
    if theme == "dark":
        first = mosaic.bins.members(0)
        source.assign(first[[1, 4]], "metaphase")
        source.assign(first[[6, 9]], "non-mitotic")
        source.assign(mosaic.bins.members(3)[[0, 3]], "prometaphase")
    place = [phase.slug for phase in source.phases].index("prometaphase")
    mosaic.show_bin(place)
    members = mosaic.bins.members(place)
    source.selection.set(members[[2, 3, 4, 8]], int(members[8]))
    mosaic.show_bin(place)
    QTest.qWait(1500)
    shot = host.grab()
    mosaic_and_more.close_worker()
    host.close()
    return shot


def panel(source: object, theme: str) -> QPixmap:
    """The cell that its axes are least sure of."""
    from napari_cellcycle._qt.review.cell.cell_panel import CellPanel

    source.selection.go_to(int(np.argmax(source.entropy)))
    widget = CellPanel(source)
    host = hosted((widget,), theme, (380, 620))
    QTest.qWait(800)
    shot = host.grab()
    widget.close_worker()
    host.close()
    return shot


def hosted(widgets: tuple[QWidget, ...], theme: str, size: tuple[int, int]) -> QWidget:
    """A window in a theme of the viewer."""
    from napari._qt.qt_resources import get_stylesheet

    host = QWidget()
    host.setStyleSheet(get_stylesheet(theme))
    layout = QVBoxLayout(host) if len(widgets) > 1 else QHBoxLayout(host)
    layout.setContentsMargins(8, 8, 8, 8)
    for place, widget in enumerate(widgets):
        layout.addWidget(widget, 3 - 2 * place)
    host.resize(*size)
    host.show()
    return host


if __name__ == "__main__":
    main()
