from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.evaluation.compare import compare, mcnemar, paired_t


def test_mcnemar_by_hand() -> None:
    # 2 against 8 of ten discordant cells: 2 (1 + 10 + 45) / 1024
    first = np.array([1] * 2 + [0] * 8 + [1] * 5 + [0] * 3, bool)
    second = np.array([0] * 2 + [1] * 8 + [1] * 5 + [0] * 3, bool)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (2, 8)
    assert found.p == pytest.approx(112 / 1024)
    assert mcnemar(second, first).p == found.p
    assert mcnemar(first, first).p == 1


def test_paired_t_agrees_with_scipy() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(0.9, 0.02, 10), rng.normal(0.88, 0.02, 10)
    expected = stats.ttest_rel(a, b)
    found = paired_t(a, b)
    assert (found.t, found.p) == pytest.approx((expected.statistic, expected.pvalue))
    assert found.mean == pytest.approx((a - b).mean())
    assert found.pairs == 10


def test_paired_t_without_spread() -> None:
    same = paired_t([0.1, 0.7], [0.1, 0.7])
    assert (same.mean, same.t, same.p) == (0, 0, 1)
    apart = paired_t([0.1, 0.2, 0.3], [0.2, 0.3, 0.4])
    assert (apart.t, apart.p) == (-np.inf, 0)
    assert np.isnan(paired_t([0.9], [0.8]).p)
    with pytest.raises(CellCycleError, match="needs pairs; there are 2 and 1"):
        paired_t([1, 2], [1])


def test_difference_is_bootstrapped_in_pairs() -> None:
    # both are good and bad on the same plates, so that the difference varies little
    rng = np.random.default_rng(1)
    plate = np.repeat(np.arange(12), 50)
    hard = np.repeat(rng.uniform(0.3, 0.95, 12), 50)
    luck = rng.random(600)
    first, second = luck < hard, luck < hard - 0.1
    found = compare(first, second, plate.astype(str), names=("new", "old"))
    low, high = found.interval
    assert found.difference == pytest.approx(first.mean() - second.mean())
    assert low <= found.difference <= high
    assert high - low < 0.1  # each accuracy alone varies by more than this
    assert (found.first, found.second, found.n, found.groups) == ("new", "old", 600, 12)
    rates = [[judge[plate == p].mean() for p in range(12)] for judge in (first, second)]
    assert found.t_test.p == pytest.approx(stats.ttest_rel(*rates).pvalue)
    back = compare(second, first, plate.astype(str))
    assert back.interval == pytest.approx((-high, -low))


def test_slow_bootstrap_of_the_difference() -> None:
    from napari_cellcycle.train.evaluation.bootstrap import draw_groups

    first = np.array([1, 1, 0, 1, 0, 1, 1], bool)
    second = np.array([0, 1, 0, 1, 1, 0, 0], bool)
    group = np.array(list("aabbbcc"))
    drawn = []
    for counts in np.concatenate(list(draw_groups(3, 200, 4))):
        rows = [
            r
            for g, n in zip("abc", counts, strict=True)
            for r in [*np.flatnonzero(group == g)] * int(n)
        ]
        drawn.append(first[rows].mean() - second[rows].mean())
    found = compare(first, second, group, draws=200, seed=4)
    assert found.interval == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))))


def test_nothing_to_compare() -> None:
    with pytest.raises(CellCycleError, match="no cells on which to compare model and majority"):
        compare(np.zeros(0, bool), np.zeros(0, bool), [], names=("model", "majority"))
