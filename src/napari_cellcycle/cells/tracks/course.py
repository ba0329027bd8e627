"""The course of a cell through the phases: what may follow what, smoothed along tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import TrackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MINUTES = {
    "mitosis-stages": {
        "non-mitotic": 1080.0,
        "prophase": 20.0,
        "early-prometaphase": 10.0,
        "prometaphase-metaphase": 30.0,
        "anaphase-telophase-cytokinesis": 30.0,
    },
    "mitosis-2d": {
        "non-mitotic": 1080.0,
        "prometaphase": 20.0,
        "metaphase": 25.0,
        "anaphase": 20.0,
    },
    "g1-s-g2-m": {"g1": 600.0, "s": 480.0, "g2": 240.0, "m": 60.0},
}
"""How long phases last in human cells in culture, about; a cell of yours may differ."""
ENDS = frozenset({"apoptosis"})
"""Phases that nothing follows."""
UNORDERED = frozenset({"exposure"})
_DEATH = 1e-4  # a minute, from any phase
_PASS = 0.2  # into the next phase, or past it, where nobody knows how long a frame lasts
_REST = 1e-3  # past the first phase, which is the long one
_LOST = 0.02  # of what the network says is noise
_AFTER = (0.5, 0.5)  # a daughter is seen first in the last phase, or in the first one


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How cells go through the phases of a vocabulary.

    Parameters
    ----------
    phases : tuple of str
        Slugs of the leaves.
    cycle : tuple of int
        Phases in the order in which they follow each other; the first comes after the last.
    state : ndarray, ``(s,)``, int64
        Phase of each hidden state: a phase of known duration is a chain of several.
    step : ndarray, ``(s, s)``, float64
        Probability to be in a state (column) one frame after another one (row).
    possible : float
        Below this probability a step counts as impossible.
    """

    phases: tuple[str, ...]
    cycle: tuple[int, ...]
    state: Ints
    step: Floats
    possible: float

    @classmethod
    def of(
        cls,
        phases: PhaseSet,
        *,
        frame_minutes: float | None = None,
        minutes: Mapping[str, float] | None = None,
        stages: int = 4,
        possible: float = 1e-3,
    ) -> Course:
        """Make the course of a vocabulary: its leaves in order, and round again.

        Where the time between frames is known, phases last as ``minutes`` says: a Markov chain in
        continuous time, so that a short phase can fall between two frames, with several states a
        phase, so that most cells take about as long. Otherwise each phase
        further on is 0.2 times as probable, and to pass the first, long one 0.001 times.

        Parameters
        ----------
        phases : PhaseSet
            The vocabulary.
        frame_minutes : float, optional
            Time between two frames.
        minutes : mapping of str to float, optional
            How long phases last, in place of some of :data:`MINUTES`.
        stages : int
            States in a phase of known duration: its spread is the duration over their square root.
        possible : float
            Below this probability a step counts as impossible.

        Raises
        ------
        TrackError
            If its phases have no order, a duration is not known, or it is one of no phase.
        """
        check_ordered(phases)
        slugs = phases.slugs
        cycle = tuple(i for i, slug in enumerate(slugs) if slug not in ENDS)
        lasting = [slugs[i] for i in cycle]
        if unknown := sorted(set(minutes or ()) - set(lasting)):
            raise TrackError(
                f"How long {', '.join(unknown)} lasts says nothing of {phases.name!r}: its phases "
                f"are {', '.join(lasting)}."
            )
        if frame_minutes is None:
            state = np.arange(len(slugs))
            step = _stepwise(len(slugs), cycle)
        else:
            known = {**MINUTES.get(phases.name, {}), **(minutes or {})}
            missing = [slug for slug in lasting if not 0 < known.get(slug, 0) < math.inf]
            if missing or not 0 < frame_minutes < math.inf:
                raise TrackError(
                    f"Say how long a frame ({frame_minutes} min) and these phases last, in "
                    f"minutes above 0: {', '.join(missing) or 'all known'}."
                )
            lasts = {i: known[slugs[i]] for i in cycle}
            state, step = _timed(len(slugs), lasts, frame_minutes, stages)
        return cls(slugs, cycle, state, step, possible)

    def smooth(self, probabilities: Floats, frame: Ints, tracks: Tracks) -> Floats:
        """Probability of each phase, given the whole track and the mother's and daughters' tracks.

        A hidden Markov model: forwards and backwards, over divisions too.

        Parameters
        ----------
        probabilities : ndarray, ``(n, k)``, float64
            What is said of each cell, such as by
            :func:`~napari_cellcycle.cells.tracks.evidence.evidence_of`; NaN rows where nothing.
        frame : ndarray, ``(n,)``, int64
            Of each cell.
        tracks : Tracks
            Of these cells.

        Returns
        -------
        ndarray, ``(n, k)``, float64
            Cells without a track as they were.
        """
        k = len(self.phases)
        tracks = tracks.divided(frame)
        seen = self.emissions(probabilities)
        members = tracks.members()
        order = _mothers_first(list(members), tracks.parents)
        daughters: dict[int, list[int]] = {}
        for track in order:
            if tracks.parents.get(track) in members:
                daughters.setdefault(tracks.parents[track], []).append(track)
        behind = np.ones(seen.shape)
        message: dict[int, Floats] = {}
        for track in reversed(order):
            rows = members[track]
            for daughter in daughters.get(track, ()):
                behind[rows[-1]] *= message[daughter]
            behind[rows[-1]] /= behind[rows[-1]].sum()
            for later, row in zip(rows[:0:-1], rows[-2::-1], strict=True):
                ahead = self.steps(int(frame[later] - frame[row])) @ (seen[later] * behind[later])
                behind[row] = ahead / ahead.sum()
            message[track] = self._birth() @ (seen[rows[0]] * behind[rows[0]])
        result = probabilities.astype(np.float64, copy=True)
        before = np.zeros(seen.shape)
        for track in order:
            rows = members[track]
            mother = tracks.parents.get(track)
            if mother in members:
                last = members[mother][-1]
                sisters = [d for d in daughters[mother] if d != track]
                weight = before[last] * np.prod([message[d] for d in sisters], axis=0)
                start = weight @ self._birth()
            else:
                start = np.ones(len(self.state))
            for i, row in enumerate(rows.tolist()):
                if i:
                    gap = int(frame[row] - frame[rows[i - 1]])
                    start = before[rows[i - 1]] @ self.steps(gap)
                before[row] = start * seen[row]
                before[row] /= before[row].sum()
            both = before[rows] * behind[rows]
            belongs = self.state[:, None] == np.arange(k)
            result[rows] = both @ belongs / both.sum(axis=1, keepdims=True)
        return result

    def jumps(self, phase: Ints, frame: Ints, tracks: Tracks) -> Ints:
        """Find steps along tracks that cannot be.

        Parameters
        ----------
        phase : ndarray, ``(n,)``, int64
            Of each cell, -1 where there is none.
        frame : ndarray, ``(n,)``, int64
            Of each cell.
        tracks : Tracks
            Of these cells.

        Returns
        -------
        ndarray, ``(m, 2)``, int64
            Rows before and after.
        """
        known = np.flatnonzero((phase >= 0) & (tracks.track >= 0))
        known = known[np.lexsort((frame[known], tracks.track[known]))]
        before, after = known[:-1], known[1:]
        same = tracks.track[before] == tracks.track[after]
        before, after = before[same], after[same]
        gap = frame[after] - frame[before]
        wrong = np.zeros(len(gap), bool)
        for n in np.unique(gap).tolist():
            here = gap == n
            wrong[here] = ~self._possible(n)[phase[before[here]], phase[after[here]]]
        return np.stack([before[wrong], after[wrong]], axis=1)

    def _possible(self, n: int) -> NDArray[np.bool_]:
        """Whether a phase (column) can be so many frames after another one (row)."""
        k, step = len(self.phases), self.steps(n)
        arrives = np.stack([step[:, self.state == i].sum(axis=1) for i in range(k)], axis=1)
        best = np.stack([arrives[self.state == i].max(axis=0) for i in range(k)])
        return np.asarray(best >= self.possible)

    def emissions(self, probabilities: Floats) -> Floats:
        """How well each hidden state goes with what is said of each cell, ``(n, s)``."""
        k = len(self.phases)
        seen = np.where(np.isfinite(probabilities), probabilities, 1 / k)
        return np.asarray(((1 - _LOST) * seen + _LOST / k)[:, self.state], np.float64)

    def steps(self, n: int) -> Floats:
        """Probability to be in a state (column) so many frames after another one (row)."""
        return np.asarray(np.linalg.matrix_power(self.step, n), np.float64)

    def _birth(self) -> Floats:
        """From a mother's last state (row) to a daughter's first one (column)."""
        first, late, last = self.cycle[0], self.cycle[-2], self.cycle[-1]
        divides = np.where(self.state == last, 1.0, np.where(self.state == late, 0.3, 0.02))
        born = np.full(len(self.state), 0.01)
        born[self.state == last] = _AFTER[0] / (self.state == last).sum()
        born[self.state == first] = _AFTER[1] / (self.state == first).sum()
        return np.asarray(divides[:, None] * born[None] / born.sum(), np.float64)


