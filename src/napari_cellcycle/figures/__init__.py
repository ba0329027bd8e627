"""Figures: data in, picture out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.figures.confusion import draw_confusion
    from napari_cellcycle.figures.gallery import GalleryCell, choose_cells, draw_gallery
    from napari_cellcycle.figures.overlay import OverlayFrame, draw_overlay, project_frame
    from napari_cellcycle.figures.page import save_figure
    from napari_cellcycle.figures.results import gallery_of, overlay_of
    from napari_cellcycle.figures.timing import draw_timing

_HOME = {
    "GalleryCell": "gallery",
    "OverlayFrame": "overlay",
    "choose_cells": "gallery",
    "draw_confusion": "confusion",
    "draw_gallery": "gallery",
    "draw_overlay": "overlay",
    "draw_timing": "timing",
    "gallery_of": "results",
    "overlay_of": "results",
    "project_frame": "overlay",
    "save_figure": "page",
}

__all__ = [
    "GalleryCell",
    "OverlayFrame",
    "choose_cells",
    "draw_confusion",
    "draw_gallery",
    "draw_overlay",
    "draw_timing",
    "gallery_of",
    "overlay_of",
    "project_frame",
    "save_figure",
]

__getattr__, __dir__ = lazily(__name__, _HOME)
