"""Images and segmentations that no reader of napari has opened, as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.sample_data import MEMBRANE
from napari_cellcycle.image.movie import Movie

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack

_COLORS = {"dna": "gray", "membrane": MEMBRANE, "tubulin": "cyan"}
_MOST = 1 << 29
"""Bytes of what is loaded into memory; what is larger stays in its file."""
_AT_ONCE = 1 << 25
"""Bytes of a movie that is read whole before it is shown."""


def axes_of_grid(grid: tuple[int, ...]) -> str:
    """Axes of layers of a grid ``(t, z, y, x)``: y, x, and those with more than one place."""
    return "".join(a for a, size in zip("TZYX", grid, strict=True) if a in "YX" or size > 1)


def channels_in_memory(stack: Stack, first: Sequence[int] | None = None) -> list[Any]:
    """Data of a layer for each channel of an image; to be read in a thread.

    Parameters
    ----------
    stack : Stack
        The image.
    first : sequence of int, optional
        Frames that are shown first: the others of a large movie are read later.
    """
    axes = axes_of_grid(stack.grid)
    channels = (on_axes(stack.data[:, index], axes) for index in range(len(stack.channels)))
    return [_movie(data, axes, first) or in_memory(data) for data in channels]


def labels_in_memory(
    segmentation: Segmentation, axes: str = "", first: Sequence[int] | None = None
) -> Any:
    """Data of a Labels layer that may be edited, on axes of ``TZYX``; to be read in a thread.

    Parameters
    ----------
    segmentation : Segmentation
        The labels.
    axes : str
        Those of the grid that have more than one place by default.
    first : sequence of int, optional
        As for :func:`channels_in_memory`.
    """
    axes = axes or axes_of_grid(segmentation.grid)
    data = on_axes(segmentation.data, axes)
    if isinstance(data, np.ndarray):
        return data.copy()
    return _movie(data, axes, first) or in_memory(data)


def _movie(data: Any, axes: str, first: Sequence[int] | None) -> Movie | None:
    """Read a few frames of a movie that is large, but fits into memory; else None."""
    if first is None or axes[0] != "T" or isinstance(data, np.ndarray):
        return None
    if not _AT_ONCE < data.size * data.dtype.itemsize <= _MOST:
        return None
    movie = Movie(data)
    movie.read(first)
    return movie


def add_stack(
    viewer: Any, stack: Stack, spacing: Spacing, channels: Sequence[Any] | None = None
) -> list[Any]:
    """Add each channel of an image as a layer, in the colour of its role.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets the layers, at the top.
    stack : Stack
        The image.
    spacing : Spacing
        Of the layers.
    channels : sequence of array, optional
        What :func:`channels_in_memory` has read.
    """
    from napari_cellcycle.image import guess_roles
    from napari_cellcycle.image.scenes import is_unnamed

    axes = axes_of_grid(stack.grid)
    read = channels_in_memory(stack) if channels is None else channels
    roles = {index: role for role, index in guess_roles(stack.channels).items()}
    return [
        viewer.add_image(
            data,
            name=stack.name if is_unnamed(name) and len(stack.channels) == 1 else name,
            colormap=_COLORS.get(roles.get(index, ""), "gray"),
            contrast_limits=_contrast_of(data),
            # the first covers what is below: added to a white canvas, nothing would be seen
            blending="additive" if index else "translucent_no_depth",
            **_place(axes, spacing),
        )
        for index, (name, data) in enumerate(zip(stack.channels, read, strict=True))
    ]


def add_segmentation(
    viewer: Any,
    segmentation: Segmentation,
    spacing: Spacing,
    *,
    visible: bool = True,
    data: Any = None,
) -> Any:
    """Add a copy of a segmentation as a Labels layer on the grid of its image.

    Parameters
    ----------
    viewer : napari.Viewer
        Gets the layer, at the top.
    segmentation : Segmentation
        The labels.
    spacing : Spacing
        Of the layer.
    visible : bool
        Whether it is shown.
    data : array, optional
        What :func:`labels_in_memory` has read.
    """
    return viewer.add_labels(
        labels_in_memory(segmentation) if data is None else data,
        name=segmentation.name,
        visible=visible,
        **_place(axes_of_grid(segmentation.grid), spacing),
    )


def _contrast_of(data: Any) -> tuple[float, float] | None:
    """Limits by the data, or by the frames of a movie that were read; napari finds others."""
    if isinstance(data, Movie):
        frames = [data.whole[frame] for frame in range(len(data)) if frame not in data.missing]
    else:
        # napari shows bytes from 0 to 255, however dark they are
        frames = [data] if isinstance(data, np.ndarray) and data.dtype == np.uint8 else []
    if not frames:
        return None
    low = min(float(frame.min()) for frame in frames)
    high = max(float(frame.max()) for frame in frames)
    return (low, high) if low < high else None


def in_memory(data: Any) -> Any:
    """Load small lazy data, so that layers of it can be edited and are drawn at once."""
    import dask.array as da

    if isinstance(data, np.ndarray) or data.size * data.dtype.itemsize > _MOST:
        return data
    read = np.empty(data.shape, data.dtype)
    da.store([data], [read], lock=False)  # block by block: no second copy to join them
    return read


def _place(axes: str, spacing: Spacing) -> dict[str, Any]:
    """Scale, units and axis labels of the layers; pixels where nobody knows micrometres."""
    known = dict(zip("ZYX", spacing.zyx, strict=True))
    return {
        "scale": [known.get(axis, 1.0) for axis in axes],
        "units": ["um" if spacing.is_physical and axis != "T" else "pixel" for axis in axes],
        "axis_labels": [axis.lower() for axis in axes],
    }


def on_axes(data: Any, axes: str) -> Any:
    """Leave out those of the axes ``TZYX`` that a layer does not have."""
    return data[tuple(slice(None) if axis in axes else 0 for axis in "TZYX")]
