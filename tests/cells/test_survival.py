"""Kaplan and Meier's estimate against the product that defines it, and its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellcycle.cells.tracks.survival import Survival


def product_limit(lasts: list[float], ended: list[bool], time: float) -> float:
    share = 1.0
    for t in sorted({t for t, e in zip(lasts, ended, strict=True) if e and t <= time}):
        risk = sum(other >= t for other in lasts)
        ends = sum(other == t and e for other, e in zip(lasts, ended, strict=True))
        share *= 1 - ends / risk
    return share


def test_it_is_the_product_limit() -> None:
    rng = np.random.default_rng(0)
    lasts, ended = rng.integers(1, 12, 40).astype(float), rng.random(40) < 0.6
    found = Survival.of(lasts, ended)
    assert (found.complete, found.censored) == (int(ended.sum()), int((~ended).sum()))
    expected = [product_limit(lasts.tolist(), ended.tolist(), t) for t in found.time]
    assert_allclose(found.lasting, expected)
    assert found.median == min(t for t, s in zip(found.time, expected, strict=True) if s <= 0.5)
    low, high = found.median_limits
    assert low <= found.median <= high


def test_remission_times_of_a_textbook() -> None:
    """6-MP arm of Freireich et al. (1963): the median is 23 weeks, its lower limit 13."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    lasts = np.array(ended + censored, float)
    found = Survival.of(lasts, np.arange(len(lasts)) < len(ended))
    assert found.median == 23
    assert found.median_limits[0] == 13
    assert math.isnan(found.median_limits[1])


@pytest.mark.parametrize(
    ("lasts", "ended"), [([], []), ([3, 4], [False, False]), ([3], [False])], ids=str
)
def test_without_an_end_there_is_no_median(lasts: list[float], ended: list[bool]) -> None:
    found = Survival.of(np.array(lasts, float), np.array(ended, bool))
    assert (found.complete, found.censored) == (0, len(lasts))
    assert math.isnan(found.median)
