"""The phase overlay: a small Labels layer of class ids over a segmentation that stays untouched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.lookup import PhaseLookup, cell_alone, edges, lazy_overlay, part_cells
from napari_cellcycle._qt.own_layers import placed_like
from napari_cellcycle.image.movie import Movie, is_in_memory, whole_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet

METADATA_KEY = "napari-cellcycle"
"""Key in the metadata of our own layers; ``overlay_of`` below it names the segmentation layer."""

_FEW = 16
"""So many cells hardly change the thumbnail."""


class PhaseOverlay:
    """Class ids of the cells of one Labels layer, painted into a layer of our own.

    Class 0 is transparent; class ``i + 1`` is entry ``i`` of the legend. In-memory labels get an
    in-memory ``uint8`` copy in which each cell repaints its bounding box. Lazy or multiscale labels
    get a lazy overlay that looks every label up when a slice is drawn. Where two cells meet in a
    plane of y and x, nothing is painted: a line stays between them, whatever their phases.

    Parameters
    ----------
    segmentation : napari.layers.Labels
        The user's layer, never changed here.
    cells : CellTable
        Every cell of that layer, frames and bounding boxes on its ``(t, z, y, x)`` grid.
    axes : str
        Axes of that layer, letters of ``TZYX``.
    phases : PhaseSet
    legend : sequence of (str, str), optional
        Name and colour of each class; the leaves of the vocabulary by default.
    outline : bool
        Paint the edges of cells only, in each plane of y and x.
    layer : napari.layers.Labels, optional
        What a former overlay of the same segmentation has given up: it shows this one, and stays
        where it is. napari collects garbage with each layer that goes, up to a second.
    """

    def __init__(
        self,
        segmentation: Any,
        cells: CellTable,
        axes: str,
        phases: PhaseSet,
        legend: Sequence[tuple[str, str]] | None = None,
        *,
        outline: bool = False,
        layer: Any = None,
    ) -> None:
        self._given_up = False
        self.segmentation = segmentation
        self._outline = outline
        self._axes = axes
        self.phases = phases
        self._cells = cells
        self._rows = _rows_by_frame(cells)
        source = segmentation.data
        self.is_lazy = bool(segmentation.multiscale) or not is_in_memory(source)
        self._painted: NDArray[np.uint8] | None = None
        self._labels: NDArray[Any] | None = None
        self._lookup: PhaseLookup | None = None
        if self.is_lazy:
            self._lookup = PhaseLookup({f: cells.label[rows] for f, rows in self._rows.items()})
            levels = list(source) if segmentation.multiscale else [source]
            made = [lazy_overlay(level, axes, self._lookup, outline=outline) for level in levels]
            data: Any = made if segmentation.multiscale else made[0]
        else:
            layer = layer if _lies_like(layer, segmentation) else None
            data = np.zeros(source.shape, np.uint8) if layer is None else layer.data
            data[...] = 0
            self._painted = _as_tzyx(data, axes)
            self._labels = _as_tzyx(whole_of(source), axes)
        if legend is None:
            legend = [(phase.name, phase.color) for phase in phases.leaves]
        if self.is_lazy or layer is None:
            self.layer = _make_layer(segmentation, data, legend)
        else:
            self.layer = layer
            layer.colormap, layer.features = _look(legend)
            layer.visible = True

    def give_up(self) -> Any:
        """Let another overlay have the layer: what is painted here from now on is not shown.

        Returns
        -------
        napari.layers.Labels or None
            None where the labels are lazy: then another layer is needed.
        """
        self._given_up = True
        return None if self.is_lazy else self.layer

    def paint(
        self,
        rows: NDArray[np.integer[Any]],
        class_ids: NDArray[np.integer[Any]],
        *,
        redraw: bool = True,
    ) -> None:
        """Give cells their class and redraw once.

        Parameters
        ----------
        rows : ndarray, ``(n,)``, int
            Rows of the cell table.
        class_ids : ndarray, ``(n,)``, int
            0 clears a cell.
        redraw : bool
            Whether to redraw at all.
        """
        if self._given_up:
            return
        few = len(rows) <= _FEW
        if redraw and few and not self.is_lazy and self.layer.visible and self.layer.loaded:
            self._draw(rows, class_ids)
            return
        for row, class_id in zip(rows.tolist(), class_ids.tolist(), strict=True):
            self._set(row, class_id)
        if redraw:
            self.layer.refresh(extent=False, thumbnail=not few)

    def paint_all(self, class_ids: NDArray[np.integer[Any]]) -> None:
        """Give every cell its class at once, however many there are.

        Parameters
        ----------
        class_ids : ndarray, ``(n,)``, int
            One a row of the cell table; 0 clears a cell.
        """
        for frame in self._rows:
            self.paint_frame(frame, class_ids, redraw=False)
        self.layer.refresh(extent=False)

    def take_cells(self, cells: CellTable) -> bool:
        """Paint other cells of the same segmentation, whose labels were edited, from now on.

        Parameters
        ----------
        cells : CellTable
            Every cell of the layer as it is now; all of them are to be painted next.

        Returns
        -------
        bool
            False where the labels are lazy: then another overlay is needed.
        """
        if self.is_lazy or self.segmentation.data.shape != self.layer.data.shape:
            return False
        former, self._cells, self._rows = self._rows, cells, _rows_by_frame(cells)
        self._labels = _as_tzyx(whole_of(self.segmentation.data), self._axes)
        assert self._painted is not None
        for frame in former.keys() - self._rows.keys():
            self._painted[frame] = 0
        return True

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that have cells."""
        return tuple(self._rows)

    def is_read(self, frame: int) -> bool:
        """Whether the labels of a frame are there, so that it can be painted at once."""
        data = self.segmentation.data
        return not isinstance(data, Movie) or frame not in data.missing

    def paint_frame(
        self, frame: int, class_ids: NDArray[np.integer[Any]], *, redraw: bool = True
    ) -> None:
        """Give every cell of a frame its class.

        Parameters
        ----------
        frame : int
            One of :attr:`frames`.
        class_ids : ndarray, ``(n,)``, int
            One a row of the cell table, those of other frames too.
        redraw : bool
            Whether to redraw.
        """
        if self._given_up:
            return
        rows = self._rows[frame]
        ids = class_ids[rows].astype(np.uint8)
        if self._lookup is not None:
            self._lookup.set_all(frame, ids)
        else:
            assert self._painted is not None
            assert self._labels is not None
            labels = self._labels_of(frame)
            lookup = PhaseLookup({frame: self._cells.label[rows]})
            lookup.set_all(frame, ids)
            lookup.take(frame, labels, out=self._painted[frame])
            if self._outline:
                self._painted[frame][~edges(labels)] = 0
            else:
                part_cells(labels, self._painted[frame])
        if redraw:
            self.layer.refresh(extent=False)

    def show(self, viewer: Any, *, in_place: bool = False) -> None:
        """Put the overlay where no image and no labels hide it; keep the selection.

        Parameters
        ----------
        viewer : napari.Viewer
            Loses a former overlay of the same segmentation.
        in_place : bool
            Put it where the former one lay, if there is one: a person may have moved that.
        """
        layers, selected, index = viewer.layers, set(viewer.layers.selection), None
        for former in list(overlays_of(viewer, self.segmentation)):
            index = layers.index(former) if in_place else None
            if former is not self.layer:
                layers.remove(former)
        if self.layer not in layers:
            layers.insert(_above_rasters(layers) if index is None else index, self.layer)
        elif not in_place:
            layers.move(layers.index(self.layer), _above_rasters(layers))
        kept = {layer for layer in selected if layer in viewer.layers}
        viewer.layers.selection = kept or {self.segmentation}

    def _set(self, row: int, class_id: int) -> None:
        frame, label = int(self._cells.frame[row]), int(self._cells.label[row])
        if self._lookup is not None:
            self._lookup.set(frame, label, class_id)
            return
        assert self._painted is not None
        box, chosen = self._voxels(row)
        self._painted[box][chosen] = class_id

    def _labels_of(self, frame: int) -> NDArray[Any]:
        """Labels of a frame, ``(z, y, x)``."""
        assert self._labels is not None
        if isinstance(self.segmentation.data, Movie):
            self.segmentation.data.read((frame,))
        labels: NDArray[Any] = self._labels[frame]
        return labels

    def _voxels(self, row: int) -> tuple[tuple[Any, ...], NDArray[np.bool_]]:
        """Bounding box of a cell on ``(t, z, y, x)``, and which voxels in it are painted."""
        frame, label = int(self._cells.frame[row]), int(self._cells.label[row])
        (z0, y0, x0), (z1, y1, x1) = self._cells.bbox[row].tolist()
        labels = self._labels_of(frame)
        box = (frame, slice(z0, z1), slice(y0, y1), slice(x0, x1))
        around = labels[z0:z1, _wider(y0, y1), _wider(x0, x1)]
        chosen = (around == label) & edges(around) if self._outline else cell_alone(around, label)
        return box, chosen[:, min(y0, 1) :, min(x0, 1) :][:, : y1 - y0, : x1 - x0]

    def _draw(self, rows: NDArray[np.integer[Any]], class_ids: NDArray[np.integer[Any]]) -> None:
        """Paint a few cells, and draw only where they lie."""
        places: list[NDArray[np.int64]] = []
        for row in rows.tolist():
            (frame, *ranges), chosen = self._voxels(row)
            corner = [[frame], *([part.start] for part in ranges)]
            places.append(np.stack([np.zeros(chosen.sum(), np.int64), *chosen.nonzero()]) + corner)
        voxels = dict(zip("TZYX", np.concatenate(places, axis=1), strict=True))
        values = np.repeat(class_ids, [part.shape[1] for part in places]).astype(np.uint8)
        nowhere = np.zeros(len(values), np.int64)
        self.layer.data_setitem(tuple(voxels.get(a, nowhere) for a in self._axes), values)


