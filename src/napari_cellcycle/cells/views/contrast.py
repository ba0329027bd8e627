"""How well DNA stands out: per cell against noise, and what the camera or a conversion cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.runs import compact
from napari_cellcycle.cells.views.compiled import grey_of
from napari_cellcycle.cells.views.grey import within
from napari_cellcycle.cells.views.subject import around, contrast
from napari_cellcycle.image.window import boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.window import Window

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

    See :meth:`Subject.contrast <napari_cellcycle.cells.views.subject.Subject.contrast>`.

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
        box = around(tuple(map(slice, *bbox)), labels.shape)
        grey, crop = grey_of(dna[box]), labels[box]
        own = crop == label
        (white,) = grey.percentiles(own, 98)
        result[i] = contrast(grey, crop == 0, within(box, box), grey, own, white)
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
