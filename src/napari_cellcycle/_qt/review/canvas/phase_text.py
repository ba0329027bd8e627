"""Names of phases, written on the cells in the visible slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QColor

from napari_cellcycle._qt.overlay import METADATA_KEY
from napari_cellcycle._qt.own_layers import placed_like, selection_kept
from napari_cellcycle._qt.review.look import phase_name
from napari_cellcycle._qt.slices import Slice
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.state import Review

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

MOST = 100
"""So many names at most: drawing one takes a fifth of a millisecond."""
_SIZE = 9
_LETTER = np.array([16.0, 7.0])
"""Height and width of a letter, in pixels of the canvas."""
_DIMS_MS, _CAMERA_MS = 20, 120
_PAINTED = 0.6
"""How much of a cell is the colour of its phase; the rest is the image behind."""
_INKS = ("#FFFFFF", "#101418")
"""Light names, and dark ones for cells that are light."""
_DARK_FROM = 0.45
"""Share of light above which a dark name is read better."""
_LIGHT = np.array([0.299, 0.587, 0.114])
"""How light red, green and blue are."""


class PhaseText(QObject):
    """Writes the final phase on cells that are shown, on screen and in the slice.

    In 2D a name is left out where it would cover another; in 3D those nearest to the centre of the
    view are written.

    Parameters
    ----------
    viewer : napari.Viewer
        Its dims and its camera say which cells.
    segmentation : napari.layers.Labels
        The user's layer.
    axes : str
        Its axes, letters of ``TZYX``.
    review : Review
        What is true of each cell.

    Attributes
    ----------
    is_shown : bool
        Whether names are written.
    layer : napari.layers.Points or None
        The names, once they were shown; hidden, not removed, when they are not: napari collects
        garbage with each layer that goes, which takes up to half a second.
    changed : Signal()
        The person showed, hid or removed the layer in napari's list.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: Any,
        segmentation: Any,
        axes: str,
        review: Review,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._segmentation = segmentation
        self._axes = axes
        self._review = review
        self._shown: Mask = np.ones(len(review), bool)
        self._written: tuple[bytes, ...] = ()
        self.is_shown = False
        self.layer: Any = None
        self._soon = once(self, self.write)
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, shown: Mask) -> None:
        """Write the names from now on; ``shown`` is the mask of cells that are not hidden."""
        self._shown = shown
        self._begin()
        self.write()

    def hide(self) -> None:
        """Write no more, and hide the layer."""
        self._end()
        if self.layer is not None:
            self.layer.visible = False

    def close(self) -> None:
        """Write no more, and take the layer away."""
        self._end()
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        layer, self.layer = self.layer, None
        if layer is not None:
            self._viewer.layers.remove(layer)

    def follow(self, shown: Mask) -> None:
        """Words were said, or other cells are shown; several calls are written once."""
        self._shown = shown
        if self.is_shown:
            self._soon.start(0)

    def write(self) -> None:
        """Write the names that are to be seen now."""
        import pandas as pd

        if not self.is_shown or self._segmentation not in self._viewer.layers:
            return
        rows, places = self._to_write()
        final = self._review.final[rows]
        inks = self._inks()
        written = (rows.tobytes(), final.tobytes(), places.tobytes(), inks.tobytes())
        if written == self._written:
            return
        self._written = written
        names = _names(self._review)[final]
        colors = [_INKS[ink] for ink in inks[final].tolist()]
        # one redraw for all
        with self.layer.events.blocker_all(), self.layer.text.events.blocker_all():
            self.layer.data = places
            self.layer.text.color = {"array": colors, "default": _INKS[0]} if colors else _INKS[0]
        self.layer.features = pd.DataFrame({"phase": names})

    # --- which ----------------------------------------------------------------------------------

    def _to_write(self) -> tuple[Ints, Floats]:
        """Rows of the cells to name, and where: in voxels of the segmentation."""
        review, layer = self._review, self._segmentation
        here = Slice(self._viewer.dims, layer, self._axes)
        rows = np.flatnonzero(self._shown & (review.final >= 0) & here.holds(review.cells))
        places = here.places(review.cells, rows)
        fit = self._that_fit(rows, places[:, here.displayed], here.displayed)
        return rows[fit], places[fit]

    def _that_fit(self, rows: Ints, places: Floats, displayed: list[int]) -> Ints:
        """Which of some cells to name, by their places along the displayed axes."""
        pixels = self._in_pixels(places, displayed)
        if len(displayed) != 2:
            far = np.linalg.norm(pixels, axis=1)
            return np.argsort(far, kind="stable")[:MOST]
        lines = [name.split("\n") for name in _names(self._review).tolist()]
        sizes = np.array([[len(t), max(map(len, t), default=0)] for t in lines]) * _LETTER
        near = _one_a_box(pixels, np.array(self._viewer.canvas.size) / 2)
        near = near[np.argsort(np.linalg.norm(pixels[near], axis=1), kind="stable")]
        return near[_apart(pixels[near], sizes[self._review.final[rows[near]]])]

    def _in_pixels(self, places: Floats, displayed: list[int]) -> Floats:
        """Distance of places from the middle of the view, in pixels of the canvas."""
        camera, layer = self._viewer.scene.camera, self._segmentation
        world = np.array(self._viewer.dims.point, float)
        shown = list(self._viewer.dims.displayed)
        world[shown] = camera.center[-len(shown) :]
        world = world[len(world) - layer.ndim :]
        origin = np.array(layer.world_to_data(world), float)
        at = np.array(layer.data_to_world(origin))
        steps = np.eye(layer.ndim)[displayed]
        turn = np.array([np.array(layer.data_to_world(origin + step)) - at for step in steps])
        found: Floats = (places - origin[displayed]) @ (turn[:, displayed] * camera.zoom)
        return found

    def _inks(self) -> Ints:
        """Which of the inks is read on a cell of each phase, over the images that are shown."""
        from napari.layers import Image
        from napari.utils.theme import get_theme

        layers = [x for x in self._viewer.layers if isinstance(x, Image) and x.visible]
        shown = [x.thumbnail[..., :3].mean(axis=(0, 1)) / 255 for x in layers]
        canvas = np.array(get_theme(self._viewer.theme).canvas.as_rgb_tuple()[:3]) / 255
        behind = np.max(shown, axis=0) if shown else canvas
        colors = np.array([QColor(p.color).getRgbF()[:3] for p in self._review.phases.phases])
        light = (_PAINTED * colors + (1 - _PAINTED) * behind) @ _LIGHT
        return (light > _DARK_FROM).astype(np.int64)

    # --- inside ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.is_shown = True
        if self.layer is None:
            self._add_layer()
        self.layer.visible = True
        dims, camera = self._viewer.dims.events, self._viewer.scene.camera.events
        for event in (dims.current_step, dims.ndisplay, dims.order):
            event.connect(self._on_dims)
        for event in (camera.center, camera.zoom):
            event.connect(self._on_camera)

    def _end(self) -> None:
        if not self.is_shown:
            return
        self.is_shown = False
        self._soon.stop()
        dims, camera = self._viewer.dims.events, self._viewer.scene.camera.events
        for event in (dims.current_step, dims.ndisplay, dims.order):
            event.disconnect(self._on_dims)
        for event in (camera.center, camera.zoom):
            event.disconnect(self._on_camera)

    def _add_layer(self) -> None:
        import pandas as pd
        from napari.layers import Points

        layer, layers = self._segmentation, self._viewer.layers
        self._written = ()
        self.layer = Points(
            np.zeros((0, layer.ndim)),
            name=f"phase names: {layer.name}",
            features=pd.DataFrame({"phase": np.array([], object)}),
            # in 3D the phases would hide what lies within them
            text={
                "string": "{phase}",
                "size": _SIZE,
                "color": "white",
                "blending": "translucent_no_depth",
            },
            size=1,
            face_color="transparent",
            border_width=0,
            blending="translucent_no_depth",
            metadata={METADATA_KEY: {"names_of": str(layer.unique_id)}},
            **placed_like(layer),
        )
        self.layer.events.visible.connect(self._on_visible)
        with selection_kept(layers):
            layers.append(self.layer)

    def _on_dims(self, event: Any = None) -> None:
        self._soon.start(_DIMS_MS)

    def _on_camera(self, event: Any = None) -> None:
        if not self._soon.isActive() or self._soon.interval() == _CAMERA_MS:
            self._soon.start(_CAMERA_MS)

    def _on_visible(self, event: Any = None) -> None:
        """The eye in the list of layers does as the key does."""
        if self.layer is None or self.layer.visible == self.is_shown:
            return
        if self.layer.visible:
            self.show(self._shown)
        else:
            self._end()
        self.changed.emit()

    def _on_removed(self, event: Any) -> None:
        if self.layer is not None and event.value == self.layer:
            self.layer = None
            self._end()
            self.changed.emit()


