"""File ▸ Open Sample: a simulated field, and real cells fetched on the user's click."""

from __future__ import annotations

from typing import Any

from napari_cellcycle.errors import ImageReadError

LayerData = tuple[Any, dict[str, Any], str]

MEMBRANE = "green"
"""Colormap of membranes: no phase of ``mitosis-stages`` has that colour."""

_AXES = ("z", "y", "x")
_CELLS3D_SPACING = (0.29, 0.26, 0.26)


def simulated_field() -> list[LayerData]:
    """Simulate a 3D field: DNA and membrane with the labels of nuclei and cells."""
    import numpy as np

    from napari_cellcycle.simulate import simulate_field

    field = simulate_field()
    spacing = field.stack.spacing
    assert spacing is not None
    common = {"scale": spacing.zyx, "units": ("um",) * 3, "axis_labels": _AXES}
    # brightest voxels clipped, or left darker than the cells they surround
    looks = {"dna": ("gray", 99.8), "membrane": (MEMBRANE, 100.0)}
    layers: list[LayerData] = []
    for index, name in enumerate(field.stack.channels):
        volume = field.stack.volume(0, index)
        colormap, brightest = looks[name.lower()]
        look = {
            "name": name,
            "colormap": colormap,
            "contrast_limits": np.percentile(volume, (1, brightest)),
            "blending": "additive",
        }
        layers.append((volume, {**common, **look}, "image"))
    layers.append((field.cells.volume(0), {**common, "name": "cells", "visible": False}, "labels"))
    layers.append((field.nuclei.volume(0), {**common, "name": "nuclei"}, "labels"))
    return layers


def cells3d() -> list[LayerData]:
    """Fetch the Allen Institute's hiPSC cells from scikit-image, checked by their SHA-256.

    Raises
    ------
    ImageReadError
        If they cannot be fetched.
    """
    from skimage import data

    try:
        image = data.cells3d()
    except (OSError, ValueError, ImportError) as error:
        raise ImageReadError(
            "The Allen hiPSC cells (scikit-image's cells3d, 35 MB) could not be fetched from "
            "gitlab.com. Check the connection and open the sample again; the simulated field "
            "needs none."
        ) from error
    common = {
        "scale": _CELLS3D_SPACING,
        "units": ("um",) * 3,
        "axis_labels": _AXES,
        "blending": "additive",
    }
    return [
        (image[:, 0], {**common, "name": "membrane", "colormap": MEMBRANE}, "image"),
        (image[:, 1], {**common, "name": "nuclei DNA", "colormap": "gray"}, "image"),
    ]
