"""Geometry of voxels with a size: centre and radius, dilation, resampling to square pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Step = Sequence[float] | NDArray[np.float64]


class Sums(NamedTuple):
    """What a mask adds up to, in whole numbers, so that the order of its voxels cannot matter.

    Parameters
    ----------
    total : int
        Voxels.
    first, second : tuple of int
        Sum of their indices, and of the squares of these, along z, y, x.
    """

    total: int
    first: tuple[int, int, int]
    second: tuple[int, int, int]


def sums(mask: NDArray[np.bool_]) -> Sums:
    """Add up a mask ``(z, y, x)``."""
    plane = mask.sum(axis=0, dtype=np.int32)  # a quarter of what the usual int64 takes
    profiles = (mask.reshape(len(mask), -1).sum(axis=1), plane.sum(axis=1), plane.sum(axis=0))
    index = [np.arange(edge) for edge in mask.shape]
    z, y, x = ((int(p @ i), int(p @ (i * i))) for p, i in zip(profiles, index, strict=True))
    return Sums(int(plane.sum()), (z[0], y[0], x[0]), (z[1], y[1], x[1]))


def moments(found: Sums, step: Step, is_2d: bool) -> tuple[tuple[float, float, float], float]:
    """Find the centre (from the first voxel) and the radius of the ball with the same gyration.

    Voxels count as boxes, not as points; in 2D it is the radius of a disc.

    Parameters
    ----------
    found : Sums
        Of the mask, with at least one voxel.
    step : sequence of float
        Size of a voxel, ``(z, y, x)``.
    is_2d : bool
        Whether there is one plane only.
    """
    total = found.total
    z, y, x = (first / total * size for first, size in zip(found.first, step, strict=True))
    a, b, c = (
        # whole numbers until the division: no digit is lost where a small cell lies far out
        float(second * total - first * first) / float(total * total) * (size * size)
        + size * size / 12
        for first, second, size in zip(found.first, found.second, step, strict=True)
    )
    return (z, y, x), math.sqrt(2 * (b + c) if is_2d else 5 / 3 * (a + b + c))


def dilate(
    mask: NDArray[np.bool_],
    reach: float,
    step: Step,
    within: tuple[slice, ...] | None = None,
) -> NDArray[np.bool_]:
    """Dilate by a box that reaches ``reach`` (rounded to voxels) along each axis.

    Parameters
    ----------
    mask : ndarray, ``(z, y, x)``, bool
        What to dilate.
    reach : float
        In the units of ``step``.
    step : sequence of float
        Size of a voxel, ``(z, y, x)``.
    within : tuple of slice, optional
        Box that holds all of the mask, where it is known: the work grows with it.
    """
    place = within or tuple(slice(0, edge) for edge in mask.shape)
    part, place = grow(mask[place], place, mask.shape, reach, step)
    result = np.zeros_like(mask)
    result[place] = part
    return result


def grow(
    part: NDArray[np.bool_],
    place: tuple[slice, ...],
    shape: tuple[int, ...],
    reach: float,
    step: Step,
) -> tuple[NDArray[np.bool_], tuple[slice, ...]]:
    """Dilate as :func:`dilate` does, but make only the box that holds the result.

    Parameters
    ----------
    part : ndarray, ``(z, y, x)``, bool
        All of the mask.
    place : tuple of slice
        Where it lies in its volume.
    shape : tuple of int
        Of the volume.
    reach, step
        As in :func:`dilate`.

    Returns
    -------
    part : ndarray, ``(z, y, x)``, bool
        Dilated.
    place : tuple of slice
        Where that lies.
    """
    voxels, larger = reached(place, shape, reach, step)
    for d in (2, 1, 0):  # rows are the slowest, so while they are few
        before, after = place[d].start - larger[d].start, larger[d].stop - place[d].stop
        part = _spread(part, voxels[d], d, before, after)
    return part, larger


def reached(
    place: tuple[slice, ...], shape: tuple[int, ...], reach: float, step: Step
) -> tuple[tuple[int, ...], tuple[slice, ...]]:
    """How many voxels a dilation reaches along each axis, and the box that holds its result.

    Parameters are those of :func:`grow`.
    """
    voxels = tuple(int(reach / size + 0.5) for size in step)
    larger = tuple(
        slice(max(along.start - n, 0), min(along.stop + n, edge))
        for along, n, edge in zip(place, voxels, shape, strict=True)
    )
    return voxels, larger


def _spread(
    mask: NDArray[np.bool_], n: int, axis: int, before: int, after: int
) -> NDArray[np.bool_]:
    """Dilate by ``n`` voxels along one axis, into as many voxels before and after as is said."""
    shape = list(mask.shape)
    shape[axis] += before + after + 2 * n
    size, row = math.prod(shape), math.prod(shape[axis + 1 :])
    # zeros end each row, so that rows can be shifted together, as one long row
    flat = np.zeros(size + 2 * n * row, bool)
    around = (slice(None),) * axis
    place = (*around, slice(before + n, before + n + mask.shape[axis]))
    flat[:size].reshape(shape)[place] = mask
    seen = 1
    while seen < 2 * n + 1:  # each turn sees up to twice as far
        shift = min(seen, 2 * n + 1 - seen)
        flat = flat[: -shift * row] | flat[shift * row :]
        seen += shift
    return flat.reshape(shape)[(*around, slice(0, shape[axis] - 2 * n))]


def percentile(values: NDArray[Any], q: float) -> float:
    """Find one percentile as :func:`numpy.percentile` does, without what that call costs.

    Parameters
    ----------
    values : ndarray, ``(n,)``
        At least one, no NaN.
    q : float
        0 to 100.
    """
    place = q / 100 * (len(values) - 1)
    below = int(place)
    found = np.partition(values, below)  # with a second place it would take six times as long
    low = float(found[below])
    if place == below:
        return low
    return low + (float(found[below + 1 :].min()) - low) * (place - below)


def resampling(n: int, first: float, step: float, centre: float, half: float, size: int) -> Floats:
    """Weigh ``n`` voxels for ``size`` pixels over ``centre ± half``: a matrix ``(size, n)``."""
    pitch = 2 * half / size
    target = centre - half + (np.arange(size) + 0.5) * pitch
    support = max(step, pitch)
    # a pixel up to one support outside still sees voxels, and reaches another support further
    pad = 2 * math.ceil(support / step) + 1
    source = first + np.arange(-pad, n + pad) * step
    weights = np.maximum(0.0, 1 - np.abs(target - source[:, None]) / support)
    total = weights.sum(axis=0)  # along the first axis, one after the other
    weights = np.divide(weights, total, out=weights, where=total > 0)
    return np.array(weights[pad : pad + n].T, dtype=np.float32, order="C")


def smoothed(values: Floats, sigma: float, step: NDArray[np.float64]) -> Floats:
    """Blur by a Gaussian, its deviation in the units of ``step``; an axis of one plane is left."""
    from scipy import ndimage

    by_axis = np.where(np.array(values.shape) > 1, sigma / step, 0)
    result: Floats = ndimage.gaussian_filter(values, by_axis, truncate=2.5)
    return result


def axis_lengths(points: NDArray[np.float64], step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviations of voxels along their principal axes, longest first.

    Parameters
    ----------
    points : ndarray, ``(n, d)``
        Middles of the voxels, in the units of ``step``.
    step : ndarray, ``(d,)``
        Size of a voxel: it counts as a box, not as a point.
    """
    spread = np.atleast_2d(np.cov(points, rowvar=False, bias=True)) + np.diag(step**2 / 12)
    return np.asarray(np.sqrt(np.linalg.eigvalsh(spread))[::-1], np.float64)


def sharpen(picture: Floats) -> Floats:
    """Sharpen a picture ``(y, x)`` in [0, 1] as Pillow's ``ImageFilter.SHARPEN`` does.

    The kernel is 2 in the middle and -1/8 around it; pixels at the border stay as they are.
    """
    result = picture.copy()
    around = sum(
        picture[1 + dy : picture.shape[0] - 1 + dy, 1 + dx : picture.shape[1] - 1 + dx]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dy, dx) != (0, 0)
    )
    result[1:-1, 1:-1] = 2 * picture[1:-1, 1:-1] - around / 8
    return np.asarray(np.clip(result, 0, 1), dtype=np.float32)
