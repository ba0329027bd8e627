from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from fields import field_image, field_labels, layer_field, make_project, predict, write_field

from napari_cellcycle.cells.measures.measurements import Measurements, measure_cells
from napari_cellcycle.cells.measures.measures import NAMES
from napari_cellcycle.errors import (
    CellCycleWarning,
    InputChangedError,
    ProjectError,
    ReadOnlyProjectError,
)
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import MITOSIS_STAGES, Phase, PhaseSet, flat_vocabulary
from napari_cellcycle.project import Project, schema
from napari_cellcycle.project.drives import is_local
from napari_cellcycle.review import Review, revise
from napari_cellcycle.review.daughters.merging import Merging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.project.predictions import PredictionSet


def from_files(folder: Path, who: str = "Ann") -> Project:
    image, labels = write_field(folder)
    project = Project.create(folder / "field.cellcycle", who=who)
    project.images.add(open_image(image), open_labels(labels), settings={"channels": {"dna": 0}})
    return project


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_project_comes_back_as_it_was(tmp_path: Path) -> None:
    with from_files(tmp_path) as project:
        given = predict(project)
        project.set_parameter("colors", {"prophase": "#123456"})
        project.vocabularies.add(flat_vocabulary("mine", ["NA", "young"]))
        folder = project.folder
    assert sorted(p.name for p in folder.iterdir()) == [
        "copies", "journal.sqlite", "lock.sqlite", "predictions", "segmentations",
    ]  # fmt: skip
    with Project.open(folder, who="Bob") as project:
        (image,) = project.images.all()
        assert (image.name, image.settings) == ("field.tif", {"channels": {"dna": 0}})
        (back,) = project.predictions.sets(image.number)
        assert (back.id, back.model, back.phases) == (given.id, "model-0", MITOSIS_STAGES.slugs)
        assert (back.columns["level2"] == given.columns["level2"]).all()
        assert project.parameter("colors") == {"prophase": "#123456"}
        assert project.vocabularies["mine"].slugs == ("NA", "young")
        assert (project.images.labels(image.number).volume(0) == field_labels()[0]).all()
        assert (project.images.stack(image.number).volume(0, 0) == field_image()[0, 0]).all()


def test_inputs_are_neither_copied_nor_changed(tmp_path: Path) -> None:
    write_field(tmp_path)
    before = everything(tmp_path)
    with from_files(tmp_path) as project:
        Review(project, vocabulary="mitosis-stages").say(3, "prophase")
        kept = list(project.folder.rglob("*labels*"))
    assert kept == []
    assert {path: data for path, data in everything(tmp_path).items() if path in before} == before


