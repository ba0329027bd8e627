import numpy as np
import pytest
from sklearn import metrics

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.evaluate import evaluate_two_classes, expected_calibration_error


def test_figures_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 500)
    probability = np.clip(0.3 * truth + rng.random(500) * 0.7, 0, 1)
    result = evaluate_two_classes(truth, probability, [f"plate {i % 9}" for i in range(500)])
    called = probability > 0.5
    assert result.values["accuracy"] == pytest.approx(metrics.accuracy_score(truth, called))
    assert result.values["precision"] == pytest.approx(metrics.precision_score(truth, called))
    assert result.values["recall"] == pytest.approx(metrics.recall_score(truth, called))
    assert result.values["f1"] == pytest.approx(metrics.f1_score(truth, called))
    assert result.values["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(truth, called)
    )
    assert (result.confusion == metrics.confusion_matrix(truth, called)).all()
    for name, (low, high) in result.intervals.items():
        assert low <= result.values[name] <= high


def test_interval_follows_the_groups_not_the_cells() -> None:
    # ten plates, half of which are all wrong: cells are many, independent plates are few
    truth = np.ones(1000, int)
    group = np.repeat(np.arange(10), 100).astype(str)
    probability = np.where(np.repeat(np.arange(10) % 2, 100) == 1, 0.9, 0.1)
    low, high = evaluate_two_classes(truth, probability, group).intervals["recall"]
    assert high - low > 0.4
    alone = evaluate_two_classes(truth, probability, np.arange(1000).astype(str))
    low, high = alone.intervals["recall"]
    assert high - low < 0.1


def test_calibration_error() -> None:
    assert expected_calibration_error(np.full(10, 0.8), np.arange(10) < 8) == pytest.approx(0)
    assert expected_calibration_error(np.full(10, 1.0), np.arange(10) < 5) == pytest.approx(0.5)


def test_no_cells() -> None:
    with pytest.raises(CellCycleError, match="no cells"):
        evaluate_two_classes(np.zeros(0, int), np.zeros(0), [])
