"""People, their agreement and their conflicts, clicked on without a viewer."""

from __future__ import annotations

import numpy as np
import pytest
from people import LEAVES, people_project
from qtpy.QtCore import Qt
from sklearn.metrics import cohen_kappa_score

from napari_cellcycle._qt.review.exchange.conflicts import CONFLICTS
from napari_cellcycle._qt.review.exchange.people import PeoplePanel
from napari_cellcycle._qt.review.queue_bar import QueueBar
from napari_cellcycle._qt.review.table.cell_filter import matching

LEFT = Qt.MouseButton.LeftButton
N, P, E = LEAVES
SAID = {"Ann": [N, P, P, E, N, N], "Bea": [N, P, N, N, N, P], "Cem": ["", P, N, E, "", ""]}


@pytest.fixture
def desk(tmp_path, open_desk):
    """Ann's desk; she and Bea tie on the last cell that they judged."""
    desk = open_desk(people_project(tmp_path, SAID), "Ann")
    desk.begin()
    return desk


def settle(qtbot, panel):
    qtbot.waitUntil(lambda: not panel.is_busy)


def test_people_are_compared_while_the_panel_is_seen(desk, qtbot):
    panel = PeoplePanel(desk)
    qtbot.addWidget(panel)
    panel.resize(380, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    settle(qtbot, panel)
    for who, words in (("Ann", 6), ("Bea", 6), ("Cem", 3)):
        assert f"{who}" in panel.said.text()
        assert f">{words}<" in panel.said.text()
    assert "6 cells" in panel.told.text()
    assert [panel.pair.itemText(i).split(" ·")[0] for i in range(panel.pair.count())] == [
        "Ann and Bea",
        "Ann and Cem",
        "Bea and Cem",
    ]
    kappa = cohen_kappa_score(SAID["Ann"], SAID["Bea"])
    assert panel.pair.currentText() == f"Ann and Bea · κ {kappa:.2f} · 6 cells"
    assert "50 % the same" in panel.about.text()
    assert panel.matrix.names == ("non-mitotic", "prophase", "early prometaphase")
    assert panel.matrix.counts.tolist() == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert panel._tip(0, 1) == "1 of 3 that Ann calls non-mitotic\nBea calls prophase"

    # a word counts at once, another pair stays chosen, and a hidden panel does not work
    panel.pair.choose(("Bea", "Cem"))
    assert panel.matrix.counts.sum() == 3
    desk.say(P, np.array([6]))
    qtbot.waitUntil(lambda: ">7<" in panel.said.text())
    assert panel.pair.key() == ("Bea", "Cem")
    panel.hide()
    desk.say(P, np.array([7]))
    assert not panel.is_busy
    panel.show()
    qtbot.waitUntil(lambda: ">8<" in panel.said.text())
    panel.close_panel()


def test_conflicts_are_a_queue_that_a_word_settles(desk, qtbot):
    bar = QueueBar(desk)
    qtbot.addWidget(bar)
    with qtbot.waitExposed(bar):
        bar.show()
    bar.phase.choose(N)
    before, at = desk.queue.only, desk.current
    rows = [i for i, name in enumerate(desk.review.statuses()) if name == "conflict"]
    assert rows == [5]
    assert bar.conflicts.text() == "1 conflict"
    qtbot.mouseClick(bar.conflicts, LEFT)
    assert desk.queue.only == CONFLICTS
    assert desk.current == 5
    qtbot.waitUntil(lambda: bar.count.text().startswith("1 of 1 in the queue"))
    assert (bar.status.key(), bar.phase.key()) == ("conflict", "any")
    said = dict(desk.source.facts(5).said)
    assert said == {"Ann": "non-mitotic", "Bea": "prophase"}

    # one's own new word settles it, undo brings it back, and the count follows
    desk.say(P)
    qtbot.waitUntil(lambda: bar.conflicts.text() == "0 conflicts")
    assert desk.review.final_slugs()[5] == P
    desk.undo()
    qtbot.waitUntil(lambda: bar.conflicts.text() == "1 conflict")
    qtbot.mouseClick(bar.conflicts, LEFT)
    assert (desk.queue.only, desk.current) == (before, at)
    qtbot.waitUntil(lambda: bar.phase.key() == N)
    assert bar.status.key() == "any"
    # a filter that a person sets while it is down lifts the button
    qtbot.mouseClick(bar.conflicts, LEFT)
    bar.status.choose("accepted")
    qtbot.waitUntil(lambda: not bar.conflicts.isChecked())
    assert desk.queue.only.statuses == {"accepted"}


def test_a_third_person_settles_a_conflict(tmp_path, qtbot, open_desk):
    folder = people_project(tmp_path, SAID)
    desk = open_desk(folder, "Cem")
    bar = QueueBar(desk)
    qtbot.addWidget(bar)
    bar.show()
    assert bar.conflicts.text() == "1 conflict"
    qtbot.mouseClick(bar.conflicts, LEFT)
    desk.say(P)
    qtbot.waitUntil(lambda: bar.conflicts.text() == "0 conflicts")
    assert desk.review.final_slugs()[5] == P
    assert desk.review.statuses()[5] in ("accepted", "corrected")
    qtbot.mouseClick(bar.conflicts, LEFT)
    assert not bar.conflicts.isVisible()


def test_notes_are_those_of_everybody_and_follow(desk, monkeypatch):
    review, source = desk.review, desk.source

    def expected():
        return [review.note(row) for row in range(len(review))]

    assert source.notes.tolist() == expected() == [""] * 12
    review.exclude([0, 2], "debris")
    assert source.notes.tolist() == expected()
    assert source.notes[2] == "debris"
    review.undo()
    review.unsure(1, "=2 cells?")
    assert source.notes.tolist() == expected()
    monkeypatch.setattr("napari_cellcycle._qt.review.reviewed._MANY", 1)
    review.exclude([3, 4], "out of focus")
    assert source.notes.tolist() == expected()
    assert [text for text in source.notes if text] == ["=2 cells?", "out of focus", "out of focus"]
    assert np.flatnonzero(matching(source, "focus")).tolist() == [3, 4]
