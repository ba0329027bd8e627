"""What takes long the first time, done while a person chooses what to open."""

from __future__ import annotations

import functools
import threading
from contextlib import suppress
from importlib import import_module
from typing import Literal

from napari_cellcycle._qt.overlay import compile_colors

_PREDICT = ("torch", "napari_cellcycle.classify.run")
_FILES = (
    *("tifffile", "imagecodecs", "dask.array", "scipy.ndimage"),
    "distributed",  # dask imports it with the first array, where it is installed
)
_PROJECTS = (
    *("zarr", "pandas", "bioio", "bioio_ome_zarr"),
    *("skimage.exposure", "pyarrow.pandas_compat", "tifffile.zarr"),
    *("napari_cellcycle.project.project", "napari_cellcycle.review.state"),
)


@functools.cache
def warm_up(first: Literal["predict", "read"]) -> threading.Thread:
    """Import what predicts and what opens files, and compile how labels become colours.

    Once in a session. Returns the thread that does it. Units are made ready before, in the thread
    that calls: napari asks for them with the first layer, and pint is not made to be asked by two
    threads.

    Parameters
    ----------
    first : {"predict", "read"}
        What is needed soonest.
    """
    from pint import get_application_registry

    get_application_registry().Unit("micrometer")
    thread = threading.Thread(target=_warm, args=(first,), name="warm-up")
    thread.start()
    return thread


def _warm(first: Literal["predict", "read"]) -> None:
    if first == "predict":
        _load(_PREDICT)
        compile_colors()
        _load(_FILES)
    else:
        _load(_FILES + _PROJECTS)
        compile_colors()
        _load(_PREDICT)


def _load(names: tuple[str, ...]) -> None:
    for name in names:
        with suppress(Exception):  # whoever needs it says what is wrong
            import_module(name)
