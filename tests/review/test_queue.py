from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import make_project, predict

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.models.ensemble import entropy
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.review import ORDERS, Filter, Queue, Review
from napari_cellcycle.review.orders import (
    BETWEEN_MODELS,
    SUSPICION,
    consensus,
    divergence,
    leaves_by_axis,
)

if TYPE_CHECKING:
    from napari_cellcycle.project import Project


def test_the_most_uncertain_cell_comes_first(project: Project) -> None:
    review = Review(project)
    (given,) = project.predictions.sets(1)
    expected = np.argsort(-entropy(given.columns["probabilities"]), kind="stable")
    queue = Queue(review)
    assert [queue.next() for _ in range(12)] == expected.tolist()
    assert queue.next() == -1
    assert queue.position() == 11
    assert [queue.previous() for _ in range(12)][:2] == expected[::-1][1:3].tolist()


@pytest.mark.parametrize("order", [o for o in ORDERS if o not in (BETWEEN_MODELS, SUSPICION)])
def test_every_order_has_every_cell_once(project: Project, order: str) -> None:
    assert sorted(Queue(Review(project), order).rows.tolist()) == list(range(12))


def test_a_judge_who_is_sure_outweighs_one_who_doubts() -> None:
    votes = np.array([[[0.5, 0.5], [0.99, 0.01]], [[0.2, 0.8], [0.8, 0.2]], [[np.nan] * 2] * 2])
    together = consensus(votes)
    odds = np.sqrt([0.5 * 0.99, 0.5 * 0.01])
    np.testing.assert_allclose(together[0], odds / odds.sum())
    np.testing.assert_allclose(together[1], 0.5)
    assert together[0, 0] > votes[0, :, 0].mean()
    assert np.isnan(together[2]).all()


def test_disagreement_is_the_divergence_of_judges(project: Project) -> None:
    same = np.array([[[0.5, 0.5], [0.5, 0.5]]])
    apart = np.array([[[1.0, 0.0], [0.0, 1.0]]])
    assert divergence(same) == pytest.approx(0)
    assert divergence(apart) == pytest.approx(np.log(2))
    review = Review(project)
    leaves = leaves_by_axis(review)
    assert leaves.shape == (12, 3, 5)
    assert leaves.sum(axis=2) == pytest.approx(1)
    queue = Queue(review, "disagreement of projections")
    assert (np.diff(divergence(leaves)[queue.rows]) <= 0).all()


def test_two_models_are_compared_cell_by_cell(project: Project) -> None:
    review = Review(project)
    other = predict(project, seed=9)
    queue = Queue(review, "disagreement of models", other=other)
    both = [given.columns["probabilities"] for given in project.predictions.sets(1)]
    assert (np.diff(divergence(np.stack(both, axis=1))[queue.rows]) <= 0).all()
    with pytest.raises(ProjectError, match="same phases"):
        Queue(review, "disagreement of models")


def test_orders_by_phase_volume_position_and_chance(project: Project) -> None:
    review = Review(project)
    by_phase = review.shown.phase[Queue(review, "phase").rows]
    assert (np.diff(by_phase) >= 0).all()
    assert Queue(review, "position").rows.tolist() == list(range(12))
    first, again = (Queue(review, "random", seed=1).rows for _ in range(2))
    assert (first == again).all()
    assert (first != Queue(review, "random", seed=2).rows).any()


def test_counts_follow_every_change(project: Project) -> None:
    review = Review(project)
    queue = Queue(review, "position", Filter(statuses=frozenset({"predicted"})))
    assert queue.count == 12
    assert [queue.next(), queue.next()] == [0, 1]
    review.say([1, 2], "mitotic")
    assert queue.count == 10
    assert queue.next() == 3
    assert queue.previous() == 0
    review.undo()
    assert (queue.count, queue.next()) == (12, 1)
    queue.filter(Filter(phases=frozenset({"mitotic", ""})))
    assert queue.count == 0
    review.exclude(4)
    assert queue.members().tolist() == [4]
    queue.filter(Filter(seen=False, frame=0))
    review.mark_seen([0, 5])
    assert queue.count == 10
    queue.close()
    review.mark_seen([7])
    assert queue.count == 10


def test_cells_picked_out_and_cells_under_suspicion(project: Project) -> None:
    review = Review(project)
    with pytest.raises(ProjectError, match="Open Curate"):
        Queue(review, SUSPICION)
    queue = Queue(review)
    queue.suspect(np.array([5, 2, 9]))
    assert queue.order == "entropy"
    queue.sort(SUSPICION)
    assert queue.rows.tolist() == [5, 2, 9, 0, 1, 3, 4, 6, 7, 8, 10, 11]
    queue.choose(np.array([2, 3, 9]))
    queue.filter(Filter(statuses=frozenset({"predicted"})))
    assert (queue.count, queue.members().tolist()) == (3, [2, 9, 3])
    review.say([0, 9], "mitotic")
    assert (queue.count, queue.members().tolist()) == (2, [2, 3])
    review.undo()
    assert (queue.count, queue.next()) == (3, 2)
    queue.choose(None)
    assert queue.count == 12
    queue.choose(np.array([2]))
    review.reload()
    assert (queue.order, queue.wanted, queue.count) == ("entropy", SUSPICION, 12)
    queue.suspect(np.array([7]))
    assert (queue.order, queue.next()) == (SUSPICION, 7)


def test_another_search_sorts_what_lies_ahead_and_leaves_the_place(project: Project) -> None:
    queue = Queue(Review(project))
    queue.suspect(np.array([5, 2, 9, 7]))
    queue.sort(SUSPICION)
    assert [queue.next(), queue.next()] == [5, 2]
    # 5 was judged, and is not suspect any more; 2 was passed over, and is more suspect than others
    queue.suspect(np.array([7, 3, 2, 9]))
    assert queue.rows.tolist() == [5, 2, 7, 3, 9, 0, 1, 4, 6, 8, 10, 11]
    assert (queue.position(), queue.next(), queue.previous(), queue.previous()) == (1, 7, 2, 5)
    queue.go(7)
    queue.suspect(np.array([4, 9]))
    assert queue.rows[:5].tolist() == [5, 2, 7, 4, 9]
    # asked for again, it is the order of the suspects
    queue.sort(SUSPICION)
    assert queue.rows[:3].tolist() == [7, 4, 9]
    queue.sort("position")
    queue.suspect(np.array([9, 8]))
    assert queue.order == "position"


def test_from_a_cell_that_is_not_suspect_the_next_is_the_most_suspect(project: Project) -> None:
    queue = Queue(Review(project), "position")
    queue.go(6)
    queue.suspect(np.array([5, 2]))
    queue.sort(SUSPICION)
    assert (queue.position(), queue.next(), queue.next(), queue.previous()) == (0, 5, 2, 5)
    queue.go(11)  # nothing was said of it: the order goes on behind the suspects
    queue.suspect(np.array([4]))
    assert queue.rows[:3].tolist() == [11, 4, 0]


def test_the_order_stays_while_one_works(project: Project) -> None:
    review = Review(project)
    queue = Queue(review, "phase")
    before = queue.rows.copy()
    review.say(before[:3], "non-mitotic")
    assert (queue.rows == before).all()


def test_orders_that_need_predictions_say_so(tmp_path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(flat_vocabulary("mine", ["a"]))
        review = Review(project)
        with pytest.raises(ProjectError, match="needs predictions"):
            Queue(review, "entropy")
        with pytest.raises(ProjectError, match="no order 'beauty'"):
            Queue(review, "beauty")
        queue = Queue(review, "position")
        predict(project)
        assert queue.next() == 0
