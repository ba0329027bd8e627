"""The figures against scikit-learn, and the intervals against a slow and obvious bootstrap."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn import metrics

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.train.evaluation.bootstrap import bootstrap, draw_groups
from napari_cellcycle.train.evaluation.evaluate import PER_CLASS, Evaluation, evaluate

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELS = ("g1", "s", "g2", "0.1")


class Cells:
    """Cells whose predictions are better than chance, with probabilities that tie at times."""

    def __init__(self, n: int, groups: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.truth = rng.choice(LABELS, n, p=(0.5, 0.3, 0.15, 0.05))
        raw = rng.dirichlet(np.ones(4), n)
        raw[np.arange(n), self.codes] += 0.3 * rng.random(n)
        self.p = np.round(raw / raw.sum(axis=1, keepdims=True), 2)
        self.p /= self.p.sum(axis=1, keepdims=True)
        self.group = np.array([f"plate {g}" for g in rng.integers(groups, size=n)])

    @property
    def codes(self) -> NDArray[np.int64]:
        return np.array([LABELS.index(label) for label in self.truth])

    def evaluate(self, **more: int) -> Evaluation:
        return evaluate(self.truth, self.p, LABELS, self.group, **more)


def slow_metrics(codes: NDArray[np.int64], p: NDArray[np.float64]) -> dict[str, float]:
    """All by scikit-learn; the calibration error by a loop."""
    called = p.argmax(axis=1)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        codes, called, labels=range(4), zero_division=np.nan
    )
    auroc = [metrics.roc_auc_score(codes == k, p[:, k]) for k in range(4)]
    confidence, right = p.max(axis=1), called == codes
    ece = 0.0
    for k in range(15):
        here = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if here.any():
            ece += here.mean() * abs(confidence[here].mean() - right[here].mean())
    matrix = metrics.multilabel_confusion_matrix(codes, called, labels=range(4))
    found = {
        "accuracy": right.mean(),
        "balanced_accuracy": metrics.balanced_accuracy_score(codes, called),
        "macro_precision": np.nan_to_num(precision).mean(),
        "macro_recall": recall.mean(),
        "macro_f1": f1.mean(),
        "macro_auroc": np.mean(auroc),
        "ece": ece,
    }
    for k, label in enumerate(LABELS):
        (tn, fp), _ = matrix[k]
        values = (precision[k], recall[k], f1[k], tn / (tn + fp), auroc[k])
        found |= {f"{name}/{label}": v for name, v in zip(PER_CLASS, values, strict=True)}
    return found


def test_figures_agree_with_scikit_learn() -> None:
    cells = Cells(600, 9)
    found = cells.evaluate()
    expected = slow_metrics(cells.codes, cells.p)
    assert set(found.values) == set(found.intervals) == set(expected)
    for name, value in expected.items():
        assert found.values[name] == pytest.approx(value, abs=1e-9), name
        low, high = found.intervals[name]
        assert low < high, name
        if name != "ece":  # what is random adds to a calibration error
            assert low <= value <= high, name
    assert (found.confusion == metrics.confusion_matrix(cells.codes, cells.p.argmax(axis=1))).all()
    assert found.prior["g1"] == pytest.approx((cells.truth == "g1").mean())
    assert (found.n, found.groups, found.undefined) == (600, 9, {})


def test_intervals_are_those_of_a_slow_bootstrap() -> None:
    cells = Cells(240, 6, seed=3)
    found = cells.evaluate(draws=40, seed=5)
    names = np.unique(cells.group)
    drawn = []
    for counts in np.concatenate(list(draw_groups(6, 40, 5))):
        rows = np.concatenate(
            [
                np.tile(np.flatnonzero(cells.group == name), int(times))
                for name, times in zip(names, counts, strict=True)
            ]
        )
        drawn.append(slow_metrics(cells.codes[rows], cells.p[rows]))
    for name in found.values:
        values = np.array([one[name] for one in drawn])
        assert found.intervals[name] == pytest.approx(np.nanpercentile(values, (2.5, 97.5))), name


def test_interval_does_not_depend_on_order_or_on_how_often_each_cell_was_counted() -> None:
    cells = Cells(200, 7)
    expected = cells.evaluate()
    rows = np.random.default_rng(1).permutation(200)
    shuffled = evaluate(cells.truth[rows], cells.p[rows], LABELS, cells.group[rows])
    # three copies of each cell are no more groups than one
    thrice = evaluate(
        *(
            np.tile(a, (3, 1)[: a.ndim]) if a.ndim > 1 else np.tile(a, 3)
            for a in (cells.truth, cells.p)
        ),
        LABELS,
        np.tile(cells.group, 3),
    )
    for other in (shuffled, thrice):
        for name, interval in expected.intervals.items():
            assert other.intervals[name] == pytest.approx(interval), name


def test_interval_follows_the_groups_not_the_cells() -> None:
    # ten plates, half of which are all wrong: cells are many, independent plates are few
    truth = np.array(["mitotic", "non-mitotic"] * 500)
    plate = np.repeat(np.arange(10), 100)
    right = (plate % 2 == 1)[:, None]
    sure = np.where(truth[:, None] == ["mitotic", "non-mitotic"], 0.9, 0.1)
    p = np.where(right, sure, 1 - sure)
    labels = ("mitotic", "non-mitotic")
    low, high = evaluate(truth, p, labels, plate.astype(str)).intervals["recall/mitotic"]
    assert high - low > 0.4
    alone = evaluate(truth, p, labels, np.arange(1000).astype(str))
    low, high = alone.intervals["recall/mitotic"]
    assert high - low < 0.1


def test_interval_covers_what_it_should() -> None:
    # 20 groups with accuracies of their own around 0.7: about 95 of 100 intervals hold 0.7
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        group = np.repeat(np.arange(20), 15)
        right = rng.random(300) < np.clip(rng.normal(0.7, 0.1, 20), 0, 1)[group]
        n = np.full(20, 15.0)
        hits = np.bincount(group, weights=right)
        drawn = bootstrap(
            lambda w, hits=hits, n=n: {"accuracy": w @ hits / (w @ n)}, 20, width=20, draws=400
        )
        low, high = drawn.intervals["accuracy"]
        held += low <= 0.7 <= high
    assert 0.88 <= held / 200 <= 0.98


def test_one_group_gives_no_interval() -> None:
    cells = Cells(80, 1)
    found = cells.evaluate(draws=50)
    assert np.isnan(found.intervals["accuracy"]).all()
    assert found.undefined["accuracy"] == 50
    assert found.to_dict()["intervals"]["accuracy"] == [None, None]


def test_draws_without_a_class_are_left_out_and_counted() -> None:
    # the one mitotic cell is in one of two plates: a quarter of the draws lack it
    truth = ["a", "a", "a", "b"]
    p = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.4, 0.6]])
    found = evaluate(truth, p, ("a", "b"), ["1", "1", "2", "2"], draws=4000)
    for name in ("balanced_accuracy", "recall/b", "macro_f1", "macro_auroc"):
        assert found.undefined[name] / 4000 == pytest.approx(0.25, abs=0.03)
        assert found.intervals[name] == (1.0, 1.0)
    assert "accuracy" not in found.undefined


def test_a_class_without_cells_or_never_called() -> None:
    p = np.array([[0.7, 0.1, 0.2], [0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.2, 0.1, 0.7]])
    found = evaluate(["a", "a", "b", "a"], p, ("a", "b", "c"), list("1234"), draws=10)
    assert np.isnan(found.values["precision/b"])  # never called
    assert found.values["recall/b"] == found.values["f1/b"] == 0
    assert all(np.isnan(found.values[f"{name}/c"]) for name in ("precision", "recall", "f1"))
    assert found.values["balanced_accuracy"] == pytest.approx((2 / 3 + 0) / 2)
    assert found.values["macro_precision"] == pytest.approx((2 / 3 + 0) / 2)
    classes = found.to_dict()["classes"]
    assert classes["b"] == {"precision": None, "recall": 0.0, "f1": 0.0, "n": 1}
    assert classes["c"] == {"precision": None, "recall": None, "f1": None, "n": 0}
    json.dumps(found.to_dict(), allow_nan=False)


def test_what_is_called_may_be_decided_elsewhere() -> None:
    p = np.array([[0.4, 0.3, 0.3]])
    found = evaluate(["b"], p, ("a", "b", "c"), ["1"], called=np.array([1]))
    assert found.values["accuracy"] == 1
    assert found.bins.confidence[np.flatnonzero(found.bins.n)] == pytest.approx([0.3])


def test_documented_json() -> None:
    found = Cells(100, 5).evaluate(draws=100).to_dict()
    assert list(found)[:8] == [
        *("n", "accuracy", "balanced_accuracy", "macro_f1", "ece", "classes", "confusion"),
        "intervals",
    ]
    assert set(found["classes"]["g1"]) == {"precision", "recall", "f1", "n"}
    assert found["confusion"]["labels"] == list(LABELS)
    assert sum(map(sum, found["confusion"]["matrix"])) == 100
    assert sum(found["prior"].values()) == pytest.approx(1, abs=1e-3)
    assert len(found["intervals"]["macro_f1"]) == 2


def test_one_class_against_the_other() -> None:
    truth = ["no", "yes", "yes", "no", "no"]
    p = np.array([0.2, 0.9, 0.3, 0.1, 0.6])
    found = evaluate(truth, np.stack([1 - p, p], axis=1), ("no", "yes"), list("12345"))
    card = found.one_class("yes")
    assert card["accuracy"] == 0.6
    assert (card["precision"], card["recall"], card["f1"]) == (0.5, 0.5, 0.5)
    assert card["specificity"] == pytest.approx(2 / 3, abs=1e-4)
    assert (card["n"], card["prevalence"]) == (5, 0.4)
    assert card["confusion"] == {"labels": ["no", "yes"], "matrix": [[2, 1], [1, 1]]}
    with pytest.raises(CellCycleError, match="no class 'maybe'; there are no, yes"):
        found.one_class("maybe")


def test_confusion_as_a_table(tmp_path: Path) -> None:
    found = Cells(50, 3).evaluate(draws=2)
    path = found.write_confusion(tmp_path / "new" / "confusion.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["truth", *LABELS]
    assert [[int(v) for v in row[1:]] for row in rows[1:]] == found.confusion.tolist()


def test_what_cannot_be_evaluated() -> None:
    with pytest.raises(CellCycleError, match="no cells"):
        evaluate([], np.zeros((0, 2)), ("a", "b"), [])
    with pytest.raises(CellCycleError, match="holds S, which is no class; classes are s, g1"):
        evaluate(["S", "s"], np.full((2, 2), 0.5), ("s", "g1"), ["1", "2"])
    with pytest.raises(ValueError, match="do not fit"):
        evaluate(["s"], np.full((1, 3), 1 / 3), ("s", "g1"), ["1"])
