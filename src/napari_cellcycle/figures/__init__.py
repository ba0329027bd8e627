"""Figures: data in, picture out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "GalleryCell": "gallery",
    "choose_cells": "gallery",
    "draw_gallery": "gallery",
    "OverlayFrame": "overlay",
    "project_frame": "overlay",
    "draw_overlay": "overlay",
    "draw_confusion": "confusion",
    "gallery_of": "results",
    "overlay_of": "results",
    "save_figure": "page",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_HOME)
