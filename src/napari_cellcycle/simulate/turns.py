"""Orientations of spindles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import between, rotation

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array


def turn_about(axis: int, angle: float) -> Array:
    """Rotate about one axis of the array."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.eye(3, dtype=np.float32)
    i, j = [k for k in range(3) if k != axis]
    turn[i, i] = turn[j, j] = c
    turn[i, j], turn[j, i] = -s, s
    return turn


def random_turn(rng: np.random.Generator) -> Array:
    """Draw the orientation of a spindle: mostly any, at times across or along the planes."""
    choice = rng.random()
    if choice < 0.7:
        return rotation(rng)
    spin = turn_about(0, between(rng, 0, 2 * np.pi))
    tilt = turn_about(2, np.pi / 2 if choice < 0.88 else 0.0)
    return np.asarray(spin @ tilt, dtype=np.float32)


def small_turn(rng: np.random.Generator, limit: float) -> Array:
    """Lean by up to ``limit`` radians and turn freely about the spindle."""
    lean = turn_about(2, between(rng, -limit, limit))
    return np.asarray(turn_about(0, between(rng, 0, 2 * np.pi)) @ lean, dtype=np.float32)
