"""Divisions along tracks, and the time between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Divisions:
    """Divisions of tracked cells, and lives between them.

    Parameters
    ----------
    track : ndarray, ``(d,)``, int64
        Track of each cell that divides.
    frame : ndarray, ``(d,)``, int64
        First frame after the division.
    lives : ndarray, ``(m,)``, float64
        Frames from one division of a cell to its next one, to its death, or to the end of its
        track.
    complete : ndarray, ``(m,)``, bool
        Whether the next division was seen.
    """

    track: Ints
    frame: Ints
    lives: Floats
    complete: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.track)


def find_divisions(
    phase: Ints,
    frame: Ints,
    tracks: Tracks,
    *,
    rest: int,
    last: int,
    deaths: Collection[int] = (),
) -> Divisions:
    """Find divisions: a track has daughters, or one cell goes on from the last phase to the first.

    Parameters
    ----------
    phase : ndarray, ``(n,)``, int64
        Code of the phase of each cell; below 0 it is not known, and the frame is passed over.
    frame : ndarray, ``(n,)``, int64
        Of each cell.
    tracks : Tracks
        Of these cells.
    rest, last : int
        The phase into which daughters are born, and the one that they are born from.
    deaths : collection of int
        Phases that nothing follows: a track that ends in them could divide until then only.
    """
    name, tracks = tracks.track, tracks.divided(frame)
    members = tracks.members()
    born: dict[int, tuple[float, int]] = {}
    for child, mother in tracks.parents.items():
        if child in members and mother in members:
            start = int(frame[members[child][0]])
            born[child] = (int(frame[members[mother][-1]]) + start) / 2, start
    ends: dict[int, tuple[float, int]] = {}
    for child, when in born.items():
        mother = tracks.parents[child]
        ends[mother] = min(when, ends.get(mother, when))
    found: list[tuple[int, int]] = []
    lives: list[tuple[float, bool]] = []
    for track, rows in members.items():
        times = [born[track][0]] if track in born else []
        known = rows[phase[rows] >= 0]
        steps = np.flatnonzero((phase[known[:-1]] == last) & (phase[known[1:]] == rest))
        for step in steps.tolist():
            if track in born and (phase[known[: step + 1]] == last).all():
                continue  # it ends the division that it was born in
            before, after = frame[known[step]], frame[known[step + 1]]
            times.append(float(before + after) / 2)
            found.append((int(name[rows[0]]), int(after)))
        if track in ends:
            times.append(ends[track][0])
            found.append((int(name[rows[0]]), ends[track][1]))
        lives += [(float(life), True) for life in np.diff(times)]
        if times and track not in ends:
            alive = known[: len(known) - _trailing(np.isin(phase[known], list(deaths)))]
            end = float(frame[rows[-1]])
            if len(alive) < len(known):
                end = float(frame[known[len(alive)]])
                end = (float(frame[alive[-1]]) + end) / 2 if len(alive) else end
            lives.append((max(end - times[-1], 0.0), False))
    found.sort(key=lambda division: (division[1], division[0]))
    return Divisions(
        np.array([track for track, _ in found], np.int64),
        np.array([at for _, at in found], np.int64),
        np.array([life for life, _ in lives], np.float64),
        np.array([complete for _, complete in lives], np.bool_),
    )


def _trailing(which: NDArray[np.bool_]) -> int:
    """How many at the end are true."""
    return len(which) if which.all() else int(np.argmin(which[::-1]))
