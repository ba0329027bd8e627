from __future__ import annotations

import numpy as np
import pytest
from fields import make_project
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, confusion, measure_agreement

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
