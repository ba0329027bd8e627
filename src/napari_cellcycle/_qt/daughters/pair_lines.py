"""Pairs in the canvas: a line between two cells, in a layer of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.overlay import METADATA_KEY
from napari_cellcycle._qt.own_layers import placed_like, selection_kept

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

    Ints = NDArray[np.int64]

_OTHERS = "#4CC9F0"
_AT_HAND = "#FFD60A"


class PairLines(QObject):
    """Draws pairs as lines over a segmentation.

    In 2D a line is seen in every plane in which one of its cells is; in 3D it goes from centre to
    centre.

    Parameters
    ----------
    viewer : napari.Viewer
    segmentation : napari.layers.Labels
        Where the cells are.
    axes : str
        Its axes, letters of ``TZYX``.

    Attributes
    ----------
    layer : napari.layers.Vectors or None
    made : Signal(object)
        The layer was made: keys are to be bound on it.
    """

    made = Signal(object)

    def __init__(
        self, viewer: Any, segmentation: Any, axes: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.segmentation = segmentation
        self._axes = axes
        self.layer: Any = None
        self._pairs: tuple[CellTable, Ints, int] | None = None
        viewer.dims.events.ndisplay.connect(self._draw)

    def close(self) -> None:
        """Take the lines away."""
        self._viewer.dims.events.ndisplay.disconnect(self._draw)
        if self.layer is not None and self.layer in self._viewer.layers:
            self._viewer.layers.remove(self.layer)
        self.layer = None

    def show(self, cells: CellTable, pairs: Ints, current: int) -> None:
        """Draw pairs.

        Parameters
        ----------
        cells : CellTable
            Of the segmentation.
        pairs : ndarray, ``(n, 2)``, int64
            Rows of it.
        current : int
            The pair at hand, in another colour; -1 for none.
        """
        self._pairs = cells, pairs, current
        self._draw()

    def _draw(self, event: Any = None) -> None:
        if self._pairs is None or self.segmentation not in self._viewer.layers:
            return
        cells, pairs, current = self._pairs
        in_3d = self._viewer.dims.ndisplay == 3
        drawn = [self._lines(cells, pair, in_3d=in_3d) for pair in pairs]
        data = np.concatenate([np.zeros((0, 2, self.segmentation.ndim)), *drawn])
        if not len(data):
            if self.layer is not None:
                self.layer.visible = False
            return
        at_hand = [place == current for place, lines in enumerate(drawn) for _ in lines]
        colors = [_AT_HAND if here else _OTHERS for here in at_hand]
        if self.layer is None or self.layer not in self._viewer.layers:
            self._add(data, colors, self._width(cells, pairs))
            return
        if not np.array_equal(self.layer.data, data):
            self.layer.data = data
            self.layer.edge_width = self._width(cells, pairs)
        self.layer.edge_color = colors
        self.layer.visible = True

    def _lines(self, cells: CellTable, pair: Ints, *, in_3d: bool) -> NDArray[np.float64]:
        """Start and way of the lines of a pair, ``(n, 2, d)``: one, or one a plane."""
        first, second = (self._place(cells, int(row)) for row in pair)
        z = self._axes.find("Z")
        if in_3d or z < 0:
            return np.stack([first, second - first])[None]
        low, high = int(cells.bbox[pair, 0, 0].min()), int(cells.bbox[pair, 1, 0].max())
        lines = np.repeat(np.stack([first, second - first])[None], high - low, axis=0)
        lines[:, 0, z] = np.arange(low, high)
        lines[:, 1, z] = 0
        return lines

    def _place(self, cells: CellTable, row: int) -> NDArray[np.float64]:
        place = dict(zip("ZYX", cells.centroid[row].tolist(), strict=True))
        place["T"] = float(cells.frame[row])
        return np.array([place.get(axis, 0.0) for axis in self._axes])

    def _width(self, cells: CellTable, pairs: Ints) -> float:
        sizes = (cells.bbox[pairs.ravel(), 1] - cells.bbox[pairs.ravel(), 0])[:, 1:].max(axis=1)
        return max(0.08 * float(np.median(sizes)), 0.5)

    def _add(self, data: NDArray[np.float64], colors: Sequence[str], width: float) -> None:
        from napari.layers import Vectors

        segmentation, layers = self.segmentation, self._viewer.layers
        self.layer = Vectors(
            data,
            name=f"pairs: {segmentation.name}",
            edge_color=list(colors),
            edge_width=width,
            vector_style="line",
            blending="translucent_no_depth",
            metadata={METADATA_KEY: {"pairs_of": str(segmentation.unique_id)}},
            **placed_like(segmentation),
        )
        with selection_kept(layers):
            layers.append(self.layer)
        self.made.emit(self.layer)
