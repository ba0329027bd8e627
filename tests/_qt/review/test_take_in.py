"""A colleague's words taken in with clicks, without a viewer."""

from __future__ import annotations

import numpy as np
import pytest
from fields import make_project
from people import LEAVES, people_project
from qtpy.QtCore import QPoint, Qt

from napari_cellcycle._qt.review.exchange.take_in import TakeIn
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.project import Project
from napari_cellcycle.review import Merging, Review, export_project

N, P, E = LEAVES
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def ann(tmp_path, open_desk, qtbot):
    """Ann's desk, with the button under it."""
    (tmp_path / "ann").mkdir()
    desk = open_desk(people_project(tmp_path / "ann", {"Ann": [N, N]}), "Ann")
    desk.begin()
    widget = TakeIn(desk)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    return desk, widget


@pytest.fixture
def beas(tmp_path):
    """Her own project of the same image."""
    (tmp_path / "bea").mkdir()
    with make_project(tmp_path / "bea", "Bea") as project:
        Review(project).say([1, 2], P)
        return project.folder


def choose(qtbot, monkeypatch, widget, which, path):
    """Open the menu, click an entry, choose a path, and wait for the report."""
    monkeypatch.setattr(widget, "_ask_folder", lambda: str(path))
    monkeypatch.setattr(widget, "_ask_file", lambda: str(path))
    menu, action = widget.button.menu(), getattr(widget, which)
    menu.popup(widget.mapToGlobal(QPoint(0, 0)))
    qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    qtbot.waitUntil(lambda: not widget.is_busy)


def test_words_of_her_project_come_once(ann, beas, qtbot, monkeypatch):
    desk, widget = ann
    at = desk.current
    choose(qtbot, monkeypatch, widget, "of_project", beas)
    assert widget.message.text() == "New words: 2 (Bea); known already: 0."
    assert desk.review.statuses()[1] == "conflict"
    assert desk.review.words_on(2).keys() == {"Bea"}
    assert desk.current == at
    choose(qtbot, monkeypatch, widget, "of_project", beas)
    assert widget.message.text() == "New words: 0; known already: 2."
    # hers are not Ann's to undo
    assert desk.review.to_undo.kind == "say"


def test_tracks_and_rejected_pairs_come_with_her_project(ann, beas, qtbot, monkeypatch):
    desk, widget = ann
    with Project.open(beas, who="Bea") as hers:
        hers.tracked.put(1, Tracks(np.arange(12), {}), name="hers.csv")
        Merging(hers, 1).reject(0, [7, 8])
    widget.has_edits = True
    choose(qtbot, monkeypatch, widget, "of_project", beas)
    assert widget.message.text().startswith("The labels were edited: update the cells first")
    assert desk.project.tracked.get(1) is None
    widget.has_edits = False
    told = []
    widget.relabelled.connect(told.append)
    choose(qtbot, monkeypatch, widget, "of_project", beas)
    # the dock widget shows it; no label is another one
    (taken,) = told
    assert taken.undertaking is None
    desk.reload(desk.undertaking, taken.read)
    widget.tell(taken)
    assert widget.message.text() == (
        "New words: 2 (Bea); known already: 0. Labels that are one cell or not: 1 taken, 0 known, "
        "0 in conflict, 0 impossible. Undo in Daughters takes these back in one step."
    )
    assert widget.details.toPlainText() == (
        "Tracks of field that Bea gave (hers.csv): 12 tracks came"
    )
    assert desk.project.tracked.get(1) is not None


def test_tables_of_every_kind(ann, beas, tmp_path, qtbot, monkeypatch):
    desk, widget = ann
    with Project.open(beas, who="Bea", read_only=True) as project:
        export_project(project, tmp_path / "reviews.csv", what="reviews")
    choose(qtbot, monkeypatch, widget, "of_table", tmp_path / "reviews.csv")
    assert widget.message.text() == "New words: 2; known already: 0."
    assert desk.review.words_on(1)["Bea"].phase == P

    plain = tmp_path / "plain.csv"
    plain.write_text(f"label,phase\n4,{E}\n5,\n99,{E}\n6,nonsense\n")
    qtbot.keyClicks(widget.whose, "Cem ")
    choose(qtbot, monkeypatch, widget, "of_table", plain)
    assert widget.message.text() == (
        "New words: 1; known already: 0; rows without a word: 1; rows that do not match: 2."
    )
    lines = widget.details.toPlainText().splitlines()
    assert [line.split(":")[0] for line in lines] == ["plain.csv, line 4", "plain.csv, line 5"]
    assert widget.details.isVisible()
    assert desk.review.words_on(3) == {"Cem": desk.review.word(3, "Cem")}

    # of one's own table: one step to undo
    widget.whose.clear()
    plain.write_text(f"label,phase\n7,{E}\n8,{P}\n")
    choose(qtbot, monkeypatch, widget, "of_table", plain)
    assert widget.message.text().endswith("Undo takes them back in one step.")
    assert not widget.details.isVisible()
    desk.undo()
    assert {desk.review.statuses()[row] for row in (6, 7)} == {"predicted"}


def test_what_is_no_table_is_told_in_one_sentence(ann, tmp_path, qtbot, monkeypatch):
    _, widget = ann
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    choose(qtbot, monkeypatch, widget, "of_table", tmp_path / "other.csv")
    assert widget.message.is_error
    assert "it needs 'label' and 'phase'" in widget.message.text()
    (tmp_path / "empty.cellcycle").mkdir()
    choose(qtbot, monkeypatch, widget, "of_project", tmp_path / "empty.cellcycle")
    assert widget.message.is_error
    assert widget.button.isEnabled()
