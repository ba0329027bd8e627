"""A table of what was measured of the cells of an image, and the work that fills it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures.measures import (
    MEASURES,
    NAMES,
    OF_LABEL,
    Measure,
    measure_cell,
)
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.stack import check_match
from napari_cellcycle.work import run_to_end

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation, Stack

_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """Measures of cells, one row a cell.

    Parameters
    ----------
    cells : CellTable
        Which cells, in this order.
    values : ndarray, ``(n, measures)``, float64
        Columns in the order of :data:`napari_cellcycle.cells.measures.measures.MEASURES`, in the
        units of the cells' spacing; NaN where unknown.
    is_2d : bool
        Whether the image has one plane: volumes are areas then, surfaces perimeters.
    """

    cells: CellTable
    values: NDArray[np.float64]
    is_2d: bool

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        column: NDArray[np.float64] = self.values[:, NAMES.index(self.measure(name).name)]
        return column

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether each cell was measured, ``(n,)``."""
        return np.asarray(np.isfinite(self["volume"]), np.bool_)

    @property
    def n_known(self) -> int:
        """How many cells were measured."""
        return int(self.is_known.sum())

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those that are known of at least one cell."""
        known = np.isfinite(self.values)
        return tuple(measure for i, measure in enumerate(MEASURES) if known[:, i].any())

    def measure(self, name: str) -> Measure:
        """Look up a measure by the name of its column.

        Raises
        ------
        CellCycleError
            If there is none.
        """
        for measure in MEASURES:
            if measure.name == name:
                return measure
        raise CellCycleError(f"Nothing called {name!r} is measured; there are {', '.join(NAMES)}.")

    def title(self, name: str) -> str:
        """Name with its unit, for an axis of a plot: ``cell volume (µm³)``."""
        measure, text = self.measure(name), self.plain_title(name)
        unit = measure.unit(is_2d=self.is_2d, physical=self.cells.spacing.is_physical)
        return f"{text} ({unit})" if unit else text

    def plain_title(self, name: str) -> str:
        """Name without a unit, for a sentence: ``cell volume``."""
        text = self.measure(name).title_of(is_2d=self.is_2d)
        return f"{self.cells.labels_are} {text}" if name in OF_LABEL else text

    def select(self, which: NDArray[Any]) -> Measurements:
        """Rows by boolean mask or by indices."""
        return replace(self, cells=self.cells.select(which), values=self.values[which])

    def to_table(self) -> pd.DataFrame:
        """Key and measures as columns: ``volume_um3``, or ``volume_px`` where unknown."""
        import pandas as pd

        cells = self.cells
        physical = cells.spacing.is_physical
        columns: dict[str, Any] = {
            "image": cells.image,
            "scene": cells.scene,
            "frame": cells.frame,
            "label": cells.label,
            "touches_border": cells.touches_border,
        }
        for measure in self.measures:
            name, power = measure.name, measure.power - self.is_2d
            if measure.power:
                suffix = {1: "um", 2: "um2", 3: "um3"}[power] if physical else "px"
                name = f"{name}_{suffix}"
            columns[name] = self[measure.name]
        return pd.DataFrame(columns)


def iter_measure(
    stack: Stack,
    segmentation: Segmentation,
    cells: CellTable,
    *,
    dna: int | None,
    known: Measurements | None = None,
) -> Generator[Measurements, None, Measurements]:
    """Measure cells, one crop after the other, reading each frame once.

    The generator can be closed after any step. It returns the :class:`Measurements`.

    Parameters
    ----------
    stack : Stack
        The image.
    segmentation : Segmentation
        The labels that ``cells`` were found in.
    cells : CellTable
        All of them, or some.
    dna : int or None
        Index of the DNA channel; None where the image has none.
    known : Measurements, optional
        Of the same cells: those that it has are not measured again.

    Yields
    ------
    Measurements
        What is known so far; the same object is filled further.

    Raises
    ------
    SegmentationMismatchError
        If the segmentation does not lie on the image.
    """
    check_match(stack, segmentation)
    values = np.full((len(cells), len(NAMES)), np.nan) if known is None else known.values.copy()
    found = Measurements(cells, values, stack.is_2d)
    missing = ~found.is_known
    done = 0
    yield found
    for frame in np.unique(cells.frame[missing]):
        labels = segmentation.volume(int(frame))
        volume = None if dna is None else stack.volume(int(frame), dna)
        for row in np.flatnonzero(missing & (cells.frame == frame)):
            values[row] = measure_cell(
                volume,
                labels,
                int(cells.label[row]),
                cells.bbox[row],
                spacing=cells.spacing,
                labels_are=cells.labels_are,
                nucleus_voxels=-1
                if cells.labels_are == "nucleus"
                else int(cells.nucleus_voxels[row]),
            )
            done += 1
            if done % _BATCH == 0:
                yield found
    yield found
    return found


def measure_cells(
    stack: Stack,
    segmentation: Segmentation,
    cells: CellTable,
    *,
    dna: int | None,
    progress: Callable[[int, int], object] | None = None,
) -> Measurements:
    """Run :func:`iter_measure` to its end.

    Parameters
    ----------
    stack, segmentation, cells, dna
        As there.
    progress : callable of (done, total), optional
        Called now and then.
    """
    work = iter_measure(stack, segmentation, cells, dna=dna)
    if progress is None:
        return run_to_end(work)
    return run_to_end(work, lambda found: progress(found.n_known, len(found)))
