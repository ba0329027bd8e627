"""Time of the main thread that the gallery, the table and the panel of Review take.

    xvfb-run -a -s "-screen 0 1366x768x24" uv run --extra all python benchmarks/bench_gallery.py

Real crops of HeLa nuclei (MitoCheck), repeated to as many cells as are asked for. Every figure is
the median and the slowest of what was timed, in milliseconds of CPU time of the main thread; only
the last line but one is of the clock on the wall. Prints Markdown. Milliseconds depend on the
machine; what matters is that they hardly grow with the number of cells.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from napari.settings import get_settings
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from review_cells import mitocheck

from napari_cellcycle._qt.review.cell.cell_panel import CellPanel
from napari_cellcycle._qt.review.gallery.gallery import Gallery
from napari_cellcycle._qt.review.table.cell_table import CellTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from array_source import ArraySource
    from qtpy.QtWidgets import QWidget

Times = list[float]


def clock(work: Callable[[], object]) -> float:
    """Milliseconds that this thread computes in a call, whatever else the machine does."""
    start = time.thread_time()
    work()
    return 1000 * (time.thread_time() - start)


def frames(widget: QWidget, steps: Iterable[Callable[[], object]], pause: int = 0) -> Times:
    """Time each step with what is drawn after it; events in between are not counted."""
    times = []
    for step in steps:
        if pause:
            QTest.qWait(pause)

        def frame(step: Callable[[], object] = step) -> None:
            step()
            widget.repaint()

        times.append(clock(frame))
    return times


def gallery_times(source: ArraySource, size: tuple[int, int], tile: int) -> dict[str, Times]:
    """Scrolling and changes in the gallery."""
    found: dict[str, Times] = {}
    made: list[Gallery] = []
    found["open"] = [clock(lambda: made.append(Gallery(source)))]
    gallery = made[0]
    gallery.resize(*size)
    mosaic, view = gallery.mosaic, gallery.mosaic.view
    mosaic.set_tile_size(tile)
    gallery.show()
    QTest.qWait(800)
    bar = mosaic.bar
    wheel = 60  # pixels of a step of a wheel

    def scroll_to(value: int) -> Callable[[], object]:
        return lambda: bar.setValue(value)

    # only what a step of the wheel uncovers is drawn, as Qt asks for it
    rolling = []
    for step in range(1, 200):
        QTest.qWait(15)
        rolling.append(
            clock(
                lambda step=step: (
                    bar.setValue(step * wheel),
                    QApplication.sendPostedEvents(),
                    QApplication.processEvents(),
                )
            )
        )
    found["one step of the wheel, pictures coming in"] = rolling
    found["jump, every tile new, none there"] = frames(
        view, (scroll_to(v) for v in np.linspace(0, bar.maximum(), 60).astype(int).tolist())
    )
    bar.setValue(bar.maximum() // 2)
    QTest.qWait(1500)
    found["everything in sight, tiles known"] = frames(view, (lambda: None for _ in range(100)))

    def redraw() -> None:
        mosaic.tiles.forget()

    found["everything in sight, tiles drawn anew"] = frames(view, (redraw for _ in range(30)))
    members = mosaic.bins.members(0)
    some = members[np.linspace(0, len(members) - 1, 100).astype(int)].tolist()
    found["one cell to another phase"] = frames(
        view, (lambda i=i: source.assign([i], "metaphase") for i in some), pause=1
    )
    many = mosaic.bins.members(0)[: len(members) // 10]
    found[f"{len(many):,} cells to another phase"] = frames(
        view, [lambda: source.assign(many, "anaphase")]
    )
    found["sort by entropy"] = frames(
        view, [lambda: gallery.order.setCurrentIndex(2), lambda: gallery.order.setCurrentIndex(0)]
    )
    found["select 45 % of all"] = frames(
        view, [lambda: source.selection.set(np.flatnonzero(np.arange(len(source)) % 20 < 9))]
    )
    gallery.close_worker()
    gallery.close()
    return found


def table_times(source: ArraySource) -> dict[str, Times]:
    """The table of the same cells."""
    made: list[CellTable] = []
    found = {"open": [clock(lambda: made.append(CellTable(source)))]}
    table = made[0]
    table.resize(700, 600)
    table.show()
    QTest.qWait(200)
    view = table.view.viewport()
    bar = table.view.verticalScrollBar()
    found["scroll, every row new"] = frames(
        view,
        (
            lambda v=v: bar.setValue(v)
            for v in np.linspace(0, bar.maximum(), 60).astype(int).tolist()
        ),
    )
    columns = range(len(table.model.columns))
    found["sort by each column"] = frames(
        view,
        (
            lambda c=c: table.view.sortByColumn(
                c, table.view.horizontalHeader().sortIndicatorOrder()
            )
            for c in columns
        ),
    )

    def find(text: str) -> None:
        table.query.setText(text)
        table.refilter()

    found["find"] = frames(
        view, (lambda t=t: find(t) for t in ("metaphase", "confidence<0.8 -apoptosis", "17", ""))
    )
    found["select 45 % of all"] = frames(
        view, [lambda: source.selection.set(np.flatnonzero(np.arange(len(source)) % 20 < 9))]
    )
    some = range(0, min(1000, len(source)), 20)
    found["one cell to another phase"] = frames(
        view, (lambda i=i: source.assign([i], "metaphase") for i in some)
    )
    table.close()
    return found


def panel_times(source: ArraySource) -> dict[str, Times]:
    """The next cell, from the key to the drawn pictures."""
    panel = CellPanel(source)
    panel.resize(360, 600)
    panel.show()
    QTest.qWait(200)
    whole, own = [], []
    for index in range(100, 200):
        start = time.perf_counter()
        own.append(clock(lambda i=index: (source.selection.go_to(i), panel.sheet.repaint())))
        while panel.loader.get(index) is None:
            QApplication.processEvents()
        panel.sheet.repaint()
        whole.append(1000 * (time.perf_counter() - start))
    panel.close_worker()
    panel.close()
    return {"next cell, until its views are drawn (wall)": whole, "of it before the views": own}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, nargs="+", default=[2_000, 50_000, 100_000])
    parser.add_argument("--tile", type=int, default=64)
    parser.add_argument("--size", type=int, nargs=2, default=(1366, 700))
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("NAPARI_CELLCYCLE_DATA", default))
    parser.add_argument("--data", type=Path, default=folder)
    options = parser.parse_args()
    get_settings()  # read from the disk once, by the viewer
    app = QApplication.instance() or QApplication([])
    assert app is not None
    columns: list[dict[str, Times]] = []
    for n in options.cells:
        source = mitocheck(options.data, n)
        found = {
            f"gallery: {k}": v for k, v in gallery_times(source, options.size, options.tile).items()
        }
        found |= {f"table: {k}": v for k, v in table_times(source).items()}
        found |= {f"panel: {k}": v for k, v in panel_times(source).items()}
        columns.append(found)
    width, height = options.size
    print(f"{platform.machine()}, window {width} x {height}, tiles of {options.tile} or more")
    print()
    print("| ms: median (slowest) | " + " | ".join(f"{n:,} cells" for n in options.cells) + " |")
    print("| --- |" + " ---: |" * len(options.cells))
    for rows in zip(*(found.items() for found in columns), strict=True):
        cells = [f"{np.median(times):.1f} ({max(times):.1f})" for _, times in rows]
        name = rows[-1][0]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
