"""What a segmentation must be: whole numbers, none negative, one above 0, one channel."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image.window import boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.stack import Segmentation

_EXACT = 2**24
"""Whole numbers up to this one are exact in float32."""


def check_dtype(dtype: np.dtype[Any], name: str, *, n_channels: int = 1) -> None:
    """Refuse what cannot be labels, before anything is read.

    Raises
    ------
    SegmentationError
        Naming the type or the number of channels that was found.
    """
    if n_channels != 1:
        raise SegmentationError(
            f"{name} has {n_channels} channels (or is a colour picture); a segmentation has one, "
            "with an integer for each cell. If its first axis is time, save it with axes TZYX; if "
            "its colours tell cells apart, export the labels as 16-bit grey values."
        )
    if dtype.kind == "b":
        raise SegmentationError(
            f"{name} is a mask (type {dtype}): it says where cells are, not which is which. Label "
            "its objects first, with skimage.measure.label for instance."
        )
    if dtype.kind not in "ui":
        raise SegmentationError(
            f"{name} holds numbers of type {dtype}; labels are integers. If these are labels, save "
            "them as uint16 or uint32; if this is the image, choose its segmentation."
        )


def whole_numbers(data: Any, name: str) -> Any:
    """Turn labels that a program keeps as floats into integers, lazily.

    ImageJ's plugins do so, TrackMate and MorphoLibJ among them.

    Parameters
    ----------
    data : dask array, ``(t, c, z, y, x)``, float
        Read block by block.
    name : str
        Of the segmentation, for messages.

    Returns
    -------
    dask array, ``(t, c, z, y, x)``, int32
        When a block is read whose numbers are not whole, or too large to be exact in float32, that
        is a :class:`SegmentationError`.
    """
    return data.map_blocks(partial(_whole, name), dtype=np.int32)


def _whole(name: str, block: NDArray[Any]) -> NDArray[np.int32]:
    wrong = block[~((block == np.floor(block)) & (np.abs(block) <= _EXACT))]
    if wrong.size:
        raise SegmentationError(
            f"{name} holds numbers such as {wrong[0]:g}; labels are whole numbers. If these are "
            "labels, save them as uint16 or uint32; if this is the image, choose its segmentation."
        )
    return block.astype(np.int32)


def check_labels(segmentation: Segmentation) -> None:
    """Refuse a segmentation without any label.

    Reads what is stored in blocks block by block and holds one of them, until the first label.

    Raises
    ------
    SegmentationError
        If there is no label above 0, or one below.
    """
    for frame in range(segmentation.grid[0]):
        window = replace(segmentation, held=0).window(frame)
        if any(window[box].max(initial=0) > 0 for box in boxes(window)):
            return
    raise SegmentationError(
        f"{segmentation.name} is empty: {segmentation.grid} (t, z, y, x) voxels and no label above "
        "0. Segment the image first, or choose another segmentation."
    )
