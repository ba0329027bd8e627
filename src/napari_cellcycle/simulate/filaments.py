"""Filaments that grow through a flat cell, one step after the other, and bundles of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.simulate.adherent import AdherentBody
    from napari_cellcycle.simulate.grid import Array

STEP = 0.7
"""Length that a filament grows in a step, µm."""


@dataclass(frozen=True, slots=True)
class Filaments:
    """Curved lines in the plane.

    Parameters
    ----------
    points : ndarray, ``(steps, n, 2)``, float32, µm
        Positions y x, :data:`STEP` apart along each line.
    there : ndarray, ``(steps, n)``, bool
        False before a line begins and after it has ended.
    """

    points: Array
    there: NDArray[np.bool_]

    @property
    def length(self) -> float:
        """Length of all lines together, µm."""
        return STEP * float((self.there[1:] & self.there[:-1]).sum())

    def samples(self, per_step: int) -> Array:
        """Points at equal distances ``STEP / per_step`` along all lines, ``(m, 2)``, µm."""
        both = self.there[1:] & self.there[:-1]
        first, last = self.points[:-1][both], self.points[1:][both]
        share = (np.arange(per_step, dtype=np.float32) + 0.5) / per_step
        return (first[:, None] + share[None, :, None] * (last - first)[:, None]).reshape(-1, 2)


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
    start: Array,
    heading: Array,
    length: Array,
    habit: Habit,
) -> Filaments:
    """Grow filaments as worm-like chains that the edge and the nucleus turn aside.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    body : AdherentBody
        Where they grow.
    start : ndarray, ``(n, 2)``, µm
        Where they begin, y x.
    heading : ndarray, ``(n,)``, radian
        Where they go first, from x to y.
    length : ndarray, ``(n,)``, µm
        At most.
    habit : Habit
        How they grow.
    """
    n = len(start)
    steps = max(int(np.ceil(float(length.max()) / STEP)), 1) if n else 1
    points = np.empty((steps + 1, n, 2), np.float32)
    there = np.zeros((steps + 1, n), bool)
    place = np.asarray(start, np.float32).copy()
    angle = np.asarray(heading, np.float32).copy()
    bend = rng.normal(0, habit.bend * STEP, n).astype(np.float32)
    jitter = np.sqrt(STEP / habit.persistence) * rng.standard_normal((steps, n), dtype=np.float32)
    margin = (habit.margin * (0.25 + 0.75 * rng.random(n))).astype(np.float32)
    follows, crosses = rng.random(n) < habit.follow, rng.random(n) < habit.cross
    room, outward = body.room_at(place)
    alive = room > 0
    points[0], there[0] = place, alive
    for step in range(steps):
        angle += bend + jitter[step]
        way = np.stack([np.sin(angle), np.cos(angle)], axis=1)
        near = np.clip(1 - room / margin, 0, 1)
        out = (way * outward).sum(axis=1)
        way -= (1.15 * near * np.maximum(out, 0))[:, None] * outward
        distance, away = body.nucleus_at(place)
        close = np.where(crosses, 0, np.clip((1.3 - distance) / 0.3, 0, 1))
        inward = -(way * away).sum(axis=1)
        way += (1.1 * close * np.maximum(inward, 0))[:, None] * away
        way /= np.sqrt((way * way).sum(axis=1, keepdims=True)) + 1e-6
        angle = np.arctan2(way[:, 0], way[:, 1])
        place = place + np.float32(STEP) * way
        room, outward = body.room_at(place)
        ended = (room <= 0) | (~follows & (room < margin) & (out > 0.3))
        alive = alive & ~ended & (length > step * STEP)
        points[step + 1], there[step + 1] = place, alive
    return Filaments(points, there)


def bundle(
    rng: np.random.Generator, leaders: Filaments, members: NDArray[np.int64], width: Array
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
    middle = leaders.points[:, owner]
    along = np.gradient(middle, axis=0) if steps > 1 else np.zeros_like(middle)
    along /= np.sqrt((along * along).sum(axis=2, keepdims=True)) + 1e-6
    side = np.stack([-along[..., 1], along[..., 0]], axis=2)
    where = rng.standard_normal(len(owner))
    sway = rng.normal(0, 0.4, len(owner))
    phase, pace = rng.uniform(0, 2 * np.pi, len(owner)), rng.uniform(0.1, 0.35, len(owner))
    time = np.arange(steps)[:, None]
    offset = width[owner] * (where + sway * np.sin(phase + pace * time))
    points = middle + offset[..., None].astype(np.float32) * side
    reach = leaders.there.sum(axis=0)[owner]
    begin = reach * np.minimum(rng.beta(0.8, 2.5, len(owner)), 0.8)
    end = reach * (1 - np.minimum(rng.beta(0.8, 2.5, len(owner)), 0.8))
    there = leaders.there[:, owner] & (time >= begin) & (time < end)
    return Filaments(points.astype(np.float32), there)
