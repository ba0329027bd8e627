"""From labels to class ids, looked up block by block when lazy data are drawn."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_AT_ONCE = 1 << 16
"""Voxels looked up at once: few enough that what numpy makes in between stays in the cache."""
_DENSE = 1 << 20
"""Labels up to here are looked up in a table; sparser, larger ones by bisection."""


class PhaseLookup:
    """Class id of each label of each frame.

    Parameters
    ----------
    labels : mapping of int to ndarray, ``(n,)``, int64
        The labels of each frame, sorted.
    """

    def __init__(self, labels: Mapping[int, NDArray[np.int64]]) -> None:
        self._labels = dict(labels)
        self._ids = {frame: np.zeros(len(of), np.uint8) for frame, of in self._labels.items()}
        self._tables = {
            # the last entry, always 0, stands for every larger label
            frame: np.zeros(int(of[-1]) + 2, np.uint8)
            for frame, of in self._labels.items()
            if len(of) and of[-1] < _DENSE
        }

    def set(self, frame: int, label: int, class_id: int) -> None:
        """Change the class of one label."""
        place = np.searchsorted(self._labels[frame], label)
        self._ids[frame][place] = class_id
        if frame in self._tables:
            self._tables[frame][label] = class_id

    def set_all(self, frame: int, class_ids: NDArray[np.uint8]) -> None:
        """Change the classes of all labels of a frame, in their order."""
        self._ids[frame] = class_ids.copy()
        if frame in self._tables:
            self._tables[frame][self._labels[frame]] = class_ids

    def take(
        self,
        frame: int,
        labels: NDArray[np.integer[Any]],
        out: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """Class ids of labels of one frame, same shape, ``uint8``; written to ``out`` if given."""
        found = np.empty(labels.shape, np.uint8) if out is None else out
        known = self._labels.get(frame)
        if known is None or not len(known):
            found[...] = 0
        elif frame in self._tables:
            table = self._tables[frame]
            for part in _parts(labels.shape):
                table.take(labels[part], mode="clip", out=found[part])
        else:
            for part in _parts(labels.shape):
                place = np.searchsorted(known, labels[part])
                place[place == len(known)] = 0
                found[part] = np.where(known[place] == labels[part], self._ids[frame][place], 0)
        return found


def _parts(shape: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Cut an array along its first axes into parts of a good size."""
    if not shape or math.prod(shape) <= _AT_ONCE:
        yield (...,)
        return
    below = math.prod(shape[1:])
    if below > _AT_ONCE:
        for i in range(shape[0]):
            for part in _parts(shape[1:]):
                yield (i, *part)
    else:
        step = _AT_ONCE // below
        for i in range(0, shape[0], step):
            yield (slice(i, i + step),)


def edges(labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Voxels whose neighbour along y or x, the last two axes, has another label."""
    padded = np.pad(labels, [(0, 0)] * (labels.ndim - 2) + [(1, 1), (1, 1)], mode="edge")
    found = np.zeros(labels.shape, bool)
    for shift in ((0, 1), (2, 1), (1, 0), (1, 2)):
        y, x = (
            slice(start, start + size) for start, size in zip(shift, labels.shape[-2:], strict=True)
        )
        found |= padded[..., y, x] != labels
    return found


def seams(labels: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Voxels of a cell whose neighbour along y or x, the last two axes, is another cell's."""
    found = np.zeros(labels.shape, bool)
    cell = labels != 0
    for before, after in (
        (np.s_[..., :-1, :], np.s_[..., 1:, :]),
        (np.s_[..., :-1], np.s_[..., 1:]),
    ):
        meet = (labels[before] != labels[after]) & cell[before] & cell[after]
        found[before] |= meet
        found[after] |= meet
    return found


def cell_alone(labels: NDArray[np.integer[Any]], label: int) -> NDArray[np.bool_]:
    """Voxels of one label that are no :func:`seams`; quicker."""
    found = labels == label
    free = (labels == 0) | found
    if not free.all():
        found[..., 1:, :] &= free[..., :-1, :]
        found[..., :-1, :] &= free[..., 1:, :]
        found[..., 1:] &= free[..., :-1]
        found[..., :-1] &= free[..., 1:]
    return found


def part_cells(labels: NDArray[np.integer[Any]], painted: NDArray[np.uint8]) -> None:
    """Clear the voxels where cells meet, so that two of one phase are seen as two.

    Parameters
    ----------
    labels : ndarray, ``(z, y, x)``, integer
        Of one frame.
    painted : ndarray, ``(z, y, x)``, uint8
        Their class ids, changed in place.
    """
    rows = max(_AT_ONCE // max(labels.shape[-1], 1), 1)
    for plane, shown in zip(labels, painted, strict=True):
        for y in range(0, len(plane), rows):
            above = min(y, 1)
            found = seams(plane[y - above : y + rows + 1])[above : above + rows]
            np.multiply(shown[y : y + rows], ~found, out=shown[y : y + rows])


def lazy_overlay(data: Any, axes: str, lookup: PhaseLookup, *, outline: bool = False) -> Any:
    """Class ids of lazy labels as a dask array of the same shape, ``uint8``.

    Parameters
    ----------
    data : array-like, integer
        Dask, zarr or numpy.
    axes : str
        Letters of ``TZYX``.
    lookup : PhaseLookup
        Asked each time that a block is drawn, so that a later change shows.
    outline : bool
        Keep only the edges of labels, in the planes of the last two axes; else clear where cells
        meet.
    """
    import dask.array as da
    from dask.array.overlap import overlap, trim_overlap

    # without a name of its own: dask would read all the data to make one
    array = data if isinstance(data, da.Array) else da.from_array(data, name=False)
    time_axis = axes.index("T") if "T" in axes else None

    def drawn(block: NDArray[Any], block_info: Any = None) -> NDArray[np.uint8]:
        found = classes(block, block_info)
        return np.where(edges(block) if outline else ~seams(block), found, np.uint8(0))

    def classes(block: NDArray[Any], block_info: Any = None) -> NDArray[np.uint8]:
        if time_axis is None:
            return lookup.take(0, block)
        first = block_info[0]["array-location"][time_axis][0] if block_info else 0
        frames = np.moveaxis(block, time_axis, 0)
        found = [lookup.take(first + i, frame) for i, frame in enumerate(frames)]
        return np.moveaxis(np.stack(found), 0, time_axis)

    # neighbours in another block are seen too
    depth = {axis: int(axis >= array.ndim - 2 and n > 1) for axis, n in enumerate(array.numblocks)}
    wide = overlap(array, depth, "none") if any(depth.values()) else array
    token = f"{array.name}-{id(lookup)}"
    painted = da.map_blocks(
        drawn, wide, dtype=np.uint8, meta=np.zeros((0,) * array.ndim, np.uint8), token=token
    )
    return painted if wide is array else trim_overlap(painted, depth, "none")
