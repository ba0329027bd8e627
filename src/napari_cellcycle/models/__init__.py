"""Architectures, cards, model folders, the catalogue, and the lowest-entropy ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.models.catalogue import (
        ModelEntry,
        data_folder,
        find_model,
        list_models,
        user_models_folder,
    )
    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.models.ensemble import Decision, decide
    from napari_cellcycle.models.folder import load_model, read_model_card, save_model
    from napari_cellcycle.models.layers import describe
    from napari_cellcycle.models.legacy import convert, read_state_dict
    from napari_cellcycle.models.library import (
        export_model,
        install_model,
        remove_model,
        rename_model,
    )
    from napari_cellcycle.models.networks import build
    from napari_cellcycle.models.transfer import borrow

_HOME = {
    "Decision": "ensemble",
    "ModelCard": "card",
    "ModelEntry": "catalogue",
    "ProjectionClassifier": "classifier",
    "borrow": "transfer",
    "build": "networks",
    "convert": "legacy",
    "data_folder": "catalogue",
    "decide": "ensemble",
    "describe": "layers",
    "export_model": "library",
    "find_model": "catalogue",
    "install_model": "library",
    "list_models": "catalogue",
    "load_model": "folder",
    "read_model_card": "folder",
    "read_state_dict": "legacy",
    "remove_model": "library",
    "rename_model": "library",
    "save_model": "folder",
    "user_models_folder": "catalogue",
}

__all__ = [
    "Decision",
    "ModelCard",
    "ModelEntry",
    "ProjectionClassifier",
    "borrow",
    "build",
    "convert",
    "data_folder",
    "decide",
    "describe",
    "export_model",
    "find_model",
    "install_model",
    "list_models",
    "load_model",
    "read_model_card",
    "read_state_dict",
    "remove_model",
    "rename_model",
    "save_model",
    "user_models_folder",
]

__getattr__, __dir__ = lazily(__name__, _HOME)
