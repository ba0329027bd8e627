"""Time that "Curate" takes with 100,000 cells, from the end of a gesture to what is drawn of it.

    xvfb-run -a -s "-screen 0 1366x768x24" uv run --extra all python benchmarks/bench_curate_dock.py

The project is that of ``bench_review_dock.py``: real crops planted in a movie of ten frames. Its
measures are drawn at random around sizes that fit the phases, as measuring 100,000 cells takes more
than an hour. Review is open beside Curate, with its gallery in sight. A gesture has ended when its
cells are the selection, the queue, and ringed in the canvas, and everything is drawn. Times of the
main thread are CPU times; what a person waits for is told by the clock on the wall.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench_review_dock import Dock, Times, new_project, publish_sizes, roll, until
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from tables import note, options, parsed

from napari_cellcycle.cells.measures.measurements import Measurements
from napari_cellcycle.cells.measures.measures import NAMES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review

if TYPE_CHECKING:
    from collections.abc import Callable

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def give_measures(folder: Path) -> None:
    """Keep made-up measures of all cells in a project."""
    random = np.random.default_rng(0)
    with Project.open(folder, who="Ann") as project:
        review = Review(project)
        cells, n = review.cells, len(review)
        divides = review.shown.phase > 0
        values = np.full((n, len(NAMES)), np.nan)
        columns = {
            "volume": np.exp(random.normal(5.5, 0.3, n) - 0.6 * divides),
            "dna_volume": np.exp(random.normal(5, 0.35, n) - 0.8 * divides),
            "sphericity": np.clip(random.normal(0.85, 0.05, n) - 0.15 * divides, 0.1, 1),
            "dna_content": 3000 * (1 + (random.random(n) < 0.3)) * random.normal(1, 0.08, n),
            "condensation": random.normal(0.4, 0.05, n) + 0.15 * divides,
        }
        for name, column in columns.items():
            values[:, NAMES.index(name)] = column
        project.measured.put(review.image, 0, Measurements(cells, values, is_2d=True))


class Pair(Dock):
    """Curate and Review of a viewer, and gestures on them that are timed."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.open(folder)
        bench = self.widget.bench
        bench.tabs.setCurrentWidget(bench.gallery)
        window = self.viewer.window
        for dock in (window._qt_viewer.dockLayerList, window._qt_viewer.dockLayerControls):
            dock.hide()
        QTest.qWait(1000)

    def open_curate(self) -> dict[str, float]:
        """Open Curate, until its plot is drawn and suspects are known."""
        self.watch.start()
        dock, self.curate = self.viewer.window.add_plugin_dock_widget("napari-cellcycle", "Curate")
        self.viewer.window._qt_window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        until(lambda: self.curate.bench.finding.measurements is not None, "the measures")
        self.settle()
        return self.watch.stop()

    def settle(self) -> None:
        """Handle events until nothing that a gesture has begun is left."""
        bench, desk = self.curate.bench, self.desk
        timers = (bench.picks._soon, bench._coloring, bench.marks._soon, bench.scatter._soon)
        until(
            lambda: not (desk._counting or any(timer.isActive() for timer in timers)), "the gesture"
        )
        for _ in range(3):
            QApplication.processEvents()

    def gesture(self, work: Callable[[], object]) -> dict[str, float]:
        """Time a gesture until it is drawn everywhere."""
        QTest.qWait(400)
        self.watch.start()
        work()
        self.settle()
        return self.watch.stop()

    def at(self, across: float, down: float) -> QPoint:
        """A place in the frame of the scatter."""
        frame = self.curate.bench.scatter.frame
        x, y = frame.left() + across * frame.width(), frame.top() + down * frame.height()
        return QPoint(round(x), round(y))

    def draw_around(self, share: float) -> Callable[[], object]:
        """Draw a lasso around the middle of the plot; only letting go is left to be done."""
        scatter = self.curate.bench.scatter
        turn = np.linspace(0, 2 * np.pi, 60)
        corners = [self.at(0.55 + share * np.cos(t), 0.45 + share * np.sin(t)) for t in turn]
        QTest.mousePress(scatter, LEFT, NONE, corners[0])
        for corner in corners:
            QTest.mouseMove(scatter, corner)
            QApplication.processEvents()
        return lambda: QTest.mouseRelease(scatter, LEFT, NONE, corners[-1])

    def roll(self, steps: int) -> None:
        """Turn the wheel over the middle of the plot."""
        roll(self.curate.bench.scatter, QPointF(self.at(0.5, 0.5)), steps)


def measure(folder: Path, repeat: int) -> dict[str, Times]:
    """All gestures on a project."""
    pair = Pair(folder)
    note("Curate")
    found: dict[str, Times] = {"open Curate, to its plot": [pair.open_curate()]}
    pair.watch.start()
    bench, desk = pair.curate.bench, pair.desk
    until(lambda: not bench.finding.is_running, "the suspects", 600)
    found["then find suspects, in the background"] = [pair.watch.stop()]
    QTest.qWait(2000)
    for share in (0.03, 0.12, 0.45):
        note(f"lasso {share}")
        times: Times = []
        for _ in range(repeat):
            times.append(pair.gesture(pair.draw_around(share)))
        n = int(desk.queue.count)
        assert n == desk.source.selection.mask.sum() > 1
        assert len(bench.marks.layer.data)
        found[f"draw around {n:,} cells"] = times
        found[f"let go of {n:,}"] = [
            pair.gesture(lambda: QTest.keyClick(bench.scatter, Qt.Key.Key_Escape))
        ]
        assert desk.queue.chosen is None
    note("plot")
    found["zoom by a step"] = [
        pair.gesture(lambda i=i: pair.roll(1 if i % 2 else -1)) for i in range(2 * repeat)
    ]
    found["click a point"] = [
        pair.gesture(lambda i=i: bench.scatter.pointed.emit(int(desk.queue.rows[50 * i])))
        for i in range(repeat)
    ]
    bench.scatter.reset_view()
    pair.widget.bench.goes_on.setChecked(False)
    words: Times = []
    for i in range(repeat):
        pair.widget.bench.setFocus()
        words.append(pair.gesture(lambda i=i: pair.press(f"{2 + i % 3}")))
    found["say a phase of one cell"] = words
    found["choose another measure"] = [
        pair.gesture(lambda name=name: bench.bar.boxes["y"].choose(name))
        for name in ("sphericity", "dna_volume") * 2
    ]
    pair.widget.close_project()
    pair.viewer.close()
    return found


def main() -> None:
    parser = options("curate-dock", __doc__, cells=100_000)
    parser.add_argument("--folder", type=Path, help="where to write (a temporary folder)")
    given = parsed(parser)

    def measured(place: Path, cells: int) -> dict[str, Times]:
        project = new_project(place, given.data, cells)
        give_measures(project)
        return measure(project, 4 if given.quick else 15)

    keys = ("cpu", "block_cpu", "wall")
    publish_sizes(given, 2000 if given.quick else given.cells, measured, keys)


if __name__ == "__main__":
    main()
