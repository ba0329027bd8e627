"""Whatever happens in the middle: the old state or the new one, never neither."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fields import make_project, predict

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review

HERE = Path(__file__).parent

unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forks of one program")


def killed(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, HERE / "kill_points.py", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@unix
def test_killed_between_any_two_steps(tmp_path: Path) -> None:
    found = killed(str(tmp_path), "6")
    assert found["lost"] == []
    assert found["old"] > 10
    assert found["new"] > 3
    assert found["states"] == 16


@unix
def test_killed_while_a_project_is_made(tmp_path: Path) -> None:
    found = killed(str(tmp_path), "create")
    assert found["tried"] > 5
    assert 1 < found["there"] < found["tried"]


@unix
def test_killed_at_random_moments(tmp_path: Path) -> None:
    found = killed(str(tmp_path), "random", "25")
    assert found["lost"] == []
    assert found["acknowledged"] > 25


def state(review: Review) -> tuple[list[str], list[str], Any]:
    about = review.to_undo and review.to_undo.about
    return review.final_slugs(), review.statuses(), about


def fill(review: Review, before: Any) -> Any:
    """Say words until there is no room; returns the state after the last one that was saved."""
    for i in range(200):
        try:
            review.say([1, 2], ("prophase", "mitotic")[i % 2])
        except ProjectError as error:
            assert "verything before this step is safe" in str(error)  # noqa: PT017
            return before
        before = state(review)
    raise AssertionError("there was room for everything")


@unix
def test_no_room_for_the_journal(tmp_path: Path) -> None:
    import resource

    with make_project(tmp_path) as project:
        review = Review(project)
        review.say(0, "prophase")
        before = state(review)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        for size in (0, 1000, 20_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            try:
                before = fill(review, before)
                with pytest.raises(ProjectError, match="cannot be written"):
                    predict(project, seed=3)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            assert state(review) == before
        review.say(3, "mitotic")
        before = state(review)
    with Project.open(project.folder, who="Ann") as project:
        assert state(Review(project)) == before
        assert len(project.predictions.sets(1)) == 1
        assert len(list((project.folder / "predictions").iterdir())) == 1


def test_a_full_disk_is_named(project: Project) -> None:
    review = Review(project)
    database = project.store.database
    pages = database.value("PRAGMA page_count")
    database.value(f"PRAGMA max_page_count = {pages}")
    note = "x" * 5000
    with pytest.raises(ProjectError, match=r"no room left on its disk.*everything before this"):
        review.say(range(12), "prophase", note=note)
    assert review.statuses() == ["predicted"] * 12
    database.value("PRAGMA max_page_count = 100000")
    assert len(review.say(range(12), "prophase", note=note).rows) == 12


def test_a_project_on_a_full_disk_opens_to_look(tmp_path: Path, monkeypatch) -> None:
    with make_project(tmp_path) as project:
        Review(project).say(0, "prophase")

    def full(database):
        raise ProjectError("there is no room left")

    monkeypatch.setattr("napari_cellcycle.project.project.daily_copy", full)
    with Project.open(project.folder, who="Bob") as project:
        assert project.reason == "You can look, but not change anything: there is no room left"
        assert Review(project).final_slugs()[0] == "prophase"


def test_a_failure_in_the_middle_of_a_batch_takes_all_of_it_back(project: Project) -> None:
    review = Review(project)
    rows = iter([("a", "1"), ("b", "2"), ("c",)])
    with (
        pytest.raises(ProjectError, match="number of bindings"),
        project.store.transaction() as changes,
    ):
        changes.run_many("INSERT INTO project VALUES (?, ?)", rows)
    assert project.store.database.query("SELECT * FROM project WHERE name = 'a'") == []
    review.say(0, "prophase")


def test_creation_is_whole_or_nothing(tmp_path: Path, monkeypatch) -> None:
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(ProjectError, match="No space left"):
        Project.create(tmp_path / "a", who="Ann")
    assert list(tmp_path.iterdir()) == []
