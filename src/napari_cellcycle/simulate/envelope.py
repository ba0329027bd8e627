"""A nucleus with an envelope, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import Grid, distance, smooth, splat

if TYPE_CHECKING:
    from napari_cellcycle.simulate.grid import Array, Floats


@dataclass(frozen=True, slots=True)
class Nucleus:
    """An enveloped nucleus.

    Parameters
    ----------
    centre : ndarray, ``(3,)``, z y x
    metric : ndarray, ``(3, 3)``
        Maps the nucleus to the unit ball.
    axes : ndarray, ``(3,)``
        Half axes.
    wobble : float
        Depth of the smooth deformation of the envelope.
    dents : ndarray, ``(n, 4)``
        Balls (z, y, x, radius; in half axes) cut out of the envelope: lobes and indentations.
    mottle : tuple of float
        Amplitude of the chromatin texture at the coarse, middle, fine and finest scale.
    nucleoli : ndarray, ``(n, 4)``
        Position and radius in half axes.
    hollow : float
        Depth of the nucleoli, 0 to 1.
    centres : ndarray, ``(n, 3)``
        Chromocentres, in half axes.
    centre_size, centre_gain : float
        Their standard deviation in nuclear radii and brightness.
    rim : float
        Brightness of heterochromatin below the envelope.
    threads : tuple of ndarray or None
        Condensing chromosomes, ``(n, 3)`` points in half axes and ``(n,)`` weights.
    thread_width, thread_gain : float
        Standard deviation of their cross-section, nuclear radii; brightness.
    base : float
        Level of the chromatin between the threads.
    edge : float
        Softness of the envelope, nuclear radii.
    gain : float
        Brightness of the whole nucleus.
    dome : float
        How much brighter its middle is than its border, 0 for not at all.
    """

    centre: Array
    metric: Array
    axes: Array
    wobble: float
    dents: Array
    mottle: tuple[float, float, float, float]
    nucleoli: Array
    hollow: float
    centres: Array
    centre_size: float
    centre_gain: float
    rim: float
    threads: tuple[Array, Array] | None = None
    thread_width: float = 0.06
    thread_gain: float = 1.0
    base: float = 1.0
    edge: float = 0.05
    gain: float = 1.0
    dome: float = 0.0

    @property
    def radius(self) -> float:
        """Radius of the ball with the same radius of gyration."""
        return float(np.sqrt((self.axes**2).mean()))

    @property
    def reach(self) -> float:
        """Distance from the centre that all of it lies within."""
        return float(self.axes.max()) * (1 + self.wobble) + 2 * self.edge

    def moved(self, to: Floats) -> Nucleus:
        """Put the same nucleus elsewhere."""
        return replace(self, centre=np.asarray(to, dtype=np.float32))

    def _place(self, positions: Array) -> Array:
        inverse = np.linalg.inv(self.metric)
        return np.asarray(positions @ inverse.T + self.centre, dtype=np.float32)

    def envelope(self, grid: Grid, relief: Array) -> Array:
        """Signed depth below the envelope, positive inside, in mean half axes."""
        depth = 1 - distance(grid, self.centre, self.metric)
        depth -= self.wobble * relief
        for *at, size in self.dents:
            cut = distance(
                grid, self._place(np.array([at], np.float32))[0], self.metric / np.float32(size)
            )
            cut -= 1
            cut *= size
            # a smooth minimum keeps the lips of a dent round
            soft = np.clip(0.5 + 0.5 * (cut - depth) / 0.15, 0, 1)
            depth = cut * (1 - soft) + depth * soft - 0.15 * soft * (1 - soft)
        return depth

    def draw(
        self, grid: Grid, relief: Array, texture: list[Array], room: Array | None = None
    ) -> tuple[Array, Array]:
        """Density and soft mask on the grid.

        Parameters
        ----------
        grid : Grid
            Where to draw.
        relief : ndarray, ``(z, y, x)``
            Smooth noise of unit variance that deforms the envelope.
        texture : list of ndarray, ``(z, y, x)``
            Noise of unit variance, from coarse to fine.
        room : ndarray, ``(z, y, x)``, optional
            Distance to the border of the cell, nuclear radii; the nucleus stays inside.
        """
        mean = float(np.prod(self.axes)) ** (1 / 3)
        depth = self.envelope(grid, relief)
        depth *= np.float32(mean)
        if room is not None:
            depth = np.minimum(depth, room - 0.04)
        mask = np.clip(depth / self.edge + 0.5, 0, 1)
        level = np.zeros(grid.shape, np.float32)
        for amplitude, field in zip(self.mottle, texture, strict=True):
            if amplitude > 0:
                level += np.float32(amplitude) * field
        np.clip(level, -2.5, 1.8, out=level)
        level = np.exp(level, out=level)
        level *= self.base
        if self.dome > 0:
            level *= np.clip(depth / mean, 0.02, 1) ** self.dome
        if self.rim > 0:
            level *= 1 + self.rim * np.exp(-(((depth - 0.09) / 0.07) ** 2))
        if self.threads is not None:
            points, weights = self.threads
            lines = smooth(
                splat(grid, self._place(points), weights), grid, self.thread_width, keep=True
            )
            sigma = max(self.thread_width, 0.42 * grid.step)
            lines *= np.float32(2 * np.pi * sigma**2 / grid.step**3)
            level += self.thread_gain * -np.expm1(-1.3 * lines)
        for *at, size in self.nucleoli:
            ball = distance(
                grid, self._place(np.array([at], np.float32))[0], self.metric / np.float32(size)
            )
            ball -= 1 - 0.25 * relief
            level *= 1 - self.hollow * np.clip(0.5 - ball * 2.2, 0, 1)
        if len(self.centres):
            spots = splat(grid, self._place(self.centres), np.ones(len(self.centres), np.float32))
            sigma = max(self.centre_size, 0.42 * grid.step)
            spots = smooth(spots, grid, self.centre_size, keep=True)
            spots *= np.float32((2 * np.pi) ** 1.5 * sigma**3 / grid.step**3)
            level += self.centre_gain * -np.expm1(-1.5 * spots)
        level *= mask
        level *= np.float32(self.gain * float(mask.sum()) / max(float(level.sum()), 1e-3))
        return level, mask
