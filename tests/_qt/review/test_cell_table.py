"""The table under a person's hands."""

from __future__ import annotations

import numpy as np
import pytest
from array_source import ArraySource
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_cellcycle._qt.review.table.cell_table import CellTable
from napari_cellcycle.phases import flat_vocabulary

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def table(nuclei, qtbot):
    widget = CellTable(nuclei)
    qtbot.addWidget(widget)
    widget.resize(760, 500)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def middle(table, row):
    return QPoint(30, table.view.rowViewportPosition(row) + 8)


def click(table, row, modifiers=NONE):
    QTest.mouseClick(table.view.viewport(), LEFT, modifiers, middle(table, row))


def click_header(table, name):
    header = table.view.horizontalHeader()
    section = [column.name for column in table.model.columns].index(name)
    at = QPoint(header.sectionViewportPosition(section) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), LEFT, NONE, at)


def texts(table, name, rows=None):
    column = [column.name for column in table.model.columns].index(name)
    rows = range(table.model.rowCount()) if rows is None else rows
    return [table.model.index(row, column).data() for row in rows]


def order(table):
    return table.model.between(0, len(table.model)).tolist()


def test_rows_tell_what_is_known_of_a_cell(table, nuclei):
    nuclei.assign([0], "metaphase")
    row = table.model.rank(0)
    names = [column.name for column in table.model.columns]
    assert dict(zip(names, (table.model.index(row, c).data() for c in range(9)), strict=False)) == {
        "cell": "1",
        "phase": "metaphase",
        "status": "corrected",
        "confidence": f"{nuclei.confidence[0]:.3f}",
        "entropy": f"{nuclei.entropy[0]:.3f}",
        "predicted": nuclei.phases.phases[nuclei.predicted[0]].name,
        "seen": "",
        "y (px)": "0.0",
        "x (px)": "0.0",
    }


@pytest.mark.parametrize("name", ["confidence", "phase", "cell"])
def test_a_click_on_a_header_sorts_and_another_one_turns_it_round(table, nuclei, name):
    column = {"cell": "label"}.get(name, name)
    keys = getattr(nuclei, column)
    if name != "cell":  # by which it is sorted at first
        click_header(table, name)
    assert (np.diff(keys[order(table)]) >= 0).all()
    click_header(table, name)
    assert (np.diff(keys[order(table)]) <= 0).all()
    equal = np.diff(keys[order(table)]) == 0
    assert (np.diff(order(table))[equal] > 0).all()


def test_unknown_values_come_last_both_ways(plain, qtbot):
    table = CellTable(plain)
    qtbot.addWidget(table)
    table.show()
    for _ in range(2):
        click_header(table, "confidence")
        assert order(table)[-1] == 11
        assert texts(table, "confidence")[-1] == ""


def test_typing_finds_cells_and_tells_how_many(table, nuclei, qtbot):
    qtbot.keyClicks(table.query, "metaphase confidence<0.9")
    phase = [phase.slug for phase in nuclei.phases].index("metaphase")
    expected = np.flatnonzero((nuclei.phase == phase) & (nuclei.confidence < 0.9))
    qtbot.waitUntil(lambda: len(table.model) == len(expected))
    assert set(order(table)) == set(expected.tolist())
    assert table.count.text() == f"{len(expected)} of 500"
    table.query.clear()
    qtbot.waitUntil(lambda: table.count.text() == "500 cells")


def test_a_mistyped_column_is_explained_and_nothing_is_lost(table, qtbot):
    qtbot.keyClicks(table.query, "certainty<0.9")
    qtbot.keyClick(table.query, Qt.Key.Key_Return)
    assert "no column 'certainty'" in table.message.text()
    assert len(table.model) == 500


def test_typing_finds_only_among_the_rows_of_a_filter(table, qtbot):
    table.set_rows(np.arange(10, 20))
    qtbot.keyClicks(table.query, "label>18")
    qtbot.keyClick(table.query, Qt.Key.Key_Return)
    assert order(table) == [18, 19]


