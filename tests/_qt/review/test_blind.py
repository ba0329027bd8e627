"""Blind mode in every widget that does not need a viewer."""

from __future__ import annotations

import numpy as np
import pytest
from people import LEAVES, people_project
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_cellcycle._qt.review.blind import BlindBox
from napari_cellcycle._qt.review.cell.cell_panel import CellPanel
from napari_cellcycle._qt.review.exchange.people import HIDDEN, PeoplePanel
from napari_cellcycle._qt.review.gallery.gallery import Gallery
from napari_cellcycle._qt.review.gesture_bar import GestureBar
from napari_cellcycle._qt.review.look import cell_tip
from napari_cellcycle._qt.review.phase_bar import PhaseBar
from napari_cellcycle._qt.review.queue_bar import QueueBar
from napari_cellcycle._qt.review.table.cell_table import CellTable

N, P, E = LEAVES


@pytest.fixture
def folder(tmp_path):
    return people_project(tmp_path, {"Ann": [N, P], "Bea": [E, P, N, E]})


@pytest.fixture
def dock(qtbot):
    """The widgets of a review below each other, without a viewer."""
    made = []

    def build(desk):
        host = QWidget()
        qtbot.addWidget(host)
        does = dict.fromkeys(
            ("previous", "next", "clear", "exclude", "unsure", "undo", "redo"), desk.clear
        )
        host.box, host.queue, host.phases = BlindBox(desk), QueueBar(desk), PhaseBar(desk)
        host.gestures = GestureBar(
            desk, does | {"accept": desk.accept, "accept-all": desk.accept_sure}
        )
        host.panel, host.table = CellPanel(desk.source), CellTable(desk.source)
        host.gallery, host.people = Gallery(desk.source), PeoplePanel(desk)
        column = QVBoxLayout(host)
        for widget in (host.box, host.queue, host.phases, host.gestures, host.gestures.accept_all):
            column.addWidget(widget)
        for widget in (host.panel, host.table, host.gallery, host.people):
            column.addWidget(widget)
        desk.queue_changed.connect(host.gestures.offer)
        for fill in (host.queue.fill, host.phases.fill):  # as the workbench does
            desk.source.signals.reloaded.connect(fill)
        host.resize(420, 1000)
        with qtbot.waitExposed(host):
            host.show()
        made.append(host)
        return host

    yield build
    for host in made:
        host.panel.close_worker()
        host.gallery.close_worker()
        host.people.close_panel()
        host.phases.close_bar()


def click(qtbot, box):
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))


def headers(table):
    return [column.name for column in table.model.columns]


def test_one_box_hides_everything_in_every_widget(folder, open_desk, dock, qtbot):
    desk = open_desk(folder, "Ann")
    desk.begin()
    host, review = dock(desk), desk.review
    refused = []
    desk.refused.connect(refused.append)
    order = desk.queue.rows.tolist()
    assert {"confidence", "entropy", "predicted"} <= set(headers(host.table))
    bins = host.gallery.mosaic.bins.counts
    desk.go_to(0)
    assert "Bea" in host.panel.facts.text()
    assert "entropy" in host.panel.facts.text()

    click(qtbot, host.box)
    assert review.blind
    assert desk.current == 0
    qtbot.waitUntil(lambda: not host.gestures.buttons["accept"].isVisible())
    # columns, search, panel, tooltips
    assert not {"confidence", "entropy", "predicted", "axis"} & set(headers(host.table))
    for text in ("predicted=prophase", "confidence<0.9", "entropy>0.1", "axis=x"):
        host.table.query.setText(text)
        host.table.refilter()
        assert "hidden in blind mode" in host.table.message.text()
    host.table.query.clear()
    for row in range(12):
        desk.go_to(row)
        told = host.panel.facts.text() + cell_tip(desk.source, row)
        for secret in ("Bea", "confidence", "entropy", "predicted", "model"):
            assert secret not in told
        assert desk.source.facts(row).votes == ()
    # order, counts, bins
    assert desk.queue.rows.tolist() == np.random.default_rng(0).permutation(12).tolist() != order
    choices = {host.queue.order.itemText(i) for i in range(host.queue.order.count())}
    assert choices == {"strange sizes first", "by position", "at random"}
    counts = {slug: int(label.text()) for slug, label in host.phases.counts.items()}
    assert {slug: n for slug, n in counts.items() if n} == {N: 1, P: 1}
    blind_bins = host.gallery.mosaic.bins.counts
    assert sorted(n for n in blind_bins if n) == [1, 1, 10] != sorted(n for n in bins if n)
    assert "2 of 12 judged" in host.queue.count.text()
    assert not host.queue.conflicts.isVisible()
    # nothing to accept, by button or by key
    assert not host.gestures.accept_all.isVisible()
    assert host.gallery.order.isHidden()
    assert host.gestures.buttons["clear"].text() == "Take back"
    desk.accept()
    desk.accept_sure()
    assert refused == ["Predictions are hidden in blind mode: say a phase instead."] * 2
    assert host.people.told.text() == HIDDEN
    seen = " ".join(label.text() for label in host.findChildren(QLabel) if label.isVisible())
    assert "Bea" not in seen

    # the word said blind is there when everything is seen again
    desk.go_to(5)
    desk.say(E)
    click(qtbot, host.box)
    assert desk.queue.rows.tolist() == order
    assert {"confidence", "entropy", "predicted"} <= set(headers(host.table))
    qtbot.waitUntil(host.gestures.buttons["accept"].isVisible)
    assert host.queue.conflicts.text() == "1 conflict"
    assert review.final_slugs()[5] == E


def test_it_is_kept_for_the_person(folder, open_desk, dock, qtbot):
    desk = open_desk(folder, "Ann")
    desk.begin()
    click(qtbot, dock(desk).box)
    desk.go_to(3)
    assert not open_desk(folder, "Bea").review.blind
    again = open_desk(folder, "Ann")
    assert again.review.blind
    assert again.source.deciding_axis.tolist() == [""] * 12
    assert (again.queue.order, again.queue.wanted) == ("random", "entropy")
    again.begin()
    assert again.current == 3
