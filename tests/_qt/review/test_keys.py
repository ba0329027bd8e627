"""The table of keys: what clashes is refused, and what was changed comes back."""

from __future__ import annotations

import json

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QKeySequenceEdit, QMainWindow

from napari_cellcycle._qt.review.keys.key_page import KeyPage
from napari_cellcycle._qt.review.keys.keys import DAUGHTERS, change_key, keys_of, reset_key
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.phases import G1_S_G2_M, MITOSIS_STAGES, flat_vocabulary

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The user's data folder."""
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def window(qtbot):
    """A window with a menu of its own."""
    window = QMainWindow()
    qtbot.addWidget(window)
    menu = window.menuBar().addMenu("File")
    menu.addAction("&Open…").setShortcut("Ctrl+O")
    return window


@pytest.fixture
def page(home, window, qtbot):
    """The page in that window."""
    page = KeyPage(MITOSIS_STAGES)
    window.setCentralWidget(page)
    window.resize(420, 640)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return page


def press(qtbot, page, words, key, modifiers=Qt.KeyboardModifier.NoModifier):
    """Double click the row of an action, and press a key."""
    row = next(i for i, k in enumerate(page.keys) if k.title == words)
    view = page.table
    view.scrollToItem(view.item(row, 1))
    at = view.visualItemRect(view.item(row, 1)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=at)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=at)
    field = view.findChild(QKeySequenceEdit, "key-field")
    assert field is not None
    qtbot.waitUntil(field.hasFocus)
    qtbot.keyClick(field, key, modifiers)
    qtbot.waitUntil(lambda: view.findChild(QKeySequenceEdit, "key-field") is None)


def shown(page, words):
    row = next(i for i, k in enumerate(page.keys) if k.title == words)
    return page.table.item(row, 1).text()


def test_keys_follow_the_vocabulary():
    keys = {key.action: key.keys for key in keys_of(MITOSIS_STAGES)}
    assert keys["phase:non-mitotic"] == "1"
    assert keys["phase:mitotic"] == "0"
    many = flat_vocabulary("many", [f"p{i}" for i in range(12)])
    keys = {key.action: key.keys for key in keys_of(many)}
    assert keys["phase:p8"] == "9"
    assert keys["phase:p9"] == ""
    assert {key.slug for key in keys_of(G1_S_G2_M)} == {"", "g1", "s", "g2", "m"}


def test_a_clash_is_refused_and_names_both():
    with pytest.raises(CellCycleError, match=r"^X is the key of “exclude.*“prophase” too"):
        change_key(MITOSIS_STAGES, {}, "phase:prophase", "x")
    with pytest.raises(CellCycleError, match="PgDown is there to go from cell to cell"):
        change_key(MITOSIS_STAGES, {}, "next", "PgDown")
    with pytest.raises(CellCycleError, match="Shift\\+Left is there to"):
        change_key(MITOSIS_STAGES, {}, "next", "Shift+Left")
    with pytest.raises(CellCycleError, match="knows no key F20"):
        change_key(MITOSIS_STAGES, {}, "next", "F20")
    # Daughters has keys of its own: the same letters, and no gallery
    with pytest.raises(CellCycleError, match=r"^X is the key of “reject.*“accept: the two"):
        change_key(MITOSIS_STAGES, {}, "pair:accept", "x")
    with pytest.raises(CellCycleError, match="Tab is there to go from field to field"):
        change_key(MITOSIS_STAGES, {}, "pair:accept", "Tab")
    assert change_key(MITOSIS_STAGES, {}, "pair:accept", "U") == {"pair:accept": "U"}
    assert change_key(MITOSIS_STAGES, {}, "pair:next", "Right") == {"pair:next": "Right"}
    # the same key again is no clash, and both keys Enter are one
    assert change_key(MITOSIS_STAGES, {}, "accept", "Enter") == {}
    with pytest.raises(CellCycleError, match="Return is the key of “accept the prediction”"):
        change_key(MITOSIS_STAGES, {}, "next", "Num+Enter")


