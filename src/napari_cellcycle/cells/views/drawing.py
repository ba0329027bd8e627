"""From grey values to pictures: projected, scaled, and resampled to square pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.recipe import Axis

    Floats = NDArray[np.float32]

ARRAY_AXIS: dict[str, int] = {"z": 0, "y": 1, "x": 2}


class Taps(NamedTuple):
    """Which voxels along an edge make each pixel, and what each of them counts.

    Parameters
    ----------
    first : ndarray, ``(size,)``, int64
        The first voxel of each pixel; those after it follow.
    weights : ndarray, ``(count, size)``, float32
        Of the first voxel, of the next one, and so on; 0 where a pixel has fewer.
    """

    first: NDArray[np.int64]
    weights: Floats

    @classmethod
    def of(cls, matrix: Floats) -> Self:
        """Find them in a matrix ``(size, n)`` as from :func:`~.geometry.resampling`."""
        counts = matrix != 0
        n = matrix.shape[1]
        first = counts.argmax(axis=1)
        last = n - 1 - counts[:, ::-1].argmax(axis=1)
        most = int(np.where(counts.any(axis=1), last - first + 1, 1).max())
        first = np.minimum(first, n - most)
        places = first[:, None] + np.arange(most)
        weights = np.take_along_axis(matrix, places, axis=1)
        return cls(first.astype(np.int64), np.ascontiguousarray(weights.T))


def across(box: tuple[Any, ...], axis: Axis) -> tuple[Any, ...]:
    """What of ``(z, y, x)`` a projection along an axis has; a volume has all."""
    return tuple(part for d, part in enumerate(box) if d != ARRAY_AXIS.get(axis))


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


def resampled(picture: Floats, taps: Sequence[Taps]) -> Floats:
    """Resample a picture along its rows and columns, a volume along z, y and x.

    Sums are made in the order of the voxels, the last edge first, so that compiled code can give
    the same to the last bit.

    Parameters
    ----------
    picture : ndarray, ``(rows, columns)`` or ``(z, y, x)``, float32
        As it was projected.
    taps : sequence of Taps
        Of each edge.

    Returns
    -------
    ndarray, ``(size, size)`` or ``(size, size, size)``, float32
    """
    for first, weights in reversed(taps):
        lines = np.moveaxis(picture, -1, 0)  # whole rows are quickly gathered
        along = weights.reshape(*weights.shape, *[1] * (picture.ndim - 1))
        picture = lines.take(first, 0)
        picture *= along[0]
        for step, weight in enumerate(along[1:], 1):
            more = lines.take(first + step, 0)
            more *= weight
            picture += more
    return picture
