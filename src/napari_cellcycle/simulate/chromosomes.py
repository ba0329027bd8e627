"""Condensed chromosomes as bent rods: scattered, congressing, aligned, or drawn apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import (
    Grid,
    between,
    directions,
    scale_between,
    smooth,
    splat,
)

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array, Floats


NUCLEUS = 4 / 3 * np.pi
"""Volume of an ordinary nucleus, and so its DNA at density 1."""


@dataclass(frozen=True, slots=True)
class Chromosomes:
    """A cloud of points along chromosome arms.

    Parameters
    ----------
    points : ndarray, ``(n, 3)``, float32
        Positions z, y, x in nuclear radii.
    weights : ndarray, ``(n,)``, float32
        Length of arm that each point stands for.
    width : float
        Standard deviation of an arm's cross-section.
    pile : float
        How much brighter overlapping arms are: 0 gives a flat solid, 1 adds them up.
    load : float
        DNA, in that of an interphase nucleus of density 1.
    """

    points: Array
    weights: Array
    width: float
    pile: float = 0.3
    load: float = 1.0

    @property
    def centre(self) -> Array:
        """Centre of mass, z y x."""
        mean = (self.points * self.weights[:, None]).sum(axis=0) / self.weights.sum()
        return np.asarray(mean, dtype=np.float32)

    @property
    def radius(self) -> float:
        """Radius of the ball with the same radius of gyration."""
        square = ((self.points - self.centre) ** 2).sum(axis=1)
        mean = float((square * self.weights).sum() / self.weights.sum())
        return float(np.sqrt(5 / 3 * (mean + 3 * self.width**2)))

    @property
    def reach(self) -> float:
        """Distance from the centre that nearly all of it lies within."""
        square = ((self.points - self.centre) ** 2).sum(axis=1)
        return float(np.sqrt(np.quantile(square, 0.98))) + 2.5 * self.width

    def moved(self, turn: Array, to: Array) -> Chromosomes:
        """Rotate about the origin, then shift."""
        return replace(self, points=(self.points @ turn.T + to).astype(np.float32))

    def draw(self, grid: Grid) -> Array:
        """Density on the grid: about 1 inside an arm, more where arms pile up."""
        weights = splat(grid, self.points, self.weights)
        sigma = max(self.width, 0.42 * grid.step)
        lines = smooth(weights, grid, self.width, keep=True)
        lines *= np.float32(2 * np.pi * sigma**2 / grid.step**3)
        solid = -np.expm1(-1.4 * lines)
        solid *= 1 + np.float32(self.pile) * np.minimum(lines, 4) * 0.5
        # condensation brightens: the same DNA as in a nucleus, in a smaller volume
        mass = float(solid.sum()) * grid.step**3
        solid *= np.float32(np.clip(NUCLEUS * self.load / max(mass, 1e-3), 0.9, 6.0))
        return np.asarray(solid, dtype=np.float32)


def arms(
    rng: np.random.Generator,
    at: Floats,
    along: Floats,
    length: Floats,
    *,
    fold: float = 0.6,
    bend: float = 0.3,
    pitch: float = 0.05,
) -> tuple[Array, Array]:
    """Lay two arms from every centromere.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    at : ndarray, ``(m, 3)``
        Centromeres.
    along : ndarray, ``(m, 3)``
        Direction of the first arm.
    length : ndarray, ``(m,)``
        Length of a whole chromosome.
    fold : float
        0: arms point apart; 1: both point the same way (a V that is closed).
    bend : float
        Curvature of the arms.
    pitch : float
        Distance of the points.

    Returns
    -------
    points, weights : ndarray, ``(n, 3)`` and ``(n,)``, float32
    """
    m = len(at)
    side = directions(rng, m)
    second = (2 * fold - 1) * along + 0.7 * side
    second /= np.linalg.norm(second, axis=1, keepdims=True) + 1e-9
    share = rng.uniform(0.3, 0.7, m).astype(np.float32)
    count = max(3, int(np.ceil(float(length.max()) * 0.6 / pitch)))
    s = np.linspace(0, 1, count, dtype=np.float32)[None, :, None]
    curve = bend * directions(rng, 2 * m)[:, None, :] * s**2
    both = np.concatenate([along, second])[:, None, :]
    size = np.concatenate([length * share, length * (1 - share)])[:, None, None]
    start = np.concatenate([at, at])[:, None, :]
    points = start + size * (both * s + curve)
    weights = np.broadcast_to(size[:, :, 0] / count, points.shape[:2])
    return points.reshape(-1, 3).astype(np.float32), weights.reshape(-1).astype(np.float32)


def lengths(rng: np.random.Generator, m: int, low: float, high: float) -> Array:
    """Draw the lengths of ``m`` chromosomes about a mean between ``low`` and ``high``."""
    mean, spread = between(rng, low, high), between(rng, 0.1, 0.5)
    return (mean * np.exp(spread * rng.standard_normal(m))).clip(0.08, 1.2).astype(np.float32)


def fill(
    rng: np.random.Generator, points: Array, weights: Array, amount: float, spread: float
) -> tuple[Array, Array]:
    """Blur a cloud into a more solid mass by repeating its points with jitter."""
    if amount <= 0:
        return points, weights
    jitter = spread * rng.standard_normal(points.shape).astype(np.float32)
    return np.concatenate([points, points + jitter]), np.concatenate([weights, amount * weights])


def _fused(
    rng: np.random.Generator, points: Array, weights: Array, spread: float = 0.16
) -> Chromosomes:
    """Make a solid mass with a lobed outline: arms too close for a microscope to part them."""
    points, weights = fill(
        rng, points, weights, between(rng, 1, 4), scale_between(rng, 0.04, spread)
    )
    return Chromosomes(points, weights, between(rng, 0.06, 0.12), between(rng, 0, 0.3))


def scattered(rng: np.random.Generator) -> Chromosomes:
    """Early prometaphase: single rods scattered in the former nucleus, in a ring or a horseshoe."""
    m = int(rng.integers(16, 56))
    form = rng.choice(["ball", "shell", "ring", "horseshoe"], p=[0.36, 0.24, 0.22, 0.18])
    size = between(rng, 0.75, 1.15)
    unit = directions(rng, m)
    if form == "ball":
        at = unit * (size * rng.uniform(0.05, 1, (m, 1)) ** 0.36)
    elif form == "shell":
        at = unit * (size * rng.uniform(0.6, 1, (m, 1)))
    else:
        arc = 2 * np.pi if form == "ring" else between(rng, 3.2, 5.2)
        angle = rng.uniform(0, arc, m)
        tube = size * between(rng, 0.15, 0.3)
        ring = np.stack([np.zeros(m), np.sin(angle), np.cos(angle)], axis=1)
        at = ring * size * between(rng, 0.55, 0.85) + tube * rng.standard_normal((m, 3))
    at = (at * rng.uniform(0.7, 1.1, 3)).astype(np.float32)
    out = at / (np.linalg.norm(at, axis=1, keepdims=True) + 1e-3)
    along = directions(rng, m)
    along -= np.float32(between(rng, 0, 0.9)) * (along * out).sum(axis=1, keepdims=True) * out
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-6
    points, weights = arms(
        rng,
        at,
        along,
        lengths(rng, m, 0.3, 0.75),
        fold=between(rng, 0.05, 0.55),
        bend=between(rng, 0.1, 0.9),
    )
    if rng.random() < 0.35:
        return _fused(rng, points, weights)
    points, weights = fill(rng, points, weights, between(rng, -0.3, 0.5), 0.07)
    return Chromosomes(points, weights, between(rng, 0.04, 0.095), between(rng, 0, 0.5))


def congressing(rng: np.random.Generator) -> Chromosomes:
    """Prometaphase: a lobed, ring-like or thick mass with arms that stick out."""
    m = int(rng.integers(20, 64))
    form = rng.choice(
        ["lobed", "ball", "thick", "rosette", "horseshoe"], p=[0.34, 0.16, 0.24, 0.16, 0.10]
    )
    size = between(rng, 0.5, 1.05)
    if form == "lobed":
        k = int(rng.integers(3, 8))
        lobes = directions(rng, k) * rng.uniform(0.45, 0.95, (k, 1)) * rng.uniform(0.35, 1, 3)
        at = lobes[rng.integers(0, k, m)] + between(rng, 0.15, 0.3) * rng.standard_normal((m, 3))
    elif form == "ball":
        at = directions(rng, m) * rng.uniform(0, 1, (m, 1)) ** 0.5 * rng.uniform(0.6, 1, 3)
    elif form == "thick":
        flat = np.array([between(rng, 0.3, 0.6), 1, between(rng, 0.65, 1)])
        at = directions(rng, m) * rng.uniform(0, 1, (m, 1)) ** 0.4 * flat
    else:
        arc = 2 * np.pi if form == "rosette" else between(rng, 3.5, 5.3)
        angle = rng.uniform(0, arc, m)
        ring = np.stack([np.zeros(m), np.sin(angle), between(rng, 0.7, 1) * np.cos(angle)], axis=1)
        at = ring * rng.normal(0.72, between(rng, 0.06, 0.16), (m, 1))
        at[:, 0] += rng.normal(0, between(rng, 0.08, 0.3), m)
    at = (at * size).astype(np.float32)
    outward = at / (np.linalg.norm(at, axis=1, keepdims=True) + 1e-3)
    along = directions(rng, m) + between(rng, 0, 1.2) * outward
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    points, weights = arms(rng, at, along, lengths(rng, m, 0.2, 0.55), fold=between(rng, 0.2, 0.9))
    points, weights = _stray(rng, points, weights, 0.35, size)
    if rng.random() < 0.55:
        return _fused(rng, points, weights)
    points, weights = fill(rng, points, weights, between(rng, 0, 1.2), between(rng, 0.05, 0.16))
    return Chromosomes(points, weights, between(rng, 0.05, 0.12), between(rng, 0.1, 0.8))


def plate(rng: np.random.Generator) -> Chromosomes:
    """Metaphase: a plate across the first axis, bent, with or without a hole, arms and strays."""
    m = int(rng.integers(24, 72))
    size = between(rng, 0.5, 1.1)
    thick = between(rng, 0.04, 0.17)
    hole = between(rng, 0.25, 0.6) if rng.random() < 0.35 else 0.0
    radius = np.sqrt(rng.uniform(hole**2, 1, m)) * size
    angle = rng.uniform(0, 2 * np.pi, m)
    at = np.stack(
        [
            rng.normal(0, thick, m),
            radius * np.sin(angle),
            radius * np.cos(angle) * between(rng, 0.5, 1),
        ],
        axis=1,
    ).astype(np.float32)
    tangle = between(rng, 0.15, 0.7)
    along = directions(rng, m) * np.array([between(rng, 0.3, 1), 1, 1]) * tangle
    along = along + (1 - tangle) * at / size
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    points, weights = arms(rng, at, along, lengths(rng, m, 0.15, 0.45), fold=between(rng, 0.3, 1))
    bow = between(rng, -0.35, 0.35) / size
    points[:, 0] += bow * (points[:, 1] ** 2 - 0.4 * size**2)
    points[:, 0] += between(rng, -0.3, 0.3) / size * points[:, 1] * points[:, 2]
    points, weights = _stray(rng, points, weights, 0.3, size)
    if rng.random() < 0.5:
        return _fused(rng, points, weights, 0.09)
    points, weights = fill(rng, points, weights, between(rng, 0, 1.5), between(rng, 0.04, 0.1))
    return Chromosomes(points, weights, between(rng, 0.045, 0.11), between(rng, 0.1, 0.9))


def _stray(
    rng: np.random.Generator, points: Array, weights: Array, probability: float, size: float
) -> tuple[Array, Array]:
    """Add a few chromosomes that have not congressed yet."""
    if rng.random() >= probability:
        return points, weights
    m = int(rng.integers(1, 6))
    at = directions(rng, m) * np.float32(between(rng, 0.8, 1.3) * size)
    more, add = arms(rng, at, directions(rng, m), lengths(rng, m, 0.15, 0.4))
    return np.concatenate([points, more]), np.concatenate([weights, add])
