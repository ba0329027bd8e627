"""The votes against a loop over cells that says in plain words what the rule is."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.ensemble import (
    ROUNDED,
    VOTES,
    decide,
    discount,
    entropy,
    is_close,
    softmax,
)

AXES = ("x", "y", "z")


def naive_entropy(p):
    return -sum(value * log(value) for value in p if value > 0)


def naive_level(vectors, axes, vote):
    """Probabilities that count, and the axis, for one cell at one level."""
    if vote == "mean":
        return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)], ""
    candidates = list(range(len(axes)))
    if vote == "majority":
        said = [max(range(len(p)), key=lambda c: p[c]) for p in vectors]
        most = max(said.count(c) for c in said)
        candidates = [i for i in candidates if said.count(said[i]) == most]
    best = min(candidates, key=lambda i: naive_entropy(vectors[i]))
    return list(vectors[best]), axes[best]


def naive(level1, level2, axes, vote):
    p, axis = naive_level(level1, axes, vote)
    q, stage_axis = naive_level(level2, axes, vote)
    leaves = [p[0], *(p[1] * value for value in q)]
    best = max(range(len(q)), key=lambda c: q[c])
    phase = 1 + best if p[1] > p[0] else 0
    return axis, stage_axis, naive_entropy(p), naive_entropy(q), leaves, phase, leaves[phase]


def probabilities(rng, *shape):
    """Anything from nearly certain to flat, with certain ones among them."""
    logits = rng.normal(size=shape) * rng.choice([0.1, 1, 8, 900], size=(*shape[:-1], 1))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("vote", VOTES)
@pytest.mark.parametrize("axes", [("z",), ("x", "z"), AXES])
@pytest.mark.parametrize("stages", [1, 2, 4, 7])
def test_votes_are_what_a_loop_over_cells_says(vote, axes, stages):
    rng = np.random.default_rng([len(axes), stages])
    level1 = probabilities(rng, 300, len(axes), 2)
    level2 = probabilities(rng, 300, len(axes), stages)
    decision = decide(level1, level2, axes, vote)
    for i in range(300):
        axis, stage_axis, h1, h2, leaves, phase, confidence = naive(
            level1[i], level2[i], axes, vote
        )
        assert decision.deciding_axis[i] == axis
        assert decision.stage_deciding_axis[i] == stage_axis
        assert decision.phase[i] == phase
        np.testing.assert_allclose(decision.entropy[i], h1, atol=1e-12)
        np.testing.assert_allclose(decision.stage_entropy[i], h2, atol=1e-12)
        np.testing.assert_allclose(decision.probabilities[i], leaves, atol=1e-12)
        np.testing.assert_allclose(decision.confidence[i], confidence, atol=1e-12)
    np.testing.assert_allclose(decision.probabilities.sum(axis=1), 1, atol=1e-12)


def test_the_least_uncertain_axis_overrules_the_two_others():
    level1 = [[[0.6, 0.4], [0.65, 0.35], [0.02, 0.98]]]
    level2 = [[[0.4, 0.6], [0.9, 0.1], [0.5, 0.5]]]
    decision = decide(level1, level2, AXES)
    assert (decision.deciding_axis[0], decision.stage_deciding_axis[0]) == ("z", "y")
    assert decision.phase[0] == 1
    assert decision.confidence[0] == pytest.approx(0.98 * 0.9)
    majority = decide(level1, level2, AXES, "majority")
    assert majority.phase[0] == 0
    assert majority.deciding_axis[0] == "y"
    np.testing.assert_allclose(majority.probabilities[0], [0.65, 0.35 * 0.9, 0.35 * 0.1])


def test_level_one_decides_before_the_leaves_are_compared():
    decision = decide([[[0.45, 0.55]]], [[[0.3, 0.4, 0.3]]], ("z",))
    assert decision.probabilities[0].argmax() == 0
    assert decision.phase[0] == 2
    assert decision.confidence[0] == pytest.approx(0.22)


def test_three_axes_that_name_three_stages_leave_it_to_the_least_uncertain():
    level1 = [[[0.1, 0.9]] * 3]
    level2 = [[[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]]
    decision = decide(level1, level2, AXES, "majority")
    assert decision.stage_deciding_axis[0] == "y"
    assert decision.phase[0] == 2


def test_equal_entropies_go_to_the_first_axis_and_even_odds_to_non_mitotic():
    decision = decide([[[0.5, 0.5]] * 3], [[[0.5, 0.5]] * 3], AXES)
    assert decision.deciding_axis[0] == "x"
    assert decision.phase[0] == 0


def test_the_mean_has_no_deciding_axis():
    decision = decide([[[0.9, 0.1], [0.3, 0.7]]], [[[1.0], [1.0]]], ("y", "z"), "mean")
    assert decision.deciding_axis[0] == ""
    np.testing.assert_allclose(decision.probabilities[0], [0.6, 0.4])
    assert decision.entropy[0] == pytest.approx(naive_entropy([0.6, 0.4]))


def test_entropy_is_in_nats_and_zero_for_certainty():
    np.testing.assert_allclose(entropy([[0.5, 0.5], [1, 0]]), [log(2), 0])
    assert not np.signbit(entropy([1.0, 0.0]))


def test_no_cells_give_an_empty_decision():
    decision = decide(np.empty((0, 3, 2)), np.empty((0, 3, 4)), AXES, "majority")
    assert len(decision) == 0
    assert decision.probabilities.shape == (0, 5)


def test_a_discount_divides_the_odds_of_some_cells_only():
    level1 = np.array([[[0.25, 0.75], [0.5, 0.5]]] * 2)
    cut = discount(level1, np.array([True, False]), 3.0)
    np.testing.assert_allclose(cut[0], [[0.5, 0.5], [0.75, 0.25]])
    np.testing.assert_allclose(cut[1], level1[1])
    # what was undecided before is now the more certain
    assert decide(cut, np.ones((2, 2, 1)), ("x", "y")).phase.tolist() == [0, 1]


def test_an_unknown_vote_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match="'loudest'; there are lowest-entropy, majority, mean"):
        decide([[[0.5, 0.5]]], [[[1.0]]], ("z",), "loudest")


@pytest.mark.parametrize(
    ("level1", "level2"),
    [
        (np.full((1, 2, 2), 0.5), np.full((1, 1, 4), 0.25)),
        (np.full((1, 1, 3), 1 / 3), np.full((1, 1, 4), 0.25)),
        (np.full((2, 1, 2), 0.5), np.full((1, 1, 4), 0.25)),
        (np.full((1, 1, 2), 0.7), np.full((1, 1, 4), 0.25)),
        (np.array([[[1.5, -0.5]]]), np.full((1, 1, 4), 0.25)),
        (np.full((1, 1, 2), 0.5), np.full((1, 1, 4), np.nan)),
    ],
)
def test_what_is_no_probability_is_refused(level1, level2):
    with pytest.raises(ValueError, match="level"):
        decide(level1, level2, ("z",))


def test_softmax_of_huge_logits_is_finite():
    np.testing.assert_allclose(softmax(np.array([[1e4, 0.0], [-1e4, 0.0]])), [[1, 0], [0, 1]])


@pytest.mark.parametrize("vote", VOTES)
@pytest.mark.parametrize("stages", [0, 4])
def test_rounding_changes_little_where_nothing_is_close(vote, stages):
    """Logits of all sizes, changed by as much as rounding may."""
    rng = np.random.default_rng(5)
    n, axes = 20_000, ("x", "y", "z")
    tops = 2 if stages else 5
    logits = [rng.normal(0, 4, (n, 1, m)) + rng.normal(0, 1, (n, 3, m)) for m in (tops, stages)]
    moved = [part + rng.uniform(-ROUNDED, ROUNDED, part.shape) for part in logits]
    exact, rounded = ([softmax(p) if p.size else p for p in pair] for pair in (logits, moved))
    close = is_close(*rounded, vote)
    mixed = [np.where(close[..., None], *pair) for pair in zip(exact, rounded, strict=True)]
    one, other, better = (decide(*pair, axes, vote) for pair in (exact, rounded, mixed))
    differ = np.abs(one.probabilities - other.probabilities).max(axis=1)
    assert 0.001 < close.any(axis=1).mean() < 0.25
    assert (one.phase == better.phase).all()
    assert np.abs(one.probabilities - better.probabilities).max() < 0.01
    # what is close is what matters: some of these do change
    assert (one.phase != other.phase).any()
    assert vote == "mean" or differ.max() > 0.02


def test_axes_that_say_the_same_are_not_close():
    level1 = np.array([[[0.999, 0.001]] * 3, [[0.6, 0.4]] * 3])
    assert not is_close(level1, np.zeros((2, 3, 0)), "lowest-entropy").any()


def test_axes_as_sure_of_opposite_things_are_close():
    level1 = np.array([[[0.9, 0.1], [0.1, 0.9], [0.7, 0.3]]])
    close = is_close(level1, np.zeros((1, 3, 0)), "lowest-entropy")
    assert close.tolist() == [[True, True, False]]
    assert not is_close(level1, np.zeros((1, 3, 0)), "mean").any()


def test_all_axes_that_may_be_the_surest_are_close_where_two_of_them_differ():
    """Else one that says the same as the surest, and is left as it is, could decide."""
    exact = np.array([[[0.521, 0.479], [0.5209, 0.4791], [0.4781, 0.5219]]])
    rounded = np.array([[[0.5242, 0.4758], [0.5227, 0.4773], [0.4816, 0.5184]]])
    close = is_close(rounded, np.zeros((1, 3, 0)), "lowest-entropy")
    mixed = np.where(close[..., None], exact, rounded)
    assert decide(exact, None, AXES).phase == decide(mixed, None, AXES).phase == 1
    assert close.tolist() == [[True, True, True]]


def test_stages_of_a_cell_that_does_not_divide_do_not_matter():
    level2 = np.array([[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]])
    for branch, close in ((0.001, False), (0.3, False), (0.49, True), (0.9, True)):
        level1 = np.array([[[1 - branch, branch]] * 3])
        assert is_close(level1, level2, "lowest-entropy").tolist() == [[close] * 3]


@pytest.mark.parametrize(("branch", "close"), [(0.004, False), (0.3, True)])
def test_axes_as_sure_of_two_stages_are_close_by_what_they_would_change(branch, close):
    """Who decides on the stages shares out what the branch has, so little of it is little."""
    level1 = np.array([[[1 - branch, branch]] * 2])
    level2 = np.array([[[0.95, 0.05], [0.05, 0.95]]])
    assert is_close(level1, level2, "lowest-entropy").tolist() == [[close] * 2]
