"""Geometry of voxels with a size: centre and radius, dilation, resampling to square pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def moments(
    mask: NDArray[np.bool_], step: NDArray[np.float64], is_2d: bool
) -> tuple[NDArray[np.float64], float]:
    """Find the centre (from the first voxel) and the radius of the ball with the same gyration.

    Voxels count as boxes, not as points; in 2D it is the radius of a disc.
    """
    centre = np.zeros(3)
    spread = np.zeros(3)
    total = float(mask.sum())
    plane = mask.sum(axis=0)
    profiles = (mask.reshape(len(mask), -1).sum(axis=1), plane.sum(axis=1), plane.sum(axis=0))
    for d, profile in enumerate(profiles):
        position = np.arange(len(profile)) * step[d]
        centre[d] = (profile @ position) / total
        spread[d] = (profile @ (position - centre[d]) ** 2) / total + step[d] ** 2 / 12
    if is_2d:
        return centre, float(np.sqrt(2 * spread[1:].sum()))
    return centre, float(np.sqrt(5 / 3 * spread.sum()))


def dilate(mask: NDArray[np.bool_], reach: float, step: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Dilate by a box that reaches ``reach`` (rounded to voxels) along each axis."""
    result = mask
    for d in range(3):
        n = int(reach / step[d] + 0.5)
        if n > 0 and mask.shape[d] > 1:
            result = _spread(result, n, d)
    return result


def _spread(mask: NDArray[np.bool_], n: int, axis: int) -> NDArray[np.bool_]:
    """Dilate by ``n`` voxels along one axis; each turn reaches twice as far."""
    length = mask.shape[axis]
    around = (slice(None),) * axis
    up, down = mask.copy(), mask.copy()
    reached = 0
    while reached < min(n, length - 1):
        shift = min(n - reached, reached + 1)
        ahead, behind = (*around, slice(shift, None)), (*around, slice(-shift))
        up[ahead] |= up[behind].copy()
        down[behind] |= down[ahead].copy()
        reached += shift
    return up | down


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
    high = float(found[below + 1 :].min(initial=np.inf))
    return low if place == below else low + (high - low) * (place - below)


def resampling(n: int, first: float, step: float, centre: float, half: float, size: int) -> Floats:
    """Weigh ``n`` voxels for ``size`` pixels over ``centre ± half``: a matrix ``(size, n)``."""
    pitch = 2 * half / size
    target = centre - half + (np.arange(size) + 0.5) * pitch
    support = max(step, pitch)
    # a pixel up to one support outside still sees voxels, and reaches another support further
    pad = 2 * int(np.ceil(support / step)) + 1
    source = first + np.arange(-pad, n + pad) * step
    weights = np.maximum(0.0, 1 - np.abs(target[:, None] - source[None]) / support)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=weights, where=total > 0)
    return np.asarray(weights[:, pad : pad + n], dtype=np.float32)


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
