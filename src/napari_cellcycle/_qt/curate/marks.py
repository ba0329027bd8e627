"""Rings in the canvas around the cells that stand out in the scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_cellcycle._qt.overlay import METADATA_KEY
from napari_cellcycle._qt.own_layers import placed_like, selection_kept
from napari_cellcycle._qt.slices import Slice
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.canvas.scene import Scene

    Mask = NDArray[np.bool_]

COLOR = "#FFD60A"
_DIMS_MS = 20


class Marks(QObject):
    """A Points layer of our own with a ring around each marked cell in the slice.

    It stays while nothing is marked: to add or to remove a layer takes half a second.

    Parameters
    ----------
    viewer : napari.Viewer
    scene : Scene
        The review in it.

    Attributes
    ----------
    layer : napari.layers.Points or None
        Made with the first call of :meth:`mark`.
    """

    def __init__(self, viewer: Any, scene: Scene, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._scene = viewer, scene
        self._marked: Mask | None = None
        self.layer: Any = None
        self._soon = once(self, self._draw, _DIMS_MS)
        events = viewer.dims.events
        self._followed = (events.current_step, events.ndisplay, events.order)
        for event in self._followed:
            event.connect(self._on_dims)

    def close(self) -> None:
        """Take the rings away, and follow the viewer no more."""
        self._soon.stop()
        for event in self._followed:
            event.disconnect(self._on_dims)
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)

    def mark(self, marked: Mask | None) -> None:
        """Mark other cells, at once; None for no cells."""
        if marked is None and self._marked is None and self.layer is not None:
            return
        self._marked = marked
        self._draw()

    def _on_dims(self, event: Any = None) -> None:
        if self._marked is not None:
            self._soon.start()

    def _draw(self) -> None:
        scene = self._scene
        if scene.segmentation not in self._viewer.layers:
            return
        cells = scene.desk.review.cells
        here = Slice(self._viewer.dims, scene.segmentation, scene.axes)
        rows = np.zeros(0, np.int64)
        if self._marked is not None and len(self._marked) == len(cells):
            rows = np.flatnonzero(self._marked & scene.shown & here.holds(cells))
        low, high = cells.bbox[rows, 0, 1:], cells.bbox[rows, 1, 1:]
        sizes = 1.15 * (high - low).max(axis=1, initial=1) + 1
        places = here.places(cells, rows)
        if self.layer is None or self.layer not in self._viewer.layers:
            self._add_layer()
        with self.layer.events.blocker_all():
            self.layer.data = places
        self.layer.size = sizes if len(sizes) else 1

    def _add_layer(self) -> None:
        from napari.layers import Points

        segmentation, layers = self._scene.segmentation, self._viewer.layers
        self.layer = Points(
            np.zeros((0, segmentation.ndim)),
            name=f"picked cells: {segmentation.name}",
            face_color="transparent",
            border_color=COLOR,
            border_width=0.04,
            blending="translucent_no_depth",
            metadata={METADATA_KEY: {"picked_of": str(segmentation.unique_id)}},
            **placed_like(segmentation),
        )
        with selection_kept(layers):
            layers.append(self.layer)
