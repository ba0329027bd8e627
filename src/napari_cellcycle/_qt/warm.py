"""What takes long the first time, done while a person chooses what to open."""

from __future__ import annotations

import functools
import threading
from contextlib import suppress
from importlib import import_module

from napari_cellcycle._qt.overlay import compile_colors

_MODULES = (
    *("tifffile", "imagecodecs", "zarr", "dask.array", "pandas", "scipy.ndimage"),
    *("bioio", "bioio_ome_tiff", "bioio_tifffile"),
    "distributed",  # dask imports it with the first array, where it is installed
)


@functools.cache
def warm_up() -> threading.Thread:
    """Import what opens files, and compile how labels become colours; once in a session.

    Returns the thread that does it. Units are made ready before, in the thread that calls: napari
    asks for them with the first layer, and pint is not made to be asked by two threads.
    """
    from pint import get_application_registry

    get_application_registry().Unit("micrometer")
    thread = threading.Thread(target=_warm, name="warm-up")
    thread.start()
    return thread


def _warm() -> None:
    compile_colors()
    for name in _MODULES:
        with suppress(Exception):  # whoever needs it says what is wrong
            import_module(name)
