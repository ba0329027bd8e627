"""Grey values as whole numbers, and what compiled kernels do with them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_cellcycle.cells.views.drawing import Taps
from napari_cellcycle.cells.views.geometry import Sums
from napari_cellcycle.cells.views.grey import (
    MIN_AROUND,
    MIN_FOREGROUND,
    Foreground,
    Grey,
    Part,
    within,
)
from napari_cellcycle.cells.views.recipe import ViewRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import DTypeLike, NDArray

    from napari_cellcycle.cells.views.cut import Cut
    from napari_cellcycle.cells.views.geometry import Step
    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.cells.views.recipe import Axis

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]

_KEYS = np.dtype(np.int32)
_NOTHING = np.zeros((0, 0, 0), bool)
_ENDS: dict[np.dtype[Any], NDArray[Any]] = {
    np.dtype(np.uint8): np.array([0, 255], np.uint8),
    np.dtype(np.uint16): np.array([0, 65535], np.uint16),
    # keys of minus infinity and infinity
    _KEYS: np.array([-0x7F800001, 0x7F800000], _KEYS),
}


class Drawn(NamedTuple):
    """What is known of a cell that was drawn.

    Parameters
    ----------
    radius, white : float
        As of :class:`~.subject.Subject`.
    surface : tuple of float, or None
        As of :meth:`~.grey.Grey.surface`, where it was measured on the way.
    """

    radius: float
    white: float
    surface: tuple[float, float] | None


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

    @classmethod
    def of(cls, kernels: Any, values: NDArray[Any]) -> CompiledGrey | None:
        """Make whole numbers of grey values; None if some of these are no numbers, or infinite."""
        kind = kind_of(values.dtype)
        if kind != _KEYS:
            return cls(kernels, values, _contiguous(values, kind))
        keys, finite = kernels.keys(_contiguous(values, np.float32))
        return cls(kernels, values, keys) if finite else None

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
        background, white, top, mask, first, seen, found, inner = self._kernels.foreground(
            self._whole,
            _bytes(core),
            _starts(place),
            _bytes(_NOTHING if free is None else free),
            float(reach),
            _lengths(step),
            float(share),
            MIN_AROUND,
            MIN_FOREGROUND,
            self._ends,
            self._keyed,
        )
        larger = tuple(
            slice(start, start + edge) for start, edge in zip(first, mask.shape, strict=True)
        )
        grey = CompiledGrey(self._kernels, self.values[larger], inner)
        near, bright = mask.view(bool), seen.view(bool)
        return Foreground(background, white, top, near, bright, larger, _sums(found), grey)

    def surrounded(
        self, core: Mask, place: Place, reach: float, step: Step
    ) -> tuple[Mask, float, float]:
        """Dilate a label, and find the 5th and the 99.5th percentile there."""
        mask, low, high = self._kernels.surrounded(
            self._whole,
            _bytes(core),
            _starts(place),
            float(reach),
            _lengths(step),
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
            _numbers(tuple(axes)),
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

    def view(
        self,
        other: CompiledGrey | None,
        channel: int,
        cut: Cut,
        around: Place | None,
        recipe: ViewRecipe,
        axes: tuple[Axis, ...],
        step: Step,
        flat: bool,
        out: Floats,
    ) -> Drawn:
        """Draw all pictures of a cell, of these grey values and of another channel's."""
        place = None
        # differences of keys are none of grey values
        if around and not self._keyed and cut.free is not None and _holds(cut.box, around):
            place = within(around, cut.box)
        radius, white, *surface = self._kernels.view(
            out,
            _numbers(axes),
            channel,
            self._whole,
            self._whole[:0] if other is None else other._whole,
            _bytes(cut.core),
            _bytes(_NOTHING if cut.free is None else cut.free),
            _starts(cut.box),
            _starts(cut.label_box),
            _lengths(step),
            float(cut.reach),
            float(cut.other_reach),
            float(recipe.foreground),
            float(recipe.extent),
            _starts(place) if place else (0, 0, 0),
            _edges(place) if place else (0, 0, 0),
            MIN_AROUND,
            MIN_FOREGROUND,
            flat,
            self._ends,
            self._keyed,
        ).tolist()
        return Drawn(radius, white, (surface[0], surface[1]) if place else None)


