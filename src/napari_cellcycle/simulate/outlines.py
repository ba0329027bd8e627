"""Label images as segmentations give them: tight or loose, smooth or ragged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.simulate.grid import Grid, between, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.simulate.grid import Array
    from napari_cellcycle.simulate.optics import Microscope


def outline(
    rng: np.random.Generator,
    solid: Array,
    grid: Grid,
    out: tuple[Array, Array, Array],
    scope: Microscope,
    *,
    level: tuple[float, float],
    sloppy: float,
) -> NDArray[np.bool_]:
    """Threshold a blurred body on the camera's grid.

    Parameters
    ----------
    rng : Generator
        Source of chance.
    solid : ndarray, ``(z, y, x)``
        Density or mask of the body on ``grid``.
    grid : Grid
        Grid of the body.
    out : tuple of ndarray
        Positions of planes, rows and columns.
    scope : Microscope
        Gives the blur.
    level : tuple of float
        Range of the threshold as a share of the blurred maximum.
    sloppy : float
        Further smoothing in pixels: with a low threshold it dilates, with a high one it erodes.
    """
    more = sloppy * scope.pixel
    lateral = float(np.hypot(scope.lateral, more))
    axial = float(np.hypot(scope.axial, more))
    mats = [
        kernel(grid.axis(i), out[i], width, grid.step)
        for i, width in enumerate((axial, lateral, lateral))
    ]
    first = mats[0] @ solid.reshape(grid.shape[0], -1)
    second = np.matmul(mats[1], first.reshape(-1, grid.shape[1], grid.shape[2]))
    soft = np.matmul(second, mats[2].T)
    top = float(soft.max())
    cut = between(rng, *level) * top
    if rng.random() < 0.4:
        # a ragged outline; proportional, so that no specks appear away from the body
        ragged = np.float32(between(rng, 0.05, 0.3))
        soft = soft * (1 + ragged * rng.standard_normal(soft.shape, dtype=np.float32))
    return np.asarray(soft > cut)


def nearest(
    volume: NDArray[np.integer], grid: Grid, out: tuple[Array, Array, Array]
) -> NDArray[np.integer]:
    """Read labels off at the camera's voxels."""
    index = [
        np.clip(np.rint((out[i] - grid.origin[i]) / grid.step), 0, grid.shape[i] - 1).astype(int)
        for i in range(3)
    ]
    return volume[np.ix_(index[0], index[1], index[2])]
