"""Smoothing against all sequences that there are, and steps that cannot be."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellcycle.cells.tracks.course import Course
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import TrackError
from napari_cellcycle.phases import (
    EXPOSURE,
    G1_S_G2_M,
    MITOSIS_2D,
    MITOSIS_STAGES,
    flat_vocabulary,
)

THREE = flat_vocabulary("mine", ["rest", "rise", "split"])
COURSES = [
    Course.of(THREE),
    Course.of(MITOSIS_STAGES, frame_minutes=10, stages=1),
    Course.of(THREE, frame_minutes=3, minutes={"rest": 20, "rise": 5, "split": 4}, stages=2),
]


def brute(course: Course, seen: np.ndarray, frame: np.ndarray, tracks: Tracks) -> np.ndarray:
    """Marginals by adding up the probability of every way the cells could have gone."""
    k = len(course.phases)
    noisy = 0.98 * seen + 0.02 / k
    members = tracks.members()
    total = np.zeros_like(seen)
    for states in product(range(len(course.state)), repeat=len(seen)):
        p = np.prod([noisy[i, course.state[s]] for i, s in enumerate(states)])
        for track, rows in members.items():
            mother = tracks.parents.get(track)
            if mother in members:
                p *= course._birth()[states[members[mother][-1]], states[rows[0]]]
            for a, b in pairwise(rows):
                steps = np.linalg.matrix_power(course.step, int(frame[b] - frame[a]))
                p *= steps[states[a], states[b]]
        for i, s in enumerate(states):
            total[i, course.state[s]] += p
    return total / total.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("course", COURSES)
def test_smoothing_is_exact(course: Course) -> None:
    """A mother of two frames, two daughters, one of which is missed in one frame."""
    seen = np.random.default_rng(0).dirichlet(np.ones(len(course.phases)), 5)
    frame = np.array([0, 1, 2, 2, 4])
    tracks = Tracks(np.array([5, 5, 6, 7, 7]), {6: 5, 7: 5})
    assert_allclose(course.smooth(seen, frame, tracks), brute(course, seen, frame, tracks))


def test_one_slip_of_the_network_is_mended_and_a_division_is_not() -> None:
    slugs = MITOSIS_STAGES.slugs
    said = [0, 0, 0, 2, 0, 0, 0, 3, 3, 4, 0, 0]
    seen = np.full((12, 5), 0.025)
    seen[np.arange(12), said] = 0.9
    tracks = Tracks(np.zeros(12, np.int64), {})
    for minutes in (None, 15.0):
        smooth = Course.of(MITOSIS_STAGES, frame_minutes=minutes).smooth(
            seen, np.arange(12), tracks
        )
        assert_allclose(smooth.sum(axis=1), 1)
        found = [slugs[i] for i in smooth.argmax(axis=1)]
        assert found[:6] == ["non-mitotic"] * 6
        assert found[7:10] == ["prometaphase-metaphase"] * 2 + [slugs[4]]
        assert found[10:] == ["non-mitotic"] * 2


def test_cells_without_a_track_and_without_a_prediction() -> None:
    seen = np.array([[0.2, 0.3, 0.5], [np.nan] * 3, [0.1, 0.9, 0.0], [0.0, 1.0, 0.0]])
    tracks = Tracks(np.array([-1, 4, 4, -1]), {})
    smooth = Course.of(THREE).smooth(seen, np.array([0, 0, 1, 1]), tracks)
    assert_allclose(smooth[[0, 3]], seen[[0, 3]])
    assert smooth[1].argmax() in (0, 1)
    assert np.isfinite(smooth).all()


def test_steps_back_are_impossible_and_skips_depend_on_time() -> None:
    tracks = Tracks(np.zeros(6, np.int64), {})
    phase = np.array([0, 4, 3, -1, 4, 0])
    frame = np.arange(6)
    unknown = Course.of(MITOSIS_STAGES)
    assert unknown.jumps(phase, frame, tracks).tolist() == [[1, 2]]
    fast = Course.of(MITOSIS_STAGES, frame_minutes=3)
    assert fast.jumps(phase, frame, tracks).tolist() == [[0, 1], [1, 2]]
    slow = Course.of(MITOSIS_STAGES, frame_minutes=60)
    assert [0, 1] not in slow.jumps(phase, frame, tracks).tolist()


def test_nothing_follows_death() -> None:
    course = Course.of(MITOSIS_2D, frame_minutes=30)
    end = MITOSIS_2D.slugs.index("apoptosis")
    assert course.step[-1, -1] == pytest.approx(1)
    assert end not in course.cycle
    tracks = Tracks(np.zeros(2, np.int64), {})
    for known in (course, Course.of(MITOSIS_2D)):
        assert known.jumps(np.array([end, 0]), np.arange(2), tracks).tolist() == [[0, 1]]
        assert known.jumps(np.array([0, end]), np.arange(2), tracks).tolist() == []


def test_durations_are_those_asked_for() -> None:
    minutes = {"g1": 300.0, "s": 200.0, "g2": 100.0, "m": 30.0}
    course = Course.of(G1_S_G2_M, frame_minutes=1, minutes=minutes)
    assert course.state.tolist() == np.repeat(np.arange(4), 4).tolist()
    for code, lasts in enumerate(minutes.values()):
        inside = course.step[course.state == code][:, course.state == code]
        visits = np.linalg.inv(np.eye(4) - inside)[0].sum()
        assert_allclose(visits, lasts, rtol=0.05)


@pytest.mark.parametrize(
    ("phases", "given", "message"),
    [
        (EXPOSURE, {}, "exposure do not follow one another"),
        (THREE, {"frame_minutes": 5.0}, "in minutes above 0: rest, rise, split"),
        (MITOSIS_STAGES, {"frame_minutes": 0.0}, r"a frame \(0.0 min\)"),
        (MITOSIS_STAGES, {"frame_minutes": np.inf}, r"a frame \(inf min\)"),
        (MITOSIS_STAGES, {"frame_minutes": 5.0, "minutes": {"prophase": np.inf}}, ": prophase"),
        (
            MITOSIS_STAGES,
            {"minutes": {"prophse": 20}},
            "prophse lasts .* non-mitotic, pro",
        ),
        (MITOSIS_2D, {"minutes": {"apoptosis": 20}}, "How long apoptosis lasts"),
        (flat_vocabulary("one", ["a"]), {}, "has no two phases"),
    ],
)
def test_what_has_no_order_is_refused(phases, given, message) -> None:
    with pytest.raises(TrackError, match=message):
        Course.of(phases, **given)
