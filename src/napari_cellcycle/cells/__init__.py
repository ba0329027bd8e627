"""Cells of an image: their table, a plain segmentation, and views for networks and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.lazy import lazily

if TYPE_CHECKING:
    from napari_cellcycle.cells.daughters.daughters import PairOptions, Pairs, find_daughters
    from napari_cellcycle.cells.measures.dna_peaks import DnaPeaks, find_dna_peaks
    from napari_cellcycle.cells.measures.measurements import Measurements, measure_cells
    from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei, threshold_nuclei
    from napari_cellcycle.cells.table import CellTable, cell_table
    from napari_cellcycle.cells.tracks.course import Course
    from napari_cellcycle.cells.tracks.track_table import read_tracks
    from napari_cellcycle.cells.tracks.tracks import (
        Tracks,
        tracks_of_labels,
        tracks_of_points,
    )
    from napari_cellcycle.cells.views.composite import Composite, make_composite
    from napari_cellcycle.cells.views.crops import crop_labels
    from napari_cellcycle.cells.views.recipe import Axis, ViewRecipe
    from napari_cellcycle.cells.views.views import Views, make_views, view_axes, view_cell

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
    "Axis": "views.recipe",
    "CellTable": "table",
    "Composite": "views.composite",
    "Course": "tracks.course",
    "DnaPeaks": "measures.dna_peaks",
    "Measurements": "measures.measurements",
    "PairOptions": "daughters.daughters",
    "Pairs": "daughters.daughters",
    "Tracks": "tracks.tracks",
    "ViewRecipe": "views.recipe",
    "Views": "views.views",
    "cell_table": "table",
    "crop_labels": "views.crops",
    "find_daughters": "daughters.daughters",
    "find_dna_peaks": "measures.dna_peaks",
    "make_composite": "views.composite",
    "make_views": "views.views",
    "measure_cells": "measures.measurements",
    "read_tracks": "tracks.track_table",
    "segment_nuclei": "nuclei.segmentation",
    "threshold_nuclei": "nuclei.segmentation",
    "tracks_of_labels": "tracks.tracks",
    "tracks_of_points": "tracks.tracks",
    "view_axes": "views.views",
    "view_cell": "views.views",
}

__getattr__, __dir__ = lazily(__name__, _HOME)
