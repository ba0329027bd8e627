"""A review in the viewer: phases over the segmentation, clicks, what is shown, where to look."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.review.canvas.canvas import Canvas
from napari_cellcycle._qt.review.canvas.label_watch import LabelWatch
from napari_cellcycle._qt.review.canvas.phase_layer import PhaseLayer
from napari_cellcycle._qt.review.canvas.phase_text import PhaseText
from napari_cellcycle._qt.review.gallery.tiles import DOUBT
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.timers import once

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.review.reviewed import Reviewed
    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_FEATURES_AFTER_MS = 400
_FEATURES_REST_MS = 400


class Scene(QObject):
    """Shows a review in a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
    desk : Desk
    layer : napari.layers.Labels
        The user's segmentation: read, and given features.
    axes : str
        Its axes, letters of ``TZYX``.

    Attributes
    ----------
    tool : str
        Slug of the phase that a click gives; empty while a click selects.
    labels : LabelWatch
        Whether the person has edited the segmentation.
    follows : bool
        Whether the canvas is centred on the cell at hand.
    painted : Signal(object)
        The layer of phases was made anew: keys are to be bound on it.
    marked : Signal()
        Outlines or names came or went.
    """

    painted = Signal(object)
    marked = Signal()

    def __init__(
        self, viewer: Any, desk: Desk, layer: Any, axes: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.desk = desk
        self.segmentation = layer
        self.axes = axes
        self.tool = ""
        self.follows = True
        self.hidden: frozenset[str] = frozenset()
        self.only_queue = False
        self.isolated = -1
        self.outlined = False
        self._clicking = False
        self.shown: Mask = np.ones(len(desk.review), bool)
        self.phases = self._new_phases()
        self.text = PhaseText(viewer, layer, axes, desk.review, self)
        self.text.changed.connect(self.marked)
        self.canvas = Canvas(viewer, layer, axes, desk.review.cells, self._row_of, self)
        self.canvas.clicked.connect(self._click)
        self.labels = LabelWatch(layer, self)
        self._features = once(self, self._give_features, _FEATURES_AFTER_MS)
        self._cells: CellTable = desk.review.cells
        self._vocabulary: PhaseSet = desk.review.phases
        desk.review.changed.connect(self._change)
        desk.source.signals.reloaded.connect(self.rebuild)
        desk.source.selection.current_changed.connect(self._arrive)
        viewer.dims.events.ndisplay.connect(self._on_ndisplay)
        viewer.dims.events.current_step.connect(self._on_step)
        self._paint_anew()

    def close(self) -> None:
        """Leave the phases as they are, and listen no more."""
        self._features.stop()
        self.labels.stop()
        self.desk.review.changed.disconnect(self._change)
        self._viewer.dims.events.ndisplay.disconnect(self._on_ndisplay)
        self._viewer.dims.events.current_step.disconnect(self._on_step)
        self.phases.finish()
        self.phases.remove_outlines(self._viewer)
        self.text.close()
        self.canvas.close()

    @property
    def layers(self) -> Any:
        """All layers of the viewer."""
        return self._viewer.layers

    @property
    def is_there(self) -> bool:
        """Whether the segmentation and its phases are still in the viewer."""
        return self.segmentation in self._viewer.layers and self.phases.layer in self._viewer.layers

    def rebuild(self) -> None:
        """Paint all phases anew; in a new layer where the vocabulary is another or it has gone."""
        review = self.desk.review
        self.phases.stop()
        self.phases.remove_outlines(self._viewer)
        self.isolated = -1
        stays = self.is_there and review.phases == self._vocabulary
        if review.cells is not self._cells:
            self.canvas.set_cells(review.cells)
            stays = stays and self.phases.take_cells()
        self._cells, self._vocabulary = review.cells, review.phases
        if not stays:
            self.phases = self._new_phases()
        self._paint_anew(again=True)

    def _new_phases(self) -> PhaseLayer:
        """Phases of the review, in the layer of former ones if that may be."""
        former = session_of(self._viewer).take_back(self._viewer, self.segmentation)
        return PhaseLayer(self.segmentation, self.axes, self.desk.review, former)

    def _paint_anew(self, *, again: bool = False) -> None:
        self.shown = self._to_show()
        self.phases.paint_all(self.shown, self.frame_on_screen())
        session = session_of(self._viewer)
        if not self.is_there or not session.has(self.phases.overlay):
            session.put(self._viewer, self.phases.overlay, in_place=again)
            self.phases.layer.opacity = 0.6
            self.painted.emit(self.phases.layer)
        if self.outlined:
            self._outline()
        self.text.follow(self.shown)
        self.take_keys()
        self._told = self.desk.review.final.copy()
        self._give_features()

    def take_keys(self) -> None:
        """Select the layer of phases, so that keys work in the canvas."""
        if self.phases.layer in self._viewer.layers:
            self._viewer.layers.selection.active = self.phases.layer

    def frame_on_screen(self) -> int:
        """Frame of the segmentation that is shown."""
        if "T" not in self.axes:
            return 0
        point = self._viewer.dims.point[-self.segmentation.ndim :]
        return round(float(self.segmentation.world_to_data(point)[self.axes.index("T")]))

    # --- what is shown --------------------------------------------------------------------------

    def hide_phases(self, slugs: frozenset[str]) -> None:
        """Hide cells of these final phases; the empty one is a cell without."""
        self.hidden = slugs
        self._show_again()

    def show_only_queue(self, only: bool) -> None:
        """Show only cells that belong to the queue, and the one at hand."""
        self.only_queue = only
        self._show_again()

    def queue_changed(self) -> None:
        """Other cells may belong to the queue."""
        if self.only_queue:
            self._show_again()

    def isolate(self) -> None:
        """Show the cell at hand alone, or all again."""
        self.isolated = -1 if self.isolated >= 0 else self.desk.current
        self._show_again()

    def outline(self) -> None:
        """Outline uncertain cells, or no more; they are hidden in 3D."""
        self.outlined = not self.outlined
        self._outline()
        self.marked.emit()

    @property
    def named(self) -> bool:
        """Whether phases are written on the cells."""
        return self.text.is_shown

    def name_phases(self) -> None:
        """Write the phases on the cells, or no more."""
        if self.named:
            self.text.hide()
        else:
            self.text.show(self.shown)
        self.marked.emit()

    def zoom_to(self, row: int) -> None:
        """Go to a cell, and zoom to it."""
        self.desk.go_to(row)
        self.centre()

    def centre(self) -> None:
        """Bring the cell at hand to the middle, and zoom to it."""
        if self.desk.current >= 0:
            self.canvas.go_to(self.desk.current, zoom=True)

    # --- inside ---------------------------------------------------------------------------------

    def _outline(self) -> None:
        if self.outlined and self.is_there:
            doubtful = self.desk.review.shown.confidence < DOUBT
            self.phases.outline(self._viewer, doubtful, self.shown, self.frame_on_screen())
        self._on_ndisplay()

    def _on_step(self, event: Any = None) -> None:
        if self.phases.is_painting:
            self.phases.paint_frame(self.frame_on_screen())

    def _on_ndisplay(self, event: Any = None) -> None:
        if self.phases.outlines is not None:
            # in 3D the outlines would be a shell around the phases
            in_2d = self._viewer.dims.ndisplay == 2
            self.phases.outlines.layer.visible = self.outlined and in_2d

    def _row_of(self, frame: int, label: int) -> int:
        row = self.desk.review.row_of(frame, label)
        return row if row >= 0 and self.shown[row] else -1

    def _click(self, row: int) -> None:
        if self.tool:
            rows = np.array([row])
            self._go_without_moving(row)
            self.desk.say(self.tool, rows, source="click")
        else:
            self._go_without_moving(row)

    def _go_without_moving(self, row: int) -> None:
        """A cell that was clicked is where the person looks already."""
        self._clicking = True
        try:
            self.desk.go_to(row)
        finally:
            self._clicking = False

    def _arrive(self, row: int) -> None:
        if row < 0 or not self.is_there:
            return
        if self.isolated >= 0:
            self.isolated = row
            self._show_again()
        elif self.only_queue or not self.shown[row]:
            self._show_again()
        if self.follows and not self._clicking:
            self.canvas.go_to(row)
        else:
            self.canvas.surround(row)

    def _change(self, rows: Ints) -> None:
        if not self.is_there:
            return
        self.shown[rows] = self._to_show(rows)
        elsewhere = self.desk.review.cells.frame[rows] != self.frame_on_screen()
        self.phases.paint(rows[np.argsort(elsewhere, kind="stable")], self.shown)
        self.text.follow(self.shown)
        final = self.desk.review.final[rows]
        if (self._told[rows] != final).any():  # else the cells were only looked at
            self._told[rows] = final
            self._features.start()

    def _show_again(self) -> None:
        shown = self._to_show()
        changed = np.flatnonzero(shown != self.shown)
        self.shown = shown
        if not self.is_there or not len(changed):
            return
        self.text.follow(shown)
        if len(changed) <= 64:
            self.phases.paint(changed, shown)
        else:
            self.phases.paint_all(shown, self.frame_on_screen())

    def _to_show(self, rows: Ints | None = None) -> Mask:
        review, current = self.desk.review, self.desk.current
        chosen = np.arange(len(review)) if rows is None else rows
        at_hand = chosen == current
        if self.isolated >= 0:
            return chosen == self.isolated
        found = np.ones(len(chosen), bool)
        if self.hidden:
            hidden = np.array([p.slug in self.hidden for p in review.phases] + ["" in self.hidden])
            found &= ~hidden[review.final[chosen]]
        if self.only_queue:
            found &= self.desk.queue.match[chosen] | at_hand
        return found

    def _give_features(self) -> None:
        if self.segmentation in self._viewer.layers:
            rows_of = functools.partial(_features_of, self.desk.source)
            session = session_of(self._viewer)
            session.follow_features(
                self._viewer, self.segmentation, rows_of, self.axes, _FEATURES_REST_MS
            )


def _features_of(source: Reviewed, frame: int) -> pd.DataFrame:
    """What the status bar tells of the cells of a frame."""
    import pandas as pd

    chosen = np.flatnonzero(source.frame == frame)
    phases = source.review.slugs(source.review.final[chosen])
    rows = pd.DataFrame({"index": source.label[chosen], "phase": phases})
    if source.review.shown.sets:
        rows["confidence"] = source.confidence[chosen]
        rows["entropy"] = source.entropy[chosen]
        rows["deciding_axis"] = source.deciding_axis[chosen]
    return rows
