"""Projects: the folder that remembers what models and people said of the cells of an image."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.routes import Transfer
    from napari_cellcycle.project.words import STATUSES, Word

_HOME = {
    "PredictionSet": "predictions",
    "Project": "project",
    "ProjectImage": "images",
    "STATUSES": "words",
    "Transfer": "routes",
    "Word": "words",
}

__all__ = ["STATUSES", "PredictionSet", "Project", "ProjectImage", "Transfer", "Word"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
