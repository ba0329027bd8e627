"""Write the fixture of the present version: ``python tests/project/make_fixture.py``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
from fields import layer_field, make_project

from napari_cellcycle.cells.measures.measurements import measure_cells
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.project import Project
from napari_cellcycle.project.schema import SCHEMA
from napari_cellcycle.review import Review
from napari_cellcycle.review.daughters.merging import Merging


def main() -> None:
    target = Path(__file__).parent / "fixtures" / f"version{SCHEMA}.cellcycle"
    with tempfile.TemporaryDirectory() as folder:
        with make_project(Path(folder), "Bob") as project:
            Review(project).say(3, "early-prometaphase")
        with Project.open(project.folder, who="Ann") as project:
            review = Review(project)
            review.say(0, "prophase", note="=looks early")
            review.exclude(1, "debris")
            review.say(3, "prophase")
            review.mark_seen([0, 1, 2])
            review.say(2, "mitotic")
            cells = project.segmentations.cells(1)
            found = measure_cells(*layer_field(), cells, dna=0)
            project.measured.put(1, 0, found)
            tracks = Tracks(np.array([7, -1, *range(8, 18)]), {9: 7})
            project.tracked.put(1, tracks, name="t.csv", frame_minutes=5)
            merging = Merging(project, 1)
            merging.reject(0, [7, 8])
            merging.merge(0, [11, 12])
            merging.undo()
            with project.store.transaction() as changes:
                changes.run("UPDATE session SET host = 'host', process = 1")
        shutil.rmtree(project.folder / "copies")
        (project.folder / "lock.sqlite").unlink()
        shutil.copytree(project.folder, target)


if __name__ == "__main__":
    main()
