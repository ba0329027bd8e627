"""Cell-cycle phases of segmented cells in 3D and 2D microscopy images."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
    from napari_cellcycle.classify.run import classify
    from napari_cellcycle.image.reading import open_image, open_labels
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.models.catalogue import list_models
    from napari_cellcycle.models.folder import load_model
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.simulate.field import simulate_field

    __version__: str

_HOME = {
    "PhaseSet": "phases",
    "Segmentation": "image.stack",
    "Spacing": "image.spacing",
    "Stack": "image.stack",
    "list_models": "models.catalogue",
    "load_model": "models.folder",
    "open_image": "image.reading",
    "open_labels": "image.reading",
    "segment_nuclei": "cells.nuclei.segmentation",
    "simulate_field": "simulate.field",
}

__all__ = [
    "PhaseSet",
    "Segmentation",
    "Spacing",
    "Stack",
    "__version__",
    "classify",
    "list_models",
    "load_model",
    "open_image",
    "open_labels",
    "segment_nuclei",
    "simulate_field",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-cellcycle")
    if name == "classify":  # the room is callable, see there
        return import_module("napari_cellcycle.classify")
    if name in _HOME:
        return getattr(import_module(f"napari_cellcycle.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
