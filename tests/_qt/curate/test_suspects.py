"""Suspects: listed, sent to the queue, and searched anew."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
from curate_hands import LEFT, LONG, WRONG, N, idle
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_cellcycle._qt.curate import finding
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review import Limits


def test_suspects_go_to_the_queue_with_their_reasons(project, docks, qtbot, monkeypatch, tmp_path):
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    listed, model = bench.suspects, bench.suspects.model
    labels = desk.review.cells.label
    assert {labels[row] for row in model.rows[:2]} <= set(WRONG) | set(range(1, N + 1, 7))
    place = next(i for i, row in enumerate(model.rows) if labels[row] == WRONG[0])
    head = model.data(model.index(place, 2))
    assert head.startswith(("nucleus area is", "DNA area is"))
    listed.view.scrollTo(model.index(place, 2))
    at = listed.view.visualRect(model.index(place, 2)).center()
    qtbot.mouseClick(listed.view.viewport(), LEFT, pos=at)
    assert labels[desk.current] == WRONG[0]
    assert "small, but its" in review.bench.panel.facts.text()

    # the queue by suspicion
    n = len(model.rows)
    qtbot.mouseClick(listed.send, LEFT)
    qtbot.waitUntil(lambda: review.bench.queue.order.key() == "suspicion")
    assert (desk.queue.order, desk.queue.count) == ("suspicion", n)
    assert desk.queue.members().tolist() == model.rows.tolist()
    assert desk.current == model.rows[0]
    qtbot.mouseClick(review.bench.queue.picked, LEFT)
    assert desk.queue.count == N

    # words are counted, and the plot takes their colour
    desk.go_to(int(np.flatnonzero(labels == WRONG[0])[0]))
    desk.say("large")
    bench.tabs.setCurrentWidget(bench.report)
    table = bench.report.table
    changed = 4
    qtbot.waitUntil(lambda: table.rowCount() == 3 and table.item(0, changed).text() == "1")
    assert [table.item(2, column).text() for column in (1, changed)] == [str(N), "1"]
    qtbot.mouseClick(bench.report.copy, LEFT)
    seen = int(desk.review.seen.sum())
    assert QApplication.clipboard().text().endswith(f"in total\t{N}\t{n}\t{seen}\t1\t0\n")
    row = desk.review.row_of(0, WRONG[0])
    assert bench.scatter._groups[row] == [p.slug for p in desk.review.phases].index("large")

    # other limits, at once; and written to a file
    bench.tabs.setCurrentWidget(listed)
    listed.more.click()
    listed.limits.fields["doubt"].setValue(0.9)
    qtbot.waitUntil(lambda: len(model.rows) > n)
    found = len(model.rows)
    out = tmp_path / "suspects.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(out), ""))
    qtbot.mouseClick(listed.save, LEFT)
    qtbot.waitUntil(lambda: "suspects.csv" in listed.message.text(), timeout=LONG)
    assert pd.read_csv(out)["label"].tolist() == labels[model.rows].tolist()
    assert len(pd.read_csv(out)) == found
    listed.limits.measures.choose("plotted")
    qtbot.waitUntil(lambda: bench.finding.limits.measures == ("volume", "dna_volume"))
    idle(qtbot, curate)
    assert bench.finding.suspects.clusters.names == ("volume", "dna_volume")
    listed.limits.by.choose("clusters")
    qtbot.waitUntil(lambda: bench.finding.limits.by == "clusters")
    listed.limits.reset.click()
    qtbot.waitUntil(lambda: bench.finding.limits == Limits())
    idle(qtbot, curate)

    # blind mode shows nothing of what the model says
    review.bench.blind.click()
    idle(qtbot, curate)
    assert len(model.rows) == 0
    assert "Blind mode" in listed.message.text()
    assert "suspect" not in review.bench.panel.facts.text()
    assert desk.queue.order == "random"
    assert (desk.review.status == STATUSES.index("predicted")).sum() == 0
    review.bench.blind.click()
    idle(qtbot, curate)
    assert len(model.rows)
    assert desk.queue.order == "suspicion"


def test_the_search_goes_on_from_words_and_leaves_the_place(project, docks, qtbot, monkeypatch):
    monkeypatch.setattr(finding, "AGAIN", 10)
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    listed, model = bench.suspects, bench.suspects.model
    searches = []
    bench.finding.searched.connect(lambda: searches.append(bench.finding.suspects.answers))
    assert listed.message.text() == ""
    listed.more.click()
    listed.limits.fields["doubt"].setValue(0.99)
    qtbot.waitUntil(lambda: len(model.rows) == N)
    before = model.rows.tolist()
    qtbot.mouseClick(listed.send, LEFT)
    truth = {row: "large" if row % 2 == 0 else "small" for row in range(N)}

    def judge():
        row = desk.current
        qtbot.keyClick(review.bench, str(1 + ["small", "large"].index(truth[row])))
        qtbot.waitUntil(lambda: desk.current != row)
        return row

    review.bench.setFocus()
    judged = [judge() for _ in range(9)]
    idle(qtbot, curate)
    assert judged == before[:9]
    assert searches == []
    passed = desk.current  # nothing is said of it
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    judged.append(judge())
    here = desk.current
    idle(qtbot, curate)
    assert searches == [10]
    assert listed.message.text() == "Learned from 10 answers."
    assert not set(judged) & set(model.rows.tolist())
    assert passed in model.rows

    # where a person is, and what lies behind, stay; ahead are suspects of the new search
    assert (desk.current, desk.queue.position()) == (here, 11)
    ahead = [row for row in model.rows.tolist() if row not in (here, passed)]
    members = desk.queue.members().tolist()
    assert members[:12] == [*judged[:9], passed, judged[9], here]
    assert members[12 : 12 + len(ahead)] == ahead
    qtbot.keyClick(review.bench, Qt.Key.Key_A)
    assert desk.current == judged[-1]
    assert "suspect" not in review.bench.panel.facts.text()
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    qtbot.keyClick(review.bench, Qt.Key.Key_D)
    assert desk.current == ahead[0]

    # a search that a person has stopped waits for its button
    qtbot.mouseClick(review.bench.queue.picked, LEFT)
    for _ in range(9):
        judge()
    assert not bench.finding.is_running
    search, gate = finding._clusters, threading.Event()

    def search_behind_a_gate(*args):
        gate.wait()
        return (yield from search(*args))

    monkeypatch.setattr(finding, "_clusters", search_behind_a_gate)
    judge()
    assert bench.finding.is_running
    qtbot.mouseClick(bench.progress.cancel, LEFT)
    gate.set()
    idle(qtbot, curate)
    assert searches == [10]
    former = model.rows.tolist()
    judge()
    assert not bench.finding.is_running
    assert model.rows.tolist() == former
    qtbot.mouseClick(bench.progress.start, LEFT)
    idle(qtbot, curate)
    assert searches == [10, 21]
    assert bench.parts.isVisible()
    assert not bench.progress.isVisible()
