"""Long work on tracks, as generators for a worker."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import TrackError
from napari_cellcycle.review.state import Review
from napari_cellcycle.review.tracks.smoothing import smooth_predictions
from napari_cellcycle.review.tracks.tracking import timing_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.tracks.timing import Timing
    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.tracked import Tracking
    from napari_cellcycle.review.tracks.smoothing import Smoothed

Reader = Callable[["CellTable"], "Tracks"]
"""Reads tracks of the cells of an image."""


def take_tracks(
    project: Project, image: int, read: Reader, name: str, frame_minutes: float | None
) -> Generator[str, None, Tracking]:
    """Read tracks, and keep them in the project.

    Yields
    ------
    str
        What is going on.
    """
    yield "Reading tracks…"
    project.store.check_writable()
    cells = project.segmentations.cells(project.segmentations.current(image))
    return project.tracked.put(image, read(cells), name=name, frame_minutes=frame_minutes)


def smooth(
    project: Project, image: int, predictions: str, tracking: Tracking
) -> Generator[str, None, Smoothed]:
    """Smooth a prediction set, and add the result beside it.

    Yields
    ------
    str
        What is going on.
    """
    yield "Smoothing…"
    review = Review(project, image, predictions=predictions)
    return smooth_predictions(review, tracking.tracks, frame_minutes=tracking.frame_minutes)


def measure(
    project: Project, image: int, predictions: str | None, tracking: Tracking, folder: Path | None
) -> Generator[str, None, tuple[Timing, NDArray[np.integer[Any]], Path | None]]:
    """Measure how long final phases last; write tables and a picture where there is a folder.

    Yields
    ------
    str
        What is going on.
    """
    from napari_cellcycle.figures.timing_files import write_timing

    yield "Measuring…" if folder is None else "Writing…"
    review = Review(project, image, predictions=predictions)
    if folder is not None:
        write_timing(review, tracking, folder)
    return timing_of(review, tracking), review.final.copy(), folder


def points_in(layer: Any, segmentation: Any) -> NDArray[np.float64]:
    """Points of a Tracks layer in voxels of a segmentation layer: track, frame, (z,) y, x.

    Raises
    ------
    TrackError
        If the layers have not the same number of axes.
    """
    if layer.ndim != segmentation.ndim:
        raise TrackError(
            f"Layer {layer.name} has {layer.ndim} axes, and the labels have {segmentation.ndim}: "
            "choose tracks of these labels."
        )
    data = np.asarray(layer.data, np.float64)
    if "dummy" in layer.features:  # points that btrack puts where it found no cell
        data = data[~layer.features["dummy"].to_numpy(bool)]
    n = layer.ndim
    corners = np.vstack([np.zeros(n), np.eye(n)])
    moved = np.array(
        [
            np.asarray(segmentation.world_to_data(layer.data_to_world(corner)))[-n:]
            for corner in corners
        ]
    )
    return np.column_stack([data[:, 0], data[:, 1:] @ (moved[1:] - moved[0]) + moved[0]])
