"""How well DNA stands out: per cell against noise, and what the camera or a conversion cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.compiled import grey_of
from napari_cellcycle.image.window import boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.window import Window

_MARGIN = 3  # voxels around the bounding box
_MOST_LEVELS = 1024
_SAMPLE = 200_000  # voxels of a box whose levels are counted
_TO_SIGMA = 1.4826 / np.sqrt(2)  # from median absolute difference of neighbours to deviation


@dataclass(frozen=True, slots=True)
class GreyRange:
    """How the grey values inside cells use the range of the image.

    Parameters
    ----------
    levels : int
        Distinct values in a sample (at most 1024 are counted).
    saturated : float
        Fraction of voxels at the largest value of the image.
    largest : float
        That value.
    """

    levels: int
    saturated: float
    largest: float


def dna_contrast(
    dna: NDArray[Any] | Window, labels: NDArray[np.integer[Any]] | Window, cells: CellTable
) -> NDArray[np.float64]:
    """Measure how far bright DNA lies above its surroundings, in units of the noise.

    Bright is the 98th percentile inside the label, the surroundings are the median of what is
    unlabelled around it (or its own 5th percentile), and the noise is estimated from differences
    of neighbours along x there and in the label. It is 1000 at most: an image that was denoised
    has hardly any noise.

    Parameters
    ----------
    dna : ndarray or Window, ``(z, y, x)``
        One frame.
    labels : ndarray or Window, ``(z, y, x)``, integer
        The same frame.
    cells : CellTable
        Rows of this frame.

    Returns
    -------
    ndarray, ``(n,)``, float64
    """
    result = np.zeros(len(cells))
    for i in range(len(cells)):
        start = np.maximum(cells.bbox[i, 0] - _MARGIN, 0)
        stop = np.minimum(cells.bbox[i, 1] + _MARGIN, labels.shape)
        box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        grey = grey_of(dna[box])
        crop = labels[box]
        own, around = crop == cells.label[i], crop == 0
        if np.count_nonzero(around) >= 64:
            (dark,), (bright,) = grey.percentiles(around, 50), grey.percentiles(own, 98)
        else:
            dark, bright = grey.percentiles(own, 5, 98)
        signal, noise = max(bright - dark, 0.0), grey.step() * _TO_SIGMA
        result[i] = min(signal / noise, 1000.0) if noise > 0 else 1000.0 * (signal > 0)
    return result


def grey_range(dna: NDArray[Any] | Window, labels: NDArray[np.integer[Any]] | Window) -> GreyRange:
    """Look at the grey values inside labels.

    Parameters
    ----------
    dna : ndarray or Window, ``(z, y, x)``
        One frame.
    labels : ndarray or Window, ``(z, y, x)``, integer
        The same frame.
    """
    largest, at_largest, n = -np.inf, 0, 0
    levels: NDArray[Any] = np.zeros(0, dna.dtype)
    for box in boxes(labels):
        values, inside = dna[box], labels[box] > 0
        n += int(inside.sum())
        top = float(values.max())
        if top >= largest:
            at_largest = int((values[inside] == top).sum()) + (at_largest if top == largest else 0)
            largest = top
        if len(levels) < _MOST_LEVELS:
            some = values[inside]
            levels = np.union1d(levels, some[:: max(1, some.size // _SAMPLE)])
    return GreyRange(
        levels=min(len(levels), _MOST_LEVELS),
        saturated=at_largest / n if n else 0.0,
        largest=largest,
    )
