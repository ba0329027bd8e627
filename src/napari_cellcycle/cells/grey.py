"""Grey values of one channel around a cell: percentiles in a mask, projections of what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.geometry import percentile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import NDArray

    from napari_cellcycle.cells.recipe import Axis

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

ARRAY_AXIS: dict[str, int] = {"z": 0, "y": 1, "x": 2}


class Grey:
    """Grey values of one channel in a box; :mod:`.compiled` has a quicker one of the same answers.

    Parameters
    ----------
    values : ndarray, ``(z, y, x)``
        Any dtype; what is computed of them is computed in float32.
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def cut(self, place: tuple[slice, ...]) -> Self:
        """Part of the box."""
        return type(self)(self.values[place])

    def above(self, level: float) -> Mask:
        """Voxels that are brighter than a grey value."""
        return np.asarray(self.values, dtype=np.float32) > np.float32(level)

    def percentiles(self, where: Mask | None, *qs: float) -> tuple[float, ...]:
        """Percentiles (0 to 100) of the voxels in a mask of at least one voxel, or of all."""
        some = self.values.ravel() if where is None else self.values[where]
        some = np.asarray(some, dtype=np.float32)
        return tuple(percentile(some, q) for q in qs)

    def step(self) -> float:
        """Median difference of neighbours along x, 0 where there are none."""
        steps = np.abs(np.diff(np.asarray(self.values, dtype=np.float32), axis=2)).ravel()
        return percentile(steps, 50) if steps.size else 0.0

    def projections(
        self, where: Mask, axes: Sequence[Axis], low: float, high: float
    ) -> list[Floats]:
        """Project and scale, as :func:`projections`, what a mask shows."""
        if self.values.dtype.kind == "u":
            shown = self.values * where  # thirty times as fast as np.where
        else:
            values = np.asarray(self.values, dtype=np.float32)
            shown = np.where(where, values, np.float32(-np.inf))
        return projections(shown, axes, low, high)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What of one channel belongs to a cell.

    Parameters
    ----------
    grey : Grey
        In a part of the cell's box.
    where : ndarray, ``(z, y, x)``, bool
        The mask there.
    place : tuple of slice
        Where the part lies in the box.
    low, high : float
        Grey values that a view shows as 0 and 1.
    """

    grey: Grey
    where: Mask
    place: tuple[slice, ...]
    low: float
    high: float


def projections(
    values: NDArray[Any], axes: Sequence[Axis], low: float, high: float
) -> list[Floats]:
    """Project by the maximum along each axis, and scale, as :func:`scaled`.

    Parameters
    ----------
    values : ndarray, ``(z, y, x)``
        Grey values.
    axes : sequence of {"x", "y", "z"}, or ("volume",)
        A volume is only scaled.
    low, high : float
        Grey values.
    """
    # scaling keeps the order of grey values, so that it can wait
    flat = (values if axis == "volume" else values.max(axis=ARRAY_AXIS[axis]) for axis in axes)
    return [scaled(np.asarray(one, dtype=np.float32), low, high) for one in flat]


def scaled(values: Floats, low: float, high: float) -> Floats:
    """Scale grey values of any shape, ``low`` to 0 and ``high`` to 1, and clip them."""
    result = values - np.float32(low)
    result /= np.float32(high - low)
    np.minimum(np.maximum(result, 0, out=result), 1, out=result)
    return result


def resampled(picture: Floats, axis: Axis, weights: Sequence[Floats]) -> Floats:
    """Resample what was projected along an axis, or a volume, by weights along z, y and x."""
    if axis == "volume":
        first = np.tensordot(weights[0], picture, axes=(1, 0))
        return np.asarray(np.matmul(np.matmul(weights[1], first), weights[2].T), dtype=np.float32)
    rows, columns = (d for d in range(3) if d != ARRAY_AXIS[axis])
    return np.asarray(weights[rows] @ picture @ weights[columns].T, np.float32)
