"""The benchmark of S phase on adherent cells: its truth, its rival, its interval."""

from __future__ import annotations

import numpy as np
import pytest
from edu_field import between_peaks, is_positive, ranked


def test_otsu_of_logarithms_splits_dim_from_bright() -> None:
    rng = np.random.default_rng(0)
    dim, bright = np.exp(rng.normal(2, 0.4, 80)), np.exp(rng.normal(6, 0.6, 30))
    positive, level = is_positive(np.concatenate([dim, bright, [-5.0]]))
    assert positive.sum() == 30
    assert not positive[-1]  # darker than the field's median
    assert dim.max() < level < bright.min()


def test_the_rival_is_one_between_the_peaks_and_zero_at_them() -> None:
    assert between_peaks(np.array([0.5, 1.0, 1.5, 2.0, 4.0])).tolist() == [0, 0, 1, 0, 0]


def test_auroc_counts_pairs_in_order_and_has_an_interval() -> None:
    score = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] * 5)
    positive = np.array([False, False, False, True, False, True, True, True] * 5)
    found = ranked(score, positive, draws=300)
    pairs = score[positive][:, None] - score[~positive][None]
    expected = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert found.values["auroc/EdU-positive"] == pytest.approx(expected)
    low, high = found.intervals["auroc/EdU-positive"]
    assert low < expected < high
