"""The body of a cell that lies flat on its dish: outline, nucleus, thickness.

Positions in the plane are complex numbers, ``x + iy``, in micrometres from the middle of the cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from napari_cellcycle.simulate.grid import between

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array

    Plane: TypeAlias = NDArray[np.complex64]

REACH = 36.0
"""A body is described from ``-REACH`` to ``REACH`` on both axes, µm."""
NODES = 96
"""Nodes of that description along each axis."""
_STEP = 2 * REACH / NODES


def nodes() -> Array:
    """Positions of the nodes along an axis, µm."""
    return np.asarray(-REACH + _STEP * (np.arange(NODES) + 0.5), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class AdherentBody:
    """A flat cell seen from above; each array has an entry a node, row by row.

    Parameters
    ----------
    room : ndarray, ``(NODES²,)``, float32, µm
        Distance to the edge of the cell, negative outside.
    outward : ndarray, ``(NODES²,)``, complex64
        Direction to the nearest edge, of length 1.
    nucleus : ndarray, ``(NODES²,)``, float32
        Distance from the middle of the nucleus, 1 on its rim.
    away : ndarray, ``(NODES²,)``, complex64
        Direction away from the nucleus, of length 1.
    thickness : ndarray, ``(NODES²,)``, float32, µm
        Of the cell.
    centre : complex
        Middle of the nucleus.
    radius : float
        Mean radius of the nucleus, µm.
    """

    room: Array
    outward: Plane
    nucleus: Array
    away: Plane
    thickness: Array
    centre: complex
    radius: float

    @property
    def area(self) -> float:
        """Area of the cell, µm²."""
        return float((self.room > 0).sum()) * _STEP**2

    def nearest(self, points: Plane) -> NDArray[np.int64]:
        """Node next to each point."""
        row = ((points.imag + np.float32(REACH)) / np.float32(_STEP)).astype(np.int64)
        column = ((points.real + np.float32(REACH)) / np.float32(_STEP)).astype(np.int64)
        node = np.minimum(np.maximum(row * NODES + column, 0), NODES * NODES - 1)
        return np.asarray(node, dtype=np.int64)

    def draw(self, rng: np.random.Generator, n: int, where: NDArray[np.bool_]) -> Plane:
        """Draw ``n`` points next to nodes ``where`` is true, or the nucleus if nowhere."""
        chosen = np.flatnonzero(where)
        if len(chosen) == 0:
            return np.full(n, self.centre, np.complex64)
        node = rng.choice(chosen, n)
        blur = rng.uniform(-0.5, 0.5, (2, n))
        place = node % NODES + 0.5 + blur[0] + 1j * (node // NODES + 0.5 + blur[1])
        return np.asarray(place * _STEP - REACH * (1 + 1j), dtype=np.complex64)


def adherent_body(
    rng: np.random.Generator, *, radius: float, elongation: float, corners: float
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
    corners : float
        How far corners stick out, as a share of the radius.
    """
    from scipy import ndimage

    axis = nodes()
    place = axis[None, :] + 1j * axis[:, None]
    turn = between(rng, 0, np.pi)
    round_ = _squeeze(place, turn, elongation)
    rim = _rim(rng, corners)
    edge = radius * np.interp(np.angle(round_), np.linspace(-np.pi, np.pi, len(rim)), rim)
    inside = np.abs(round_) < edge
    # a filament's step is longer than a node: two nodes of border keep it in the description
    inside[:2] = inside[-2:] = inside[:, :2] = inside[:, -2:] = False
    room = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    room = _STEP * ndimage.gaussian_filter(room.astype(np.float32), 0.8)
    down, across = np.gradient(room)

    size = radius * between(rng, 0.36, 0.5)
    flat = float(np.exp(abs(rng.normal(0, 0.25)))) * np.sqrt(elongation)
    lean = turn + float(rng.normal(0, 0.35))
    centre = complex(*rng.normal(0, 0.1 * radius, 2))
    distance = np.abs(_squeeze(place - centre, lean, flat)) / size
    # the gradient of a quadratic form: squeezed twice, then turned back
    steepest = _squeeze(_squeeze(place - centre, lean, flat), 0.0, flat) * np.exp(1j * lean)

    height = between(rng, 3.0, 6.0)
    depth = np.clip(room, 0, None)
    thickness = 0.22 * (1 - np.exp(-depth / 0.8))
    thickness += np.exp(-0.5 * (distance / 1.6) ** 2) * (1 - np.exp(-depth / 4))
    return AdherentBody(
        room=room.astype(np.float32).ravel(),
        outward=_unit(-(across + 1j * down)),
        nucleus=distance.astype(np.float32).ravel(),
        away=_unit(steepest),
        thickness=(height * thickness).astype(np.float32).ravel(),
        centre=centre,
        radius=size,
    )


def _squeeze(place: NDArray[Any], turn: float, ratio: float) -> NDArray[np.complex128]:
    """Turn an ellipse that leans by ``turn`` upright and make it round."""
    upright = place * np.exp(-1j * turn)
    return np.asarray(upright.real / np.sqrt(ratio) + 1j * upright.imag * np.sqrt(ratio))


def _unit(directions: NDArray[Any]) -> Plane:
    unit = directions / (np.abs(directions) + 1e-6)
    return np.asarray(unit.ravel(), dtype=np.complex64)


def _rim(rng: np.random.Generator, corners: float) -> Array:
    """Radius of an outline over the angle, about 1: lobes, and a few corners."""
    angle = np.linspace(-np.pi, np.pi, 181)
    order = np.arange(2, 9)[:, None]
    height = rng.normal(0, 0.12 / order**0.8, (len(order), 2))
    rim = 1 + (height[:, :1] * np.cos(order * angle) + height[:, 1:] * np.sin(order * angle)).sum(0)
    for _ in range(int(rng.integers(2, 7))):
        gap = np.angle(np.exp(1j * (angle - between(rng, -np.pi, np.pi))))
        rim += corners * between(rng, 0.2, 1) * np.exp(-np.abs(gap) / between(rng, 0.15, 0.35))
    return np.asarray(np.clip(rim / rim.mean(), 0.45, 2.2), dtype=np.float32)
