"""Tracks kept in a project: they follow their cells, and older ones stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import field_labels, layer_field, make_project
from films import make_film, predict_film

from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import ProjectError, TrackError
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, cells_table, revise
from napari_cellcycle.review.daughters.merging import Merging

if TYPE_CHECKING:
    from pathlib import Path

TRACK = np.array([4, 5, -1, *range(6, 15)])


def test_the_newest_tracks_hold_and_are_there_again(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        assert project.tracked.get(1) is None
        assert cells_table(Review(project))["track"].isna().all()
        project.tracked.put(1, Tracks(np.arange(12), {}), name="first")
        project.tracked.put(1, Tracks(TRACK, {6: 4}, lost=2), name="second", frame_minutes=2.5)
    with Project.open(project.folder, who="Bea") as project:
        found = project.tracked.get(1)
        assert found is not None
        assert (found.name, found.who, found.frame_minutes) == ("second", "Ann", 2.5)
        assert found.tracks.track.tolist() == TRACK.tolist()
        assert (found.tracks.parents, found.tracks.lost) == ({6: 4}, 2)
        column = cells_table(Review(project))["track"]
        assert column.dtype == "Int64"
        assert column.isna().tolist() == (TRACK < 0).tolist()
        assert column.dropna().tolist() == TRACK[TRACK >= 0].tolist()


def test_tracks_follow_repaired_cells(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        project.tracked.put(1, Tracks(TRACK, {6: 4}))
        edited = field_labels()
        edited[edited == 1] = 20  # another number
        edited[edited == 2] = 0  # gone
        revise(project, 1, layer_field()[1], Segmentation(edited, "nucleus", "edited"))
        found = project.tracked.get(1)
        assert found is not None
        cells = Review(project).cells
        track_of = dict(zip(cells.label.tolist(), found.tracks.track.tolist(), strict=True))
        assert track_of == {**{i + 1: int(TRACK[i]) for i in range(2, 12)}, 20: 4}
        assert found.tracks.lost == 1


def test_daughters_that_are_one_cell_are_on_their_mother_s_track(tmp_path: Path) -> None:
    with make_film(tmp_path) as project:
        review = predict_film(project)
        cells = review.cells
        track = np.where(cells.frame < 3, cells.label - 1, cells.label + 3)
        track[(cells.frame < 3) & (cells.label == 2)] = -1
        project.tracked.put(1, Tracks(track, {4: 0, 5: 0}))
        Merging(project, 1).merge(3, [1, 2])
        review.reload()
        found = project.tracked.get(1)
        assert found is not None
        at = review.row_of(3, 1)
        assert found.tracks.track[at] == 0
        assert found.tracks.lost == 0
        assert cells_table(review)["track"][at] == 0
        Merging(project, 1).undo()
        again = project.tracked.get(1)
        assert again is not None
        assert again.tracks.track.tolist() == track.tolist()


def test_strangers_that_are_one_cell_are_on_the_longer_track(tmp_path: Path) -> None:
    with make_film(tmp_path) as project:
        cells = predict_film(project).cells
        track = np.where(cells.label == 1, 7, 8)
        track[(cells.frame < 2) & (cells.label == 1)] = -1
        project.tracked.put(1, Tracks(track, {}))
        Merging(project, 1).merge(4, [1, 2])
        found = project.tracked.get(1)
        assert found is not None
        assert found.tracks.track[Review(project).row_of(4, 1)] == 8
        # tracks that are given now are of the merged cell
        project.tracked.put(1, found.tracks)
        given = project.tracked.get(1)
        assert given is not None
        assert given.tracks.track.tolist() == found.tracks.track.tolist()


def test_by_default_a_frame_lasts_what_the_image_states(tmp_path: Path) -> None:
    tracks = Tracks(np.arange(16), {})
    with make_film(tmp_path, minutes=7.5) as project:
        assert project.tracked.stated_minutes(1) == 7.5
        project.tracked.put(1, tracks)
    with Project.open(project.folder, who="Bea") as project:
        for said, expected in (({}, (7.5, True)), ({"frame_minutes": 4.0}, (4, False))):
            given = project.tracked.put(1, tracks, **said)
            for found in (given, project.tracked.get(1)):
                assert found is not None
                assert (found.frame_minutes, found.is_stated) == expected
        found = project.tracked.put(1, tracks, frame_minutes=None)
        assert (found.frame_minutes, found.is_stated) == (None, False)


def test_what_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        with pytest.raises(TrackError, match=r"are of 3 cells, and .* has 12"):
            project.tracked.put(1, Tracks(np.arange(3), {}))
        for minutes in (0, float("inf"), float("nan")):
            with pytest.raises(TrackError, match=f"last {minutes:g} minutes"):
                project.tracked.put(1, Tracks(TRACK, {}), frame_minutes=minutes)
        project.tracked.put(1, Tracks(TRACK, {}))
        (file,) = (project.folder / "tracks").iterdir()
        file.write_bytes(b"no")
        with pytest.raises(ProjectError, match="missing or damaged"):
            project.tracked.get(1)
        file.unlink()
    with (
        Project.open(project.folder, who="Bea", read_only=True) as project,
        pytest.raises(ProjectError, match="looked at only"),
    ):
        project.tracked.put(1, Tracks(TRACK, {}))
