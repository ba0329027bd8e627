"""A movie in memory of which each frame is read when it is first asked for."""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import DTypeLike, NDArray


class Movie:
    """An array whose first axis is time; it is indexed and written to as an array is.

    What is asked of it is read before it is given, in whatever thread, so that nobody ever sees a
    frame that is not there yet. Each frame is read once; what was written to it stays.

    Parameters
    ----------
    data : array-like, ``(t, ...)``
        Lazy.

    Attributes
    ----------
    whole : ndarray, ``(t, ...)``
        The array itself, to be taken when :attr:`missing` is empty: frames are put into it as they
        are read.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self.whole: NDArray[Any] = np.zeros(data.shape, data.dtype)
        self._missing = set(range(data.shape[0]))
        self._lock = RLock()
        self._resting = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape."""
        return self.whole.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of its pixels."""
        return self.whole.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.whole.ndim

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.whole.size

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """One frame each, as dask writes it."""
        frames, *plane = self.shape
        return ((1,) * frames, *((edge,) for edge in plane))

    @property
    def missing(self) -> frozenset[int]:
        """Frames that were not read yet."""
        return frozenset(self._missing)

    def read(self, frames: Iterable[int]) -> None:
        """Read frames, if they were not read yet.

        Raises
        ------
        Exception
            Whatever reading raises; the frame can be asked for again.
        """
        for frame in frames:
            if frame not in self._missing or self._resting:
                continue
            with self._lock:
                if frame in self._missing:
                    self.whole[frame] = np.asarray(self._data[frame])
                    self._missing.remove(frame)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Give zeros for what was not read yet: whoever looks now has nobody who sees it."""
        self._resting = True
        try:
            yield
        finally:
            self._resting = False

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: Any) -> Any:
        self.read(self._touched(index))
        return self.whole[index]

    def __setitem__(self, index: Any, values: Any) -> None:
        self.read(self._touched(index))
        self.whole[index] = values

    def __array__(self, dtype: DTypeLike = None, copy: bool | None = None) -> NDArray[Any]:
        self.read(range(len(self)))
        found = self.whole if dtype is None else self.whole.astype(dtype, copy=False)
        return found.copy() if copy and found is self.whole else found

    def _touched(self, index: Any) -> Iterable[int]:
        """Frames that an index is about; all of them where that is hard to tell."""
        first = index[0] if isinstance(index, tuple) and index else index
        frames = range(len(self.whole))
        if isinstance(first, (int, np.integer)) and not isinstance(first, bool):
            return frames[first : first + 1 or None]
        if isinstance(first, slice):
            return frames[first]
        chosen = np.asarray(first) if isinstance(first, (list, np.ndarray)) else np.zeros(0)
        if chosen.dtype.kind in "iu":
            return [int(frame) for frame in np.unique(np.arange(len(frames))[chosen])]
        return frames


def is_in_memory(data: Any) -> bool:
    """Whether data can be written to, and are looked up at once."""
    return isinstance(data, (np.ndarray, Movie)) and not isinstance(data, np.memmap)


def whole_of(data: NDArray[Any] | Movie) -> NDArray[Any]:
    """The array itself of data in memory."""
    return data.whole if isinstance(data, Movie) else data
