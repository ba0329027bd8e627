"""Dock widget "Tracks": phases along the track of a cell, and what cannot be."""

from __future__ import annotations

from typing import Any

from napari_cellcycle._qt.guest import Guest
from napari_cellcycle._qt.tracks.bench import TracksBench

_ABOUT = (
    "Tracks shows the phases of a cell through time, finds steps that cannot be, and smooths "
    "phases along tracks. It works on the project that is open in Review: open one, or start a "
    "review."
)


class TracksWidget(Guest):
    """Tracks of the review that is open in the viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer, _ABOUT)

    def make_bench(self, review: Any) -> TracksBench:
        """Make the bench for the Review widget that is open."""
        return TracksBench(self._viewer, review)
