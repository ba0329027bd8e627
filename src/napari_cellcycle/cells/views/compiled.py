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

from napari_cellcycle.cells.views.drawing import Taps
from napari_cellcycle.cells.views.geometry import Sums, reached, resampling, sums
from napari_cellcycle.cells.views.grey import MIN_AROUND, MIN_FOREGROUND, Foreground, Grey, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from napari_cellcycle.cells.views.geometry import Step
    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.cells.views.recipe import Axis

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

log = logging.getLogger(__name__)

WORTH = 500
"""Cells of a process after which the kernels are loaded."""
_KEYS = np.dtype(np.int32)
_NOTHING = np.zeros((0, 0, 0), bool)
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
        if _State.cells < WORTH or not missing:
            return
        _State.asked |= missing
    if find_spec("numba") is None:
        return
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
        kernels = import_module("napari_cellcycle.cells.views.kernels")
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
    return sums(mask) if kernels is None else _sums(kernels.sums(_bytes(mask)))


def taps_of(
    box: Sequence[slice], step: Step, centre: Step, half: float, size: int
) -> tuple[Taps, Taps, Taps]:
    """Weigh the voxels of a box along z, y and x, each as :func:`~.geometry.resampling`."""
    steps, centres = tuple(map(float, step)), tuple(map(float, centre))
    ns = tuple(along.stop - along.start for along in box)
    firsts = tuple(along.start * edge for along, edge in zip(box, steps, strict=True))
    kernels = _State.kernels
    if kernels is None:
        each = zip(ns, firsts, steps, centres, strict=True)
        z, y, x = (Taps.of(resampling(*lengths, half, size)) for lengths in each)
    else:
        found = kernels.taps(ns, firsts, steps, centres, float(half), size)
        z, y, x = (Taps(*one) for one in found)
    return z, y, x


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

    @property
    def _ends(self) -> NDArray[Any]:
        return _ENDS[self._whole.dtype]

    @property
    def _keyed(self) -> bool | None:
        """None if not: what is None costs nothing in compiled code."""
        return True if self._whole.dtype == _KEYS else None

    def foreground(
        self, core: Mask, place: Place, free: Mask | None, reach: float, step: Step, share: float
    ) -> Foreground:
        """Find the DNA of a cell: voxels of its mask that are bright."""
        voxels: tuple[int, ...] = (0, 0, 0)
        larger = place
        if free is not None:
            voxels, larger = reached(place, self._whole.shape, reach, step)
        background, white, top, mask, seen, found, inner = self._kernels.foreground(
            self._whole,
            _bytes(core),
            _starts(place),
            _bytes(_NOTHING if free is None else free),
            voxels,
            _starts(larger),
            _edges(larger),
            float(share),
            MIN_AROUND,
            MIN_FOREGROUND,
            self._ends,
            self._keyed,
        )
        grey = CompiledGrey(self._kernels, self.values[larger], inner)
        near, bright = mask.view(bool), seen.view(bool)
        return Foreground(background, white, top, near, bright, larger, _sums(found), grey)

    def surrounded(
        self, core: Mask, place: Place, reach: float, step: Step
    ) -> tuple[Mask, float, float]:
        """Dilate a label, and find the 5th and the 99.5th percentile there."""
        voxels, larger = reached(place, self._whole.shape, reach, step)
        mask, low, high = self._kernels.surrounded(
            self._whole,
            _bytes(core),
            _starts(place),
            voxels,
            _starts(larger),
            _edges(larger),
            self._ends,
            self._keyed,
        )
        return mask.view(bool), low, high

    def percentiles(self, where: Mask | None, *qs: float) -> tuple[float, ...]:
        """Percentiles (0 to 100) of the voxels in a mask of at least one voxel, or of all."""
        mask = _NOTHING if where is None else where
        found = self._kernels.percentiles(
            self._whole, _bytes(mask), np.array(qs, np.float64), self._ends, self._keyed
        )
        return tuple(found.tolist())

    def surface(self, free: Mask, place: Place) -> tuple[float, float]:
        """What is dark around a cell, and how much neighbours differ."""
        if self._keyed:  # differences of keys are none of grey values
            return super().surface(free, place)
        found: tuple[float, float] = self._kernels.surface(
            self._whole, _bytes(free), _starts(place), _edges(place), MIN_AROUND, self._ends
        )
        return found

    def draw(
        self, part: Part, axes: Sequence[Axis], taps: Sequence[Taps], out: Floats, channel: int
    ) -> None:
        """Project, scale and resample what a view shows of them."""
        if part.where is None or "volume" in axes or not out.flags.c_contiguous:
            super().draw(part, axes, taps, out, channel)
            return
        self._kernels.draw(
            out,
            channel,
            np.array(["xyz".index(axis) for axis in axes]),
            self._whole,
            _bytes(part.where),
            _starts(part.place),
            part.shape,
            self._ends,
            float(part.low),
            float(part.high),
            self._keyed,
            *map(tuple, taps),
        )


def _kind(dtype: DTypeLike) -> np.dtype[Any]:
    """Type of the whole numbers that stand for grey values of a type."""
    native = np.dtype(dtype).newbyteorder("=")
    return native if native.kind == "u" and native in _ENDS else _KEYS


def _contiguous(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    # always a copy: what cannot be written to is another type to numba
    return np.array(values, dtype=dtype, order="C")


def _bytes(where: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(where).view(np.uint8)


def _starts(place: Place) -> tuple[int, ...]:
    return tuple(along.start for along in place)


def _edges(place: Place) -> tuple[int, ...]:
    return tuple(along.stop - along.start for along in place)


def _sums(found: NDArray[np.int64]) -> Sums:
    total, *rest = found.tolist()
    return Sums(total, tuple(rest[:3]), tuple(rest[3:]))


def _first_calls(kernels: Any, kind: np.dtype[Any]) -> Iterator[Callable[[], object]]:
    """Calls that make numba load or compile each kernel, for arrays as they will be given."""
    whole, where = np.zeros((1, 2, 2), kind), np.ones((1, 2, 2), bool)
    grey = CompiledGrey(kernels, whole, whole)
    box = (slice(0, 1), slice(0, 2), slice(0, 2))

    def draw() -> None:
        """Of taps, which are the same for all types."""
        found = kernels.taps((1, 2, 2), (0.0,) * 3, (1.0,) * 3, (0.5,) * 3, 1.0, 2)
        part = Part(grey, where, box, (1, 2, 2), 0.0, 1.0)
        grey.draw(part, ("z",), [Taps(*one) for one in found], np.zeros((1, 1, 2, 2), "f4"), 0)

    yield lambda: kernels.sums(_bytes(where))
    yield lambda: grey.foreground(where, box, where, 0.0, (1.0, 1.0, 1.0), 0.5)
    yield lambda: grey.surrounded(where, box, 0.0, (1.0, 1.0, 1.0))
    yield lambda: grey.percentiles(where, 50)
    if kind != _KEYS:
        yield lambda: grey.surface(where, box)
    yield draw
    if kind == _KEYS:
        yield lambda: kernels.keys(np.zeros((1, 2, 2), np.float32))
