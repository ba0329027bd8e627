from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle._qt.review.gallery.bins import Bins


def expected(codes, keys, n_codes, rows):
    """Members of each bin, sorted by hand."""
    order = sorted(rows, key=lambda i: (np.isnan(keys[i]), keys[i], i))
    return [[i for i in order if codes[i] % (n_codes + 1) == b] for b in range(n_codes + 1)]


@pytest.mark.parametrize("several", [1, 10, 150])
def test_moves_keep_every_bin_sorted(several):
    random = np.random.default_rng(several)
    codes = random.integers(-1, 4, 400)
    keys = random.integers(0, 20, 400) / 20
    keys[random.random(400) < 0.1] = np.nan
    rows = np.flatnonzero(random.random(400) < 0.9)
    bins = Bins(codes, keys, 4, rows)
    for _ in range(30):
        moved = random.choice(400, several, replace=False)
        codes[moved] = random.integers(-1, 4, several)
        bins.move(moved, codes[moved])
        wanted = expected(codes, keys, 4, rows.tolist())
        assert [bins.members(b).tolist() for b in range(5)] == wanted
        assert bins.counts == [len(members) for members in wanted]
    for b, members in enumerate(wanted):
        assert [bins.find(i) for i in members] == [(b, place) for place in range(len(members))]


def test_a_cell_that_is_not_shown_is_in_no_bin():
    bins = Bins(np.zeros(3, int), np.zeros(3), 2, np.array([0, 2]))
    assert bins.find(1) == (-1, -1)
    assert not bins.move(np.array([1]), np.array([1]))
    assert bins.counts == [2, 0, 0]


def test_a_cell_that_stays_has_not_moved():
    bins = Bins(np.array([0, 1]), np.zeros(2), 2)
    assert not bins.move(np.array([0]), np.array([0]))
    assert bins.move(np.array([0, 1]), np.array([0, -1]))
    assert bins.counts == [1, 0, 1]