def compiled_sums(kernels: Any, mask: Mask) -> Sums:
    """Add up a mask as :func:`~.geometry.sums`."""
    return _sums(kernels.sums(_bytes(mask)))


def compiled_taps(
    kernels: Any, box: Sequence[slice], step: Step, centre: Step, half: float, size: int
) -> Iterator[Taps]:
    """Weigh the voxels of a box along z, y and x, as :func:`~.compiled.taps_of`."""
    steps = _lengths(step)
    firsts = tuple(along.start * edge for along, edge in zip(box, steps, strict=True))
    found = kernels.taps(_edges(box), firsts, steps, _lengths(centre), float(half), size)
    return (Taps(*one) for one in found)


def _sums(found: NDArray[np.int64]) -> Sums:
    total, *rest = found.tolist()
    return Sums(total, tuple(rest[:3]), tuple(rest[3:]))


def kind_of(dtype: DTypeLike) -> np.dtype[Any]:
    """Type of the whole numbers that stand for grey values of a type."""
    native = np.dtype(dtype).newbyteorder("=")
    return native if native.kind == "u" and native in _ENDS else _KEYS


def _contiguous(values: NDArray[Any], dtype: DTypeLike) -> NDArray[Any]:
    # always a copy: what cannot be written to is another type to numba
    return np.array(values, dtype=dtype, order="C")


def _bytes(where: Mask) -> NDArray[np.uint8]:
    return np.ascontiguousarray(where).view(np.uint8)


def _lengths(step: Step) -> tuple[float, ...]:
    return tuple(map(float, step))


@cache
def _numbers(axes: tuple[Axis, ...]) -> NDArray[np.int64]:
    return np.array(["xyz".index(axis) for axis in axes])


def _starts(place: Place) -> tuple[int, ...]:
    return tuple(along.start for along in place)


def _holds(box: Place, part: Place) -> bool:
    return all(a.start <= b.start and b.stop <= a.stop for a, b in zip(box, part, strict=True))


def _edges(place: Sequence[slice]) -> tuple[int, ...]:
    return tuple(along.stop - along.start for along in place)


def first_calls(kernels: Any, kind: np.dtype[Any]) -> Iterator[Callable[[], object]]:
    """Calls that make numba load or compile each kernel, for arrays as they will be given."""
    whole, where = np.zeros((1, 2, 2), kind), np.ones((1, 2, 2), bool)
    grey = CompiledGrey(kernels, whole, whole)
    box = (slice(0, 1), slice(0, 2), slice(0, 2))

    def draw() -> None:
        """Of taps, which are the same for all types."""
        taps = list(compiled_taps(kernels, box, (1.0,) * 3, (0.5,) * 3, 1.0, 2))
        part = Part(grey, where, box, (1, 2, 2), 0.0, 1.0)
        grey.draw(part, ("z",), taps, np.zeros((1, 1, 2, 2), "f4"), 0)

    def view() -> None:
        from napari_cellcycle.cells.views.cut import Cut

        cut, out = Cut(box, box, where, where, 0.0, 0.0), np.zeros((1, 1, 2, 2), "f4")
        grey.view(None, 0, cut, box, ViewRecipe(), ("z",), (1.0, 1.0, 1.0), True, out)

    yield lambda: kernels.sums(_bytes(where))
    yield lambda: grey.foreground(where, box, where, 0.0, (1.0, 1.0, 1.0), 0.5)
    yield lambda: grey.surrounded(where, box, 0.0, (1.0, 1.0, 1.0))
    yield lambda: grey.percentiles(where, 50)
    if kind != _KEYS:
        yield lambda: grey.surface(where, box)
    yield draw
    yield view
    if kind == _KEYS:
        yield lambda: kernels.keys(np.zeros((1, 2, 2), np.float32))
