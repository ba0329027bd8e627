"""Time that "Review cells" takes with 100,000 cells, from a key to the end of its handling.

    xvfb-run -a -s "-screen 0 1366x768x24" uv run --extra all python benchmarks/bench_review_dock.py

Real crops of HeLa nuclei (MitoCheck), half their size, planted in a movie of ten frames that is
written to the disk; three prediction sets with probabilities drawn at random, and a word on every
tenth cell. The dock is that of a napari viewer. Times of the main thread are CPU times, so that
other work on the machine is not in them; what a person waits for is told by the clock on the wall.
A block is the longest time without an event of Qt.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from planted import plant
from qtpy.QtCore import QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from tables import markdown, note, options, parsed, publish

from napari_cellcycle._qt.warm import warm_up
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.content import measure_population
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.models.catalogue import list_models
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import MITOSIS_2D
from napari_cellcycle.project import Project
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review import Review
from napari_cellcycle.review.orders import BETWEEN_MODELS
from napari_cellcycle.review.sets import sets_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

SETS = 3
FRAMES = 10
MODEL = "mitosis-2d"
PREDICTED = STATUSES.index("predicted")
CTRL = Qt.KeyboardModifier.ControlModifier


class Watch:
    """Main-thread time, time on the wall, and the longest block of a stretch of work."""

    def __init__(self) -> None:
        self.beat = QTimer()
        self.beat.setInterval(1)
        self.beat.timeout.connect(self._tick)

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        self.block = max(self.block, now - self._last)
        self.block_cpu = max(self.block_cpu, cpu - self._last_cpu)
        self._last, self._last_cpu = now, cpu

    def start(self) -> None:
        """Begin."""
        self.block = self.block_cpu = 0.0
        self._began = self._last = time.perf_counter()
        self._cpu = self._last_cpu = time.thread_time()
        self.beat.start()

    def stop(self) -> dict[str, float]:
        """Milliseconds since the start: ``cpu``, ``wall``, ``block`` and ``block_cpu``."""
        self._tick()
        self.beat.stop()
        return {
            "wall": 1e3 * (self._last - self._began),
            "cpu": 1e3 * (self._last_cpu - self._cpu),
            "block": 1e3 * self.block,
            "block_cpu": 1e3 * self.block_cpu,
        }


Times = list[dict[str, float]]


def until(done: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Handle events until something is so; sleep where there are none, as a viewer does."""
    end = time.perf_counter() + seconds
    while not done():
        QTest.qWait(1)
        if time.perf_counter() > end:
            raise TimeoutError(f"waited too long for {what}")


