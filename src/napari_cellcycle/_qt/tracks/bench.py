"""Everything of Tracks for one open review: their source, the strip, jumps, smoothing, time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.results import MessageLabel, text_label
from napari_cellcycle._qt.review.look import Look, cell_tip
from napari_cellcycle._qt.tracks.form import TracksForm
from napari_cellcycle._qt.tracks.jump_queue import JumpQueue
from napari_cellcycle._qt.tracks.strip import Strip
from napari_cellcycle._qt.tracks.times import Times
from napari_cellcycle._qt.tracks.tracing import Tracing
from napari_cellcycle._qt.tracks.work import Reader, measure, points_in, smooth, take_tracks
from napari_cellcycle.cells.tracks.track_table import read_tracks
from napari_cellcycle.cells.tracks.tracks import tracks_of_points
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.project.tracked import Tracking
from napari_cellcycle.review.tracks.smoothing import Smoothed

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_cellcycle._qt.review.dock import ReviewWidget

_LEGEND = "Dot: somebody's word. Red mark: a step that cannot be."


class TracksBench(QWidget):
    """Tracks of the cells of the review that is open.

    Parameters
    ----------
    viewer : napari.Viewer
    review : ReviewWidget
        With a project open.
    """

    def __init__(self, viewer: Any, review: ReviewWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        assert review.desk is not None
        assert review.scene is not None
        assert review.bench is not None
        self.desk, self.scene, self._workbench = review.desk, review.scene, review.bench
        desk = self.desk
        self.tracing = Tracing(desk, self)
        self._job = Job(self)
        self.form = TracksForm(viewer)
        self.told = text_label("tracks-told")
        self.message = MessageLabel("tracks-message")
        self.family = QLabel()
        self.family.setObjectName("tracks-family")
        self.family.setTextFormat(Qt.TextFormat.RichText)
        self.strip = Strip(partial(cell_tip, desk.source))
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setObjectName("tracks-legend")
        self.back = _button("◂ Spread", "spread-back", "Say the same of the cells before, up to "
                            "the next one that somebody judged")  # fmt: skip
        self.ahead = _button("Spread ▸", "spread-ahead", "Say the same of the cells after, up to "
                             "the next one that somebody judged")  # fmt: skip
        self.jumps = _button("", "jumps", "Make the cells beside them the queue of Review; click "
                             "again to go back")  # fmt: skip
        self.jumps.setCheckable(True)
        self._queue = JumpQueue(desk, self.tracing, self.jumps, self)
        self.smooth = _button("Smooth", "smooth", "Add phases smoothed along the tracks as a "
                              "prediction set, and show it; words stay")  # fmt: skip
        self.measure = _button("How long phases last", "measure", "Measure final phases along the "
                               "tracks, and count divisions")  # fmt: skip
        self.save = _button("Save…", "save", "Write tables and a picture to a folder")
        self.times = Times("tracks-times")
        self._own = (self.back, self.ahead, self.jumps, self.smooth, self.measure, self.save)
        self.form.show_stated(desk.project.tracked.stated_minutes(desk.undertaking.image))
        self._lay_out()
        self._connect()
        self._workbench.lend_keys(self, stay=True)
        self.setFocusProxy(self.strip)
        self._show()

    def close_bench(self) -> None:
        """Stop the worker, and follow the review no more."""
        self._workbench.take_keys_back(self)
        self._job.cancel()
        self.form.watch.stop()
        self.tracing.close()
        self.desk.source.selection.current_changed.disconnect(self._show_line)
        self._queue.close()
        self.desk.told.disconnect(self.message.hint)
        self.desk.refused.disconnect(self.message.error)

    def use(self, read: Reader, name: str) -> None:
        """Take tracks for the image that is open.

        Parameters
        ----------
        read : callable
            From a table of cells to tracks.
        name : str
            Where they come from.
        """
        self._start("Take tracks", take_tracks, read, name, self.form.frame_minutes)

    def changeEvent(self, event: QEvent | None) -> None:
        """Links have a colour of the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._show_line()

    # --- inside ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        spread, work = QHBoxLayout(), QHBoxLayout()
        for row, buttons in (
            (spread, (self.back, self.ahead, self.jumps)),
            (work, (self.smooth, self.measure, self.save)),
        ):
            row.setSpacing(6)
            for button in buttons:
                row.addWidget(button)
            row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(6)
        layout.addWidget(self.form)
        layout.addWidget(self.told)
        layout.addWidget(self.family)
        layout.addWidget(self.strip)
        layout.addWidget(self.legend)
        layout.addLayout(spread)
        layout.addLayout(work)
        layout.addWidget(self.message)
        layout.addWidget(self.times)
        layout.addStretch(1)

    def _connect(self) -> None:
        desk = self.desk
        self.form.layer_wanted.connect(self._use_layer)
        self.form.file_wanted.connect(self._use_file)
        self.form.minutes_changed.connect(self._set_minutes)
        self.family.linkActivated.connect(self._go_to_track)
        self.strip.blocks.chosen.connect(desk.go_to)
        self.back.clicked.connect(lambda: self._spread(back=True))
        self.ahead.clicked.connect(lambda: self._spread(back=False))
        self._queue.told.connect(self.message.hint)
        self.smooth.clicked.connect(self._smooth)
        self.measure.clicked.connect(lambda: self._measure(None))
        self.save.clicked.connect(self._save)
        self.tracing.changed.connect(self._show)
        self.tracing.changed.connect(lambda: self.times.follow(self.desk.review.final))
        desk.source.selection.current_changed.connect(self._show_line)
        desk.told.connect(self.message.hint)
        desk.refused.connect(self.message.error)
        self._job.stepped.connect(lambda text: self.message.hint(str(text)))
        self._job.refused.connect(self._refuse)
        self._job.succeeded.connect(self._on_done)
        self._job.ended.connect(self._show)

    # --- what is shown --------------------------------------------------------------------------

    def _show(self) -> None:
        tracking = self.tracing.tracking
        self.form.show_kept(tracking)
        self.told.setText(
            "Choose a Tracks layer, or a CSV file with label, frame and track."
            if tracking is None
            else _told(tracking)
        )
        free = tracking is not None and not self._job.is_running
        may = free and not self.desk.project.read_only
        review = self.desk.review
        for widget in (*self._own, self.family, self.strip, self.legend):
            widget.setVisible(tracking is not None)
        for button in (self.back, self.ahead):
            button.setEnabled(may)
        self.smooth.setEnabled(may and review.prediction_set is not None)
        self.measure.setEnabled(free)
        self.save.setEnabled(free)
        if self.tracing.problem:
            self.message.error(self.tracing.problem)
        self._show_line()
        self._queue.count()

    def _show_line(self, _: int = -1) -> None:
        tracing, desk = self.tracing, self.desk
        line = tracing.line()
        self.strip.show_line(line, desk.review.phases, desk.current)
        row, track = desk.current, tracing.track
        if row < 0:
            self.family.setText("No cell is chosen.")
        elif track < 0:
            self.family.setText(f"Cell {desk.source.label[row]} is in no track.")
        else:
            mother, daughters = tracing.family()
            parts = [f"<b>Track {track}</b>", f"frames {line.frame[0]} to {line.frame[-1]}"]
            if mother >= 0:
                parts.append(f"from {self._link(mother)}")
            if daughters:
                parts.append("divides into " + ", ".join(map(self._link, daughters)))
            self.family.setText(" · ".join(parts))
        below = f" Below: {tracing.beside}." if tracing.beside else ""
        self.legend.setText(_LEGEND + below)

    def _link(self, track: int) -> str:
        return f'<a href="{track}" style="color: {Look.of(self).accent.name()}">{track}</a>'

    # --- gestures -------------------------------------------------------------------------------

    def _use_layer(self, layer: Any) -> None:
        try:
            points = points_in(layer, self.scene.segmentation)
        except CellCycleError as error:
            self._refuse(str(error))
            return
        graph = {int(child): list(above) for child, above in layer.graph.items()}
        self.use(lambda cells: tracks_of_points(points, cells, graph), layer.name)

    def _use_file(self, path: str) -> None:
        self.use(lambda cells: read_tracks(path, cells), Path(path).name)

    def _set_minutes(self, minutes: float | None) -> None:
        tracking = self.tracing.tracking
        if tracking is None or minutes == tracking.frame_minutes:
            return
        self.use(lambda cells: tracking.tracks, tracking.name)

    def _go_to_track(self, name: str) -> None:
        rows = self.tracing.rows_of(int(name))
        if len(rows):
            mother = self.tracing.family()[0] == int(name)
            self.desk.go_to(int(rows[-1 if mother else 0]))

    def _spread(self, *, back: bool) -> None:
        tracking = self.tracing.tracking
        if tracking is not None:
            self.message.clear()
            self.desk.spread(tracking.tracks, back=back)

    def _smooth(self) -> None:
        chosen = self.desk.review.chosen_set
        if chosen is not None:
            self._start("Smooth along tracks", smooth, chosen.id, self.tracing.tracking)

    def _measure(self, folder: Path | None) -> None:
        chosen = self.desk.review.chosen_set
        identity = None if chosen is None else chosen.id
        self._start("Measure time", measure, identity, self.tracing.tracking, folder)

    def _save(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Folder for tables and picture")
        if path:
            self._measure(Path(path))

    def _start(
        self, title: str, work: Callable[..., Generator[Any, None, Any]], *args: Any
    ) -> None:
        if self._job.is_running:
            return
        self.message.clear()
        self.desk.saving.finish()
        self._job.start(title, work, self.desk.project, self.desk.undertaking.image, *args)
        for button in self._own:
            button.setEnabled(False)

    def _refuse(self, text: str) -> None:
        self.message.error(text)
        self.form.show_kept(self.tracing.tracking)

    def _on_done(self, done: Any) -> None:
        if isinstance(done, Tracking):
            self.times.forget()
            self.message.clear()
            self.tracing.reload()
            if self.tracing.is_smooth:
                self.message.hint("The phases that are shown were smoothed before: smooth them "
                                  "again to follow.")  # fmt: skip
        elif isinstance(done, Smoothed):
            self.desk.show_set(done.predictions.id)
            cells = counted(len(done.changed), "cell has", "cells have")
            self.message.hint(f"{cells} another phase now. {done.predictions.notes[0]}")
        else:
            timing, final, folder = done
            self.times.show_timing(timing, final)
            self.times.follow(self.desk.review.final)
            self.message.hint("" if folder is None else f"Written to {folder}.")


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"tracks-{name}")
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setStyleSheet("QPushButton { padding: 3px 8px; }")
    return button


def _told(tracking: Tracking) -> str:
    tracks = tracking.tracks
    inside = int((tracks.track >= 0).sum())
    text = f"{counted(len(tracks), 'track')} of {counted(inside, 'cell')}"
    if outside := len(tracks.track) - inside:
        text += f"; {counted(outside, 'cell is', 'cells are')} in none"
    if tracks.lost:
        text += f"; {counted(tracks.lost, 'point has', 'points have')} no cell"
    return text
