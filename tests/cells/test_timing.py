"""Stays, divisions and their statistics: small films by hand, and long ones that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from napari_cellcycle.cells.tracks.stays import find_stays
from napari_cellcycle.cells.tracks.timing import Timing, time_phases
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import TrackError
from napari_cellcycle.phases import EXPOSURE, G1_S_G2_M, MITOSIS_2D, MITOSIS_STAGES

REST, MITOTIC, PROMETA, META, ANA, APO = range(6)
"""Codes of mitosis-2d."""


def film(*tracks: tuple[int, int, list[int | None]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Phase, frame and track of tracks: name, first frame, phases (None where it was missed)."""
    rows = sorted(
        (start + i, name, code)
        for name, start, codes in tracks
        for i, code in enumerate(codes)
        if code is not None
    )
    frame, track, phase = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    return phase, frame, track


def of(timing: Timing, what: str) -> tuple[int, int, int, float]:
    one = next(d for d in timing.durations if d.slug == what)
    return one.survival.complete, one.survival.censored, one.unbegun, one.survival.median


def timed(tracks, parents=(), **more) -> Timing:
    phase, frame, track = film(*tracks)
    return time_phases(MITOSIS_2D, phase, frame, Tracks(track, dict(parents)), **more)


def test_a_cell_and_its_daughters() -> None:
    mother = (1, 0, [REST, REST, PROMETA, META, META, ANA])
    left, right = (2, 6, [ANA, REST, REST, REST]), (3, 6, [ANA, ANA, REST, REST])
    timing = timed([mother, left, right], {2: 1, 3: 1}, frame_minutes=10)
    assert of(timing, "prometaphase") == (1, 0, 0, 10)
    assert of(timing, "metaphase") == (1, 0, 0, 20)
    assert of(timing, "anaphase") == (1, 0, 0, 20)  # until the first daughter rests
    assert of(timing, "mitotic") == (1, 0, 0, 50)
    assert of(timing, "entry-to-anaphase") == (1, 0, 0, 30)
    complete, censored, unbegun, median = of(timing, "non-mitotic")
    assert (complete, censored, unbegun) == (0, 2, 1)
    assert math.isnan(median)
    assert of(timing, "between-divisions")[:3] == (0, 2, 0)
    assert timing.divisions.track.tolist() == [1]
    assert timing.divisions.frame.tolist() == [6]
    assert timing.frames_table()["cells"].tolist() == [1] * 6 + [2] * 4
    assert timing.frames_table()["n_anaphase"].tolist() == [0, 0, 0, 0, 0, 1, 2, 1, 0, 0]
    assert timing.frames_table()["n_mitotic"].tolist() == [0, 0, 1, 1, 1, 1, 2, 1, 0, 0]
    stays = timing.stays_table()
    assert stays["phase"].tolist().count("anaphase") == 1
    assert stays[stays["phase"] == "metaphase"]["minutes"].tolist() == [20.0]


def test_a_track_that_goes_on_as_one_daughter_is_cut() -> None:
    """Trackers by overlap give only the other daughter a track of its own."""
    mother = (1, 0, [REST, META, ANA, ANA, REST, REST, REST])
    timing = timed([mother, (2, 3, [ANA, REST, REST, REST])], {2: 1})
    assert timing.unit == "frames"
    assert of(timing, "anaphase") == (1, 0, 0, 2)
    assert timing.divisions.track.tolist() == [1]
    assert timing.divisions.frame.tolist() == [3]
    assert of(timing, "between-divisions")[:2] == (0, 2)
    assert set(timing.stays.track.tolist()) == {1, 2}


def test_without_parents_a_division_is_told_by_phases() -> None:
    cell = (5, 0, [META, ANA, REST, REST, REST, PROMETA, META, ANA, ANA, REST])
    timing = timed([cell])
    assert timing.divisions.frame.tolist() == [2, 9]
    assert of(timing, "between-divisions") == (1, 1, 0, 7)
    assert of(timing, "metaphase") == (1, 0, 1, 1)
    assert timing.divisions_per_frame().tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 1]


def test_a_division_that_the_model_missed_ends_the_rest() -> None:
    tracks = [(1, 0, [REST] * 4), (2, 4, [REST] * 3), (3, 4, [REST, META, META])]
    timing = timed(tracks, {2: 1, 3: 1})
    assert of(timing, "non-mitotic") == (1, 1, 1, 1)
    assert timing.divisions.frame.tolist() == [4]


def test_frames_that_are_missing_or_not_known_are_passed_over() -> None:
    phase, frame, track = film((1, 0, [REST, REST, None, META, -1, META, None, None, ANA]))
    stays = find_stays(phase, frame, Tracks(track, {}))
    assert stays.phase.tolist() == [REST, META, ANA]
    assert stays.begin.tolist() == [0, 2, 6.5]
    assert stays.end.tolist() == [2, 6.5, 8]
    assert stays.began.tolist() == [False, True, True]
    assert stays.ended.tolist() == [True, True, False]


