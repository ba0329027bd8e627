"""What answers teach the search for suspects, where it is known which predictions are wrong."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review
from napari_cellcycle.review.suspects.curation import known_of
from napari_cellcycle.review.suspects.taught import (
    ASIDE,
    ENOUGH,
    NOBODY,
    OF_EACH,
    lesson_of,
    weigh_anew,
)

N = 4000


def test_a_phase_that_a_person_gave_is_learned_in_place_of_the_predicted_one() -> None:
    phase = np.array([0, 1, 2, -1, 3])
    known = np.array([NOBODY, 2, ASIDE, 1, 3])
    assert lesson_of(phase, known).tolist() == [0, 2, -1, 1, 3]


def signs_of(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Score, signs, phase and errors: of phase 1 measures tell all, of phase 0 the network."""
    rng = np.random.default_rng(seed)
    phase = np.arange(N) % 2
    logits = rng.normal(2, 2, (N, 2))
    telling = logits[np.arange(N), np.where(phase == 1, 0, 1)]
    wrong = rng.random(N) < 1 / (1 + np.exp(2 * telling))
    return 1 / (1 + np.exp(logits.mean(axis=1))), 1 / (1 + np.exp(-logits)), phase, wrong


def answered(rows: np.ndarray, phase: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    known = np.full(N, NOBODY)
    known[rows] = np.where(wrong[rows], 2, phase[rows])
    return known


def found_among(score: np.ndarray, known: np.ndarray, wrong: np.ndarray) -> int:
    """Errors among the 300 most suspect cells that nobody has judged."""
    left = np.flatnonzero(known == NOBODY)
    return int(wrong[left[np.argsort(-score[left])[:300]]].sum())


def test_answers_tell_which_sign_counts_for_each_phase() -> None:
    """Also when the cells that were judged are those that looked most suspect, not any."""
    score, signs, phase, wrong = signs_of()
    known = answered(np.argsort(-score)[:300], phase, wrong)
    anew = weigh_anew(score, signs, phase, known)
    assert found_among(anew, known, wrong) > 1.15 * found_among(score, known, wrong)
    assert ((anew >= 0) & (anew <= 1)).all()


@pytest.mark.parametrize("n", [ENOUGH, 80])
def test_a_few_answers_do_not_ruin_the_order_even_if_they_say_the_opposite(n: int) -> None:
    score, signs, phase, wrong = signs_of()
    rows = np.random.default_rng(n).choice(np.argsort(-score)[:400], n, replace=False)
    chance = np.arange(N) % 3 == 0  # answers that have nothing to do with the cells
    anew = weigh_anew(score, signs, phase, answered(rows, phase, chance))
    known = answered(rows, phase, wrong)
    assert found_among(anew, known, wrong) > 0.85 * found_among(score, known, wrong)
    turned = answered(np.argsort(-score)[::40][:n], phase, score < 0.2)
    np.testing.assert_array_equal(weigh_anew(score, signs, phase, turned), score)


def test_signs_are_not_weighed_before_both_outcomes_were_seen_often_enough() -> None:
    score, signs, phase, wrong = signs_of()
    right = np.flatnonzero(~wrong)
    few = np.flatnonzero(wrong)[: OF_EACH - 1]
    for rows in (right[:500], few, np.r_[right[:500], few], right[:0]):
        anew = weigh_anew(score, signs, phase, answered(rows, phase, wrong))
        np.testing.assert_array_equal(anew, score)
    rows = np.r_[right[:500], np.flatnonzero(wrong)[:OF_EACH]]
    assert (weigh_anew(score, signs, phase, answered(rows, phase, wrong)) != score).any()


def test_only_a_final_leaf_that_people_gave_teaches(project: Project) -> None:
    leaves = [leaf.slug for leaf in MITOSIS_STAGES.leaves]
    review = Review(project)
    assert known_of(review).tolist() == [NOBODY] * 12
    review.say(0, "prophase")
    review.accept([1])
    review.unsure([2])
    review.exclude([3], "debris")
    review.say(4, "mitotic")  # a branch
    review.say([5, 6], "prophase")
    review.say(7, "prophase")
    review.clear([7])
    accepted = leaves.index(review.final_slugs()[1])
    prophase = leaves.index("prophase")
    mine = [prophase, accepted, ASIDE, ASIDE, ASIDE, prophase, prophase, *[NOBODY] * 5]
    assert known_of(review).tolist() == mine
    folder = project.folder
    project.close()
    with Project.open(folder, who="Bob") as other:
        review = Review(other)
        review.say(5, "non-mitotic")
        assert known_of(review).tolist() == [*mine[:5], ASIDE, *mine[6:]]  # no majority
        review.look_blind(True)
        resting = leaves.index("non-mitotic")
        assert known_of(review).tolist() == [*[NOBODY] * 5, resting, *[NOBODY] * 6]
