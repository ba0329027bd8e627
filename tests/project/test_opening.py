"""Who may open and write a project, and what is no project or damaged."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from fields import make_project, predict

from napari_cellcycle.errors import (
    ProjectError,
    ReadOnlyProjectError,
)
from napari_cellcycle.project import Project, schema
from napari_cellcycle.project.drives import is_local
from napari_cellcycle.review import Review


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
