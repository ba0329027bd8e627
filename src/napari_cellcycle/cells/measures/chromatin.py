"""How the DNA of a cell is spread: within the nucleus, and within the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.geometry import axis_lengths, smoothed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.subject import Subject

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.floating[Any]]

_FINE, _COARSE = 0.05, 0.2  # radii: noise is smoothed away; gaps are filled
_BODY = 0.35  # of the bright DNA, smoothed coarsely: where the body of the DNA ends
_INSIDE = 0.15  # radii below its surface, where blur does not reach
_RIM = (0.1, 0.35)  # of the greatest depth
_MIDDLE = 0.35  # radii
_FEWEST = 20  # voxels


def chromatin(cell: Subject, step: NDArray[np.float64]) -> dict[str, float]:
    """Measure how the DNA of a cell is spread.

    :func:`~napari_cellcycle.cells.measures.measures.measure_cell` says what each number is. Only
    ``dna_half_elongation`` is not known where a half has too few voxels.

    Parameters
    ----------
    cell : Subject
        The cell with its DNA.
    step : ndarray, ``(3,)``
        Size of a voxel.

    Returns
    -------
    dict of str to float
        By the name of the measure; ratios without unit.
    """
    mask, bright, r = cell.near, cell.bright, cell.radius
    values = np.asarray(cell.inner.values, np.float32)
    above = np.where(mask, values - np.float32(cell.background), np.float32(0))
    np.maximum(above, 0, out=above)
    fine, coarse = smoothed(above, _FINE * r, step), smoothed(above, _COARSE * r, step)
    body = mask & (coarse > _BODY * float(np.percentile(coarse[mask], 99)))
    if np.count_nonzero(body) < _FEWEST:
        body = bright
    depth = _depth(body, step)
    inside = body & (depth > _INSIDE * r)
    if np.count_nonzero(inside) < _FEWEST:
        inside = body
    within = fine[inside].astype(np.float64)
    middle, upper = np.percentile(within, (50, 75)).tolist()
    deep = depth / max(float(depth.max()), 1e-12)
    rim = body & (deep > _RIM[0]) & (deep < _RIM[1])
    mean = max(float(above[bright].mean()), 1e-12)
    whole = max(float(above[body].mean()), 1e-12)
    found = {
        "dna_quartile": upper / max(middle, 1e-12),
        "dna_skewness": _skewness(within),
        "dna_sharpness": float(np.percentile(_slope(fine, step)[body], 90)) * r / mean,
        "dna_maximum": float(np.percentile(above[bright], 99)) / mean,
        "dna_rim": float(above[rim].mean()) / whole if rim.any() else 1.0,
        "dna_share": np.count_nonzero(bright) / np.count_nonzero(mask),
    }
    return found | _places(above, mask, bright, r, step, mean)


def _places(
    above: Floats, mask: Mask, bright: Mask, r: float, step: NDArray[np.float64], mean: float
) -> dict[str, float]:
    """Where the DNA lies in the cell, and what halves it falls into."""
    used = np.flatnonzero(np.array(mask.shape) > 1)
    places = (np.argwhere(mask) * step)[:, used]
    points, weights = (np.argwhere(bright) * step)[:, used], above[bright].astype(np.float64)
    weights = np.maximum(weights, 1e-12)
    centre = weights @ points / weights.sum()
    near = np.linalg.norm(places - centre, axis=1) < _MIDDLE * r
    # of the ball, in 2D the disc, that is as large as the mask
    size = len(places) * float(np.prod(step[used]))
    radius = (size / (4 / 3 * np.pi)) ** (1 / 3) if len(used) == 3 else (size / np.pi) ** 0.5
    away = points - centre
    spread = (away * weights[:, None]).T @ away / weights.sum()
    side = away @ np.linalg.eigh(spread)[1][:, -1] < 0
    halves = [points[side], points[~side]]
    apart, long = 0.0, np.nan
    if min(map(len, halves)):
        apart = float(np.linalg.norm(halves[0].mean(axis=0) - halves[1].mean(axis=0))) / r
        axes = [axis_lengths(half, step[used]) for half in halves]
        long = float(np.mean([a[0] / a[-1] for a in axes]))
    return {
        "dna_middle": float(above[mask][near].mean()) / mean if near.any() else 0.0,
        "dna_offset": float(np.linalg.norm(centre - places.mean(axis=0))) / radius,
        "dna_halves": apart,
        "dna_half_elongation": long,
    }


def _depth(body: Mask, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each voxel of a body to what lies outside it; 0 there."""
    from scipy import ndimage

    where = ndimage.find_objects(body.astype(np.uint8))[0]
    padded = np.pad(body[where], [(int(n > 1),) * 2 for n in body.shape])
    inner = tuple(slice(int(n > 1), -1 if n > 1 else None) for n in body.shape)
    depth = np.zeros(body.shape)
    distance: Any = ndimage.distance_transform_edt
    depth[where] = distance(padded, sampling=step)[inner]
    return depth


def _slope(values: Floats, step: NDArray[np.float64]) -> Floats:
    """Length of the gradient; an axis of one plane has none."""
    squares = np.zeros_like(values)
    for axis in np.flatnonzero(np.array(values.shape) > 1).tolist():
        squares += np.gradient(values, step[axis], axis=axis) ** 2
    return np.sqrt(squares)


def _skewness(values: NDArray[np.float64]) -> float:
    away = values - values.mean()
    spread = float(away.std())
    return float((away**3).mean()) / spread**3 if spread > 0 else 0.0
