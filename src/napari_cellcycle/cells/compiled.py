"""Work on the voxels of a cell, compiled where that is worth it: the same to the last bit.

The kernels need numba, which takes time to import, and seconds to compile them for a type of image
the first time ever. So they are loaded only after so many cells that this pays, beside the work on
these, and NumPy does what there is to do until then, or without numba.
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from threading import Lock, Thread, main_thread
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.geometry import Sums, resampling, sums
from napari_cellcycle.cells.grey import Grey, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from napari_cellcycle.cells.recipe import Axis

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

log = logging.getLogger(__name__)

WORTH = 500
"""Cells of a process after which the kernels are loaded."""
_KEYS = np.dtype(np.int32)
_ENDS: dict[np.dtype[Any], NDArray[Any]] = {
    np.dtype(np.uint8): np.array([0, 255], np.uint8),
    np.dtype(np.uint16): np.array([0, 65535], np.uint16),
    # keys of minus infinity and infinity
    _KEYS: np.array([-0x7F800001, 0x7F800000], _KEYS),
}


class _State:
    """What this process has: kernels by the type of their whole numbers, and cells so far."""

    kernels: Any = None
    ready: frozenset[np.dtype[Any]] = frozenset()
    asked: frozenset[np.dtype[Any]] = frozenset()
    cells = 0
    lock = Lock()


def expect(cells: int, *dtypes: DTypeLike) -> None:
    """Say that views of so many cells will be made, of channels of these types.

    The kernels are loaded in a thread, once this process has come to enough cells.
    """
    with _State.lock:
        _State.cells += cells
        missing = frozenset(map(_kind, dtypes)) - _State.asked
        if _State.cells < WORTH or not missing or find_spec("numba") is None:
            return
        _State.asked |= missing
    Thread(target=_load_beside, args=(missing,), name="kernels").start()


def _load_beside(dtypes: Iterable[np.dtype[Any]]) -> None:
    try:
        load(*dtypes)
    except Exception:  # whatever a compiler or a disk does: NumPy goes on
        log.warning("Kernels could not be compiled; views are made without.", exc_info=True)


def load(*dtypes: DTypeLike) -> bool:
    """Load the kernels for channels of these types, and compile those that are in no cache.

    Returns
    -------
    bool
        Whether they can be used: not without numba.
    """
    try:
        kernels = import_module("napari_cellcycle.cells.kernels")
    except ImportError:
        return False
    for kind in map(_kind, dtypes):
        for warm in _first_calls(kernels, kind):
            if not main_thread().is_alive():  # the program ends
                return False
            warm()
        with _State.lock:
            _State.kernels = kernels
            _State.ready |= {kind}
            _State.asked |= {kind}
        log.info("kernels for %s are ready", kind)
    return True


def unload() -> None:
    """Go back to NumPy, as if no cell had been seen."""
    with _State.lock:
        _State.kernels, _State.cells = None, 0
        _State.ready = _State.asked = frozenset()


def is_ready(dtype: DTypeLike) -> bool:
    """Whether the kernels are in use for channels of a type."""
    return _kind(dtype) in _State.ready


def grey_of(values: NDArray[Any]) -> Grey:
    """Grey values ``(z, y, x)`` of one channel, in the quickest way that there is."""
    kind = _kind(values.dtype)
    if kind not in _State.ready or not values.size:
        return Grey(values)
    kernels = _State.kernels
    if kind != _KEYS:
        return CompiledGrey(kernels, values, _contiguous(values, kind))
    keys, finite = kernels.keys(_contiguous(values, np.float32))
    return CompiledGrey(kernels, values, keys) if finite else Grey(values)


def sums_of(mask: Mask) -> Sums:
    """Add up a mask as :func:`~.geometry.sums`."""
    kernels = _State.kernels
    if kernels is None:
        return sums(mask)
    total, *rest = kernels.sums(_bytes(mask)).tolist()
    return Sums(total, tuple(rest[:3]), tuple(rest[3:]))


def resampling_of(
    n: int, first: float, step: float, centre: float, half: float, size: int
) -> Floats:
    """Weigh voxels as :func:`~.geometry.resampling`."""
    kernels = _State.kernels
    weigh = resampling if kernels is None else kernels.weights
    found: Floats = weigh(n, float(first), float(step), float(centre), float(half), size)
    return found


class CompiledGrey(Grey):
    """Grey values as whole numbers in the same order.

    Parameters
    ----------
    kernels : module
    values : ndarray, ``(z, y, x)``
        Grey values, any dtype.
    whole : ndarray, ``(z, y, x)``
        These, or the keys of these in float32; contiguous.
    """

    def __init__(self, kernels: Any, values: NDArray[Any], whole: NDArray[Any]) -> None:
        super().__init__(values)
        self._kernels = kernels
        self._whole = whole

    def cut(self, place: tuple[slice, ...]) -> CompiledGrey:
        """Part of the box."""
        whole = _contiguous(self._whole[place], self._whole.dtype)
        return CompiledGrey(self._kernels, self.values[place], whole)

    def above(self, level: float) -> Mask:
        """Voxels that are brighter than a grey value."""
        floor = np.float32(level)
        if self._whole.dtype == _KEYS:
            bits = int((floor + np.float32(0)).view(np.int32))
            return self._whole > (bits if bits >= 0 else bits ^ 0x7FFFFFFF)
        return self._whole > int(np.floor(floor))

    def percentiles(self, where: Mask | None, *qs: float) -> tuple[float, ...]:
        """Percentiles (0 to 100) of the voxels in a mask of at least one voxel, or of all."""
        ends = _ENDS[self._whole.dtype]
        if where is None:
            return self._of(self._whole.reshape(-1), self._whole.size, ends, qs)
        values, size, ends = self._kernels.inside(self._whole, _bytes(where), ends)
        return self._of(values, size, ends, qs)

    def step(self) -> float:
        """Median difference of neighbours along x, 0 where there are none."""
        if self._whole.dtype == _KEYS or self._whole.shape[2] < 2:
            return super().step()
        steps = self._kernels.steps(self._whole)
        return self._of(steps, steps.size, _ENDS[steps.dtype], (50,))[0]

    def _of(
        self, values: NDArray[Any], size: int, ends: NDArray[Any], qs: Sequence[float]
    ) -> tuple[float, ...]:
        """Percentiles of the ``size`` least of values that none of ``ends`` is beyond."""
        found = []
        for q in qs:
            place = q / 100 * (size - 1)
            below = int(place)
            low, high = map(self._float, self._kernels.ranked(values, below, ends))
            found.append(low if place == below else low + (high - low) * (place - below))
        return tuple(found)

    def projections(
        self, where: Mask, axes: Sequence[Axis], low: float, high: float
    ) -> list[Floats]:
        """Project and scale what a mask shows."""
        if "volume" in axes:
            return super().projections(where, axes, low, high)
        flat = self._kernels.project(self._whole, _bytes(where), _ENDS[self._whole.dtype])
        flat = scaled(self._floats(flat), low, high)
        z, y, x = where.shape
        found: dict[str, Floats] = {}
        start = 0
        for axis, (rows, columns) in {"x": (z, y), "y": (z, x), "z": (y, x)}.items():
            stop = start + rows * columns
            found[axis] = flat[start:stop].reshape(rows, columns)
            start = stop
        return [found[axis] for axis in axes]

    def _floats(self, whole: NDArray[Any]) -> Floats:
        if whole.dtype != _KEYS:
            return whole.astype(np.float32)
        return np.where(whole >= 0, whole, whole ^ 0x7FFFFFFF).view(np.float32)

    def _float(self, whole: int) -> float:
        if self._whole.dtype != _KEYS:
            return float(whole)
        return float(np.int32(whole if whole >= 0 else whole ^ 0x7FFFFFFF).view(np.float32))


def _kind(dtype: DTypeLike) -> np.dtype[Any]:
    """Type of the whole numbers that stand for grey values of a type."""
    native = np.dtype(dtype).newbyteorder("=")
    return native if native.kind == "u" and native in _ENDS else _KEYS


def _contiguous(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    # always a copy: what cannot be written to is another type to numba
    return np.array(values, dtype=dtype, order="C")


def _bytes(where: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(where).view(np.uint8)


def _first_calls(kernels: Any, kind: np.dtype[Any]) -> Iterator[Callable[[], object]]:
    """Calls that make numba load or compile each kernel, for arrays as they will be given."""
    whole, where = np.zeros((1, 2, 2), kind), np.ones((1, 2, 2), bool)
    grey = CompiledGrey(kernels, whole, whole)
    yield lambda: kernels.sums(_bytes(where))
    yield lambda: kernels.weights(2, 0.0, 1.0, 0.5, 1.0, 2)
    yield lambda: grey.percentiles(where, 50)
    yield lambda: grey.projections(where, ("z",), 0.0, 1.0)
    yield grey.step
    if kind == _KEYS:
        yield lambda: kernels.keys(np.zeros((1, 2, 2), np.float32))
