"""Make docs/images/tracks.png: the widget Tracks beside a film of nuclei, dark and light.

Needs the data sets and a display with OpenGL. Without one:
``xvfb-run -a -s "-screen 0 1366x768x24" python scripts/tracks_pictures.py``
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import napari
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from side_by_side import save

from napari_cellcycle.image.reading import open_image
from napari_cellcycle.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
TRACK, FRAME, STEP = 18, 7, "anaphase"
"""What is shown, and what is said of it."""


def main() -> None:
    """Classify, track and smooth the film, and save what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = os.environ.get("NAPARI_CELLCYCLE_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "tracks.png")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = film_project(args.data, Path(folder))
        viewer = napari.Viewer(show=True)
        viewer.window.resize(1366, 768)
        viewer.theme = "dark"
        _, review = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
        review.form.who.setText("Ann")
        review.open_project(project)
        wait(lambda: review.desk is not None)
        _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Tracks", tabify=True)
        bench, desk = widget.bench, review.desk
        wait(lambda: bench.tracing.tracking is not None)
        QTest.mouseClick(bench.smooth, Qt.MouseButton.LeftButton)
        wait(lambda: len(desk.project.predictions.sets(1)) == 2 and bench.smooth.isEnabled())
        desk.show_set(desk.project.predictions.sets(1)[0].id)
        desk.go_to(int(bench.tracing.rows_of(TRACK)[FRAME]))
        desk.say(STEP, source="click")
        bench.message.clear()
        QTest.mouseClick(bench.measure, Qt.MouseButton.LeftButton)
        wait(lambda: bool(bench.times.text()))
        QTest.qWait(500)
        shots = [viewer.window._qt_window.grab()]
        viewer.theme = "light"
        QTest.qWait(500)
        whole, dock = viewer.window._qt_window.grab(), widget.parentWidget()
        left = dock.mapTo(viewer.window._qt_window, dock.rect().topLeft()).x()
        shots.append(whole.copy(left, 0, whole.width() - left, whole.height()))
        review.close_project()
        viewer.close()
    save(shots, args.out)


def film_project(data: Path, folder: Path) -> Path:
    """A closed project of the film with its tracks; its nuclei are linked by overlap."""
    from real_tracks import film

    found, tracks = film(data)
    image = open_image(data / "h2b_movie_2d.ome.tif")
    with Project.create(folder / "film", who="Ann") as project:
        number = project.images.add(
            image, found.segmentation, cells=found.cells, settings={"channels": {"dna": 0}}
        ).number
        project.predictions.add_classification(number, found)
        project.tracked.put(number, tracks, name="tracks.csv", frame_minutes=5)
    return project.folder


def wait(until: Callable[[], bool]) -> None:
    """Let the viewer work until something holds."""
    while not until():
        QTest.qWait(50)


if __name__ == "__main__":
    main()
