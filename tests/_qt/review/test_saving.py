"""Words on many cells: saved in a thread, on the disk before they are shown, and never mixed."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from fields import N_CELLS, make_project

from napari_cellcycle._qt.review import desk as desks
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review

ALL = np.arange(N_CELLS)
SLUG = "prophase"


@pytest.fixture
def desk(tmp_path, open_desk, monkeypatch):
    """Ann's desk, where more than three cells are many."""
    monkeypatch.setattr(desks, "_MANY", 3)
    with make_project(tmp_path) as project:
        folder = project.folder
    desk = open_desk(folder, "Ann")
    desk.begin()
    return desk


@pytest.fixture
def gate(desk, monkeypatch):
    """Holds the thread back before it writes, until the gate is opened."""
    gate, journal = threading.Event(), desk.project.journal
    enter, threads = journal.enter, []

    def held(*words, **more):
        threads.append(threading.current_thread())
        assert gate.wait(30)
        return enter(*words, **more)

    monkeypatch.setattr(journal, "enter", held)
    gate.threads = threads
    yield gate
    gate.set()


def on_disk(desk):
    """What another program reads in the project now."""
    with Project.open(desk.project.folder, who="Bob") as project:
        assert project.read_only
        return Review(project).final_slugs()


def heard(desk):
    told, refused = [], []
    desk.told.connect(told.append)
    desk.refused.connect(refused.append)
    return told, refused


def test_many_words_are_on_the_disk_before_they_are_shown(desk, gate, qtbot):
    told, refused = heard(desk)
    before, at = desk.review.final_slugs(), desk.current
    shown = []
    desk.review.changed.connect(lambda rows: shown.append(on_disk(desk)))
    desk.say(SLUG, ALL)
    assert desk.saving.is_busy
    assert told == [f"Saving words on {N_CELLS} cells…"]
    qtbot.waitUntil(lambda: bool(gate.threads))
    assert gate.threads[0] is not threading.main_thread()

    # meanwhile nothing else is said; one can look around, and what was looked at is noted later
    desk.exclude()
    desk.undo()
    desk.next()
    assert refused == ["One moment: words on many cells are being saved."]
    assert told[1:] == ["Nothing to undo."]
    assert desk.current != at
    assert not desk.review.seen[desk.current]
    assert desk.review.final_slugs() == before
    assert not shown

    gate.set()
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    assert shown[0] == desk.review.final_slugs() == [SLUG] * N_CELLS
    assert told[-1] == f"{SLUG}: {N_CELLS} cells"
    assert desk.review.seen[desk.current]
    assert Review(desk.project).seen.tolist() == desk.review.seen.tolist()

    for gesture, expected, word in (
        (desk.undo, before, "Undone"),
        (desk.redo, [SLUG] * N_CELLS, "Done again"),
    ):
        gesture()
        assert desk.saving.is_busy
        qtbot.waitUntil(lambda: not desk.saving.is_busy)
        assert desk.review.final_slugs() == on_disk(desk) == expected
        assert told[-1] == f"{word}: {SLUG}: {N_CELLS} cells"
    assert len(refused) == 1


def test_closing_waits_for_the_disk(desk, gate):
    desk.say(SLUG, ALL)
    threading.Timer(0.05, gate.set).start()
    folder = desk.project.folder
    desk.leave()
    desk.project.close()
    with Project.open(folder, who="Ann") as project:
        review = Review(project)
        assert review.final_slugs() == [SLUG] * N_CELLS
        review.undo()
        assert set(review.statuses()) == {"predicted"}


@pytest.mark.parametrize("blind", [False, True])
def test_reading_again_waits_and_shows_it_once(desk, gate, qtbot, blind):
    told, _ = heard(desk)
    desk.say(SLUG, ALL)
    threading.Timer(0.05, gate.set).start()
    with qtbot.waitSignal(desk.saving._done):  # the thread tells what is known already
        desk.look_blind(True) if blind else desk.reload(desk.undertaking)
        assert set(desk.review.final_slugs()) == {SLUG}
    assert told == [f"Saving words on {N_CELLS} cells…", f"{SLUG}: {N_CELLS} cells"]
    desk.undo()
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    assert not set(desk.review.statuses()) & {"accepted", "corrected"}
    assert ("" in desk.review.final_slugs()) == blind


def test_what_cannot_be_saved_is_refused_and_nothing_changes(desk, qtbot, monkeypatch):
    _, refused = heard(desk)
    before = desk.review.final_slugs()

    def full(*words, **more):
        raise ProjectError("there is no room left on its disk")

    with monkeypatch.context() as patch:
        patch.setattr(desk.project.journal, "enter", full)
        desk.say(SLUG, ALL)
        qtbot.waitUntil(lambda: not desk.saving.is_busy)
    assert refused == ["there is no room left on its disk"]
    assert desk.review.final_slugs() == on_disk(desk) == before
    assert desk.review.to_undo is None
    desk.say(SLUG, ALL)
    qtbot.waitUntil(lambda: not desk.saving.is_busy)
    assert on_disk(desk) == [SLUG] * N_CELLS
