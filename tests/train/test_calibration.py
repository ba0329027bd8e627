from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.evaluation.calibration import (
    bin_of,
    reliability,
    temperature,
)


def test_calibration_error() -> None:
    assert reliability(np.full(10, 0.8), np.arange(10) < 8).error == pytest.approx(0)
    assert reliability(np.full(10, 1.0), np.arange(10) < 5).error == pytest.approx(0.5)


def test_bins_hold_their_upper_edge() -> None:
    assert bin_of(np.array([0.0, 0.05, 1 / 15, 0.07, 0.5, 1.0])).tolist() == [0, 0, 0, 1, 7, 14]


def test_reliability_by_hand() -> None:
    confidence = np.array([0.55, 0.58, 0.95, 0.99])
    found = reliability(confidence, np.array([True, False, True, True]))
    filled = np.flatnonzero(found.n)
    assert filled.tolist() == [8, 14]
    assert found.n[filled].tolist() == [2, 2]
    assert found.confidence[filled] == pytest.approx([0.565, 0.97])
    assert found.accuracy[filled] == pytest.approx([0.5, 1.0])
    assert np.isnan(found.accuracy[0])
    assert found.error == pytest.approx((0.065 + 0.03) / 2)
    with pytest.raises(CellCycleError, match="no cells"):
        reliability(np.zeros(0), np.zeros(0, bool))


def test_calibrated_answers_err_as_often_as_chance_says() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 150)
    errors = [reliability(confidence, rng.random(150) < confidence).error for _ in range(400)]
    mean, highest = reliability(confidence, np.ones(150, bool)).error_by_chance()
    assert mean == pytest.approx(np.mean(errors), rel=0.05)
    assert np.mean(np.array(errors) > highest) == pytest.approx(0.05, abs=0.03)
    many = reliability(np.repeat(confidence, 100), np.ones(15000, bool)).error_by_chance()
    assert many[0] < 0.2 * mean
    assert reliability(np.ones(9), np.ones(9, bool)).error_by_chance() == (0, 0)


@pytest.mark.parametrize("classes", [2, 5])
def test_temperature_finds_how_much_logits_were_inflated(classes: int) -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (4000, classes))
    truth = np.array([rng.choice(classes, p=p) for p in softmax(honest, axis=1)])
    known = np.eye(classes, dtype=bool)[truth]
    assert temperature(3 * honest, known) == pytest.approx(3, rel=0.15)
    assert temperature(honest, known) == pytest.approx(1, rel=0.15)


def test_temperature_where_the_class_is_known_in_part() -> None:
    rng = np.random.default_rng(1)
    honest = rng.normal(0, 1.5, (6000, 4))
    truth = np.array([rng.choice(4, p=p) for p in softmax(honest, axis=1)])
    known = np.eye(4, dtype=bool)[truth]
    # a coarse data set does not tell class 0 from class 1
    coarse = known.copy()
    coarse[truth < 2, :2] = True
    assert temperature(2 * honest, coarse) == pytest.approx(2, rel=0.15)
    # cells that may be anything tell nothing
    more = np.concatenate([known, np.ones((3000, 4), bool)])
    logits = np.concatenate([2 * honest, rng.normal(0, 9, (3000, 4))])
    assert temperature(logits, more) == pytest.approx(temperature(2 * honest, known), rel=1e-3)


def test_temperature_of_nothing() -> None:
    with pytest.raises(CellCycleError, match="class is known; there are none"):
        temperature(np.zeros((3, 2)), np.ones((3, 2), bool))
    with pytest.raises(CellCycleError, match="1 cells for the temperature have no class"):
        temperature(np.zeros((2, 2)), np.array([[True, False], [False, False]]))