def test_a_branch_counts_as_mitosis_and_as_no_stage() -> None:
    timing = timed([(1, 0, [REST, MITOTIC, META, REST])])
    assert of(timing, "mitotic") == (1, 0, 0, 2)
    assert of(timing, "metaphase") == (1, 0, 0, 1.5)


def test_a_stay_goes_on_through_any_number_of_tracks() -> None:
    n = 1200
    chain = [(i, i, [META]) for i in range(n)]
    phase, frame, track = film((n, -1, [REST]), *chain, (n + 1, n, [ANA, REST]))
    parents = {0: n, n + 1: n - 1} | {i: i - 1 for i in range(1, n)}
    stays = find_stays(phase, frame, Tracks(track, parents))
    stays = stays.select(np.argsort(stays.begin))
    assert stays.phase.tolist() == [REST, META, ANA, REST]
    assert stays.lasts.tolist() == [0.5, n, 1, 0.5]
    assert stays.after[:2].tolist() == [META, ANA]


def test_a_daughter_that_is_seen_before_her_mother_has_none() -> None:
    """Labels were repaired, and the cells in which the mother began are gone."""
    phase, frame, track = film((2, 3, [REST, REST, REST]), (1, 5, [REST, PROMETA, META, META]))
    stays = find_stays(phase, frame, Tracks(track, {2: 1}))
    assert stays.lasts.min() >= 0
    assert stays.ended.tolist() == [True, True, False, False]
    timing = time_phases(MITOSIS_2D, phase, frame, Tracks(track, {2: 1}))
    assert timing.divisions.track.tolist() == []


def test_death_in_mitosis_is_no_anaphase() -> None:
    timing = timed([(1, 0, [REST, PROMETA, META, META, APO, APO])])
    assert of(timing, "mitotic") == (1, 0, 0, 3)
    assert of(timing, "entry-to-anaphase")[:3] == (0, 1, 0)
    assert "apoptosis" not in [d.slug for d in timing.durations]


@pytest.mark.parametrize("daughters", [(ANA, REST), (REST, ANA), (REST, REST)])
def test_a_division_has_had_its_anaphase_though_it_fell_between_two_frames(
    daughters: tuple[int, int],
) -> None:
    mother = (1, 0, [REST, PROMETA, META, META])
    timing = timed([mother, *((i, 4, [d, REST]) for i, d in enumerate(daughters, 2))], {2: 1, 3: 1})
    assert of(timing, "entry-to-anaphase") == (1, 0, 0, 3)
    slipped = timed([(1, 0, [REST, PROMETA, META, META, REST])])
    assert of(slipped, "entry-to-anaphase")[:3] == (0, 1, 0)
    fragments = timed([mother, (2, 4, [APO]), (3, 4, [APO])], {2: 1, 3: 1})
    assert of(fragments, "entry-to-anaphase")[:3] == (0, 1, 0)


def test_a_dead_cell_is_not_waited_for_to_divide() -> None:
    mother = (1, 0, [META, ANA])
    left, right = (2, 2, [REST, REST, APO, APO, APO]), (3, 2, [REST, APO, REST, REST])
    timing = timed([mother, left, right, (4, 2, [APO, APO])], {2: 1, 3: 1, 4: 1})
    assert timing.divisions.complete.tolist() == [False] * 3
    assert timing.divisions.lives.tolist() == [2, 3.5, 0.5]  # until it died, or was seen last


def test_long_films_give_back_the_durations_that_they_were_made_of() -> None:
    rng = np.random.default_rng(0)
    means = np.array([40.0, 30.0, 15.0, 6.0])
    phase, frame, track = [], [], []
    for cell in range(60):
        edges = np.cumsum(rng.gamma(20, means[np.arange(24) % 4] / 20)) - rng.uniform(0, 90)
        at = np.searchsorted(edges, np.arange(300), side="right") % 4
        phase.append(at)
        frame.append(np.arange(300))
        track.append(np.full(300, cell))
    rows = np.lexsort((np.concatenate(track), np.concatenate(frame)))
    timing = time_phases(
        G1_S_G2_M,
        np.concatenate(phase)[rows],
        np.concatenate(frame)[rows],
        Tracks(np.concatenate(track)[rows], {}),
        frame_minutes=2,
    )
    for slug, mean in zip(G1_S_G2_M.slugs, means, strict=True):
        complete, _, _, median = of(timing, slug)
        assert complete > 100
        assert_allclose(median, 2 * mean, rtol=0.08)
    assert_allclose(of(timing, "between-divisions")[3], 2 * means.sum(), rtol=0.05)


def test_what_has_no_order_is_refused_and_cells_without_tracks_are_left_out() -> None:
    none = Tracks(np.array([-1, -1]), {})
    with pytest.raises(TrackError, match="do not follow one another"):
        time_phases(EXPOSURE, np.zeros(2, int), np.arange(2), none)
    timing = time_phases(MITOSIS_STAGES, np.zeros(2, int), np.arange(2), none)
    assert len(timing.stays) == 0
    assert timing.cells.sum() == 0
    assert timing.durations_table()["median"].isna().all()
