from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle._qt.review.selection import Picker, Selection


class Reversed:
    """Cells 0 to 9, shown the other way round but for cell 5."""

    order = np.array([9, 8, 7, 6, 4, 3, 2, 1, 0])

    def __len__(self):
        return len(self.order)

    def rank(self, index):
        found = np.flatnonzero(self.order == index)
        return int(found[0]) if len(found) else -1

    def at(self, rank):
        return int(self.order[rank])

    def between(self, first, last):
        return self.order[first : last + 1]


@pytest.fixture
def selection(qapp):
    return Selection(10)


@pytest.fixture
def picker(selection):
    return Picker(selection, Reversed())


def test_a_range_follows_the_order_that_is_seen(selection, picker):
    picker.pick(7)
    picker.pick(3, extend=True)
    assert selection.indices.tolist() == [3, 4, 6, 7]
    assert selection.current == 3
    picker.pick(8, extend=True)
    assert selection.indices.tolist() == [7, 8]


def test_toggling_keeps_the_others_and_moves_the_start_of_a_range(selection, picker):
    picker.pick(1)
    picker.pick(4, toggle=True)
    assert selection.indices.tolist() == [1, 4]
    picker.pick(4, toggle=True)
    assert selection.indices.tolist() == [1]
    picker.pick(6, toggle=True)
    picker.pick(8, toggle=True, extend=True)
    assert selection.indices.tolist() == [1, 6, 7, 8]


def test_a_range_can_begin_at_what_another_widget_made_current(selection, picker):
    selection.go_to(6)
    picker.pick(3, extend=True)
    assert selection.indices.tolist() == [3, 4, 6]


def test_a_range_without_a_visible_start_is_one_cell(selection, picker):
    selection.go_to(5)
    picker.pick(3, extend=True)
    assert selection.indices.tolist() == [3]


def test_signals_come_once_and_only_for_what_changed(selection, qtbot):
    told = []
    selection.changed.connect(lambda: told.append(selection.indices.tolist()))
    selection.current_changed.connect(told.append)
    selection.set([1, 2], 2)
    selection.set([2, 1], 2)
    selection.set([1, 2], 1)
    selection.toggle(3)
    selection.clear()
    selection.resize(4)
    assert told == [[1, 2], 2, 1, [1, 2, 3], 3, [], [], -1]
    assert len(selection.mask) == 4
