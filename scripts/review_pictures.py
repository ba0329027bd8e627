"""Make docs/images/review-gallery.png and review-cell.png: widgets of Review with real cells.

Needs the data sets and a display. Without one:
``xvfb-run -a -s "-screen 0 1366x768x24" python scripts/review_pictures.py``
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QDir, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget
from side_by_side import save

if TYPE_CHECKING:
    from qtpy.QtGui import QPixmap

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))


def main() -> None:
    """Show the widgets in both themes, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--model", default="mitosis-3d")
    args = parser.parse_args()
    app = QApplication([])
    app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)

    from napari.resources._icons import _theme_path
    from review_cells import mitocheck, organoid

    for name in ("dark", "light"):
        QDir.addSearchPath(f"theme_{name}", str(_theme_path(name)))
    nuclei = mitocheck(args.data)
    shots = [gallery(nuclei, theme) for theme in ("dark", "light")]
    save(shots, args.out / "review-gallery.png")
    cells = organoid(args.data, model=args.model)
    save([panel(cells, theme) for theme in ("dark", "light")], args.out / "review-cell.png")


def gallery(source: object, theme: str) -> QPixmap:
    """The gallery over the table of the same cells."""
    from napari_cellcycle._qt.review.cell_table import CellTable
    from napari_cellcycle._qt.review.gallery import Gallery

    mosaic_and_more, table = Gallery(source), CellTable(source)
    host = hosted((mosaic_and_more, table), theme, (520, 700))
    mosaic = mosaic_and_more.mosaic
    mosaic.set_uncertain_below(0.6)
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
    from napari_cellcycle._qt.review.cell_panel import CellPanel

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
