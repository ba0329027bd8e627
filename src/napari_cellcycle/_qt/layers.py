"""Images and segmentations that no reader of napari has opened, as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.sample_data import MEMBRANE

if TYPE_CHECKING:
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack

_COLORS = {"dna": "gray", "membrane": MEMBRANE, "tubulin": "cyan"}


def axes_of_grid(grid: tuple[int, ...]) -> str:
    """Axes of layers of a grid ``(t, z, y, x)``: y, x, and those with more than one place."""
    return "".join(a for a, size in zip("TZYX", grid, strict=True) if a in "YX" or size > 1)


def add_stack(viewer: Any, stack: Stack, spacing: Spacing) -> list[Any]:
    """Add each channel of an image as a layer, in the colour of its role."""
    from napari_cellcycle.image import guess_roles

    axes = axes_of_grid(stack.grid)
    roles = {index: role for role, index in guess_roles(stack.channels).items()}
    return [
        viewer.add_image(
            in_memory(on_axes(stack.data[:, index], axes)),
            name=name,
            colormap=_COLORS.get(roles.get(index, ""), "gray"),
            blending="additive",
            **_place(axes, spacing),
        )
        for index, name in enumerate(stack.channels)
    ]


def add_segmentation(
    viewer: Any, segmentation: Segmentation, spacing: Spacing, *, visible: bool = True
) -> Any:
    """Add a copy of a segmentation as a Labels layer on the grid of its image."""
    axes = axes_of_grid(segmentation.grid)
    data = in_memory(on_axes(segmentation.data, axes))
    return viewer.add_labels(
        data.copy() if isinstance(data, np.ndarray) else data,
        name=segmentation.name,
        visible=visible,
        **_place(axes, spacing),
    )


def in_memory(data: Any) -> Any:
    """Load small lazy data, so that layers of it can be edited and are drawn at once."""
    small = data.size * data.dtype.itemsize <= 1 << 29
    return np.asarray(data) if small else data


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
