"""Two sets of chromosomes drawn apart: anaphase and compact telophase."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_cellcycle.simulate.chromosomes import Chromosomes, arms, fill, lengths
from napari_cellcycle.simulate.grid import between, directions
from napari_cellcycle.simulate.turns import turn_about


def half_plate(rng: np.random.Generator, size: float, late: float) -> Chromosomes:
    """One of two separating sets, drawn towards positive z; arms trail behind it.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    size : float
        Radius of the set.
    late : float
        0 early anaphase (long trailing arms) to 1 telophase (a compact bar).
    """
    m = int(rng.integers(20, 56))
    hole = between(rng, 0.2, 0.5) if rng.random() < 0.25 else 0.0
    radius = np.sqrt(rng.uniform(hole**2, 1, m)) * size
    angle = rng.uniform(0, 2 * np.pi, m)
    wide = between(rng, 0.55, 1)
    thick = between(rng, 0.03, 0.09)
    at = np.stack(
        [rng.normal(0, thick, m), radius * np.sin(angle), radius * np.cos(angle) * wide], axis=1
    ).astype(np.float32)
    back = np.array([-1.0, 0, 0]) * between(rng, 0.3, 1.4) * (1.2 - late)
    along = directions(rng, m) * between(rng, 0.3, 0.8) + back
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    low, high = 0.12 * (1.3 - late), 0.4 * (1.25 - late)
    points, weights = arms(
        rng,
        at,
        along.astype(np.float32),
        lengths(rng, m, low, high),
        fold=between(rng, 0.6, 1),
    )
    cup = between(rng, -0.25, 0.75) if rng.random() < 0.8 else between(rng, 0.6, 1.1)
    points[:, 0] -= cup / size * (points[:, 1] ** 2 - 0.3 * size**2)
    points, weights = fill(
        rng, points, weights, between(rng, 0, 1) + late, between(rng, 0.03, 0.08) + 0.03 * late
    )
    return Chromosomes(points, weights, between(rng, 0.045, 0.095), between(rng, 0.1, 0.9))


def separating(rng: np.random.Generator) -> tuple[Chromosomes, Chromosomes, float]:
    """Anaphase or compact telophase: two sets along the first axis.

    Returns
    -------
    first, second : Chromosomes
        At positive and negative z.
    late : float
        0 early anaphase to 1 telophase.
    """
    late = between(rng, 0, 1)
    size = between(rng, 0.45, 0.95) * (1 - 0.25 * late)
    gap = 0.3 + (0.35 + 0.85 * late) * between(rng, 0.35, 1.25)
    sets = []
    for sign in (1, -1):
        part = half_plate(rng, size * between(rng, 0.9, 1.1), late)
        lean = between(rng, -0.35, 0.35) if rng.random() < 0.6 else 0.0
        spin = between(rng, 0, 2 * np.pi) if rng.random() < 0.3 else between(rng, -0.3, 0.3)
        turn = turn_about(0, spin) @ turn_about(2, lean)
        if sign < 0:
            turn = turn_about(2, np.pi) @ turn
        to = np.array([sign * gap, between(rng, -0.12, 0.12), between(rng, -0.12, 0.12)])
        sets.append(part.moved(turn, to.astype(np.float32)))
    first, second = sets
    if rng.random() < 0.15:
        m = int(rng.integers(1, 4))
        at = (rng.uniform(-0.4, 0.4, (m, 3)) * size).astype(np.float32)
        along = np.tile(np.array([1, 0, 0], np.float32), (m, 1))
        more, add = arms(rng, at, along, lengths(rng, m, 0.2, 0.8), fold=0.1, bend=0.15)
        first = replace(
            first,
            points=np.concatenate([first.points, more]),
            weights=np.concatenate([first.weights, add]),
        )
    return first, second, late