def check_ordered(phases: PhaseSet) -> None:
    """Refuse phases that do not follow one another.

    Raises
    ------
    TrackError
        If they have no order, or are fewer than two.
    """
    if phases.name in UNORDERED:
        raise TrackError(
            f"The phases of {phases.name} do not follow one another, so tracks tell nothing "
            "about them. Choose predictions of another vocabulary."
        )
    if len(set(phases.slugs) - ENDS) < 2:
        raise TrackError(f"Vocabulary {phases.name!r} has no two phases that can follow.")


def _stepwise(k: int, cycle: Sequence[int]) -> Floats:
    step = np.zeros((k, k))
    n = len(cycle)
    for place, row in enumerate(cycle):
        weight = 1.0
        for further in range(n):
            step[row, cycle[(place + further) % n]] = weight
            weight *= _REST if further and (place + further) % n == 0 else _PASS
    for end in set(range(k)) - set(cycle):
        step[list(cycle), end] = _PASS**2
        step[end, end] = 1
    return np.asarray(step / step.sum(axis=1, keepdims=True), np.float64)


def _timed(
    k: int, lasts: Mapping[int, float], frame: float, stages: int
) -> tuple[NDArray[np.int64], Floats]:
    from scipy.linalg import expm

    ends = sorted(set(range(k)) - set(lasts))
    state = np.concatenate([np.repeat(list(lasts), stages), ends]).astype(np.int64)
    n = stages * len(lasts)
    rate = np.zeros((len(state), len(state)))
    for row in range(n):
        rate[row, (row + 1) % n] += stages / lasts[int(state[row])]
        rate[row, n:] += _DEATH
    rate -= np.diag(rate.sum(axis=1))
    return state, np.asarray(expm(rate * frame), np.float64)


def _mothers_first(tracks: Sequence[int], parents: Mapping[int, int]) -> list[int]:
    def depth(track: int) -> int:
        n = 0
        while track in parents:
            track, n = parents[track], n + 1
        return n

    return sorted(tracks, key=depth)
