"""How uncertain the judged cells were, in exported crops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from fields import N_CELLS, make_project, predict

from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.review import Queue, Review
from napari_cellcycle.review.agreement.doubt import doubt_ranks

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.project import Project


def test_judged_cells_keep_the_rank_that_they_had_when_they_were_judged(project: Project) -> None:
    review = Review(project)
    queue = Queue(review)
    doubtful = queue.rows[:3]
    review.say(doubtful, "mitotic")
    expected = (N_CELLS - 0.5 - np.arange(3)) / N_CELLS
    np.testing.assert_allclose(doubt_ranks(review)[doubtful], expected)
    assert np.isnan(doubt_ranks(review)[queue.rows[3:]]).all()

    # another model is sure of other cells; what was judged before does not change
    predict(project, seed=7)
    review.reload()
    queue.sort("entropy")
    sure = next(row for row in queue.rows[::-1].tolist() if row not in doubtful)
    review.say(sure, "mitotic")
    ranks = doubt_ranks(review)
    np.testing.assert_allclose(ranks[doubtful], expected)
    place = queue.rows[::-1].tolist().index(sure)
    assert ranks[sure] == (place + 0.5) / N_CELLS


def test_without_a_model_nobody_knows(tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(MITOSIS_STAGES)
        review = Review(project)
        review.say(0, "mitotic")
        assert np.isnan(doubt_ranks(review)).all()
