"""The phases of a review on screen: an overlay that follows every word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.overlay import METADATA_KEY, PhaseOverlay
from napari_cellcycle._qt.review.look import NO_PHASE, phase_name
from napari_cellcycle.phases import UNCLASSIFIED
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

EXCLUDED_COLOR = "#2B2B2B"
OUTLINE_COLOR = "#FFFFFF"
_EXCLUDED = STATUSES.index("excluded")
_UNJUDGED = (STATUSES.index("predicted"), STATUSES.index("stale"), STATUSES.index("conflict"))


class PhaseLayer:
    """Paints each cell in the colour of its final phase.

    Parameters
    ----------
    segmentation : napari.layers.Labels
        The user's layer.
    axes : str
        Its axes, letters of ``TZYX``.
    review : Review
        What is true of each cell.

    Attributes
    ----------
    overlay : PhaseOverlay
    outlines : PhaseOverlay or None
        Outlines of uncertain cells, while they are shown.
    """

    def __init__(self, segmentation: Any, axes: str, review: Review) -> None:
        self._review = review
        self._axes = axes
        phases = review.phases
        names = [phase_name(phases, code) for code in range(len(phases.phases))]
        legend = list(zip(names, [phase.color for phase in phases], strict=True))
        self._n = len(legend)
        legend += [(NO_PHASE, UNCLASSIFIED), ("excluded", EXCLUDED_COLOR)]
        self.overlay = PhaseOverlay(segmentation, review.cells, axes, phases, legend)
        self._painted = np.zeros(len(review), np.uint8)
        self.outlines: PhaseOverlay | None = None
        self.doubtful: Mask = np.zeros(len(review), bool)

    @property
    def layer(self) -> Any:
        """The overlay's layer."""
        return self.overlay.layer

    def class_ids(self, rows: Ints | slice = slice(None)) -> NDArray[np.uint8]:
        """Class of some cells if they are shown: phase, no phase, or excluded."""
        final = self._review.final[rows].astype(np.int64)
        ids = np.where(final >= 0, final + 1, self._n + 1)
        ids = np.where(self._review.status[rows] == _EXCLUDED, self._n + 2, ids)
        return ids.astype(np.uint8)

    def paint(self, rows: Ints, shown: Mask) -> None:
        """Repaint some cells if they look different now, ``shown`` being the mask of all."""
        ids = np.where(shown[rows], self.class_ids(rows), 0).astype(np.uint8)
        other = ids != self._painted[rows]
        if not other.any():
            return
        rows = rows[other]
        self._painted[rows] = ids[other]
        self.overlay.paint(rows, ids[other])
        if self.outlines is not None:
            self.outlines.paint(rows, self._outlined(shown, rows))

    def paint_all(self, shown: Mask) -> None:
        """Repaint every cell."""
        self._painted = np.where(shown, self.class_ids(), 0).astype(np.uint8)
        self.overlay.paint_all(self._painted)
        if self.outlines is not None:
            self.outlines.paint_all(self._outlined(shown))

    def outline(self, viewer: Any, doubtful: Mask | None, shown: Mask) -> None:
        """Outline uncertain cells that nobody has judged yet; None takes the outlines away.

        Parameters
        ----------
        viewer : napari.Viewer
            Whose layer list it is.
        doubtful : ndarray, ``(n,)``, bool, or None
            Which predictions are uncertain.
        shown : ndarray, ``(n,)``, bool
            Which cells are shown at all.
        """
        if self.outlines is not None and self.outlines.layer in viewer.layers:
            viewer.layers.remove(self.outlines.layer)
        self.outlines = None
        if doubtful is None:
            return
        self.doubtful = doubtful
        legend = [("uncertain", OUTLINE_COLOR)]
        review, segmentation = self._review, self.overlay.segmentation
        made = PhaseOverlay(
            segmentation, review.cells, self._axes, review.phases, legend, outline=True
        )
        made.layer.name = f"uncertain: {segmentation.name}"
        made.layer.metadata = {METADATA_KEY: {"outlines_of": str(segmentation.unique_id)}}
        selected = set(viewer.layers.selection)
        place = [layer.unique_id for layer in viewer.layers].index(self.layer.unique_id)
        viewer.layers.insert(place + 1, made.layer)
        viewer.layers.selection = selected
        self.outlines = made
        made.paint_all(self._outlined(shown))

    def _outlined(self, shown: Mask, rows: Ints | slice = slice(None)) -> NDArray[np.uint8]:
        unjudged = np.isin(self._review.status[rows], _UNJUDGED)
        return (self.doubtful[rows] & shown[rows] & unjudged).astype(np.uint8)