def new_project(folder: Path, data: Path, n: int) -> Path:
    """Files of an image and its labels, and a project of them."""
    field = plant(data, n, frames=FRAMES, step=2)
    spacing = Spacing(1, 1, 1, "cell-size")
    image = write_stack(field.stack, folder / "nuclei.ome.tif")
    labels = write_labels(field.segmentation, folder / "labels.ome.tif")
    cells = cell_table(field.segmentation, spacing, image=image.name)
    random = np.random.default_rng(0)
    (card,) = (entry.card for entry in list_models() if entry.name == MODEL)
    code = {slug: i for i, slug in enumerate(MITOSIS_2D.slugs)}
    truth = np.array([code[slug] for slug in field.phases.ravel()])[: len(cells)]
    # as a run over the image would find it, from one frame
    one = cells.select(np.flatnonzero(cells.frame == 0))
    typical = measure_population(
        [field.stack.volume(0, 0)], [field.segmentation.volume(0)], one, card.recipe
    )
    with Project.create(folder / "nuclei.cellcycle", who="Ann") as project:
        number = project.images.add(
            open_image(image),
            replace(open_labels(labels), labels_are="nucleus"),
            cells=cells,
            settings={"channels": {"dna": 0}},
        ).number
        for i in range(SETS):
            sure = random.beta(30, 0.05, len(cells)) * 0.75 + 0.25
            level1 = np.full((len(cells), 1, len(code)), 0.0)
            level1 += ((1 - sure) / (len(code) - 1))[:, None, None]
            level1[np.arange(len(cells)), 0, truth] = sure
            sha = str(i) * 64
            project.set_parameter(f"recipe/{sha}", card.recipe.to_dict())
            project.set_parameter(f"population/{number}/{sha}", asdict(typical))
            project.predictions.add(
                number,
                cells,
                decide(level1, None, ("z",)),
                model=f"{MODEL} {i}",
                model_sha256=sha,
                phases=MITOSIS_2D,
            )
        review = Review(project)
        review.say(random.choice(len(cells), len(cells) // 10, replace=False), "anaphase")
        return project.folder


class Dock:
    """ "Review cells" of a viewer, and gestures on it that are timed."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(show=True, show_welcome_screen=False)
        self.viewer.window._qt_window.resize(1366, 768)
        _, self.widget = self.viewer.window.add_plugin_dock_widget(
            "napari-cellcycle", "Review cells"
        )
        self.widget.form.who.setText("Ann")
        self.watch = Watch()
        self.widget.activateWindow()
        until(self.widget.isActiveWindow, "the window")
        # a person chooses a folder now; what takes long the first time is done meanwhile
        until(lambda: not warm_up("read").is_alive(), "what takes long the first time")
        QTest.qWait(1000)

    @property
    def desk(self) -> Any:
        """The desk of the open review."""
        return self.widget.desk

    def open(self, folder: Path) -> dict[str, float]:
        """Open a project, until the pictures of its first cell are drawn."""
        self.watch.start()
        self.widget.open_project(folder)
        until(lambda: self.widget.bench is not None, "the project")
        self.wait_for_views()
        took = self.watch.stop()
        QTest.qWait(2500)
        return took

    def wait_for_views(self) -> None:
        """Handle events until the views of the cell at hand are drawn."""
        panel = self.widget.bench.panel
        until(lambda: panel.loader.get(self.desk.current) is not None, "the views")
        QApplication.processEvents()

    def press(self, key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key in the dock."""
        QTest.keyClick(self.widget.bench, key, modifier)

    def timed(self, work: Callable[[], object], settle: int = 1200) -> dict[str, float]:
        """Time a gesture with the events that follow at once, then what follows later."""
        self.widget.bench.setFocus()
        QApplication.processEvents()
        self.watch.start()
        work()
        QApplication.processEvents()
        took = self.watch.stop()
        self.watch.start()
        QTest.qWait(settle)
        took["later"] = self.watch.stop()["block_cpu"]
        return took

    def batch(self, work: Callable[[], object], done: Callable[[], bool]) -> dict[str, float]:
        """Time a gesture on many cells until its end, and until nothing follows any more."""
        self.widget.bench.setFocus()
        QApplication.processEvents()
        self.watch.start()
        work()
        until(done, f"the batch; {self.widget.bench.message.text()}")
        QApplication.processEvents()
        took = self.watch.stop()
        self.watch.start()
        QTest.qWait(2000)
        took["later"] = self.watch.stop()["block_cpu"]
        return took


def measure(folder: Path, repeat: int) -> dict[str, Times]:
    """All gestures on a project."""
    dock = Dock()
    found = {"open, to the first cell and its views": [dock.open(folder)]}
    desk, bench = dock.desk, dock.widget.bench
    bench.goes_on.setChecked(False)

    def judged() -> int:
        return int(len(desk.review) - desk.review.status_counts[PREDICTED])

    note("words")
    correct, undo, ahead = [], [], []
    before = judged()
    for i in range(repeat):
        while desk.review.status[desk.current] != PREDICTED:  # the same word again is no action
            dock.press(Qt.Key.Key_D)
            dock.wait_for_views()
        correct.append(dock.timed(lambda key=f"{2 + i % 3}": dock.press(key)))
        undo.append(dock.timed(lambda: dock.press(Qt.Key.Key_Z, CTRL)))
        dock.press(Qt.Key.Key_D)
        dock.wait_for_views()
    assert judged() == before
    found["correct one cell"], found["undo it"] = correct, undo
    note("next cell")
    for _ in range(repeat):
        ahead.append(dock.timed(lambda: (dock.press(Qt.Key.Key_D), dock.wait_for_views()), 600))
    found["next cell, its views drawn"] = ahead
    note("batches")
    some = np.flatnonzero(desk.review.status == PREDICTED)[: len(desk.review) // 10]
    desk.source.selection.set(some)
    QTest.qWait(500)

    def batch(name: str, key: Any, modifier: Any, change: int) -> None:
        before = judged()
        took = dock.batch(lambda: dock.press(key, modifier), lambda: judged() == before + change)
        found[name] = [took]

    plain, shift = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
    batch(f"say a phase of {len(some):,} cells", Qt.Key.Key_3, plain, len(some))
    batch("undo that", Qt.Key.Key_Z, CTRL, -len(some))
    desk.go_to(int(desk.review.confident("non-mitotic", 0.99)[0]))
    QTest.qWait(500)
    sure = len(desk.sure_rows())
    batch(f"accept {sure:,} cells above 0.99", Qt.Key.Key_Return, shift, sure)
    batch("undo that ", Qt.Key.Key_Z, CTRL, -sure)
    note("prediction sets")
    ids = [given.id for given in sets_of(desk.review)]
    found["show another prediction set"] = [
        dock.timed(lambda given=given: bench.sets.shown.choose(given))
        for given in (*ids[1:], ids[0], *ids[1:])
    ]
    found["sort by the disagreement of two models"] = [
        dock.timed(lambda: bench.queue.order.choose(BETWEEN_MODELS))
    ]
    note("gallery")
    bench.tabs.setCurrentWidget(bench.gallery)
    QTest.qWait(1500)
    mosaic = bench.gallery.mosaic
    middle = QPointF(mosaic.view.rect().center())
    rolling = []
    for _ in range(4 * repeat):
        QTest.qWait(15)
        rolling.append(dock.timed(lambda: roll(mosaic.view, middle, -1), 0))
    found["gallery: a step of the wheel"] = rolling
    dock.widget.close_project()
    dock.viewer.close()
    return found


def roll(view: Any, at: QPointF, steps: int) -> None:
    """Turn the wheel over a point of a widget; away from oneself if positive."""
    event = QWheelEvent(
        at, QPointF(view.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def of(times: Times, key: str) -> str:
    """Median and the slowest."""
    values = [took[key] for took in times if key in took]
    if not values:
        return ""
    middle = f"{np.median(values):.1f}"
    return f"{middle} ({max(values):.1f})" if len(values) > 1 else middle


COLUMNS = {
    "cpu": "main thread",
    "block_cpu": "longest block",
    "wall": "on the wall",
    "later": "longest block later",
}
"""What a table of gestures tells, by the key of a time."""


def publish_sizes(
    given: Namespace, n: int, measured: Callable[[Path, int], dict[str, Times]], keys: Sequence[str]
) -> None:
    """Measure all gestures with a tenth of the cells and with all, and write their table.

    Parameters
    ----------
    given : Namespace
        Its ``folder`` is where to write.
    n : int
        Number of cells.
    measured : callable
        From an empty folder and a number of cells to the times of each gesture.
    keys : sequence of str
        Of :data:`COLUMNS`.
    """
    columns = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for cells in (n // 10, n):
            place = Path(folder) / str(cells)
            place.mkdir()
            note(f"{cells} cells")
            columns.append(measured(place, cells))
    small, large = columns
    rows = []
    for few, many in zip(small, large, strict=True):
        before, after = (
            float(np.median([t["cpu"] for t in times])) for times in (small[few], large[many])
        )
        told = (of(large[many], key) for key in keys)
        rows.append((many.strip(), *told, of(small[few], "cpu"), f"{after / before:.1f}"))
    first = f"main thread, {n // 10:,} cells"
    head = (f"{n:,} cells, ms", *(COLUMNS[key] for key in keys), first, "ratio")
    publish(given, "Median, and in brackets the slowest.", markdown(head, rows))


def main() -> None:
    parser = options("review-dock", __doc__, cells=100_000)
    parser.add_argument("--folder", type=Path, help="where to write (a temporary folder)")
    given = parsed(parser)

    def measured(place: Path, cells: int) -> dict[str, Times]:
        return measure(new_project(place, given.data, cells), 5 if given.quick else 20)

    publish_sizes(given, 1000 if given.quick else given.cells, measured, tuple(COLUMNS))


if __name__ == "__main__":
    main()
