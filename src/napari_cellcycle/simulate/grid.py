"""The working grid of a simulation: coordinates, smoothing, noise and point clouds in float32."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float32]
    Floats: TypeAlias = NDArray[np.floating[Any]]

Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Grid:
    """Isotropic voxels in a box.

    Lengths are in units of the radius of an ordinary interphase nucleus, so that one description
    of a cell serves every organism.

    Parameters
    ----------
    shape : tuple of int, ``(z, y, x)``
    origin : tuple of float
        Position of the first voxel centre, z, y, x.
    step : float
        Edge of a voxel.
    """

    shape: tuple[int, int, int]
    origin: tuple[float, float, float]
    step: float

    @classmethod
    def cube(cls, n: int, half: float) -> Grid:
        """Make a cube of ``n`` voxels a side that reaches from ``-half`` to ``half``."""
        step = 2.0 * half / n
        first = -half + step / 2
        return cls((n, n, n), (first, first, first), step)

    def axis(self, i: int) -> Array:
        """Coordinates of the voxel centres along one axis."""
        return np.asarray(self.origin[i] + self.step * np.arange(self.shape[i]), dtype=np.float32)

    def window(self, centre: Array, reach: float) -> tuple[Slices, Grid] | None:
        """Part of the grid within ``reach`` of a point: its slices and the grid of that part."""
        slices, shape, origin = [], [], []
        for i in range(3):
            low = int(np.floor((centre[i] - reach - self.origin[i]) / self.step))
            high = int(np.ceil((centre[i] + reach - self.origin[i]) / self.step)) + 1
            low, high = max(low, 0), min(high, self.shape[i])
            if high - low < 1:
                return None
            slices.append(slice(low, high))
            shape.append(high - low)
            origin.append(self.origin[i] + low * self.step)
        part = Grid((shape[0], shape[1], shape[2]), (origin[0], origin[1], origin[2]), self.step)
        return (slices[0], slices[1], slices[2]), part


def kernel(at: Array, out: Array, sigma: float, step: float, *, keep: bool = False) -> Array:
    """Matrix that smooths samples at ``at`` by a Gaussian and reads them off at ``out``.

    Parameters
    ----------
    at, out : ndarray, ``(n,)`` and ``(m,)``, float32
        Coordinates before and after.
    sigma : float
        Standard deviation, same unit.
    step : float
        Distance of the samples ``at``; the Gaussian is never narrower than interpolation needs.
    keep : bool
        Keep the sum of the input (for counts) instead of its level (for intensities).

    Returns
    -------
    ndarray, ``(m, n)``, float32
    """
    width = max(sigma, 0.42 * step)
    offset = (out[:, None] - at[None, :]) / width
    matrix = np.exp(-0.5 * offset * offset)
    if keep:
        matrix *= step / (width * np.sqrt(2 * np.pi))
    else:
        matrix /= matrix.sum(axis=1, keepdims=True) + 1e-12
    return np.asarray(matrix, dtype=np.float32)


def apply(volume: Array, z: Array, y: Array, x: Array) -> Array:
    """Apply one matrix along each axis of a volume ``(z, y, x)``."""
    n = volume.shape
    first = z @ volume.reshape(n[0], -1)
    second = np.matmul(y, first.reshape(-1, n[1], n[2]))
    return np.asarray(np.matmul(second, x.T), dtype=np.float32)


def smooth(volume: Array, grid: Grid, sigma: float, *, keep: bool = False) -> Array:
    """Gaussian smoothing on the grid; ``sigma`` in the grid's length unit."""
    matrices = []
    for i in range(3):
        axis = grid.axis(i)
        matrices.append(kernel(axis, axis, sigma, grid.step, keep=keep))
    return apply(volume, matrices[0], matrices[1], matrices[2])


def noise(rng: np.random.Generator, grid: Grid, scale: float) -> Array:
    """Smooth Gaussian noise of unit variance whose blobs are about ``scale`` wide."""
    if scale < 1.2 * grid.step:
        return rng.standard_normal(grid.shape, dtype=np.float32)
    pitch = max(0.6 * scale, grid.step)
    matrices, counts = [], []
    for i in range(3):
        out = grid.axis(i)
        count = int(np.ceil((out[-1] - out[0]) / pitch)) + 4
        nodes = out[0] + pitch * (np.arange(count, dtype=np.float32) - 1.5)
        matrix = kernel(nodes, out, 0.45 * scale, pitch)
        matrices.append(matrix / np.sqrt((matrix * matrix).sum(axis=1, keepdims=True)))
        counts.append(count)
    coarse = rng.standard_normal(tuple(counts), dtype=np.float32)
    return apply(coarse, matrices[0], matrices[1], matrices[2])


def distance(grid: Grid, centre: Array, metric: Array) -> Array:
    """Length of ``metric @ (p - centre)`` at every voxel ``p``: 1 on the surface of an ellipsoid.

    Parameters
    ----------
    grid : Grid
        Where to measure.
    centre : ndarray, ``(3,)``, z y x
        Middle of the ellipsoid.
    metric : ndarray, ``(3, 3)``
        Maps the ellipsoid to the unit ball.
    """
    m = (metric.T @ metric).astype(np.float32)
    z, y, x = (grid.axis(i) - np.float32(centre[i]) for i in range(3))
    plane = m[1, 1] * y[:, None] ** 2 + 2 * m[1, 2] * y[:, None] * x[None, :] + m[2, 2] * x**2
    slope = 2 * (m[0, 1] * y[:, None] + m[0, 2] * x[None, :])
    square = z[:, None, None] * slope[None]
    square += plane[None]
    square += (m[0, 0] * z * z)[:, None, None]
    np.maximum(square, 0, out=square)
    return np.asarray(np.sqrt(square, out=square))


def splat(grid: Grid, points: Array, weights: Array) -> Array:
    """Sum the weights of points into the voxels that hold them."""
    index = np.floor((points - np.asarray(grid.origin, np.float32)) / grid.step + 0.5)
    index = index.astype(np.int64)
    shape = np.asarray(grid.shape)
    inside = np.all((index >= 0) & (index < shape), axis=1)
    index = index[inside]
    flat = (index[:, 0] * shape[1] + index[:, 1]) * shape[2] + index[:, 2]
    total = np.bincount(flat, weights=weights[inside], minlength=int(np.prod(shape)))
    return total.astype(np.float32).reshape(grid.shape)


def rotation(rng: np.random.Generator) -> Array:
    """Rotation drawn uniformly from all of them."""
    q = rng.standard_normal(4)
    w, a, b, c = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (b * b + c * c), 2 * (a * b - c * w), 2 * (a * c + b * w)],
            [2 * (a * b + c * w), 1 - 2 * (a * a + c * c), 2 * (b * c - a * w)],
            [2 * (a * c - b * w), 2 * (b * c + a * w), 1 - 2 * (a * a + b * b)],
        ],
        dtype=np.float32,
    )


def directions(rng: np.random.Generator, n: int) -> Array:
    """Draw unit vectors uniformly, ``(n, 3)``."""
    v = rng.standard_normal((n, 3)).astype(np.float32)
    return np.asarray(v / (np.linalg.norm(v, axis=1, keepdims=True) + 1e-9))


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number uniformly."""
    return float(rng.uniform(low, high))


def scale_between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a positive number uniformly on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
