"""How long a person waits at the start of a session with napari, in new processes.

    xvfb-run -a -s "-screen 0 1366x768x24" uv run --extra all python benchmarks/bench_start.py

Each session is a process of its own: napari is opened, then "Classify cells" beside it; an image of
20 nuclei (organoid, 3D, two channels) and its labels are opened; Run is clicked. Files of the
packages have been read before, so that the disk has no part in it. ``--pause`` is how long the
person looks at the image before she clicks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tables import markdown, note, options, parsed, publish

STEPS = {
    "napari": "napari itself: import, empty viewer on the screen",
    "dock": "then the first widget, Classify cells",
    "image": "then the image and its labels",
    "first": "from Run to the first phases on the screen",
    "all": "from Run to the end",
    "again": "Run once more, to the first phases",
}
MARKS = {"dock": "1.5 s", "first": "3 s"}


def session(data: Path, pause: float) -> dict[str, tuple[float, float]]:
    """Be a person who opens napari and clicks Run; seconds on the wall, and of computing."""
    clocks = [time.perf_counter(), time.process_time()]
    told: dict[str, tuple[float, float]] = {}

    def lap(name: str, since: list[float] | None = None) -> None:
        now = [time.perf_counter(), time.process_time()]
        wall, cpu = (b - a for a, b in zip(since or clocks, now, strict=True))
        told[name] = (wall, cpu)
        clocks[:] = [time.perf_counter(), time.process_time()]

    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    def drawn() -> None:
        QApplication.processEvents()
        viewer.window._qt_window.repaint()
        QApplication.processEvents()

    viewer = napari.Viewer(show=True)
    QTest.qWaitForWindowExposed(viewer.window._qt_window, 5000)
    drawn()
    lap("napari")
    _, dock = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Classify cells")
    drawn()
    lap("dock")
    name = "organoid_h2b_membrane_3d_t301"
    from napari_cellcycle._qt.layers import add_segmentation, add_stack
    from napari_cellcycle.image import open_image, open_labels

    stack = open_image(data / f"{name}.ome.tif")
    assert stack.spacing is not None
    add_stack(viewer, stack, stack.spacing)
    labels = open_labels(data / f"{name}_nuclei_labels.ome.tif")
    add_segmentation(viewer, labels, stack.spacing)
    drawn()
    lap("image")

    def run(first: str, end: str | None) -> None:
        before = len(viewer.layers)
        painted: list[bool] = []
        dock._job.stepped.connect(lambda batch: painted.append(bool(len(batch.indices))))
        begun = [time.perf_counter(), time.process_time()]
        QTest.mouseClick(dock.progress.start, Qt.MouseButton.LeftButton)
        assert dock.is_running, dock.message.text()
        while not any(painted):
            QTest.qWait(5)
            assert dock.is_running or any(painted), dock.message.text()
        drawn()
        assert len(viewer.layers) >= before
        lap(first, begun)
        while dock.is_running:
            QTest.qWait(5)
        drawn()
        if end:
            lap(end, begun)

    QTest.qWait(int(1000 * pause))
    run("first", "all")
    run("again", None)
    viewer.close()
    return told


def main() -> None:
    parser = options("start", __doc__, sessions=7)
    parser.add_argument("--pause", type=float, default=2.0, metavar="S", help="before Run (2)")
    parser.add_argument("--one", action="store_true", help="be one session")
    given = parsed(parser)
    if given.one:
        print(json.dumps(session(given.data, given.pause)))
        return
    n = 1 if given.quick else given.sessions
    found: list[dict[str, tuple[float, float]]] = []
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "NAPARI_CONFIG": "", "NAPARI_CELLCYCLE_HOME": home}
        words = [sys.executable, __file__, "--one", "--data", str(given.data)]
        for turn in range(n + 1):
            note(f"session {turn} of {n}" if turn else "one to read the disk")
            done = subprocess.run(
                [*words, "--pause", str(given.pause)],
                env=env, check=True, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            if turn:
                found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    rows = []
    for key, about in STEPS.items():
        wall, cpu = (np.array([told[key][i] for told in found]) for i in (0, 1))
        rows.append(
            (
                about,
                f"{np.median(wall):.2f} ({wall.min():.2f}–{wall.max():.2f})",
                f"{np.median(cpu):.2f}",
                MARKS.get(key, ""),
            )
        )
    head = ("step", "seconds on the wall", "of computing", "asked")
    looking = f"{given.pause:g} s of looking before Run."
    about = f"Median of {n} sessions, with the fastest and the slowest; {looking}"
    publish(given, about, markdown(head, rows))


if __name__ == "__main__":
    main()
