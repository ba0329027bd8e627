"""Tracks from tables of several programs and from layers, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.cells import cell_table
from napari_cellcycle.cells.tracks.track_table import read_tracks
from napari_cellcycle.cells.tracks.tracks import Tracks, tracks_of_labels, tracks_of_points
from napari_cellcycle.errors import TrackError
from napari_cellcycle.image.reading import open_labels
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation

if TYPE_CHECKING:
    from napari_cellcycle.cells.table import CellTable


@pytest.fixture(scope="module")
def cells() -> CellTable:
    """Frame 0 and 1: labels 1 and 2; frame 2: labels 1, 3 and 4, of which 3 and 4 are daughters."""
    labels = np.zeros((3, 1, 20, 40), np.int32)
    labels[:, 0, 4:10, 2:8] = 1
    labels[:2, 0, 4:10, 20:30] = 2
    labels[2, 0, 4:10, 20:24], labels[2, 0, 4:10, 26:30] = 3, 4
    film = Segmentation(labels, "nucleus", "film")
    return cell_table(film, Spacing(1, 1, 1, "isotropic"), image="film")


EXPECTED = [0, 1, 0, 1, 0, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "label,frame,track,parent\n1,0,0,\n1,1,0,\n1,2,0,\n2,0,1,\n2,1,1,\n3,2,2,1\n4,2,3,1\n",
        # laptrack: no parents in the table of points
        "frame,label,track_id,tree_id\n0,1,0,0\n1,1,0,0\n2,1,0,0\n0,2,1,1\n1,2,1,1\n2,3,2,1\n2,4,3,1\n",
        # btrack: a track without a mother is its own
        "ID,t,label,parent\n0,0,1,0\n0,1,1,0\n0,2,1,0\n1,0,2,1\n1,1,2,1\n2,2,3,1\n3,2,4,1\n",
        # btrack by itself: places, a made-up point, and a column that the first line does not name
        "ID t x y z parent root dummy\n0.0 0.0 4.5 6.5 0.0 0.0 0.0 0.0 9.0\n0 1 4.5 6.5 0 0 0 0 9\n"
        "0 2 4.6 6.4 0 0 0 0 9\n1 0 24.5 6.5 0 1 1 0 9\n1 1 24 6.5 0 1 1 0 9\n"
        "1 2 21.5 6 0 1 1 1 9\n"
        "2 2 21.5 6.5 0 1 1 0 9\n3 2 27.5 6.5 0 1 1 0 9\n",
        # a spreadsheet in German
        "\ufefflabel;frame;track;parent;area\n1;0;0;;36,5\n1;1;0;;36\n1;2;0;;36\n2;0;1;;60\n2;1;1;;60\n"
        "3;2;2;1;24\n4;2;3;1;24\n",
    ],
    ids=["plain", "laptrack", "btrack", "btrack by itself", "semicolons"],
)
def test_tables_of_several_programs_are_read(tmp_path: Path, cells: CellTable, text: str) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(text, encoding="utf-8")
    found = read_tracks(path, cells)
    assert found.track.tolist() == EXPECTED
    assert found.parents == ({} if "tree_id" in text else {2: 1, 3: 1})
    assert len(found) == 4
    assert {t: rows.tolist() for t, rows in found.members().items()} == {
        0: [0, 2, 4],
        1: [1, 3],
        2: [5],
        3: [6],
    }


def test_a_layer_of_tracks_is_matched_by_place(cells: CellTable) -> None:
    at = {1: (6.5, 4.5), 2: (6.5, 24.5), 3: (6.5, 21.5), 4: (6.5, 27.5)}
    points = [
        (track, frame, *at[label])
        for track, frame, label in zip(EXPECTED, cells.frame, cells.label, strict=True)
    ]
    found = tracks_of_points([*points, (9, 0, 18.0, 38.0)], cells, {2: [1], 3: 1, 9: [1, 2]})
    assert found.track.tolist() == EXPECTED
    assert (found.parents, found.lost) == ({2: 1, 3: 1}, 1)
    deep = np.insert(np.array(points), 2, 0.0, axis=1)
    assert tracks_of_points(deep, cells).track.tolist() == EXPECTED
    with pytest.raises(TrackError, match=r"the shape \(2, 3\)"):
        tracks_of_points(np.zeros((2, 3)), cells)


def test_points_without_a_cell_are_counted(cells: CellTable) -> None:
    found = tracks_of_labels(cells, [0, 1, 7], [1, 99, 1], [4, 4, 4])
    assert found.lost == 2
    assert found.track.tolist() == [4, *[-1] * 6]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (([0, 0], [1, 1], [4, 5]), "Cell 1 of frame 0 is in two tracks, 4 and 5"),
        (([0, 0], [1, 2], [4, 4]), "Track 4 has 2 cells in frame 0"),
        (([5], [1], [4]), "None of the 1 points of the tracks is a cell of film"),
        (
            ([1, 2, 3], [1, 1, 1], [4, 4, 4]),
            "from 1 to 3, those of the cells to 2: .* Count from 0",
        ),
    ],
)
def test_tracks_that_contradict_themselves_are_refused(cells: CellTable, rows, message) -> None:
    with pytest.raises(TrackError, match=message):
        tracks_of_labels(cells, *rows)


def test_nobody_descends_from_herself() -> None:
    with pytest.raises(TrackError, match="Track 1 descends from itself"):
        Tracks(np.array([0, 1]), {1: 2, 2: 3, 3: 1})
    with pytest.raises(TrackError, match="Track 2 descends from itself"):
        Tracks(np.array([0, 1]), {5: 2, 2: 3, 3: 2})


def test_a_daughter_begins_after_her_mother(cells: CellTable) -> None:
    """Also where the cell in which the mother began is no cell of the table."""
    frame, label, track = [0, 1, 2, 1, 2], [9, 1, 1, 2, 3], [4, 4, 4, 5, 5]
    found = tracks_of_labels(cells, frame, label, track, {5: 4})
    assert (found.parents, found.lost) == ({5: 4}, 1)
    parts = found.divided(cells.frame)  # no cell of the mother is left before
    assert parts.parents == {}
    assert parts.track.tolist() == found.track.tolist()
    late = "Track 5 begins in frame 1, and its parent 4 in frame 1. A daughter begins later"
    with pytest.raises(TrackError, match=late):
        tracks_of_labels(cells, frame[1:], label[1:], track[1:], {5: 4})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("label,frame\n1,0\n", "tracks.csv has no column 'track', only label, frame"),
        ("label,frame,track\n1,0,a\n", "track of row 2 is 'a', which is no whole number"),
        ("label,frame,track\n1,0,0\n1,1.5,0\n", "frame of row 3 is"),
        ("x,frame,track\n1,0,0\n", "no column 'label', .* x and y in pixels do in place of"),
        ("x,y,frame,track\n1,left,0,0\n", "y of row 2 is 'left', which is no number"),
    ],
)
def test_a_table_that_is_none_is_told(
    tmp_path: Path, cells: CellTable, text: str, message: str
) -> None:
    path = tmp_path / "tracks.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TrackError, match=message):
        read_tracks(path, cells)
    with pytest.raises(TrackError, match="There is no file"):
        read_tracks(tmp_path / "none.csv", cells)
    with pytest.raises(TrackError, match="cannot be read as a CSV of tracks"):
        read_tracks(tmp_path, cells)


def test_labels_of_a_real_film_are_tracks(data_dir: Path) -> None:
    """Labels of the mouse embryo keep their cell from frame to frame."""
    labels = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    cells = cell_table(labels, labels.spacing or Spacing(1, 1, 1, "isotropic"))
    found = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    assert [len(rows) for rows in found.members().values()] == [4, 4, 4, 4, 2, 3, 4, 4, 3]
