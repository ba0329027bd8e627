"""``tracks`` in-process on a small film, and one line for each mistake."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from films import BACK, FRAMES, make_film, predict_film

from napari_cellcycle.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A closed project of a film, and its tracks as a table beside it."""
    with make_film(tmp_path) as project:
        predict_film(project)
    rows = [f"{label},{frame},{label + 10}" for frame in range(FRAMES) for label in (1, 2)]
    (tmp_path / "tracks.csv").write_text("\n".join(["label,frame,track", *rows]), "utf-8")
    return project.folder


def test_it_finds_smooths_measures_and_writes(run: Run, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "time"
    words = ("tracks", home, "--tracks", tmp_path / "tracks.csv", "--frame-minutes", "5")
    code, text, err = run(*words, "--smooth", "--minutes", "prophase=15", "--out", out, "--json")
    assert (code, err) == (0, "")
    found = json.loads(text)
    assert (found["image"], found["tracks"], found["lost"], found["unit"]) == ("film", 2, 0, "min")
    steps = [(one["track"], one["frame"], one["next_frame"]) for one in found["jumps"]]
    assert (12, *BACK) in steps
    assert found["smoothed"]["model"] == "m along tracks"
    assert len(found["divisions"]) == FRAMES
    with Project.open(home, who="Ann") as project:
        assert len(project.predictions.sets(1)) == 2
        tracking = project.tracked.get(1)
        assert tracking is not None
        assert (tracking.name, tracking.frame_minutes) == ("tracks.csv", 5)
    names = {"durations.csv", "stays.csv", "frames.csv", "jumps.csv", "timing.png"}
    assert {path.name for path in out.iterdir()} == names
    durations = pd.read_csv(out / "durations.csv")
    assert durations["what"].tolist()[-1] == "between-divisions"
    assert set(durations["unit"]) == {"min"}
    # the files are of the smoothed phases
    assert len(pd.read_csv(out / "jumps.csv")) == 0
    assert len(pd.read_csv(out / "frames.csv")) == FRAMES


def test_a_look_changes_nothing_and_tracks_stay(run: Run, home: Path, tmp_path: Path) -> None:
    assert run("tracks", home, "--tracks", tmp_path / "tracks.csv")[0] == 0
    with Project.open(home, who="Ann"):  # another program may have it open
        code, text, err = run("tracks", home)
    assert (code, err) == (0, "")
    assert text.startswith("film: tracks.csv · 2 tracks · 8 frames · 1 division\n")
    lines = [line.split() for line in text.splitlines()]
    assert ["12", str(BACK[0]), "2"] in [line[:3] for line in lines]
    assert any(line[:3] == ["between", "divisions", "0"] for line in lines)
    assert run("tracks", home, "--frame-minutes", "10")[0] == 0
    assert "8 frames, 10 min each" in run("tracks", home)[1]


def test_durations_without_the_time_between_frames_are_told_of(run: Run, home: Path) -> None:
    table = home.parent / "tracks.csv"
    words = ("tracks", home, "--tracks", table, "--smooth")
    assert run(*words)[2] == ""
    code, _, err = run(*words, "--minutes", "prophase=15", "--minutes", "prometaphase-metaphase=40")
    assert code == 0
    assert "How long prophase, prometaphase-metaphase lasts did not count" in err
    assert "Say it (--frame-minutes)." in err
    with Project.open(home, who="Ann") as project:
        notes = [one.notes[0] for one in project.predictions.sets(1)[1:]]
    assert [note.endswith("so durations did not count.") for note in notes] == [False, True]
    assert run(*words, "--minutes", "prophase=15", "--frame-minutes", "5")[2] == ""


def test_the_time_that_the_image_states_counts_unless_somebody_says_another(
    run: Run, tmp_path: Path
) -> None:
    with make_film(tmp_path, minutes=7.5) as project:
        predict_film(project)
    rows = [f"{label},{frame},{label + 10}" for frame in range(FRAMES) for label in (1, 2)]
    table = tmp_path / "tracks.csv"
    table.write_text("\n".join(["label,frame,track", *rows]), "utf-8")
    words = ("tracks", project.folder, "--tracks", table, "--smooth", "--minutes", "prophase=15")
    code, text, err = run(*words)
    assert (code, err) == (0, "")
    assert "8 frames, 7.5 min each (as the image states)" in text
    found = json.loads(run("tracks", project.folder, "--json")[1])
    assert (found["unit"], found["frame_minutes"]) == ("min", 7.5)
    assert found["frame_minutes_from"] == "metadata"
    with Project.open(project.folder, who="Ann") as opened:
        note = opened.predictions.sets(1)[1].notes[0]
    assert note == "Smoothed along 2 tracks; 7.5 min a frame, as the image states."
    assert "8 frames, 4 min each ·" in run("tracks", project.folder, "--frame-minutes", "4")[1]
    found = json.loads(run("tracks", project.folder, "--json")[1])
    assert (found["frame_minutes"], found["frame_minutes_from"]) == (4, "user")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "has no tracks of film"),
        (("--tracks", "none.csv"), "There is no file none.csv."),
        (("--tracks", "."), "cannot be read as a CSV of tracks"),
        (("--minutes", "prophase"), "give phase=minutes"),
        (("--tracks", "TRACKS", "--minutes", "prophase=15"), "is for smoothing: add --smooth"),
        (("--image", "other"), "has no image 'other'"),
        (("--tracks", "TRACKS", "--frame-minutes", "inf"), "A frame cannot last inf minutes"),
        (("--tracks", "TRACKS", "--smooth", "--minutes", "prophse=20"), "How long prophse lasts"),
    ],
)
def test_mistakes_are_one_line(run: Run, home: Path, words: tuple[str, ...], message: str) -> None:
    table = home.parent / "tracks.csv"
    code, text, err = run("tracks", home, *(table if word == "TRACKS" else word for word in words))
    assert (code, text) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_file_in_the_way_of_the_folder(run: Run, home: Path, tmp_path: Path) -> None:
    table = tmp_path / "tracks.csv"
    code, _, err = run("tracks", home, "--tracks", table, "--out", table)
    assert code == 2
    assert "Give --out a folder" in err
