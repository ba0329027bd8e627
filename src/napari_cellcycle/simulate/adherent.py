"""The body of a cell that lies flat on its dish: outline, nucleus, thickness; all in micrometres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array

REACH = 36.0
"""Bodies are described from ``-REACH`` to ``REACH`` on both axes, µm."""
NODES = 96
"""Nodes of that description along each axis."""
_STEP = 2 * REACH / NODES


def nodes() -> Array:
    """Positions of the nodes along an axis, µm."""
    return np.asarray(-REACH + _STEP * (np.arange(NODES) + 0.5), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class AdherentBody:
    """A flat cell seen from above.

    Parameters
    ----------
    room : ndarray, ``(NODES, NODES)``, float32, µm
        Distance to the edge of the cell, negative outside.
    outward : ndarray, ``(2, NODES, NODES)``, float32
        Unit vectors y, x that point to the nearest edge.
    centre : ndarray, ``(2,)``, float32, µm
        Middle of the nucleus, y x.
    metric : ndarray, ``(2, 2)``, float32
        Maps the nucleus to the unit disc.
    radius : float
        Mean radius of the nucleus, µm.
    height : float
        Thickness above the nucleus, µm.
    """

    room: Array
    outward: Array
    centre: Array
    metric: Array
    radius: float
    height: float

    @property
    def area(self) -> float:
        """Area of the cell, µm²."""
        return float((self.room > 0).sum()) * _STEP**2

    def room_at(self, points: Array) -> tuple[Array, Array]:
        """Distance to the edge and direction to it, ``(n,)`` and ``(n, 2)``, of points y x."""
        y, x = _index(points)
        return self.room[y, x], self.outward[:, y, x].T

    def nucleus_at(self, points: Array) -> tuple[Array, Array]:
        """Distance from the nucleus' middle, 1 on its rim, and direction away from it."""
        ball = (points - self.centre) @ self.metric.T
        distance = np.sqrt((ball * ball).sum(axis=1))
        away = ball @ self.metric
        away /= np.sqrt((away * away).sum(axis=1, keepdims=True)) + 1e-6
        return distance, away

    def at(self, values: Array, points: Array) -> Array:
        """Values at the nodes, ``(NODES, NODES)``, read off next to points y x, ``(n,)``."""
        return np.asarray(values[_index(points)])

    def draw(
        self, rng: np.random.Generator, n: int, *, low: float, high: float = np.inf
    ) -> Array:
        """Draw ``n`` points y x, µm, whose distance to the edge is between two bounds."""
        y, x = np.nonzero((self.room >= low) & (self.room <= high))
        if len(y) == 0:
            return np.repeat(self.centre[None], n, axis=0)
        pick = rng.integers(len(y), size=n)
        axis = nodes()
        place = np.stack([axis[y[pick]], axis[x[pick]]], axis=1)
        return np.asarray(place + rng.uniform(-0.5, 0.5, (n, 2)) * _STEP, dtype=np.float32)

    def thickness(self) -> Array:
        """Thickness of the cell at the nodes, ``(NODES, NODES)``, µm, without the nucleus."""
        inside = np.clip(self.room, 0, None)
        lamella = 0.22 * self.height * (1 - np.exp(-inside / 0.8))
        dome = np.exp(-0.5 * np.maximum(self.from_nucleus() / 1.6, 0) ** 2)
        return np.asarray(lamella + dome * self.height * (1 - np.exp(-inside / 4)), np.float32)

    def from_nucleus(self) -> Array:
        """Distance from the nucleus' middle at the nodes, 1 on its rim, ``(NODES, NODES)``."""
        axis = nodes()
        points = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        return self.nucleus_at(points)[0].reshape(NODES, NODES)


def adherent_body(
    rng: np.random.Generator, *, radius: float, elongation: float, spikes: float
) -> AdherentBody:
    """Draw an adherent cell.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    radius : float
        Mean radius, µm.
    elongation : float
        Long axis over short axis.
    spikes : float
        How far corners stick out, as a share of the radius.
    """
    from scipy import ndimage

    axis = nodes()
    y, x = np.meshgrid(axis, axis, indexing="ij")
    turn = between(rng, 0, np.pi)
    along = (y * np.sin(turn) + x * np.cos(turn)) / np.sqrt(elongation)
    across = (x * np.sin(turn) - y * np.cos(turn)) * np.sqrt(elongation)
    angle = np.arctan2(across, along)
    rim = _rim(rng, spikes)
    edge = radius * np.interp(angle, np.linspace(-np.pi, np.pi, len(rim)), rim)
    inside = np.hypot(along, across) < edge
    room = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    room = ndimage.gaussian_filter(room.astype(np.float32) * np.float32(_STEP), 0.8)
    outward = -np.stack(np.gradient(room, _STEP)).astype(np.float32)
    outward /= np.sqrt((outward * outward).sum(axis=0)) + 1e-3

    size = radius * between(rng, 0.36, 0.5)
    flat = float(np.exp(abs(rng.normal(0, 0.16)))) * elongation**0.25
    lean = turn + rng.normal(0, 0.35)
    frame = np.array([[np.sin(lean), np.cos(lean)], [-np.cos(lean), np.sin(lean)]])
    metric = np.diag([1 / (size * np.sqrt(flat)), np.sqrt(flat) / size]) @ frame
    centre = rng.normal(0, 0.1 * radius, 2)
    return AdherentBody(
        room=room,
        outward=outward,
        centre=centre.astype(np.float32),
        metric=metric.astype(np.float32),
        radius=size,
        height=between(rng, 3.0, 6.0),
    )


def _index(points: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    index = np.floor((points + REACH) / _STEP).astype(np.int64).clip(0, NODES - 1)
    return index[:, 0], index[:, 1]


def _rim(rng: np.random.Generator, spikes: float) -> Array:
    """Radius of an outline over the angle, about 1: lobes, and a few corners."""
    angle = np.linspace(-np.pi, np.pi, 181)
    order = np.arange(2, 9)
    height = rng.normal(0, 0.12 / order[:, None] ** 0.8, (len(order), 2))
    waves = order[:, None] * angle
    rim = 1 + (height[:, :1] * np.cos(waves) + height[:, 1:] * np.sin(waves)).sum(axis=0)
    for _ in range(int(rng.integers(2, 7))):
        gap = np.angle(np.exp(1j * (angle - between(rng, -np.pi, np.pi))))
        rim += spikes * between(rng, 0.2, 1) * np.exp(-np.abs(gap) / between(rng, 0.15, 0.35))
    return np.asarray(np.clip(rim / rim.mean(), 0.45, 2.2), dtype=np.float32)
