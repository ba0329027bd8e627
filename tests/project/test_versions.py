"""Projects of every version of the program."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fields import make_project

from napari_cellcycle.cells.measures.measurements import Measurements
from napari_cellcycle.cells.measures.measures import NAMES
from napari_cellcycle.errors import (
    ProjectError,
)
from napari_cellcycle.project import Project, schema
from napari_cellcycle.review import Review
from napari_cellcycle.review.daughters.merging import Merging


def test_a_newer_version_is_refused_and_an_older_one_copied_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_project(tmp_path) as project:
        Review(project).say(1, "prophase")
    folder = project.folder
    now = schema.SCHEMA
    monkeypatch.setattr(schema, "SCHEMA", now + 1)
    with pytest.raises(ProjectError, match=f"version {now}, which no release"):
        Project.open(folder, who="Ann")

    def fail(changes):
        changes.run("ALTER TABLE session ADD COLUMN mood TEXT")
        raise ProjectError("interrupted")

    monkeypatch.setattr(schema, "MIGRATIONS", {now: fail})
    with pytest.raises(ProjectError, match="interrupted"):
        Project.open(folder, who="Ann")
    assert schema.check(folder / schema.JOURNAL, read_only=True) == now
    step = {now: lambda changes: changes.run("ALTER TABLE session ADD COLUMN mood TEXT")}
    monkeypatch.setattr(schema, "MIGRATIONS", step)
    with Project.open(folder, who="Ann") as project:
        assert Review(project).final_slugs()[1] == "prophase"
        assert project.store.database.query("SELECT mood FROM session") != []
    assert (
        schema.check(folder / schema.COPIES / f"journal-version{now}.sqlite", read_only=True) == now
    )
    monkeypatch.setattr(schema, "SCHEMA", now)
    with pytest.raises(ProjectError, match="newer napari-cellcycle"):
        Project.open(folder, who="Ann")


def fixture_project(version: int, folder: Path) -> Path:
    name = f"version{version}.cellcycle"
    shutil.copytree(Path(__file__).parent / "fixtures" / name, folder / name)
    return folder / name


@pytest.mark.parametrize("version", range(1, schema.SCHEMA + 1))
def test_a_project_of_every_version_opens(tmp_path: Path, version: int) -> None:
    folder = fixture_project(version, tmp_path)
    with Project.open(folder, who="Ann") as project:
        review = Review(project)
        assert review.final_slugs()[:4] == ["prophase", "", "mitotic", ""]
        assert review.statuses()[:4] == ["corrected", "excluded", "corrected", "conflict"]
        assert review.people == ["Ann", "Bob"]
        assert review.to_undo is not None
        assert review.to_undo.about == "mitotic: 1 cell"
        assert review.undo().rows.tolist() == [2]
        assert project.measured.get(1, 0) is None  # or by an earlier definition
        cells = project.segmentations.cells(project.segmentations.current(1))
        known = Measurements(cells, np.full((len(cells), len(NAMES)), 36.0), is_2d=False)
        project.measured.put(1, 0, known)
        found = project.measured.get(1, 0)
        assert found is not None
        assert found["volume"].tolist() == [36.0] * 12
        tracking = project.tracked.get(1)
        assert (tracking is None) == (version < 3)
        if tracking is not None:
            assert (tracking.name, tracking.who, tracking.frame_minutes) == ("t.csv", "Ann", 5.0)
            assert tracking.tracks.track.tolist() == [7, -1, *range(8, 18)]
            assert tracking.tracks.parents == {9: 7}
        merging = Merging(project, 1)
        assert len(merging.rejected) == (version > 3)
        assert len(merging.redo().cells) == (version > 3)
        merging.merge(0, [5, 6])
        assert len(merging.groups) == 1 + (version > 3)
    assert schema.check(folder / schema.JOURNAL, read_only=True) == schema.SCHEMA


@pytest.mark.parametrize("version", range(schema.OLDEST, schema.SCHEMA))
def test_an_older_project_can_be_looked_at_as_it_is(tmp_path: Path, version: int) -> None:
    folder = fixture_project(version, tmp_path)
    before = (folder / schema.JOURNAL).read_bytes()
    with Project.open(folder, who="Ann", read_only=True) as project:
        assert Review(project).people == ["Ann", "Bob"]
        assert project.measured.get(1, 0) is None
        assert (project.tracked.get(1) is None) == (version < 3)
        assert (Merging(project, 1).to_redo is None) == (version < 4)
    assert (folder / schema.JOURNAL).read_bytes() == before
