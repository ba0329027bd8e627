"""Projects: the folder that remembers what models and people said of the cells of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

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

__getattr__, __dir__ = lazily(__name__, _HOME)
