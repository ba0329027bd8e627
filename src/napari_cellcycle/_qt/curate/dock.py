"""Dock widget "Curate": cells as points of what was measured, and those that do not fit."""

from __future__ import annotations

from typing import Any

from napari_cellcycle._qt.curate.bench import CurateBench
from napari_cellcycle._qt.guest import Guest

_NO_REVIEW = (
    "Curate works on the project that is open in Review: it plots what is measured of the cells, "
    "and finds those whose phase does not fit. Open one, or start a review."
)


class CurateWidget(Guest):
    """Curates the cells of the review that is open in the viewer.

    Parameters
    ----------
    napari_viewer : napari.Viewer

    Attributes
    ----------
    bench : CurateBench or None
        While a review is open.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer, _NO_REVIEW)

    def make_bench(self, review: Any) -> CurateBench:
        """Plot and suspects of one review."""
        return CurateBench(self._viewer, review)
