"""Votes along tracks: what they weigh, and the time between frames that they make likely."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellcycle.cells.tracks.course import MINUTES, Course
from napari_cellcycle.cells.tracks.evidence import (
    ODDS,
    _before,
    _log_likelihood,
    evidence_of,
    likely_minutes,
)
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.phases import MITOSIS_2D, MITOSIS_STAGES, flat_vocabulary

THREE = flat_vocabulary("mine", ["rest", "rise", "split"])


def test_one_projection_says_what_it_says_and_three_are_worth_two() -> None:
    p = np.random.default_rng(0).dirichlet(np.ones(5), 4)
    assert_allclose(evidence_of(p[:, None], MITOSIS_2D), p, atol=5e-3)
    three = evidence_of(np.repeat(p[:, None], 3, axis=1), MITOSIS_2D)
    assert_allclose(three, p**2 / (p**2).sum(axis=1, keepdims=True), atol=2e-2)


def test_an_understated_mitosis_is_raised_only_where_time_is_known() -> None:
    votes = np.array([[[0.8, 0.05, 0.05, 0.05, 0.05]]])
    plain = evidence_of(votes, MITOSIS_STAGES, timed=False)
    raised = evidence_of(votes, MITOSIS_STAGES)
    ratio = (raised[0, 1:] / raised[0, 0]) / (plain[0, 1:] / plain[0, 0])
    assert_allclose(ratio, ODDS["mitosis-stages"])
    assert np.isnan(evidence_of(np.full((1, 3, 5), np.nan), MITOSIS_STAGES)).all()


def test_the_likelihood_is_the_sum_over_all_ways() -> None:
    course = Course.of(THREE)
    p = np.random.default_rng(1).dirichlet(np.ones(3), 4)
    frame, tracks = np.array([0, 1, 3, 0]), Tracks(np.array([0, 0, 0, -1]), {})
    seen, total = course.emissions(p), 0.0
    for a in range(3):
        for b in range(3):
            for c in range(3):
                way = seen[0, a] / 3 * course.step[a, b] * seen[1, b]
                total += way * np.linalg.matrix_power(course.step, 2)[b, c] * seen[2, c]
    found = _log_likelihood(course, p, frame, tracks, _before(frame, tracks))
    assert found == pytest.approx(np.log(total))


@pytest.mark.parametrize("every", [3.0, 15.0])
def test_the_time_between_frames_is_found(every: float) -> None:
    """Cells that last as long as they should, seen with a little noise."""
    rng = np.random.default_rng(2)
    means = np.array(list(MINUTES["mitosis-stages"].values()))
    n, frames = 60, 40
    phase = np.empty((n, frames), np.int64)
    for row in phase:
        lasts = rng.gamma(4, np.tile(means, 3) / 4)
        edges = np.cumsum(lasts) - rng.uniform(0, lasts[0])
        row[:] = np.searchsorted(edges, np.arange(frames) * every, side="right") % 5
    votes = np.full((n * frames, 5), 0.05)
    votes[np.arange(n * frames), phase.ravel()] = 0.8
    frame, tracks = np.tile(np.arange(frames), n), Tracks(np.repeat(np.arange(n), frames), {})
    found = likely_minutes(MITOSIS_STAGES, votes, frame, tracks)
    assert found is not None
    assert every / 1.6 <= found <= every * 1.6


def test_it_is_not_guessed_without_durations_or_from_a_few_steps() -> None:
    frame, tracks = np.arange(400), Tracks(np.zeros(400, np.int64), {})
    assert likely_minutes(THREE, np.full((400, 3), 1 / 3), frame, tracks) is None
    few = Tracks(np.arange(400) // 2, {})
    assert likely_minutes(MITOSIS_STAGES, np.full((400, 5), 0.2), frame, few) is None
