"""The phases of a review on screen: an overlay that follows every word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_cellcycle._qt.overlay import METADATA_KEY, PhaseOverlay
from napari_cellcycle._qt.own_layers import selection_kept
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
_AT_ONCE = 500
"""Cells repainted at once; more are painted between the events of the screen."""
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
    layer : napari.layers.Labels, optional
        As for :class:`~napari_cellcycle._qt.overlay.PhaseOverlay`.

    Attributes
    ----------
    overlay : PhaseOverlay
    outlines : PhaseOverlay or None
        Outlines of uncertain cells, once they were shown. They are hidden, not removed, when they
        are not: napari collects garbage with each layer that goes, up to half a second.
    """

    def __init__(self, segmentation: Any, axes: str, review: Review, layer: Any = None) -> None:
        self._review = review
        self._axes = axes
        phases = review.phases
        names = [phase_name(phases, code) for code in range(len(phases.phases))]
        legend = list(zip(names, [phase.color for phase in phases], strict=True))
        self._n = len(legend)
        legend += [(NO_PHASE, UNCLASSIFIED), ("excluded", EXCLUDED_COLOR)]
        self.overlay = PhaseOverlay(
            *(segmentation, review.cells, axes, phases, legend), layer=layer
        )
        self._painted = np.zeros(len(review), np.uint8)
        self.outlines: PhaseOverlay | None = None
        self.doubtful: Mask = np.zeros(len(review), bool)
        self._lined = np.zeros(len(review), np.uint8)
        self._waiting: Ints = np.zeros(0, np.int64)
        self._begins = False
        self._frames: list[tuple[PhaseOverlay, int]] = []
        self._more = QTimer()
        self._more.setInterval(0)
        self._more.timeout.connect(self._paint_more)

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
        lines = self._outlined(shown, rows)
        other = (ids != self._painted[rows]) | (lines != self._lined[rows])
        if not other.any():
            return
        rows = rows[other]
        self._painted[rows], self._lined[rows] = ids[other], lines[other]
        self._waiting = np.concatenate([rows, self._waiting])
        self._begins = True
        if len(rows) <= _AT_ONCE:
            self._paint_cells()
        if self.is_painting:
            self._more.start()

    @property
    def is_painting(self) -> bool:
        """Whether cells wait for their colour."""
        return bool(len(self._waiting) or self._frames)

    def finish(self) -> None:
        """Paint what waits."""
        while len(self._waiting):
            self._paint_cells()
        while self._frames:
            self._paint_whole(*self._frames.pop(), redraw=False)

    def stop(self) -> None:
        """Leave cells that wait for their colour as they are."""
        self._more.stop()
        self._waiting, self._frames = self._waiting[:0], []

    def take_cells(self) -> bool:
        """Paint the cells that the review has now, all of them next; False if that cannot be."""
        n = len(self._review)
        self.doubtful = np.zeros(n, bool)
        self._painted, self._lined = np.zeros(n, np.uint8), np.zeros(n, np.uint8)
        return self.overlay.take_cells(self._review.cells)

    def paint_all(self, shown: Mask, frame: int) -> None:
        """Repaint every cell: those of a frame at once, others between the events of the screen."""
        self.stop()
        self._painted = np.where(shown, self.class_ids(), 0).astype(np.uint8)
        self._lined = self._outlined(shown)
        self._paint_frames(self.overlay, frame)
        if self.outlines is not None:
            self._paint_frames(self.outlines, frame)

    def paint_frame(self, frame: int) -> None:
        """Paint a frame before its turn, where it waits: it is on screen now."""
        for waits in [waits for waits in self._frames if waits[1] == frame]:
            self._frames.remove(waits)
            self._paint_whole(*waits, redraw=True)

    def outline(self, viewer: Any, doubtful: Mask, shown: Mask, frame: int | None = None) -> None:
        """Outline uncertain cells that nobody has judged yet.

        Parameters
        ----------
        viewer : napari.Viewer
            Whose layer list it is.
        doubtful : ndarray, ``(n,)``, bool
            Which predictions are uncertain.
        shown : ndarray, ``(n,)``, bool
            Which cells are shown at all.
        frame : int, optional
            The one that is outlined at once.
        """
        self._leave_outlines()
        self.doubtful = doubtful
        self._lined = self._outlined(shown)
        if self.outlines is None or self.outlines.layer not in viewer.layers:
            self.outlines = self._add_outlines(viewer)
        self._paint_frames(self.outlines, frame)

    def remove_outlines(self, viewer: Any) -> None:
        """Take the outlines away."""
        self._leave_outlines()
        if self.outlines is not None and self.outlines.layer in viewer.layers:
            viewer.layers.remove(self.outlines.layer)
        self.outlines = None

    def _leave_outlines(self) -> None:
        """Leave frames whose outlines wait for their colour as they are."""
        self._frames = [waits for waits in self._frames if waits[0] is not self.outlines]

    def _add_outlines(self, viewer: Any) -> PhaseOverlay:
        legend = [("uncertain", OUTLINE_COLOR)]
        review, segmentation = self._review, self.overlay.segmentation
        made = PhaseOverlay(
            segmentation, review.cells, self._axes, review.phases, legend, outline=True
        )
        made.layer.name = f"uncertain: {segmentation.name}"
        made.layer.metadata = {METADATA_KEY: {"outlines_of": str(segmentation.unique_id)}}
        place = [layer.unique_id for layer in viewer.layers].index(self.layer.unique_id)
        with selection_kept(viewer.layers):
            viewer.layers.insert(place + 1, made.layer)
        return made

    def _paint_frames(self, overlay: PhaseOverlay, first: int | None) -> None:
        """Paint a frame, and let the others wait; lazy data are painted when they are drawn."""
        if overlay.is_lazy:
            overlay.paint_all(self._lined if overlay is self.outlines else self._painted)
            return
        self._frames += [(overlay, frame) for frame in overlay.frames]
        if first is not None:
            self.paint_frame(first)
        self._more.start()

    def go_on(self) -> None:
        """Paint frames whose labels were waited for."""
        if self.is_painting:
            self._more.start()

    def _paint_more(self) -> None:
        """Paint the next of what waits; where its labels are not read yet, wait for them."""
        place = next((i for i, (layer, t) in enumerate(self._frames) if layer.is_read(t)), -1)
        if len(self._waiting):
            self._paint_cells()
        elif place >= 0:
            self._paint_whole(*self._frames.pop(place), redraw=False)
        else:
            self._more.stop()

    def _paint_whole(self, overlay: PhaseOverlay, frame: int, *, redraw: bool) -> None:
        ids = self._lined if overlay is self.outlines else self._painted
        overlay.paint_frame(frame, ids, redraw=redraw)

    def _paint_cells(self) -> None:
        """Paint the next cells that wait; the picture is drawn after the first and the last."""
        rows, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        redraw, self._begins = self._begins or not len(self._waiting), False
        self.overlay.paint(rows, self._painted[rows], redraw=redraw)
        if self.outlines is not None:
            self.outlines.paint(rows, self._lined[rows], redraw=redraw)

    def _outlined(self, shown: Mask, rows: Ints | slice = slice(None)) -> NDArray[np.uint8]:
        unjudged = np.isin(self._review.status[rows], _UNJUDGED)
        return (self.doubtful[rows] & shown[rows] & unjudged).astype(np.uint8)