def test_a_project_that_moves_with_its_images_finds_them(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    from_files(tmp_path / "a").close()
    shutil.move(tmp_path / "a", tmp_path / "b")
    with Project.open(tmp_path / "b" / "field.cellcycle", who="Ann") as project:
        assert project.inputs.locate(1) == tmp_path / "b" / "field.tif"


def test_an_image_that_is_gone_is_asked_for_and_checked(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    other = tmp_path / "elsewhere"
    other.mkdir()
    shutil.move(tmp_path / "field.tif", other / "renamed.tif")
    write_field(tmp_path, "wrong", seed=1)
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        with pytest.raises(InputChangedError, match=r"not at .* any more"):
            project.inputs.locate(1)
        with pytest.raises(InputChangedError, match=r"another image .* pixels differ"):
            project.inputs.relocate(1, "image", tmp_path / "wrong.tif")
        project.inputs.relocate(1, "image", other / "renamed.tif")
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert project.inputs.locate(1) == other / "renamed.tif"
        with pytest.raises(ProjectError, match=r"^field\.tif has no nuclei in the project"):
            project.inputs.locate(1, "nuclei")
        with pytest.raises(ProjectError, match="no image of number 7"):
            project.inputs.locate(7)


def test_another_image_under_the_same_name_is_refused(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    tifffile.imwrite(tmp_path / "field.tif", field_image(7)[0, 0, 0])
    changed = field_labels()[0, 0]
    changed[changed == 3] = 0
    tifffile.imwrite(tmp_path / "field_labels.tif", changed)
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        with pytest.raises(InputChangedError, match="another image than the one"):
            project.images.stack(1)
        with pytest.raises(InputChangedError, match=r"another segmentation .* as an edit"):
            project.images.labels(1)
        with pytest.raises(ProjectError, match=r"another image called field\.tif"):
            project.images.add(
                open_image(tmp_path / "field.tif"), open_labels(tmp_path / "field_labels.tif")
            )


def test_a_touched_but_equal_file_is_the_same(tmp_path: Path) -> None:
    from_files(tmp_path).close()
    os.utime(tmp_path / "field_labels.tif", (1, 1))
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert project.images.labels(1).grid == (1, 1, 30, 40)


def test_the_second_opener_looks_and_is_told_who_writes(tmp_path: Path) -> None:
    with make_project(tmp_path, "Ann") as first:
        Review(first).say(0, "prophase")
        with Project.open(first.folder, who="Bob") as second:
            assert second.read_only
            assert second.reason.startswith("Ann has field.cellcycle open on ")
            review = Review(second)
            assert review.word(0, "Ann").phase == "prophase"
            with pytest.raises(ReadOnlyProjectError, match="Ann has"):
                review.say(1, "prophase")
            assert review.word(1).kind == "none"
            with pytest.raises(ReadOnlyProjectError):
                predict(second)
        Review(first).say(2, "prophase")
    with Project.open(first.folder, who="Bob") as second:
        assert not second.read_only


def test_the_right_to_write_goes_with_a_program_that_dies(tmp_path: Path) -> None:
    make_project(tmp_path, "Ann").close()
    code = (
        "import os, signal, sys; from napari_cellcycle.project import Project; "
        "p = Project.open(sys.argv[1], who='Cem'); assert not p.read_only; "
        "print(flush=True); sys.stdin.read(1); os.kill(os.getpid(), signal.SIGTERM)"
    )
    folder = tmp_path / "field.cellcycle"
    with subprocess.Popen(
        [sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with Project.open(folder, who="Bob") as project:
            assert project.reason.startswith("Cem has")
        other.kill()
        other.wait()
    with Project.open(folder, who="Bob") as project:
        assert not project.read_only


@pytest.mark.skipif(sys.platform == "win32", reason="rights are those of Unix")
def test_a_folder_that_may_only_be_read_is_opened_to_look(tmp_path: Path) -> None:
    make_project(tmp_path).close()
    folder = tmp_path / "field.cellcycle"
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    tmp_path.chmod(0o755)
    for parent in tmp_path.parents[:2]:
        parent.chmod(parent.stat().st_mode | 0o055)
    # root may write everywhere, so it becomes nobody once everything is imported
    code = """
import os, sys
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, revise
with Project.open(sys.argv[1], who="Bob", read_only=True) as project:
    Review(project)
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
with Project.open(sys.argv[1], who="Bob") as project:
    print(len(Review(project)), project.reason)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=False
    )
    folder.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("12 ")
    assert "may only be read" in done.stdout


@pytest.mark.parametrize("size", [0, 10, 4096, 30000])
def test_a_truncated_journal_names_its_copy(tmp_path: Path, size: int) -> None:
    with make_project(tmp_path) as project:
        Review(project).say([1, 2], "prophase")
        path = project.folder / schema.JOURNAL
    data = path.read_bytes()
    path.write_bytes(data[:size])
    with pytest.raises(ProjectError, match=r"is damaged .*newest copy is copies/journal-20.*\.sql"):
        Project.open(path.parent, who="Ann")
    copy = sorted((path.parent / schema.COPIES).iterdir())[-1]
    shutil.copy(copy, path)
    with Project.open(path.parent, who="Ann") as project:
        assert Review(project).final_slugs()[1:3] == ["prophase", "prophase"]


def test_foreign_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="There is no project"):
        Project.open(tmp_path / "no.cellcycle", who="Ann")
    with pytest.raises(ProjectError, match=r"no project .* has no journal\.sqlite"):
        Project.open(tmp_path, who="Ann")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / schema.JOURNAL).write_bytes(b"PK\x03\x04" * 500)
    with pytest.raises(ProjectError, match="first bytes"):
        Project.open(tmp_path, who="Ann")
    (tmp_path / schema.JOURNAL).unlink()
    other = sqlite3.connect(tmp_path / schema.JOURNAL)
    other.execute("CREATE TABLE recipes (name)")
    other.close()
    with pytest.raises(ProjectError, match="another program"):
        Project.open(tmp_path, who="Ann")


def test_a_damaged_prediction_file_costs_no_words(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        Review(project).say(1, "prophase")
        (file,) = (project.folder / "predictions").iterdir()
        file.write_bytes(file.read_bytes()[:1000])
    with Project.open(project.folder, who="Ann") as project:
        with pytest.raises(ProjectError, match=r"missing or damaged.*corrections are kept"):
            Review(project)
        given = predict(project, seed=1)
        assert Review(project, predictions=given.id).final_slugs()[1] == "prophase"


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


def test_the_journal_cannot_be_rewritten(project: Project) -> None:
    Review(project).say(1, "prophase")
    for statement in ("UPDATE event SET phase = 'x'", "DELETE FROM event", "DELETE FROM action"):
        with (
            pytest.raises(ProjectError, match="append-only"),
            project.store.transaction() as changes,
        ):
            changes.run(statement)


def test_a_vocabulary_grows_but_keeps_what_was_said(project: Project) -> None:
    project.vocabularies.add(flat_vocabulary("mine", ["a", "b"]))
    project.vocabularies.add(flat_vocabulary("mine", ["b", "a", "c"]))
    with pytest.raises(ProjectError, match=r"there it has b\."):
        project.vocabularies.add(flat_vocabulary("mine", ["a", "c"]))
    assert project.vocabularies["mine"].slugs == ("b", "a", "c")
    assert project.vocabularies["g1-s-g2-m"].slugs == ("g1", "s", "g2", "m")
    with pytest.raises(ProjectError, match="no vocabulary 'else'"):
        project.vocabularies["else"]


def predict_own(project: Project, slugs: Sequence[str]) -> PredictionSet:
    """What a model of a person's own says, trained on these labels."""
    cells = project.segmentations.cells(project.segmentations.current(1))
    p = np.random.default_rng(len(slugs)).dirichlet(np.ones(len(slugs)), (len(cells), 1))
    return project.predictions.add(
        *(1, cells, decide(p, None, ("z",))),
        model="-".join(slugs),
        model_sha256=str(len(slugs)) * 8,
        phases=flat_vocabulary("own", slugs),
    )


@pytest.mark.parametrize("slugs", [("g1", "m", "s"), ("young", "old")])
def test_a_model_that_was_trained_again_with_other_phases_joins_the_earlier_one(
    project: Project, slugs: tuple[str, ...]
) -> None:
    former = predict_own(project, ["g1", "s"])
    review = Review(project, predictions=former.id)
    review.say(0, "s")
    said = review.final_slugs()
    if "g1" in slugs:
        later = predict_own(project, slugs)
    else:
        told = "Two vocabularies are called own: the project's with g1, s, and one with young, old"
        with pytest.warns(CellCycleWarning, match=told):
            later = predict_own(project, slugs)
    predict_own(project, slugs)  # said once
    review.show(later.id)
    again = Review(project, predictions=later.id)
    assert review.final_slugs() == again.final_slugs()
    assert again.final_slugs()[0] == "s"
    assert again.final_slugs()[1:] == [slugs[i] for i in later.columns["phase"].tolist()[1:]]
    phases = project.vocabularies["own"]
    assert phases.slugs == ("g1", "s", *(slug for slug in slugs if slug not in ("g1", "s")))
    assert len({phase.color for phase in phases}) == len(phases.slugs)
    review.show(former.id)
    assert review.final_slugs() == said == Review(project, predictions=former.id).final_slugs()
    moved = PhaseSet("own", (Phase("g1", "G1", "#000000"), Phase("s", "S", "#FFFFFF", "g1")))
    with pytest.raises(ProjectError, match=r"there s belongs to another branch"):
        predict(project, phases=moved)


def test_names_and_places_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="Say who works"):
        Project.create(tmp_path / "a", who="  ")
    make_project(tmp_path).close()
    with pytest.raises(ProjectError, match="there already"):
        Project.create(tmp_path / "field", who="Ann")
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError, match="No project can be made"):
        Project.create(tmp_path / "file" / "a", who="Ann")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["field.cellcycle", "file"]


def test_layers_without_files_are_kept_inside(tmp_path: Path) -> None:
    make_project(tmp_path).close()
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        assert (project.images.labels(1).volume(0) == field_labels()[0]).all()
        with pytest.raises(InputChangedError, match="never a file"):
            project.images.stack(1)
        again = project.images.add(*layer_field())
        assert again.number == 1


def test_network_drives_are_told_from_disks(monkeypatch, tmp_path: Path) -> None:
    if not sys.platform.startswith("linux"):
        assert not is_local(tmp_path) or sys.platform == "win32"
        return
    mounts = tmp_path / "mounts"
    monkeypatch.setattr("napari_cellcycle.project.drives._MOUNTS", mounts)
    here = str(tmp_path.resolve()).replace(" ", "\\040")
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {here} nfs4 rw 0 0\n")
    assert not is_local(tmp_path)
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {here}2 nfs4 rw 0 0\n")
    assert is_local(tmp_path)
    mounts.unlink()
    assert not is_local(tmp_path)


@pytest.mark.parametrize("local", [True, False])
def test_a_closed_project_is_one_file_on_every_drive(monkeypatch, tmp_path, local) -> None:
    monkeypatch.setattr("napari_cellcycle.project.database.is_local", lambda folder: local)
    with make_project(tmp_path) as project:
        Review(project).say(1, "prophase")
        mode = project.store.database.value("PRAGMA journal_mode")
        assert mode == ("wal" if local else "delete")
        # 2 is FULL, 3 is EXTRA
        assert project.store.database.value("PRAGMA synchronous") == 3
    assert not list(project.folder.glob("journal.sqlite-*"))


def test_measurements_are_kept_for_the_segmentation_they_are_of(project: Project) -> None:
    stack, labels = layer_field()
    cells = project.segmentations.cells(project.segmentations.current(1))
    found = measure_cells(stack, labels, cells, dna=0)
    assert project.measured.get(1, 0) is None
    project.measured.put(1, 0, found)
    kept = project.measured.get(1, 0)
    assert kept is not None
    np.testing.assert_array_equal(kept.values, found.values)
    assert (kept.is_2d, len(kept.cells)) == (True, 12)
    assert project.measured.get(1, None) is None
    with pytest.raises(ProjectError, match="The 3 measured cells are not those"):
        project.measured.put(1, 0, found.select(np.arange(3)))
    edited = field_labels()
    edited[0, 0, 2:4, 2:8] = 0
    new = Segmentation(edited, "nucleus", "edited")
    revise(project, 1, labels, new)
    carried = project.measured.get(1, 0)
    assert carried is not None
    assert carried.is_known.tolist() == [False] + [True] * 11
    np.testing.assert_array_equal(carried.values[1:], found.values[1:])
    with pytest.raises(ProjectError, match="The 12 measured cells are not those"):
        project.measured.put(1, 0, found)
    revise(project, 1, new, labels)
    again = project.measured.get(1, 0)
    assert again is not None
    np.testing.assert_array_equal(again.values, found.values)
    next((project.folder / "measurements").iterdir()).write_bytes(b"PK broken")
    assert project.measured.get(1, 0) is None


def test_closing_waits_for_a_change_in_another_thread(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    inside, done = Event(), Event()

    def change() -> None:
        with project.store.transaction() as changes:
            changes.run("INSERT INTO project VALUES ('parameter/late', '1')")
            inside.set()
            done.wait()

    work, close = Thread(target=change), Thread(target=project.close)
    work.start()
    inside.wait()
    close.start()
    close.join(0.1)
    assert close.is_alive()
    done.set()
    close.join()
    work.join()
    with Project.open(project.folder, who="Ann") as again:
        assert again.parameter("late") == 1
