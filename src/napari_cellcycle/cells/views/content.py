"""DNA content compared with the other cells of an image: what G1 and G2 are told apart by.

Grey values of one instrument say nothing about another's. Within one image, however, G1 cells have
the same DNA content, and more cells are in G1 than just above or below it. The position of that
peak is the image's own unit, and the typical cell's radius is its unit of length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.subject import Subject
from napari_cellcycle.errors import ViewError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.image.window import Window

FEWEST = 30
"""Cells below which the G1 peak cannot be trusted."""
_BRIGHT = 5.0  # the view's 1 is this many times the mean grey value of a typical G1 nucleus
_BANDWIDTH = 0.1  # octaves
_NOTABLE = 0.3  # a peak this high, as a share of the highest, counts


@dataclass(frozen=True, slots=True)
class Population:
    """What is typical of the cells of an image.

    Parameters
    ----------
    radius : float
        Median radius of a nucleus, in the units of the spacing.
    g1_content : float
        Background-corrected, integrated DNA of a G1 cell: grey values times area.
    n : int
        Cells that were measured.
    """

    radius: float
    g1_content: float
    n: int

    @property
    def bright(self) -> float:
        """Grey values above background that views show as 1."""
        return _BRIGHT * self.g1_content / (np.pi * self.radius**2)


def measure_population(
    dna: Sequence[NDArray[Any] | Window],
    labels: Sequence[NDArray[np.integer[Any]] | Window],
    cells: CellTable,
    recipe: ViewRecipe,
) -> Population:
    """Measure all cells of a 2D image.

    Parameters
    ----------
    dna, labels : sequence of (ndarray or Window, ``(1, y, x)``)
        One a frame.
    cells : CellTable
        All cells; ``frame`` is the index into ``dna``.
    recipe : ViewRecipe
        Gives mask and threshold.

    Raises
    ------
    ViewError
        If no cell has DNA above its background.
    """
    step = np.array(cells.spacing.zyx)
    radius, content = [], []
    for i in range(len(cells)):
        frame = int(cells.frame[i])
        cell = Subject.find(
            dna[frame],
            labels[frame],
            int(cells.label[i]),
            cells.bbox[i],
            recipe=recipe,
            step=step,
            labels_are=cells.labels_are,
        )
        radius.append(cell.radius)
        content.append(integrated(cell, step))
    return population_of(radius, content)


def integrated(cell: Subject, step: NDArray[np.float64]) -> float:
    """Integrate DNA above background over the mask: grey values times area."""
    total = float((cell.values[cell.mask] - cell.background).sum())
    return total * float(step[1] * step[2])


def population_of(radius: ArrayLike, content: ArrayLike) -> Population:
    """Find the typical radius and the G1 peak.

    The peak is the leftmost maximum of the density of log content that is at least 0.3 times as
    high as the highest: G1 is left of G2, and debris is rare.

    Parameters
    ----------
    radius, content : array-like, ``(n,)``
        Of each cell.

    Raises
    ------
    ViewError
        If no cell has DNA above its background.
    """
    radius, content = np.asarray(radius, float), np.asarray(content, float)
    good = content > 0
    if not good.any():
        raise ViewError("No cell has DNA above its background: is the DNA channel the right one?")
    octaves = np.log2(content[good])
    grid = np.arange(octaves.min() - 0.5, octaves.max() + 0.5, 0.02)
    density = np.zeros(len(grid))
    for part in np.array_split(octaves, max(1, len(octaves) // 4096)):
        density += np.exp(-0.5 * ((grid[:, None] - part) / _BANDWIDTH) ** 2).sum(axis=1)
    inner = density[1:-1]
    peaks = 1 + np.flatnonzero((inner >= density[:-2]) & (inner > density[2:]))
    first = next(p for p in peaks if density[p] >= _NOTABLE * density[peaks].max())
    return Population(float(np.median(radius[good])), float(2.0 ** grid[first]), int(good.sum()))
