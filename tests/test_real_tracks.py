"""A real film from pixels to durations: segmented, classified, linked by overlap, smoothed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from real_tracks import film

from napari_cellcycle.cells import read_tracks
from napari_cellcycle.image import open_image
from napari_cellcycle.project import Project
from napari_cellcycle.review import (
    Review,
    cells_table,
    find_jumps,
    smooth_predictions,
    timing_of,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_film_of_dividing_nuclei(data_dir: Path, tmp_path: Path) -> None:
    found, tracks = film(data_dir)
    cells = found.cells
    rows = zip(cells.label, cells.frame, tracks.track, strict=True)
    lines = [f"{a},{b},{c},{tracks.parents.get(int(c), '')}" for a, b, c in rows]
    table = tmp_path / "tracks.csv"
    table.write_text("\n".join(["label,frame,track,parent", *lines]), "utf-8")
    with Project.create(tmp_path / "film", who="Ann") as project:
        image = open_image(data_dir / "h2b_movie_2d.ome.tif")
        project.images.add(image, found.segmentation, cells=cells)
        project.predictions.add_classification(1, found)
        project.tracked.put(1, read_tracks(table, cells), name=table.name)
        tracking = project.tracked.get(1)
        assert tracking is not None
        assert tracking.tracks.parents == tracks.parents
        review = Review(project)
        np.testing.assert_array_equal(cells_table(review)["track"], tracks.track)

        jumps = find_jumps(review, tracking)
        assert len(jumps) > 0
        assert (np.diff(cells.frame[jumps], axis=1) > 0).all()
        smoothed = smooth_predictions(review, tracking.tracks)
        assert "which is most likely" in smoothed.predictions.notes[0]
        review.show(smoothed.predictions.id)
        assert len(find_jumps(review, tracking)) == 0

        timing = timing_of(review, tracking)
        known = {child for child in tracks.parents if (tracks.track == child).any()}
        assert len(timing.divisions) >= len({tracks.parents[child] for child in known})
        mitosis = next(d for d in timing.durations if d.slug == "mitotic")
        assert mitosis.survival.complete > 0
        assert timing.cells.sum() == len(cells)
