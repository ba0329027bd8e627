"""Cells in the canvas: which one was clicked, where each is, a ring around the current."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.overlay import METADATA_KEY
from napari_cellcycle._qt.own_layers import placed_like, selection_kept, tell, told_later
from napari_cellcycle._qt.timers import once
from napari_cellcycle.image.movie import Movie

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable

    Floats = NDArray[np.float64]

_STILL = 4.0
"""Pixels that a hand may move between press and release of a click."""
_RING = "#FFFFFF"
_RING_ON_SCREEN, _LINE_ON_SCREEN = 24.0, 2.0
"""Pixels of the screen: the ring is so wide at least, its line just so."""
_FIT_AFTER_MS = 100
_RING_AT_LATEST_MS, _RING_AFTER_MS = 1500, 50
"""When a ring is made, if no pictures of a cell come before; and how long after them."""
_LIST_AFTER_MS = 250
"""How long a cell is at hand before the list of layers shows its frame: after the cell itself."""
_CELLS_ACROSS = 7.0
"""How many times the cell fits into the canvas when it is zoomed to."""


class Canvas(QObject):
    """The canvas, for the cells of one Labels layer.

    Parameters
    ----------
    viewer : napari.Viewer
    layer : napari.layers.Labels
        The segmentation.
    axes : str
        Its axes, letters of ``TZYX``.
    cells : CellTable
        Measured from it.
    row_of : callable
        From frame and label to a row that can be hit, -1 where there is none: cells that are
        hidden are not hit.

    Attributes
    ----------
    clicked : Signal(int)
        Row of the cell that was clicked; never after a drag, nor while labels are painted.
    """

    clicked = Signal(int)

    def __init__(
        self,
        viewer: Any,
        layer: Any,
        axes: str,
        cells: CellTable,
        row_of: Callable[[int, int], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._layer = layer
        self._axes = axes
        self._cells = cells
        self._row_of = row_of
        self.ring: Any = None
        self._ringed = -1
        self._ringing = once(self, self._make_ring, _RING_AT_LATEST_MS)
        self._listing = once(self, lambda: tell(viewer.layers), _LIST_AFTER_MS)
        self._fitting = once(self, self._fit_ring, _FIT_AFTER_MS)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)
        viewer.mouse_drag_callbacks.append(self._on_press)

    def close(self) -> None:
        """Listen no more, and take the ring away."""
        self._listing.stop()
        self._ringing.stop()
        self._fitting.stop()
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        if self._on_press in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._on_press)
        if self.ring is not None and self.ring in self._viewer.layers:
            self._viewer.layers.remove(self.ring)
        self.ring = None

    def set_cells(self, cells: CellTable) -> None:
        """Take another table of cells of the same layer."""
        self._cells = cells

    # --- picking --------------------------------------------------------------------------------

    def pick(
        self,
        position: ArrayLike,
        view_direction: ArrayLike | None = None,
        dims_displayed: ArrayLike | None = None,
    ) -> int:
        """Find the cell at a place of the world: in 3D the first one on the ray that is shown.

        Parameters
        ----------
        position, view_direction, dims_displayed
            As napari's mouse events have them.

        Returns
        -------
        int
            Row of the cell, -1 for none.
        """
        n = self._layer.ndim
        where = np.asarray(position, float)
        shown = [] if dims_displayed is None else [int(d) for d in np.asarray(dims_displayed)]
        if view_direction is None or len(shown) < 3 or n < 3:
            points = np.asarray(self._layer.world_to_data(where), float)[None]
        else:
            shown = [d - (len(where) - n) for d in shown]
            start, stop = self._layer.get_ray_intersections(
                where[-n:], np.asarray(view_direction, float)[-n:], shown
            )
            if start is None or stop is None:
                return -1
            steps = 2 * int(np.ceil(np.abs(stop - start).max())) + 2
            points = np.linspace(start, stop, steps)
        voxels, first = np.unique(np.round(points).astype(np.int64), axis=0, return_index=True)
        return self._first(voxels[np.argsort(first)])

    def _first(self, voxels: NDArray[np.int64]) -> int:
        """Row of the first cell along a row of voxels that can be hit."""
        data = self._layer.data[0] if self._layer.multiscale else self._layer.data
        inside = ((voxels >= 0) & (voxels < np.array(data.shape))).all(axis=1)
        voxels = voxels[inside]
        if not len(voxels):
            return -1
        places = tuple(voxels.T)
        at_once = isinstance(data, (np.ndarray, Movie))
        labels = np.asarray(data[places] if at_once else _taken(data, places))
        time = self._axes.find("T")
        missed = {0}
        for voxel, label in zip(voxels, labels.tolist(), strict=True):
            if label in missed:
                continue
            row = self._row_of(int(voxel[time]) if time >= 0 else 0, int(label))
            if row >= 0:
                return row
            missed.add(label)
        return -1

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or event.modifiers or self._is_painting():
            return
        start, moved = np.asarray(event.pos, float), False
        where = np.array(event.position, float)
        yield
        while event.type == "mouse_move":
            moved |= bool(np.linalg.norm(np.asarray(event.pos, float) - start) > _STILL)
            yield
        if moved:
            return
        row = self.pick(where, event.view_direction, event.dims_displayed)
        if row >= 0:
            self.clicked.emit(row)

    def _is_painting(self) -> bool:
        active = self._viewer.layers.selection.active
        return str(getattr(active, "mode", "pan_zoom")) != "pan_zoom"

    # --- where a cell is ------------------------------------------------------------------------

    def centre_of(self, row: int) -> Floats:
        """Centre of a cell on the axes of the layer, in voxels."""
        place = dict(zip("ZYX", self._cells.centroid[row].tolist(), strict=True))
        place["T"] = float(self._cells.frame[row])
        return np.array([place.get(axis, 0.0) for axis in self._axes])

    def go_to(self, row: int, *, zoom: bool = False) -> None:
        """Bring a cell to the middle of the canvas: its frame, its plane, and its place.

        Parameters
        ----------
        row : int
            The cell.
        zoom : bool
            Whether to zoom to it as well.
        """
        viewer, dims = self._viewer, self._viewer.dims
        self._put_ring(row)
        world = np.array(dims.point, float)
        world[-self._layer.ndim :] = self._layer.data_to_world(self.centre_of(row))
        shown = list(dims.displayed)
        hidden = [axis for axis in range(dims.ndim) if axis not in shown]
        former = dims.point
        # at once, and where sliders stop, who would move the point there: layers are sliced once
        grid = [dims.range[axis] for axis in hidden]
        steps = [
            round((at - along.start) / along.step)
            for at, along in zip(world[hidden].tolist(), grid, strict=True)
        ]
        with told_later(viewer.layers):
            dims.set_current_step(hidden, steps)
        self._listing.start()
        if dims.point == former:
            self._draw_ring()
        viewer.scene.camera.center = tuple(
            [0.0] * (3 - len(shown)) + [float(world[a]) for a in shown]
        )
        if zoom:
            wide = self._diameter(row) * float(np.abs(self._layer.scale[-1]))
            viewer.scene.camera.zoom = float(min(viewer.canvas.size)) / (_CELLS_ACROSS * wide)

    def _diameter(self, row: int) -> float:
        """Longest side of a cell in pixels of y and x."""
        low, high = self._cells.bbox[row]
        return float(max((high - low)[1:]))

    def surround(self, row: int) -> None:
        """Put the ring around a cell."""
        self._put_ring(row)
        self._draw_ring()

    def make_ring_soon(self) -> None:
        """Make the ring that waits: a layer takes its time, and the cell is seen already."""
        if self._ringing.isActive():
            self._ringing.start(_RING_AFTER_MS)

    def _put_ring(self, row: int) -> None:
        """Let the ring be around a cell when it is drawn next."""
        self._ringed = row
        if self.ring is None:
            if not self._ringing.isActive():
                self._ringing.start()
        else:  # in place: what listens to the data of layers costs more than the ring
            self.ring.data[0] = np.round(self.centre_of(row))
            self.ring.size[0], self.ring.border_width[0] = self._widths(row)

    def _widths(self, row: int) -> tuple[float, float]:
        """Diameter of the ring around a cell, and which part of it its line is."""
        zoom = self._viewer.scene.camera.zoom * float(np.abs(self._layer.scale[-1]))
        wide = max(1.2 * self._diameter(row) + 2, _RING_ON_SCREEN / zoom)
        return wide, _LINE_ON_SCREEN / (wide * zoom)

    def _on_zoom(self, event: Any = None) -> None:
        self._fitting.start()

    def _fit_ring(self) -> None:
        """Make the ring as wide as the zoom of now asks for."""
        if self.ring is not None:
            self._put_ring(self._ringed)
            self._draw_ring()

    def _draw_ring(self) -> None:
        if self.ring is not None and self.ring in self._viewer.layers:
            # it stays within the segmentation: the extent of all layers is as it was
            self.ring.refresh(extent=False, thumbnail=False)

    def _make_ring(self) -> None:
        from napari.layers import Points

        layer, layers, row = self._layer, self._viewer.layers, self._ringed
        wide, line = self._widths(row)
        self.ring = Points(
            np.round(self.centre_of(row))[None],
            name=f"current cell: {layer.name}",
            size=wide,
            face_color="transparent",
            border_color=_RING,
            border_width=line,
            blending="translucent_no_depth",
            metadata={METADATA_KEY: {"ring_of": str(layer.unique_id)}},
            **placed_like(layer),
        )
        with selection_kept(layers):
            layers.append(self.ring)


def _taken(data: Any, places: tuple[Any, ...]) -> Any:
    """Read single voxels of lazy data."""
    vindex = getattr(data, "vindex", None)
    if vindex is None:
        import dask.array as da

        vindex = da.from_array(data, name=False).vindex
    return vindex[places]