def overlays_of(viewer: Any, segmentation: Any) -> Iterator[Any]:
    """Our overlays of one segmentation layer that are in the viewer, whatever their names."""
    for layer in viewer.layers:
        if covered_by(layer) == str(segmentation.unique_id):
            yield layer


def _above_rasters(layers: Any) -> int:
    """Place above all images and labels, and below points and shapes at the top."""
    from napari.layers import Image, Labels

    return max(i for i, x in enumerate(layers, 1) if isinstance(x, Image | Labels))


def covered_by(layer: Any) -> str:
    """Identifier of the segmentation whose phases a layer shows; empty for other layers."""
    return str(layer.metadata.get(METADATA_KEY, {}).get("overlay_of", ""))


def is_overlay(layer: Any) -> bool:
    """Whether a layer is one of ours: phases, outlines, or the ring around a cell."""
    return bool(layer.metadata.get(METADATA_KEY))


def compile_colors() -> None:
    """Let napari compile how labels become colours: seconds, once, and better in a thread."""
    from napari.utils.colormaps import DirectLabelColormap

    colors: dict[int | None, str] = {None: "transparent", 1: "white"}
    DirectLabelColormap(color_dict=colors).map(np.zeros(1, np.uint8))


def _wider(start: int, stop: int) -> slice:
    """A range with one place more on both sides, where there is one."""
    return slice(max(start - 1, 0), stop + 1)


