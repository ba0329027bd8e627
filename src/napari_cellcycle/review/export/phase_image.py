"""A label image of phases, for programs that know nothing of tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.image.write import TIFF_ENDINGS, write_classes
from napari_cellcycle.image.zarr_write import ENDING, check_zarr_path, write_zarr_classes
from napari_cellcycle.phases import UNCLASSIFIED
from napari_cellcycle.review.export.rows import chosen_rows

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.state import Review

WITHOUT = "no final phase"
_MOST = 255


@dataclass(frozen=True, slots=True)
class Legend:
    """What the values of a phase image mean.

    Parameters
    ----------
    names : tuple of str
        Of the values 1, 2, …: leaves of the vocabulary in their order, its branches, and last
        cells without a final phase. 0 is where no cell is.
    colors : tuple of str
        ``#RRGGBB`` of each.
    """

    names: tuple[str, ...]
    colors: tuple[str, ...]

    @classmethod
    def of(cls, phases: PhaseSet) -> Legend:
        """For a vocabulary."""
        order = [*phases.leaves, *(p for p in phases if p not in phases.leaves)]
        if len(order) >= _MOST:
            raise ProjectError(
                f"A phase image holds up to {_MOST - 1} phases; {phases.name} has {len(order)}."
            )
        return cls((*(p.slug for p in order), WITHOUT), (*(p.color for p in order), UNCLASSIFIED))


def write_phase_image(
    review: Review,
    labels: Segmentation,
    path: str | os.PathLike[str],
    *,
    only: Only = "all",
) -> Path:
    """Write phases in the place of labels, with colours and a legend in the file.

    Parameters
    ----------
    review : Review
        Of an image.
    labels : Segmentation
        Its present labels.
    path : path-like
        Ends in ``.tif`` or ``.tiff`` for OME-TIFF, and a file that is there is replaced; or in
        ``.zarr`` for a new OME-Zarr.
    only : {"all", "reviewed", "corrected", "final"}
        Which cells; all others are 0.

    Raises
    ------
    CellCycleError
        If the name has another ending, or the labels cannot be read.
    """
    path = Path(path)
    check_phase_image(path)
    legend = Legend.of(review.phases)
    value_of = [legend.names.index(phase.slug) + 1 for phase in review.phases]
    values = np.array([*value_of, len(legend.names)], np.uint8)[review.final]
    chosen = chosen_rows(review, only)
    data = np.zeros(labels.grid, np.uint8)
    for frame in range(labels.grid[0]):
        rows = chosen[review.cells.frame[chosen] == frame]
        data[frame] = _painted(labels.volume(frame), review.cells.label[rows], values[rows])
    write = write_zarr_classes if path.suffix.lower() == ENDING else write_classes
    return write(data, path, names=legend.names, colors=legend.colors, spacing=review.cells.spacing)


def check_phase_image(path: Path) -> None:
    """Refuse a name that :func:`write_phase_image` could not write, before any work is done.

    Raises
    ------
    CellCycleError
        Naming the endings that work.
    """
    if path.suffix.lower() == ENDING:
        check_zarr_path(path)
    elif path.suffix.lower() not in TIFF_ENDINGS:
        raise ProjectError(
            f"A label image of phases is OME-TIFF or OME-Zarr; the name {path.name} must end in "
            ".ome.tif, .tif or .ome.zarr."
        )


def _painted(
    volume: NDArray[Any], labels: NDArray[np.int64], values: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Replace sorted labels by their values, all others by 0."""
    if not len(labels):
        return np.zeros(volume.shape, np.uint8)
    place = np.minimum(np.searchsorted(labels, volume), len(labels) - 1)
    found: NDArray[np.uint8] = np.where(labels[place] == volume, values[place], 0)
    return found.astype(np.uint8)
