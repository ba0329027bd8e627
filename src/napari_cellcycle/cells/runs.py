"""Labels as runs along x: a tenth of the voxels or less, and all that a table needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.image.window import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_cellcycle.image.window import Window


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Runs along x in which labels do not change.

    Parameters
    ----------
    z, y, x : ndarray, ``(n,)``, int64
        First voxel of each.
    length : ndarray, ``(n,)``, int64
        Voxels.
    values : tuple of ndarray, ``(n,)``, integer
        The label in each volume.
    """

    z: NDArray[np.int64]
    y: NDArray[np.int64]
    x: NDArray[np.int64]
    length: NDArray[np.int64]
    values: tuple[NDArray[np.integer[Any]], ...]


def find_runs(*volumes: NDArray[np.integer[Any]] | Window) -> Iterator[Runs]:
    """Find the runs along x in which every volume is constant and the first is not 0.

    The work goes box by box, so that little memory is needed; a run ends where its box does.

    Parameters
    ----------
    *volumes : ndarray or Window, ``(z, y, x)``, integer
        All of one shape.

    Yields
    ------
    Runs
        Of one box.
    """
    for box in boxes(volumes[0]):
        parts = [np.ascontiguousarray(volume[box]) for volume in volumes]
        if not parts[0].size:
            continue
        _, height, width = parts[0].shape
        flats = [part.reshape(-1) for part in parts]
        begins = np.empty(flats[0].size, bool)
        np.not_equal(flats[0][1:], flats[0][:-1], out=begins[1:])
        for flat in flats[1:]:
            begins[1:] |= flat[1:] != flat[:-1]
        begins[::width] = True
        start = _places(begins)
        length = np.diff(start, append=begins.size)
        values = flats[0].take(start)
        # places, as a mask would take several times as long
        keep = np.flatnonzero(values != 0)
        if not len(keep):
            continue
        start, length = start.take(keep), length.take(keep)
        row = start // width  # np.divmod would take several times as long
        z = row // height
        corner = [cut.start for cut in box]
        yield Runs(
            z=z + corner[0],
            y=row - z * height + corner[1],
            x=start - row * width + corner[2],
            length=length,
            values=(values.take(keep), *(flat.take(start) for flat in flats[1:])),
        )


def _places(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where few of many flags are set: ``np.flatnonzero`` in less than half of its time."""
    whole = flags.size // 8 * 8
    words = flags[:whole].view(np.uint64)
    some = np.flatnonzero(words != 0)
    at = np.flatnonzero(words.take(some).view(bool))
    rest = whole + np.flatnonzero(flags[whole:])
    return np.concatenate([some.take(at >> 3) * 8 + (at & 7), rest])


def compact(values: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct values in order, and the place of each value among them."""
    top = int(values.max(initial=0))
    if top <= max(1 << 16, values.size):
        # a table of all values up to the largest is smaller than the data, and needs no sorting
        present = np.zeros(top + 1, bool)
        present[values] = True
        label = np.flatnonzero(present)
        place = np.zeros(top + 1, np.int64)
        place[label] = np.arange(len(label))
        return label.astype(np.int64), place[values]
    unique, index = np.unique(values, return_inverse=True)
    return unique.astype(np.int64), index.reshape(-1).astype(np.int64)
