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

from napari_cellcycle.cells.views.compiled_grey import (
    CompiledGrey,
    compiled_sums,
    compiled_taps,
    first_calls,
    kind_of,
)
from napari_cellcycle.cells.views.drawing import Taps
from napari_cellcycle.cells.views.geometry import resampling, sums
from napari_cellcycle.cells.views.grey import Grey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import DTypeLike, NDArray

    from napari_cellcycle.cells.views.geometry import Step, Sums

    Mask = NDArray[np.bool_]

log = logging.getLogger(__name__)

WORTH = 500
"""Cells of a process after which the kernels are loaded."""


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
        missing = frozenset(map(kind_of, dtypes)) - _State.asked
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
    for kind in map(kind_of, dtypes):
        for warm in first_calls(kernels, kind):
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
    return kind_of(dtype) in _State.ready


def grey_of(values: NDArray[Any]) -> Grey:
    """Grey values ``(z, y, x)`` of one channel, in the quickest way that there is."""
    if not is_ready(values.dtype) or not values.size:
        return Grey(values)
    return CompiledGrey.of(_State.kernels, values) or Grey(values)


def sums_of(mask: Mask) -> Sums:
    """Add up a mask as :func:`~.geometry.sums`."""
    kernels = _State.kernels
    return sums(mask) if kernels is None else compiled_sums(kernels, mask)


def taps_of(
    box: Sequence[slice], step: Step, centre: Step, half: float, size: int
) -> tuple[Taps, Taps, Taps]:
    """Weigh the voxels of a box along z, y and x, each as :func:`~.geometry.resampling`."""
    kernels = _State.kernels
    if kernels is None:
        each = zip(box, step, centre, strict=True)
        z, y, x = (
            Taps.of(resampling(b.stop - b.start, b.start * edge, edge, middle, half, size))
            for b, edge, middle in each
        )
    else:
        z, y, x = compiled_taps(kernels, box, step, centre, half, size)
    return z, y, x
