from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from napari_cellcycle.errors import CropSetError, ProjectError
from napari_cellcycle.review.kappa import cohen_kappa, fleiss_kappa
from napari_cellcycle.train.evaluation.annotators import (
    answer_codes,
    judge_people,
    majority_vote,
    read_annotators,
)
from napari_cellcycle.train.evaluation.pairs import pairs_of_classes

LABELS = ("0", "0.1", "1")
CELLS = [str(i) for i in range(5)]


def table(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_cohen_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 4, 200)
    b = np.where(rng.random(200) < 0.6, a, rng.integers(0, 4, 200))
    assert cohen_kappa(a, b) == pytest.approx(cohen_kappa_score(a, b))
    some = np.where(rng.random(200) < 0.2, -1, b)
    there = some >= 0
    assert cohen_kappa(a, some) == pytest.approx(cohen_kappa_score(a[there], b[there]))
    assert np.isnan(cohen_kappa(np.zeros(3, int), np.zeros(3, int)))
    assert np.isnan(cohen_kappa(np.array([0, -1]), np.array([-1, 1])))


def test_fleiss_of_the_textbook() -> None:
    # ten cells, fourteen raters, five classes; kappa is 0.210
    counts = [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
    answers = np.array([np.repeat(np.arange(5), row) for row in counts])
    assert fleiss_kappa(answers) == pytest.approx(0.210, abs=5e-4)
    # a cell with one answer does not count
    alone = np.full((1, 14), -1)
    alone[0, 0] = 3
    assert fleiss_kappa(np.vstack([answers, alone])) == pytest.approx(fleiss_kappa(answers))
    assert np.isnan(fleiss_kappa(alone))


def test_majority_and_ties() -> None:
    answers = np.array([[0, 0, 1], [0, 1, 2], [-1, 1, -1], [-1, -1, -1], [0, 2, -1]])
    majority, tied = majority_vote(answers, 3)
    assert majority.tolist() == [0, -1, 1, -1, -1]
    assert tied.tolist() == [False, True, False, False, True]


def test_reading(tmp_path: Path) -> None:
    path = table(tmp_path, "annotator,cell,phase,when\nBo,4,1,x\nAnn,0,0.1,\nAnn,4,,\n")
    found = read_annotators(path, CELLS)
    assert found.annotators == ("Ann", "Bo")
    assert found.phase[4].tolist() == ["", "1"]
    assert answer_codes(found, LABELS, "people.csv")[[0, 4]].tolist() == [[1, -1], [-1, 2]]


def test_reading_what_a_spreadsheet_has_saved(tmp_path: Path) -> None:
    found = read_annotators(table(tmp_path, "cell;annotator;phase\r\n4;Ann;1\r\n;;\r\n"), CELLS)
    assert found.annotators == ("Ann",)
    assert found.phase.ravel().tolist() == ["", "", "", "", "1"]


def test_cells_by_name(tmp_path: Path) -> None:
    found = read_annotators(table(tmp_path, "cell,annotator,phase\nc7,Ann,0\n"), ["c9", "c7"])
    assert found.phase.tolist() == [[""], ["0"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell,phase\n1,0\n", r"people\.csv has no column annotator; it has cell, phase"),
        ("cell,annotator,phase\n", "holds no answers"),
        ("cell,annotator,phase\n9,Ann,0\n", "line 2: there is no cell '9'; the data set has 5"),
        ("cell,annotator,phase\n1,Ann,0\n1,Ann,1\n", "line 3: Ann answers for cell 1 a second"),
        ("cell,annotator,phase\n1,,0\n", "line 2: '' cannot be the name"),
        ("cell,annotator,phase\n1,model,0\n", "'model' cannot be the name"),
        ("", "has no column cell, annotator, phase; it has none"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        read_annotators(table(tmp_path, text), CELLS)


def test_more_that_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"There is no file .*none\.csv"):
        read_annotators(tmp_path / "none.csv", CELLS)
    latin = tmp_path / "latin.csv"
    latin.write_bytes("cell,annotator,phase\n1,Çelik,0\n".encode("latin-1"))
    with pytest.raises(ProjectError, match=r"latin\.csv is no text in UTF-8; save it as"):
        read_annotators(latin, CELLS)
    path = table(tmp_path, "cell,annotator,phase\n1,Ann,much\n")
    with pytest.raises(CropSetError, match="share names in its column 'cell'"):
        read_annotators(path, ["1", "1"])
    with pytest.raises(CropSetError, match=r"answers that are no class: much\. Classes are 0, 0.1"):
        answer_codes(read_annotators(path, CELLS), LABELS, "people.csv")


def test_people_beside_a_model() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    model = np.array([0, 0, 1, 0, 2, 2])
    answers = np.array(
        [
            [0, 0, -1],
            [0, 1, -1],  # a tie
            [1, 1, -1],
            [1, 2, 2],
            [2, 2, -1],
            [2, 1, -1],  # a tie
        ]
    )
    found = judge_people(
        truth,
        model,
        answers,
        annotators=("Ann", "Bo", "Cy"),
        labels=LABELS,
        group=np.array(list("aabbcc")),
    )
    ann, bo, cy = found.annotators
    assert (ann.n, ann.accuracy, ann.kappa) == (6, 1, 1)
    assert bo.accuracy == pytest.approx(3 / 6)
    assert bo.kappa == pytest.approx(cohen_kappa_score(truth, answers[:, 1]))
    assert (cy.n, cy.accuracy, cy.model_accuracy) == (1, 0, 0)
    assert found.best == ("Ann",)
    assert found.average == pytest.approx((1 + 0.5 + 0) / 3)
    assert found.ties == 2
    # 0, 1, 2, 2 without the ties; the third is wrong
    assert (found.majority.n, found.majority.accuracy) == (4, 0.75)
    assert found.majority.model_accuracy == 0.75
    assert found.comparison is not None
    assert found.comparison.n == 4
    assert found.model.accuracy == pytest.approx(5 / 6)
    assert found.agreement_cohen == pytest.approx(
        np.mean(
            [cohen_kappa(answers[:, 0], answers[:, 1]), cohen_kappa(answers[:, 0], answers[:, 2])]
        )
    )
    assert found.t_test.pairs == 3
    assert found.t_test.mean == pytest.approx(np.mean([5 / 6 - 1, 5 / 6 - 0.5, 0 - 0]))


def test_nobody_answered() -> None:
    with pytest.raises(CropSetError, match="answered for none of the cells"):
        judge_people(
            np.array([0]),
            np.array([0]),
            np.array([[-1]]),
            annotators=("Ann",),
            labels=LABELS,
            group=np.array(["a"]),
        )


def test_pairs_ignore_answers_outside_and_leave_the_third_class_out() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2])
    model = np.array([0, 2, 1, 1, 2, 2])
    ann = np.array([0, 0, 2, 1, 0, 0])
    p = np.array(
        [
            *([0.8, 0.1, 0.1], [0.3, 0.1, 0.6], [0.2, 0.7, 0.1]),
            *([0.1, 0.8, 0.1], [0.1, 0.2, 0.7], [0, 0, 1]),
        ]
    )
    pairs = pairs_of_classes(truth, model, p, LABELS, answers=ann[:, None], annotators=("Ann",))
    assert [pair.classes for pair in pairs] == [("0", "0.1"), ("0", "1"), ("0.1", "1")]
    first = pairs[0]
    assert first.n == 5
    # Ann: 0, 0, (2 ignored), 1, 0 against 0, 0, 0, 1, 1
    assert first.accuracy["Ann"] == pytest.approx(3 / 4)
    assert first.accuracy["majority"] == pytest.approx(3 / 4)
    # the model: 0, (2), 1, 1, (2)
    assert first.accuracy["model"] == pytest.approx(2 / 3)
    assert first.ignored == {"Ann": 1, "model": 2}
    # when it must choose: 0, 0, 1, 1, 1
    assert first.model_choosing == pytest.approx(4 / 5)
    assert [pair.n for pair in pairs] == [5, 4, 3]


def test_pairs_without_people_skip_classes_without_cells() -> None:
    truth = np.array([0, 2])
    (pair,) = pairs_of_classes(truth, truth, np.eye(3)[truth], LABELS)
    assert pair.classes == ("0", "1")
    assert pair.accuracy == {"model": 1}
