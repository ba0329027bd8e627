"""How long phases last, and how often cells divide, along tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.tracks.course import ENDS, check_ordered
from napari_cellcycle.cells.tracks.divisions import Divisions, find_divisions
from napari_cellcycle.cells.tracks.stays import Stays, find_stays
from napari_cellcycle.cells.tracks.survival import Survival

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.phases import PhaseSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

TO_ANAPHASE = "entry-to-anaphase"
BETWEEN_DIVISIONS = "between-divisions"


@dataclass(frozen=True, slots=True, eq=False)
class Duration:
    """How long one thing lasts.

    Parameters
    ----------
    slug : str
        A phase, a branch, ``entry-to-anaphase`` or ``between-divisions``.
    name : str
        For a person.
    survival : Survival
        Of those whose beginning was seen; times are in the unit of the :class:`Timing`.
    unbegun : int
        How many were left out, because their beginning was not seen.
    """

    slug: str
    name: str
    survival: Survival
    unbegun: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values; None for what is not known."""
        low, high = self.survival.median_limits
        values = {"median": self.survival.median, "low": low, "high": high}
        return {
            "what": self.slug,
            "complete": self.survival.complete,
            "censored": self.survival.censored,
            "without_beginning": self.unbegun,
            **{key: None if math.isnan(value) else value for key, value in values.items()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Timing:
    """What tracks tell of time.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    frame_minutes : float or None
        Time between two frames.
    stays : Stays
        Of cells in leaves of the vocabulary, whose codes are places in ``phases``.
    divisions : Divisions
    durations : tuple of Duration
        Of phases in order, of branches, from the entry into mitosis to anaphase, and between
        divisions.
    cells : ndarray, ``(frames, phases)``, int64
        Tracked cells of each phase in each frame.
    """

    phases: PhaseSet
    frame_minutes: float | None
    stays: Stays
    divisions: Divisions
    durations: tuple[Duration, ...]
    cells: Ints

    @property
    def unit(self) -> str:
        """``min``, or ``frames`` where nobody knows how long they last."""
        return "frames" if self.frame_minutes is None else "min"

    def divisions_per_frame(self) -> Ints:
        """How many cells have divided since the frame before, for each frame."""
        return np.bincount(self.divisions.frame, minlength=len(self.cells)).astype(np.int64)

    def durations_table(self) -> pd.DataFrame:
        """One row a duration: how many were seen, and the median with its 95 % limits."""
        import pandas as pd

        table = pd.DataFrame([duration.to_dict() for duration in self.durations])
        numbers = ["median", "low", "high"]
        table[numbers] = table[numbers].astype("float64")
        return table.assign(unit=self.unit)

    def stays_table(self) -> pd.DataFrame:
        """One row a stay, so that other programs can go on with it."""
        import pandas as pd

        stays, slugs = self.stays, np.array([*(p.slug for p in self.phases), ""], dtype=object)
        minutes = math.nan if self.frame_minutes is None else self.frame_minutes
        return pd.DataFrame(
            {
                "track": stays.track,
                "phase": slugs[stays.phase],
                "begin_frame": stays.begin,
                "end_frame": stays.end,
                "beginning_seen": stays.began,
                "end_seen": stays.ended,
                "next_phase": slugs[stays.after],
                "frames": stays.lasts,
                "minutes": stays.lasts * minutes,
            }
        )

    def frames_table(self) -> pd.DataFrame:
        """One row a frame: tracked cells, how many of each phase, divisions since the last one.

        A branch counts the cells of its phases, too.
        """
        import pandas as pd

        slugs = [phase.slug for phase in self.phases]
        n = {
            slug: sum(self.cells[:, i] for i, s in enumerate(slugs) if self._is_of(s, slug))
            for slug in slugs
        }
        return pd.DataFrame(
            {
                "frame": np.arange(len(self.cells)),
                "cells": self.cells.sum(axis=1),
                "divisions": self.divisions_per_frame(),
                **{f"n_{slug}": cells for slug, cells in n.items()},
            }
        )

    def _is_of(self, slug: str, branch: str) -> bool:
        """Whether a phase is another one, or below it."""
        parent = self.phases[slug].parent
        return slug == branch or (parent is not None and self._is_of(parent, branch))


def time_phases(
    phases: PhaseSet,
    phase: Ints,
    frame: Ints,
    tracks: Tracks,
    *,
    frame_minutes: float | None = None,
) -> Timing:
    """Measure how long phases last along tracks, and count divisions.

    What was seen to begin, and not to end, counts as lasting longer (Kaplan and Meier). What was
    not seen to begin is left out.

    Parameters
    ----------
    phases : PhaseSet
        The vocabulary.
    phase : ndarray, ``(n,)``, int64
        Place in ``phases`` of each cell, branches included; below 0 it is not known.
    frame : ndarray, ``(n,)``, int64
        Of each cell.
    tracks : Tracks
        Of these cells.
    frame_minutes : float, optional
        Time between two frames.

    Raises
    ------
    TrackError
        If the phases have no order.
    """
    check_ordered(phases)
    codes = {p.slug: i for i, p in enumerate(phases)}
    cycle = [slug for slug in phases.slugs if slug not in ENDS]
    rest, last = codes[cycle[0]], codes[cycle[-1]]
    phase = np.asarray(phase, np.int64)
    tracked = tracks.track >= 0
    leaf = np.where(np.isin(phase, [codes[slug] for slug in phases.slugs]), phase, -1)
    stays = find_stays(leaf, frame, tracks, rest=rest)
    deaths = [codes[slug] for slug in phases.slugs if slug in ENDS]
    divisions = find_divisions(leaf, frame, tracks, rest=rest, last=last, deaths=deaths)
    scale = 1.0 if frame_minutes is None else frame_minutes
    durations = [
        _duration(slug, phases[slug].name, stays.select(stays.phase == codes[slug]), scale)
        for slug in cycle
    ]
    tops = _recoded(phase, {i: codes[phases.top(p.slug).slug] for i, p in enumerate(phases)})
    branches = [p for p in phases if phases.children(p.slug) and p.parent is None]
    for branch in branches:
        found = find_stays(tops, frame, tracks, rest=codes[phases.top(cycle[0]).slug])
        found = found.select(found.phase == codes[branch.slug])
        durations.append(_duration(branch.slug, branch.name, found, scale))
    anaphase = next((slug for slug in cycle if slug.startswith("anaphase")), None)
    before = [] if anaphase is None else cycle[1 : cycle.index(anaphase)]
    if before:
        group = {codes[slug]: codes[before[0]] for slug in before}
        merged = find_stays(
            _recoded(leaf, {code: group.get(code, code) for code in codes.values()}),
            frame,
            tracks,
            rest=rest,
        )
        merged = merged.select(merged.phase == codes[before[0]])
        # anaphase, or a division: then it was between two frames
        divides = merged.divided & ~np.isin(merged.after, deaths)
        arrives = (merged.after == codes[str(anaphase)]) | divides
        name = "entry into mitosis to anaphase"
        durations.append(_duration(TO_ANAPHASE, name, merged, scale, arrives))
    lives = Survival.of(divisions.lives * scale, divisions.complete)
    durations.append(Duration(BETWEEN_DIVISIONS, "between divisions", lives, 0))
    n_frames = int(frame.max()) + 1 if len(frame) else 0
    known = tracked & (phase >= 0)
    cells = np.zeros((n_frames, len(codes)), np.int64)
    np.add.at(cells, (frame[known], phase[known]), 1)
    return Timing(phases, frame_minutes, stays, divisions, tuple(durations), cells)


def _duration(
    slug: str, name: str, stays: Stays, scale: float, ended: NDArray[np.bool_] | None = None
) -> Duration:
    seen = stays.began
    ended = stays.ended if ended is None else ended
    survival = Survival.of(stays.lasts[seen] * scale, ended[seen])
    return Duration(slug, name, survival, int((~seen).sum()))


def _recoded(phase: Ints, codes: dict[int, int]) -> Ints:
    """Codes in place of others; what is below 0 stays so."""
    table = np.array([*(codes[i] for i in range(len(codes))), -1], np.int64)
    return np.asarray(table[np.maximum(phase, -1)], np.int64)
