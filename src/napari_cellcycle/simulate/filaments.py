"""Filaments that grow through a flat cell, one step after the other, and bundles of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.adherent import AdherentBody, Plane
    from napari_cellcycle.simulate.grid import Floats

STEP = 1.25
"""Length that a filament grows in a step, µm."""


@dataclass(frozen=True, slots=True)
class Filaments:
    """Curved lines in the plane.

    Parameters
    ----------
    points : ndarray, ``(steps, n)``, complex64, µm
        Positions ``x + iy``, :data:`STEP` apart along each line.
    there : ndarray, ``(steps, n)``, bool
        False before a line begins and after it has ended.
    """

    points: Plane
    there: NDArray[np.bool_]

    @property
    def length(self) -> float:
        """Length of all lines together, µm."""
        return STEP * float((self.there[1:] & self.there[:-1]).sum())

    def samples(self, per_step: int) -> Plane:
        """Points at equal distances ``STEP / per_step`` along all lines, ``(m,)``, µm."""
        both = self.there[1:] & self.there[:-1]
        first, last = self.points[:-1][both], self.points[1:][both]
        share = (np.arange(per_step, dtype=np.float32)[:, None] + np.float32(0.5)) / per_step
        return np.asarray((first + share * (last - first)).ravel(), dtype=np.complex64)


@dataclass(frozen=True, slots=True)
class Habit:
    """How filaments grow.

    Parameters
    ----------
    persistence : float
        Length over which a direction is kept, µm.
    bend : float
        Standard deviation of each filament's own curvature, 1/µm.
    follow : float
        Share that turns along the edge of the cell; the others end there.
    margin : float
        Distance from the edge at which they turn, at most, µm.
    cross : float
        Share that passes above or below the nucleus; the others go around it.
    """

    persistence: float
    bend: float
    follow: float
    margin: float
    cross: float


def grow(
    rng: np.random.Generator,
    body: AdherentBody,
    start: Plane,
    heading: Floats,
    length: Floats,
    habit: Habit,
) -> Filaments:
    """Grow filaments as worm-like chains that the edge and the nucleus turn aside.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    body : AdherentBody
        Where they grow.
    start : ndarray, ``(n,)``, complex64, µm
        Where they begin.
    heading : ndarray, ``(n,)``, radian
        Where they go first, from x to y.
    length : ndarray, ``(n,)``, µm
        At most.
    habit : Habit
        How they grow.
    """
    n = len(start)
    order = np.argsort(-length)  # the long ones first: those still growing are a slice
    place = start[order].astype(np.complex64)
    way = np.exp(1j * heading[order]).astype(np.complex64)
    goal = np.ceil(length[order] / STEP).astype(int)
    steps = int(goal[0]) if n else 0
    turns = rng.standard_normal((steps, n), dtype=np.float32) * np.sqrt(STEP / habit.persistence)
    turns += rng.normal(0, habit.bend * STEP, n).astype(np.float32)
    turns = np.exp(1j * turns.astype(np.complex64))
    margin = habit.margin * (0.25 + 0.75 * rng.random(n, dtype=np.float32))
    around = np.where(rng.random(n) < habit.cross, 0, 1.1).astype(np.float32)
    ends = rng.random(n) >= habit.follow
    points = np.zeros((steps + 1, n), np.complex64)
    there = np.zeros((steps + 1, n), bool)
    node = body.nearest(place)
    room = body.room[node]
    alive = room > 0
    points[0], there[0] = place, alive
    for step in range(steps):
        m = int(np.searchsorted(-goal, -step, side="left"))
        place, node, room, alive = place[:m], node[:m], room[:m], alive[:m]
        way = way[:m] * turns[step, :m]
        outward, away = body.outward[node], body.away[node]
        out = np.maximum(_dot(way, outward), 0)
        near = np.minimum(np.maximum(1 - (room - STEP * out) / margin[:m], 0), 1)
        way -= (np.float32(1.15) * near * out) * outward
        close = np.maximum(np.float32(1.3) - body.nucleus[node], 0) / np.float32(0.3)
        way += (around[:m] * np.minimum(close, 1) * np.maximum(-_dot(way, away), 0)) * away
        way /= np.abs(way) + np.float32(1e-6)
        place = place + np.float32(STEP) * way
        node = body.nearest(place)
        room = body.room[node]
        alive = alive & (room > 0) & ~(ends[:m] & (near > 0) & (out > 0.3))
        points[step + 1, :m], there[step + 1, :m] = place, alive
    return Filaments(points, there)


def bundle(
    rng: np.random.Generator, leaders: Filaments, members: NDArray[np.int64], width: Floats
) -> Filaments:
    """Filaments that run beside others for a part of their way.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    leaders : Filaments
        The middle of each bundle.
    members : ndarray, ``(n,)``, int64
        Filaments in each bundle.
    width : ndarray, ``(n,)``, µm
        Standard deviation of their distance from the middle.
    """
    steps = len(leaders.points)
    owner = np.repeat(np.arange(len(members)), members)
    if steps < 2 or len(owner) == 0:
        return Filaments(np.zeros((2, 0), np.complex64), np.zeros((2, 0), bool))
    along = np.diff(leaders.points, axis=0, prepend=2 * leaders.points[:1] - leaders.points[1:2])
    side = 1j * along / (np.abs(along) + np.float32(1e-6))
    time = np.arange(steps)[:, None]
    phase, pace = rng.uniform(0, 2 * np.pi, len(owner)), rng.uniform(0.1, 0.5, len(owner))
    sway = rng.normal(0, 0.4, len(owner)) * np.sin(phase + pace * time)
    offset = (width[owner] * (rng.standard_normal(len(owner)) + sway)).astype(np.float32)
    reach = leaders.there.sum(axis=0)[owner]
    begin = reach * np.minimum(rng.beta(0.8, 2.5, len(owner)), 0.8)
    end = reach * (1 - np.minimum(rng.beta(0.8, 2.5, len(owner)), 0.8))
    there = leaders.there[:, owner] & (time >= begin) & (time < end)
    return Filaments(leaders.points[:, owner] + offset * side[:, owner], there)


def _dot(a: Plane, b: Plane) -> NDArray[Any]:
    return a.real * b.real + a.imag * b.imag