def test_a_key_that_another_vocabulary_gave_away_is_missing_and_not_double():
    changes = change_key(G1_S_G2_M, {}, "phase:g1", "5")
    changes |= {"phase:prophase": "5", "gone": "Q"}
    keys = {key.action: key.keys for key in keys_of(MITOSIS_STAGES, changes)}
    assert keys["phase:prophase"] == "5"
    assert keys["phase:anaphase-telophase-cytokinesis"] == ""
    taken = [(key.where, key.keys) for key in keys_of(MITOSIS_STAGES, changes) if key.keys]
    assert len(taken) == len(set(taken))
    freed = change_key(MITOSIS_STAGES, changes, "phase:prophase", "")
    freed = change_key(MITOSIS_STAGES, freed, "next", "2")
    with pytest.raises(CellCycleError, match="2 is the key of “next cell"):
        reset_key(MITOSIS_STAGES, freed, "phase:prophase")
    assert freed["phase:g1"] == "5"


def test_double_click_and_a_key_change_it_for_all_projects(page, home, qtbot):
    told = []
    page.changed.connect(lambda: told.append(page.by_action()))
    press(qtbot, page, "next cell of the queue", Qt.Key.Key_Space)
    assert shown(page, "next cell of the queue") == "Space"
    assert told[-1]["next"] == "Space"
    # keys that mean something to tables are taken too
    press(qtbot, page, "prophase", Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.by_action()["phase:prophase"] == "Ctrl+Return"
    press(qtbot, page, "previous cell", Qt.Key.Key_X)
    assert "X is the key of “exclude" in page.message.text()
    assert page.message.is_error
    press(qtbot, page, "previous cell", Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert "Ctrl+O is the key of “Open…” in napari's menus" in page.message.text()
    press(qtbot, page, "previous cell", Qt.Key.Key_Escape)
    assert shown(page, "previous cell") == "A"
    qtbot.mouseClick(page.clear_button, LEFT)
    assert shown(page, "previous cell") == ""
    assert json.loads((home / "keys.json").read_text()) == {
        "next": "Space",
        "phase:prophase": "Ctrl+Return",
        "previous": "",
    }
    press(qtbot, page, "Daughters: next pair", Qt.Key.Key_Space)
    assert {key.gesture: key.keys for key in page.of(DAUGHTERS)}["next"] == "Space"
    again = KeyPage(MITOSIS_STAGES)
    qtbot.addWidget(again)
    assert again.by_action() == page.by_action()
    qtbot.mouseClick(page.reset_button, LEFT)
    assert shown(page, "Daughters: next pair") == "D"
    assert page.by_action()["next"] == "Space"
    qtbot.mouseClick(page.reset_all_button, LEFT)
    assert page.keys == keys_of(MITOSIS_STAGES)
    assert json.loads((home / "keys.json").read_text()) == {}


@pytest.mark.parametrize("text", ['{"next": "F"', "[1, 2]", '{"next": 3}', "\udcff"])
def test_a_damaged_file_is_told_of_and_put_aside(home, qtbot, text):
    home.mkdir()
    (home / "keys.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    page = KeyPage(MITOSIS_STAGES)
    qtbot.addWidget(page)
    assert page.keys == keys_of(MITOSIS_STAGES)
    assert "is damaged" in page.message.text()
    assert "keys.damaged.json" in page.message.text()
    assert (home / "keys.damaged.json").exists()
    assert not (home / "keys.json").exists()


def test_keys_that_cannot_be_kept_hold_until_the_end(page, home, qtbot):
    home.write_text("a file in the way of the folder")
    press(qtbot, page, "next cell of the queue", Qt.Key.Key_F)
    assert page.by_action()["next"] == "F"
    assert "cannot be written" in page.message.text()
