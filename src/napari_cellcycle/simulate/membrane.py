"""The second channel: membranes of touching cells, a cytoplasm stain, or nothing of use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellcycle.simulate.grid import Grid, between, noise

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array
    from napari_cellcycle.simulate.tissue import Body, Territory

Membrane = Literal["random", "shell", "cytoplasm", "uninformative", "absent"]


def choose(rng: np.random.Generator) -> Membrane:
    """Draw what the second channel shows."""
    kinds: tuple[Membrane, ...] = ("shell", "cytoplasm", "uninformative", "absent")
    return kinds[int(rng.choice(4, p=[0.7, 0.17, 0.05, 0.08]))]


def cleft(grid: Grid, axis: Array, centre: Array, strength: float) -> Array:
    """Membrane that closes between two daughters, across the spindle's ``axis``."""
    z, y, x = (grid.axis(i) - centre[i] for i in range(3))
    plane = axis[0] * z[:, None, None] + axis[1] * y[:, None] + axis[2] * x
    return np.asarray(strength * np.exp(-((plane / 0.07) ** 2)), dtype=np.float32)


def draw(
    rng: np.random.Generator,
    grid: Grid,
    kind: Membrane,
    bodies: list[Body],
    territory: Territory,
    dna: Array,
    texture: Array,
    closing: Array | None,
) -> Array:
    """Density of the second channel on the working grid, about 1 where bright.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    grid : Grid
        Where to draw.
    kind : {"shell", "cytoplasm", "uninformative", "absent"}
        What the channel shows.
    bodies : list of Body
        All cells.
    territory : Territory
        Whose each voxel is.
    dna : ndarray, ``(z, y, x)``
        The DNA density: excluded from the cytoplasm, and bleeding through.
    texture : ndarray, ``(z, y, x)``
        Noise of unit variance.
    closing : ndarray, ``(z, y, x)``, optional
        Membrane between two daughters.
    """
    if kind == "absent":
        return np.zeros(grid.shape, np.float32)
    if kind == "uninformative":
        return np.asarray(np.exp(0.5 * noise(rng, grid, 1.0)) * 0.3, dtype=np.float32)
    inside = territory.owner >= 0
    levels = np.append(np.exp(0.25 * rng.standard_normal(len(bodies))), 0.0).astype(np.float32)
    if kind == "shell":
        width = between(rng, 0.035, 0.09)
        volume = np.exp(-((territory.room / np.float32(width)) ** 2))
        volume *= 1 + between(rng, 0, 0.35) * texture
        np.maximum(volume, 0, out=volume)
        if closing is not None:
            np.maximum(volume, closing, out=volume)
        fill = between(rng, 0, 0.25) ** 1.5
        volume += inside * np.float32(fill) * (1 + 0.4 * texture)
    else:
        volume = levels[territory.owner] * (1 + between(rng, 0.05, 0.4) * texture)
        volume *= np.clip(territory.room / 0.12, 0, 1)
        hole = between(rng, 0.2, 1.0)
        volume *= 1 - hole * np.clip(dna * 1.5, 0, 1)
        if rng.random() < 0.4:
            volume += between(rng, 0.2, 1) * np.exp(-((territory.room / 0.07) ** 2))
        if closing is not None:
            volume *= 1 - 0.8 * np.clip(closing, 0, 1)
        np.maximum(volume, 0, out=volume)
    if rng.random() < 0.4:
        volume += between(rng, 0, 0.35) * np.minimum(dna, 2)
    return np.asarray(volume, dtype=np.float32)
