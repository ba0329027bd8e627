"""What the votes of a network say of each phase, and how much time that makes of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.tracks.course import MINUTES, Course

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SHARPNESS = 2.0
"""How many independent votes those of all projections together are worth, at most."""
ODDS = {"mitosis-stages": 8.0}
"""By how much models understate phases beside the first one, chosen on simulated films."""
FEWEST = 300
"""Steps from which on the time between frames is guessed."""
_FLOOR = 1e-3
_GRID = (1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0)


def evidence_of(votes: Floats, phases: PhaseSet, *, timed: bool = True) -> Floats:
    """Weigh what each projection says of each phase, for :meth:`Course.smooth`.

    The lowest entropy decides a single cell. Along a track all projections count: their geometric
    mean, to the power of 2 (or of 1 where there is one only). Where a course knows how long phases
    last, that holds false ones down, and the odds of :data:`ODDS` count as well.

    Parameters
    ----------
    votes : ndarray, ``(n, axes, k)``, float64
        Probabilities of the leaves by projection; NaN rows where nothing is said.
    phases : PhaseSet
        The vocabulary.
    timed : bool
        Whether it is for a course with durations.

    Returns
    -------
    ndarray, ``(n, k)``, float64
        Rows add up to 1.
    """
    power = min(SHARPNESS, votes.shape[1])
    logs = power * np.log(votes + _FLOOR).mean(axis=1)
    weighed = np.exp(logs - logs.max(axis=1, keepdims=True))
    weighed[:, 1:] *= ODDS.get(phases.name, 1.0) if timed else 1.0
    return np.asarray(weighed / weighed.sum(axis=1, keepdims=True), np.float64)


def likely_minutes(
    phases: PhaseSet,
    evidence: Floats,
    frame: Ints,
    tracks: Tracks,
    minutes: Mapping[str, float] | None = None,
) -> float | None:
    """Time between frames with which tracks agree best, of a few from 1 to 60 minutes.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    evidence : ndarray, ``(n, k)``, float64
        As of :func:`evidence_of`.
    frame : ndarray, ``(n,)``, int64
        Of each cell.
    tracks : Tracks
        Of these cells.
    minutes : mapping of str to float, optional
        How long phases last, in place of some of
        :data:`~napari_cellcycle.cells.tracks.course.MINUTES`.

    Returns
    -------
    float or None
        None where nobody knows how long the phases last, or tracks have fewer than 300 steps.
    """
    before = _before(frame, tracks)
    if phases.name not in MINUTES or (before >= 0).sum() < FEWEST:
        return None

    def fit(every: float) -> float:
        course = Course.of(phases, frame_minutes=every, minutes=minutes)
        return _log_likelihood(course, evidence, frame, tracks, before)

    return max(_GRID, key=fit)


def _before(frame: Ints, tracks: Tracks) -> Ints:
    """Row before each row on its track, -1 for the first and for cells in none."""
    rows = np.lexsort((frame, tracks.track))
    found = np.full(len(frame), -1, np.int64)
    same = (tracks.track[rows[1:]] == tracks.track[rows[:-1]]) & (tracks.track[rows[1:]] >= 0)
    found[rows[1:][same]] = rows[:-1][same]
    return found


def _log_likelihood(
    course: Course, evidence: Floats, frame: Ints, tracks: Tracks, before: Ints
) -> float:
    """Of tracks each by itself, all states being alike probable at its beginning."""
    seen = course.emissions(evidence)
    share = np.full(seen.shape, 1 / seen.shape[1])
    total = 0.0
    for t in np.unique(frame).tolist():
        rows = np.flatnonzero((frame == t) & (tracks.track >= 0))
        gap = np.where(before[rows] >= 0, t - frame[before[rows]], 0)
        for n in np.unique(gap[gap > 0]).tolist():
            later = rows[gap == n]
            share[later] = share[before[later]] @ course.steps(n)
        share[rows] *= seen[rows]
        sums = share[rows].sum(axis=1, keepdims=True)
        total += float(np.log(sums).sum())
        share[rows] /= sums
    return total
