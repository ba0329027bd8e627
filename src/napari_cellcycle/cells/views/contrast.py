"""How well DNA stands out: per cell against noise, and what the camera or a conversion cut off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.runs import compact
from napari_cellcycle.cells.views.compiled import grey_of
from napari_cellcycle.cells.views.grey import Grey
from napari_cellcycle.image.window import boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.image.window import Window

    Mask = NDArray[np.bool_]

_MARGIN = 3  # voxels around the bounding box
_TO_SIGMA = 1.4826 / math.sqrt(2)  # from median absolute difference of neighbours to deviation
_MOST_LEVELS = 1024
_SAMPLE = 200_000  # voxels of a box whose levels are counted


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
    unlabelled up to 3 voxels around its bounding box (or its own 5th percentile), and the noise
    is estimated from differences of neighbours along x there and in the label. It is 1000 at
    most: an image that was denoised has hardly any noise.

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
    for i, (label, bbox) in enumerate(zip(cells.label.tolist(), cells.bbox.tolist(), strict=True)):
        place = tuple(map(slice, *bbox))
        own = labels[place] == label
        (white,) = grey_of(dna[place]).percentiles(own, 98)
        where = surroundings(place, labels.shape)
        surface = surface_of(dna[where], labels[where] == 0)
        result[i] = contrast_of(white, surface, dna, place, own)
    return result


def surroundings(label: Place, shape: tuple[int, ...]) -> Place:
    """The box in which a label's contrast is measured, given where the label lies in a volume."""
    return tuple(
        slice(max(along.start - _MARGIN, 0), min(along.stop + _MARGIN, edge))
        for along, edge in zip(label, shape, strict=True)
    )


def surface_of(values: NDArray[Any], free: Mask) -> tuple[float, float]:
    """What is dark around a cell, and how much neighbours differ, as :meth:`.Grey.surface`."""
    return grey_of(values).surface(free, tuple(slice(0, edge) for edge in values.shape))


def contrast_of(
    white: float, surface: tuple[float, float], dna: NDArray[Any] | Window, place: Place, own: Mask
) -> float:
    """Compare bright DNA with what is around it, as :func:`dna_contrast`.

    Parameters
    ----------
    white : float
        The 98th percentile inside the label.
    surface : tuple of float
        As :meth:`~.grey.Grey.surface` gives it.
    dna : ndarray or Window, ``(z, y, x)``
        The whole volume, which is looked at only where the surface does not tell what is dark.
    place : tuple of slice
        Where the label lies in it.
    own : ndarray, ``(z, y, x)``, bool
        The label there.
    """
    dark, step = surface
    if math.isnan(dark):
        (dark,) = Grey(dna[place]).percentiles(own, 5)
    signal, noise = max(white - dark, 0.0), step * _TO_SIGMA
    return min(signal / noise, 1000.0) if noise > 0 else 1000.0 * (signal > 0)


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
        values = dna[box]
        top, some = float(values.max()), values[labels[box] > 0]
        n += some.size
        if top >= largest:
            at_largest = int((some == top).sum()) + (at_largest if top == largest else 0)
            largest = top
        if len(levels) < _MOST_LEVELS:
            some = some[:: max(1, some.size // _SAMPLE)]
            # a table of what there is, where that is quicker than sorting
            levels = np.union1d(levels, compact(some)[0] if some.dtype.kind == "u" else some)
    return GreyRange(
        levels=min(len(levels), _MOST_LEVELS),
        saturated=at_largest / n if n else 0.0,
        largest=largest,
    )