def _names(review: Review) -> NDArray[Any]:
    """Names of the phases by code, in lines."""
    names = [phase_name(review.phases, code) for code in range(len(review.phases.phases))]
    return np.array([name.replace("/", "/\n").replace(", ", ",\n") for name in names], object)


def _one_a_box(pixels: Floats, half: Floats) -> Ints:
    """The last place in each box of the size of a short word, of those that are on screen."""
    box = np.array([1.0, 4.0]) * _LETTER[0]
    on_screen = np.flatnonzero((np.abs(pixels) <= half).all(axis=1))
    down, across = ((pixels[on_screen] + half) / box).astype(np.int64).T
    width = int(2 * half[1] / box[1]) + 1
    last = np.full((int(2 * half[0] / box[0]) + 1) * width, -1)
    last[down * width + across] = on_screen
    return last[last >= 0]


def _apart(places: Floats, sizes: Floats) -> Ints:
    """Take boxes one after the other, as long as they cover none that was taken.

    Parameters
    ----------
    places : ndarray, ``(n, 2)``, float
        Their middles, y and x.
    sizes : ndarray, ``(n, 2)``, float
        Their heights and widths.

    Returns
    -------
    ndarray, ``(m,)``, int64
        Which; no more than :data:`MOST`.
    """
    free = np.ones(len(places), bool)
    taken: list[int] = []
    while len(taken) < MOST and free.any():
        place = int(np.argmax(free))
        taken.append(place)
        free &= (np.abs(places - places[place]) >= (sizes + sizes[place]) / 2).any(axis=1)
    return np.array(taken, np.int64)
