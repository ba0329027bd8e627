"""Stays: how long each cell was in each phase, as far as its track shows it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Stays:
    """Stays of cells in phases, one row each.

    A cell enters a phase in the middle between the last frame of the phase before and the first
    one of this. A stay goes on in the daughters, and ends with that of the first of them, but for
    one in ``rest``: that ends when the cell divides.

    Parameters
    ----------
    track : ndarray, ``(m,)``, int64
        In which it begins.
    phase : ndarray, ``(m,)``, int64
        Its code.
    after : ndarray, ``(m,)``, int64
        Phase that follows, -1 where the track ends.
    first, last : ndarray, ``(m,)``, int64
        Rows of its first cell, and of its last one in this track.
    begin, end : ndarray, ``(m,)``, float64
        In frames.
    began : ndarray, ``(m,)``, bool
        Whether its beginning was seen; else it lasted longer.
    ended : ndarray, ``(m,)``, bool
        Whether its end was seen; else it lasted longer.
    divided : ndarray, ``(m,)``, bool
        Whether it ended because the cell divided.
    """

    track: Ints
    phase: Ints
    after: Ints
    first: Ints
    last: Ints
    begin: Floats
    end: Floats
    began: Bools
    ended: Bools
    divided: Bools

    def __len__(self) -> int:
        return len(self.phase)

    @property
    def lasts(self) -> Floats:
        """Length in frames."""
        return self.end - self.begin

    def select(self, which: NDArray[Any]) -> Stays:
        """Rows by boolean mask or by indices."""
        return Stays(*(getattr(self, field.name)[which] for field in fields(self)))


def find_stays(phase: Ints, frame: Ints, tracks: Tracks, *, rest: int = 0) -> Stays:
    """Find the stays of cells in phases.

    Parameters
    ----------
    phase : ndarray, ``(n,)``, int64
        Code of the phase of each cell; below 0 it is not known, and the frame is passed over.
    frame : ndarray, ``(n,)``, int64
        Of each cell.
    tracks : Tracks
        Of these cells.
    rest : int
        Phase into which daughters are born.
    """
    name, tracks = tracks.track, tracks.divided(frame)
    runs = {
        track: _runs(rows[phase[rows] >= 0], phase)
        for track, rows in tracks.members().items()
        if (phase[rows] >= 0).any()
    }
    daughters: dict[int, list[int]] = {}
    for daughter, parent in tracks.parents.items():
        if daughter in runs and parent in runs:
            daughters.setdefault(parent, []).append(daughter)

    def between(before: Ints, after: Ints) -> float:
        return float(frame[before[-1]] + frame[after[0]]) / 2

    def goes_on(track: int) -> bool:
        """Whether the first stay of a track is that of its mother."""
        mother = tracks.parents.get(track)
        if mother not in runs:
            return False
        code = phase[runs[track][0][0]]
        return bool(code != rest and code == phase[runs[mother][-1][0]])

    def end_of(track: int, place: int) -> tuple[float, int, bool]:
        """When a stay ends, what follows (-1 for nothing that is known), and if by division."""
        ends: list[tuple[float, bool, int, bool]] = []
        open_ones = [(track, place)]
        while open_ones:
            track, place = open_ones.pop()
            run = runs[track][place]
            born = daughters.get(track, [])
            later = [runs[track][place + 1]] if place + 1 < len(runs[track]) else []
            divides = not later
            if divides:
                open_ones += [(daughter, 0) for daughter in born if goes_on(daughter)]
                later = [runs[daughter][0] for daughter in born if not goes_on(daughter)]
                if not born:
                    ends.append((float(frame[run[-1]]), False, -1, False))
            for next_run in later:
                code = int(phase[next_run[0]])
                ends.append((between(run, next_run), code == rest, code, divides))
        # of daughters born at once, one that is in mitosis still says what follows
        time, _, after, divides = min((end for end in ends if end[2] >= 0), default=max(ends))
        return time, after, divides

    found: list[tuple[Any, ...]] = []
    for track, its in runs.items():
        mother = tracks.parents.get(track)
        for place, run in enumerate(its):
            if not place and goes_on(track):
                continue
            before = its[place - 1] if place else runs[mother][-1] if mother in runs else None
            begin = float(frame[run[0]]) if before is None else between(before, run)
            end, after, divides = end_of(track, place)
            row = (name[run[0]], phase[run[0]], after, run[0], run[-1])
            found.append((*row, begin, end, before is not None, after >= 0, divides))
    columns = list(zip(*found, strict=True)) or [()] * len(fields(Stays))
    kinds = [np.int64] * 5 + [np.float64] * 2 + [np.bool_] * 3
    arrays: list[Any] = [np.array(c, kind) for c, kind in zip(columns, kinds, strict=True)]
    return Stays(*arrays)


def _runs(rows: Ints, phase: Ints) -> Sequence[Ints]:
    """Rows of a track cut where the phase changes."""
    return np.split(rows, np.flatnonzero(np.diff(phase[rows])) + 1)