def _as_tzyx(data: NDArray[Any], axes: str) -> NDArray[Any]:
    """View an array with its axes in the order ``(t, z, y, x)``."""
    for axis in [a for a in axes if a not in "TZYX"]:
        data = data[(slice(None),) * axes.index(axis) + (0,)]
        axes = axes.replace(axis, "")
    data = data.transpose([axes.index(a) for a in "TZYX" if a in axes])
    return data[tuple(slice(None) if a in axes else None for a in "TZYX")]


def _rows_by_frame(cells: CellTable) -> dict[int, NDArray[np.int64]]:
    """Rows of each frame, sorted by label."""
    order = np.lexsort((cells.label, cells.frame))
    frames, starts = np.unique(cells.frame[order], return_index=True)
    return dict(zip(frames.tolist(), np.split(order, starts[1:]), strict=True))


def _lies_like(layer: Any, segmentation: Any) -> bool:
    """Whether a layer has the shape of a segmentation, and lies where that does."""
    if layer is None or layer.data.shape != segmentation.data.shape:
        return False
    place = placed_like(layer)
    return all(
        np.array_equal(place[key], value) for key, value in placed_like(segmentation).items()
    )


def _look(legend: Sequence[tuple[str, str]]) -> tuple[Any, pd.DataFrame]:
    """Colours and features of a layer that shows a legend."""
    import pandas as pd
    from napari.utils.colormaps import DirectLabelColormap

    colors: dict[int | None, str] = {None: "transparent", 0: "transparent"}
    colors |= {index: color for index, (_, color) in enumerate(legend, start=1)}
    names = [name for name, _ in legend]
    features = pd.DataFrame({"index": range(1, len(legend) + 1), "phase": names})
    return DirectLabelColormap(color_dict=colors), features


def _make_layer(segmentation: Any, data: Any, legend: Sequence[tuple[str, str]]) -> Any:
    from napari.layers import Labels

    colormap, features = _look(legend)
    layer = Labels(
        data,
        name=f"phase: {segmentation.name}",
        colormap=colormap,
        features=features,
        metadata={METADATA_KEY: {"overlay_of": str(segmentation.unique_id)}},
        multiscale=bool(segmentation.multiscale),
        # dask results are not cached: a changed phase has to show at the next refresh
        cache=False,
        opacity=1.0,
        **placed_like(segmentation),
    )
    layer.editable = False  # napari's keys would paint in it, and clicks then select no cell
    return layer
