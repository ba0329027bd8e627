from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from fields import make_project
from people import LEAVES, people_project
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, confusion, export_project, measure_agreement
from napari_cellcycle.spreadsheet import restore

PHASES = ("non-mitotic", "mitotic", "prophase")


def test_agreement_of_three_people(tmp_path) -> None:
    rng = np.random.default_rng(1)
    said = rng.integers(0, 3, (3, 12))
    said[1, :8] = said[0, :8]
    said[:, 9] = 0, 1, 2
    make_project(tmp_path).close()
    for who, codes in zip(("Ann", "Bob", "Cem"), said, strict=True):
        with Project.open(tmp_path / "field.cellcycle", who=who) as project:
            review = Review(project)
            for row, code in enumerate(codes[:10]):
                review.say(row, PHASES[code])
            review.exclude(10)
    with Project.open(tmp_path / "field.cellcycle", who="Dee") as project:
        review = Review(project)
        found = measure_agreement(review)
        assert found.people == ("Ann", "Bob", "Cem")
        assert found.words == (11, 11, 11)
        assert found.conflicts == review.statuses().count("conflict") > 0
        pair = found.pairs[0]
        assert (pair.first, pair.second, pair.n) == ("Ann", "Bob", 10)
        assert pair.agreement == (said[0, :10] == said[1, :10]).mean()
        assert pair.kappa == pytest.approx(cohen_kappa_score(said[0, :10], said[1, :10]))
        assert 0 < found.fleiss < 1
        matrix = confusion(review, "Ann", "Cem")
        expected = confusion_matrix(said[0, :10], said[2, :10], labels=[0, 1, 2])
        assert (matrix[:3, :3] == expected).all()
        assert matrix.sum() == 10
        with pytest.raises(ProjectError, match="Eve has said nothing"):
            confusion(review, "Ann", "Eve")


def test_agreement_as_files(tmp_path) -> None:
    n, p, e = LEAVES
    said = {"=Ann": [n, p, p, e, n, n], "Bea": [n, p, n, n, n, p], "Cem": ["", p, n, n, "", ""]}
    folder = people_project(tmp_path, said)
    with Project.open(folder, who="Cem") as project:
        review = Review(project)
        review.exclude(4)
        review.say(8, p)
        done = export_project(project, tmp_path / "agreement.json", what="agreement")
        export_project(project, tmp_path / "agreement.csv", what="agreement")
        before = (tmp_path / "agreement.csv").read_bytes()
        for out, only, told in (
            ("a.xlsx", None, "must end in .json or"),
            ("a.csv", "final", "out"),
        ):
            with pytest.raises(ProjectError, match=told):
                export_project(project, tmp_path / out, what="agreement", only=only)
        assert (tmp_path / "agreement.csv").read_bytes() == before
    assert done.n == 6
    (found,) = json.loads((tmp_path / "agreement.json").read_text())["images"]
    assert {k: v for k, v in found.items() if k != "majority"} == done.agreement[0]
    assert found["people"] == [
        {"name": "Cem", "cells": 5}, {"name": "=Ann", "cells": 6}, {"name": "Bea", "cells": 6}
    ]  # fmt: skip
    pair = next(pair for pair in found["pairs"] if pair["first"] == "=Ann")
    assert (pair["second"], pair["n"], pair["agreement"]) == ("Bea", 6, 0.5)
    assert pair["kappa"] == pytest.approx(cohen_kappa_score(said["=Ann"], said["Bea"]))
    labels = pair["confusion"]["labels"]
    expected = confusion_matrix(said["=Ann"], said["Bea"], labels=labels)
    assert pair["confusion"]["matrix"] == expected.tolist()

    table = pd.read_csv(tmp_path / "agreement.csv", keep_default_na=False)
    assert len(table) == len(found["majority"]) == 6
    for row, same in zip(table.itertuples(), found["majority"], strict=True):
        assert (row.label, row.outcome, row.majority) == (
            same["label"], same["outcome"], same["majority"]
        )  # fmt: skip
        words = [words[row.label - 1] for words in said.values() if words[row.label - 1]]
        words += ["excluded"] if row.label == 5 else []
        assert Counter(part.split(": ")[1] for part in restore(row.words).split("; ")) == Counter(
            words
        )
        (top, most), *others = Counter(words).most_common()
        assert (row.people, row.alike) == (len(words), most)
        tie = bool(others) and others[0][1] == most
        assert row.majority == ("" if tie else top)
        assert row.outcome == ("conflict" if tie else "phase")
    assert restore(table["words"][0]) == f"=Ann: {n}; Bea: {n}"
    assert table["words"][0].startswith("'=")
