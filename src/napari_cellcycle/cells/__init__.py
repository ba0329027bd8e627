"""Cells of an image: their table, a plain segmentation, and views for networks and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.cells.composite import Composite, make_composite
    from napari_cellcycle.cells.course import Course
    from napari_cellcycle.cells.crops import crop_labels
    from napari_cellcycle.cells.daughters import PairOptions, Pairs, find_daughters
    from napari_cellcycle.cells.dna_peaks import DnaPeaks, find_dna_peaks
    from napari_cellcycle.cells.measurements import Measurements, measure_cells
    from napari_cellcycle.cells.recipe import Axis, ViewRecipe
    from napari_cellcycle.cells.segmentation import segment_nuclei, threshold_nuclei
    from napari_cellcycle.cells.table import CellTable, cell_table
    from napari_cellcycle.cells.track_table import read_tracks
    from napari_cellcycle.cells.tracks import (
        Tracks,
        tracks_of_labels,
        tracks_of_points,
    )
    from napari_cellcycle.cells.views import Views, make_views, view_axes, view_cell

__all__ = [
    "Axis",
    "CellTable",
    "Composite",
    "Course",
    "DnaPeaks",
    "Measurements",
    "PairOptions",
    "Pairs",
    "Tracks",
    "ViewRecipe",
    "Views",
    "cell_table",
    "crop_labels",
    "find_daughters",
    "find_dna_peaks",
    "make_composite",
    "make_views",
    "measure_cells",
    "read_tracks",
    "segment_nuclei",
    "threshold_nuclei",
    "tracks_of_labels",
    "tracks_of_points",
    "view_axes",
    "view_cell",
]

_HOME = {
    "Axis": "recipe",
    "CellTable": "table",
    "Composite": "composite",
    "Course": "course",
    "DnaPeaks": "dna_peaks",
    "Measurements": "measurements",
    "PairOptions": "daughters",
    "Pairs": "daughters",
    "Tracks": "tracks",
    "ViewRecipe": "recipe",
    "Views": "views",
    "cell_table": "table",
    "crop_labels": "crops",
    "find_daughters": "daughters",
    "find_dna_peaks": "dna_peaks",
    "make_composite": "composite",
    "make_views": "views",
    "measure_cells": "measurements",
    "read_tracks": "track_table",
    "segment_nuclei": "segmentation",
    "threshold_nuclei": "segmentation",
    "tracks_of_labels": "tracks",
    "tracks_of_points": "tracks",
    "view_axes": "views",
    "view_cell": "views",
}

__getattr__, __dir__ = lazily(__name__, _HOME)
