"""From an array with named axes to ``(t, c, z, y, x)``."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_cellcycle.errors import ImageReadError

ORDER = "TCZYX"
COMPARE_BYTES = 2**28
"""Colour pictures up to this size are looked at to find out whether they are grey."""


def name_unknown(axes: str) -> str:
    """Name the axes that a TIFF leaves open (I and Q), by how many there are.

    One beside y and x is z, two are c and z, three are t, c and z.

    Parameters
    ----------
    axes : str
        As tifffile gives them, such as ``QYX``; Y and X are always named.
    """
    planar = axes.replace("S", "")
    spare = [a for a in ORDER[max(0, len(ORDER) - len(planar)) :] if a not in axes]
    named = ""
    for letter in axes:
        known = letter not in "IQ" or not spare
        named += letter if known else spare.pop(0)
    return named


def refuse_samples(axes: str, shape: tuple[int, ...], name: str) -> None:
    """Refuse colour samples in data that may be a stack.

    A colour photograph has its samples last. A file with them first is what bare tifffile writes
    for a grey stack of three or four 8-bit planes.

    Parameters
    ----------
    axes : str
        As stored in the file.
    shape : tuple of int
        One size an axis.
    name : str
        Of the file, for messages.

    Raises
    ------
    ImageReadError
        Naming the shape as stored and the shape that was perhaps meant.
    """
    sizes = dict(zip(axes, shape, strict=True))
    samples = sizes.get("S", 1)
    if samples == 1:
        return
    deeper = [a for a in axes if a not in "TYXS" and sizes[a] > 1]
    if not deeper and axes.endswith("S"):
        return
    if deeper:
        grey = tuple(n for n, a in zip(shape, axes, strict=True) if a != "S")
        raise ImageReadError(
            f"{name} is a stack of colour pictures: its shape is {shape} (axes {axes}, S being "
            f"colour samples), where {grey} grey values were expected. Save its colours as "
            "channels (axes CZYX)."
        )
    y, x = sizes["Y"], sizes["X"]
    raise ImageReadError(
        f"{name} is stored as one colour picture, ({y}, {x}) with {samples} samples, which is how "
        f"some programs write a grey stack of shape ({samples}, {y}, {x}). Save it again as "
        "OME-TIFF with its axes (tifffile: photometric='minisblack', metadata={'axes': 'ZYX'}, or "
        "'TYX' of a movie)."
    )


def arrange(data: Any, axes: str, name: str) -> tuple[Any, tuple[str, ...]]:
    """Bring an array into the order ``(t, c, z, y, x)``.

    A colour picture whose colours are all equal becomes one channel, any other three: red, green
    and blue. Transparency is dropped.

    Parameters
    ----------
    data : array-like
        Numpy or dask.
    axes : str
        One letter an axis.
    name : str
        Of the file, for messages.

    Returns
    -------
    data : dask array, ``(t, c, z, y, x)``
    channels : tuple of str
        Names of colours; empty if the array holds none.

    Raises
    ------
    ImageReadError
        If there is an axis beyond these with more than one element.
    """
    import dask.array as da

    data = data if isinstance(data, da.Array) else da.from_array(np.asarray(data))  # type: ignore[no-untyped-call]
    if data.size == 0:
        raise ImageReadError(f"{name} holds no pixels: its shape is {data.shape}.")
    refuse_samples(axes, data.shape, name)
    for letter in [a for a in axes if a not in ORDER + "S"]:
        at = axes.index(letter)
        if data.shape[at] > 1:
            raise ImageReadError(
                f"{name} has {data.shape[at]} elements along an axis {letter!r} that is neither "
                f"time, channel, z, y nor x: {data.shape} ({', '.join(axes)})."
            )
        data, axes = data[(slice(None),) * at + (0,)], axes.replace(letter, "", 1)
    colors: tuple[str, ...] = ()
    if "S" in axes:
        if "C" in axes:
            data, axes = data[(slice(None),) * axes.index("C") + (0,)], axes.replace("C", "")
        data, colors = _colors(data)
        axes = axes.replace("S", "C")
    order = [axes.index(a) for a in ORDER if a in axes]
    data = data.transpose(order)
    data = data[tuple(slice(None) if a in axes else None for a in ORDER)]
    return data, colors


def _colors(data: Any) -> tuple[Any, tuple[str, ...]]:
    """Turn samples (last axis) into channels: one if all are equal or there is grey only."""
    import dask.array as da

    if data.shape[-1] < 3:
        return data[..., :1], ()
    data = data[..., :3]
    if data.nbytes <= COMPARE_BYTES:
        values = np.asarray(data)
        same = (values == values[..., :1]).all()
        values = values[..., :1] if same else values
        data = da.from_array(values)  # type: ignore[no-untyped-call]
        if same:
            return data, ()
    return data, ("red", "green", "blue")
