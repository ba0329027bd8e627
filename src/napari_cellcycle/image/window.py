"""A window on a volume that is larger than memory: parts of it are read as they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Box = tuple[slice, ...]

WHOLE = 256 << 20
"""Bytes of a volume that is read whole, and of what a window keeps."""
_SLAB = 1 << 22
"""Voxels of an array that are looked at together."""
_LEAST = 1 << 18
"""Voxels that are read together."""


class Window:
    """A volume ``(z, y, x)`` of which blocks are read, and the last ones kept.

    It can be sliced by three slices, as an array can, from several threads. A slice that is a whole
    block is that block, which nobody may write to.

    Parameters
    ----------
    shape : tuple of int
        Of the volume.
    dtype : dtype
        Of its voxels.
    block : tuple of int
        Shape of what is read together: that of the chunks in the file.
    read : callable of a tuple of slices
        Gives an array.
    most : int
        Bytes to keep.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        block: tuple[int, int, int],
        read: Callable[[Box], NDArray[Any]],
        most: int = WHOLE,
    ) -> None:
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.block = block
        self._read = read
        self._most = most
        self._kept: OrderedDict[tuple[int, ...], NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __getitem__(self, box: Box) -> NDArray[Any]:
        bounds = [cut.indices(edge)[:2] for cut, edge in zip(box, self.shape, strict=True)]
        shape = tuple(max(stop - start, 0) for start, stop in bounds)
        if 0 in shape:
            return np.empty(shape, self.dtype)
        touched = [
            range(start // edge, (stop - 1) // edge + 1)
            for (start, stop), edge in zip(bounds, self.block, strict=True)
        ]
        places = list(product(*touched))
        if len(places) == 1 and (whole := self._part(places[0])).shape == shape:
            return whole
        result = np.empty(shape, self.dtype)
        for place in places:
            part = self._part(place)
            source, to = [], []
            for d, (start, stop) in enumerate(bounds):
                first = place[d] * self.block[d]
                low, high = max(start, first), min(stop, first + part.shape[d])
                source.append(slice(low - first, high - first))
                to.append(slice(low - start, high - start))
            result[tuple(to)] = part[tuple(source)]
        return result

    def boxes(self) -> Iterator[Box]:
        """Blocks, one after the other."""
        corners = (range(0, edge, step) for edge, step in zip(self.shape, self.block, strict=True))
        for corner in product(*corners):
            yield tuple(
                slice(start, min(start + step, edge))
                for start, step, edge in zip(corner, self.block, self.shape, strict=True)
            )

    def _part(self, place: tuple[int, ...]) -> NDArray[Any]:
        with self._lock:
            part = self._kept.get(place)
            if part is not None:
                self._kept.move_to_end(place)
                return part
            part = self._read(
                tuple(
                    slice(index * step, min((index + 1) * step, edge))
                    for index, step, edge in zip(place, self.block, self.shape, strict=True)
                )
            )
            part = part.view()  # what is handed out nobody may write to, what was read they may
            part.flags.writeable = False
            self._kept[place] = part
            self._bytes += part.nbytes
            while self._bytes > self._most and len(self._kept) > 1:
                _, last = self._kept.popitem(last=False)
                self._bytes -= last.nbytes
            return part


def boxes(volume: NDArray[Any] | Window) -> Iterator[Box]:
    """Boxes that together make up a volume ``(z, y, x)``, small enough to look at one by one."""
    if isinstance(volume, Window):
        yield from volume.boxes()
        return
    depth, height, width = volume.shape
    planes = max(1, _SLAB // max(1, height * width))
    for z in range(0, depth, planes):
        yield slice(z, min(z + planes, depth)), slice(0, height), slice(0, width)


def block_of(data: Any) -> tuple[int, int, int] | None:
    """What to read together of the last three axes of a dask or zarr array; None of an array.

    Whole chunks, and so many of them that Python has not much to do for each voxel.
    """
    chunks = getattr(data, "chunks", None)
    if not chunks:
        return None
    block = [edge if isinstance(edge, int) else int(max(edge)) for edge in chunks[-3:]]
    for d in (2, 1, 0):
        while np.prod(block) < _LEAST and block[d] < data.shape[d - 3]:
            block[d] *= 2
    z, y, x = block
    return z, y, x
