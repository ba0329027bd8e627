"""What a segmentation must be: integers, none negative, at least one above 0, one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import SegmentationError

if TYPE_CHECKING:
    import numpy as np

    from napari_cellcycle.image.stack import Segmentation


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
            "with an integer for each cell. If its first axis is time, save it with axes TZYX."
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


def check_labels(segmentation: Segmentation) -> None:
    """Refuse a segmentation without any label.

    Reads frames until the first one that has a label.

    Raises
    ------
    SegmentationError
        If there is no label above 0, or one below.
    """
    for frame in range(segmentation.grid[0]):
        if segmentation.volume(frame).any():
            return
    raise SegmentationError(
        f"{segmentation.name} is empty: {segmentation.grid} (t, z, y, x) voxels and no label above "
        "0. Segment the image first, or choose another segmentation."
    )