def test_clicks_select_for_all_widgets(table, nuclei):
    click_header(table, "confidence")
    cells = order(table)
    click(table, 2)
    assert (nuclei.selection.indices.tolist(), nuclei.selection.current) == ([cells[2]], cells[2])
    click(table, 6, SHIFT)
    assert set(nuclei.selection.indices.tolist()) == set(cells[2:7])
    click(table, 4, CTRL)
    assert set(nuclei.selection.indices.tolist()) == {*cells[2:4], *cells[5:7]}


def test_a_drag_over_rows_selects_them(table, nuclei):
    cells, view = order(table), table.view.viewport()
    QTest.mousePress(view, LEFT, NONE, middle(table, 1))
    to = middle(table, 5)
    event = QMouseEvent(
        QEvent.Type.MouseMove, QPointF(to), QPointF(view.mapToGlobal(to)), LEFT, LEFT, NONE
    )
    QApplication.sendEvent(view, event)
    QTest.mouseRelease(view, LEFT, NONE, to)
    assert set(nuclei.selection.indices.tolist()) == set(cells[1:6])


def test_keys_move_extend_and_select_all(table, nuclei, qtbot):
    cells = order(table)
    click(table, 0)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down):
        QTest.keyClick(table.view, key)
    QTest.keyClick(table.view, Qt.Key.Key_Up, SHIFT)
    assert set(nuclei.selection.indices.tolist()) == set(cells[1:3])
    QTest.keyClick(table.view, Qt.Key.Key_End)
    assert nuclei.selection.current == cells[-1]
    QTest.keyClick(table.view, Qt.Key.Key_A, CTRL)
    assert nuclei.selection.mask.all()
    with qtbot.waitSignal(table.activated) as told:
        QTest.keyClick(table.view, Qt.Key.Key_Return)
    assert told.args == [cells[-1]]


def test_what_others_select_is_shown_in_color_and_scrolled_to(table, nuclei):
    last = order(table)[-1]
    before = row_color(table, 3)
    nuclei.selection.set([order(table)[3]])
    assert row_color(table, 3) != before
    nuclei.selection.go_to(last)
    at = table.view.rowViewportPosition(len(table.model) - 1)
    assert 0 <= at < table.view.viewport().height()


def test_a_table_that_is_opened_late_begins_at_the_current_cell(nuclei, qtbot):
    nuclei.selection.go_to(450)
    table = CellTable(nuclei)
    qtbot.addWidget(table)
    table.resize(400, 300)
    with qtbot.waitExposed(table):
        table.show()
    assert 0 <= table.view.rowViewportPosition(450) < table.view.viewport().height()


def row_color(table, row):
    at = middle(table, row)
    return table.view.viewport().grab().toImage().pixelColor(3, at.y()).name()


def test_a_change_shows_where_the_row_is(table, nuclei):
    click_header(table, "phase")
    cells = order(table)
    told = []
    table.model.dataChanged.connect(lambda a, b: told.append((a.row(), b.row())))
    nuclei.assign([cells[4], cells[9]], "apoptosis")
    assert told == [(4, 9)]
    assert order(table) == cells
    assert texts(table, "phase", [4, 9]) == ["apoptosis", "apoptosis"]


def test_without_a_model_and_in_time_there_are_other_columns(qtbot):
    phases = flat_vocabulary("mine", ["round", "flat"])
    source = ArraySource(phases, [-1] * 4, lambda i: None, frame=[0, 0, 1, 1], label=[1, 2, 1, 2])
    table = CellTable(source)
    qtbot.addWidget(table)
    assert [column.name for column in table.model.columns] == [
        "cell",
        "frame",
        "phase",
        "status",
        "seen",
        "note",
    ]
    assert texts(table, "status") == ["not judged"] * 4


def test_a_reload_brings_other_cells(table, nuclei):
    table.set_rows(np.array([400]))
    for name in ("phase", "predicted", "status", "confidence", "entropy", "label", "frame", "seen"):
        setattr(nuclei, name, getattr(nuclei, name)[:20])
    nuclei.deciding_axis, nuclei.position = nuclei.deciding_axis[:20], nuclei.position[:20]
    nuclei.notes = nuclei.notes[:20]
    nuclei.selection.resize(20)
    nuclei.signals.reloaded.emit()
    assert order(table) == list(range(20))
