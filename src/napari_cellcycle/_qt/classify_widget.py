"""Dock widget "Classify cells": layers in, phases on screen."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QSize, QTimer
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.classify_form import ClassifyForm, Run
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.overlay import PhaseOverlay, overlays_of
from napari_cellcycle._qt.pages import fill_scrolled
from napari_cellcycle._qt.progress import ProgressRow
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.results import MessageLabel, ResultPanel
from napari_cellcycle._qt.review.keys.key_binder import TypingGuard
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.segment_widget import Segmented, add_labels, segment
from napari_cellcycle._qt.session import Finished, feature_rows, session_of
from napari_cellcycle._qt.warm import warm_up
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from qtpy.QtCore import QEvent

    from napari_cellcycle.classify.run import Batch, Classification, ClassifyRequest


@dataclass(slots=True)
class _Going:
    """The run under way: what is finished of it."""

    run: Run
    overlay: PhaseOverlay | None = None
    counts: dict[str, int] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)


class ClassifyWidget(QWidget):
    """Classifies the cells of the open layers.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._going: _Going | None = None
        self._result: Classification | None = None
        self._layer: Any = None
        self._below: tuple[Any, ...] = ()
        self._job = Job(self)
        self._segmenting = Job(self)

        self.form = ClassifyForm(napari_viewer, _models())
        self.message = MessageLabel("message")
        self.segment_button = QPushButton("Segment nuclei")
        self.segment_button.setObjectName("segment")
        self.segment_button.setToolTip(
            "Plain segmentation of the DNA channel: threshold and watershed"
        )
        self.progress = ProgressRow("Run")
        self.results = ResultPanel()
        self.results.setVisible(False)
        self.hide_labels = QCheckBox("hide the segmentation below")
        self.hide_labels.setObjectName("hide-segmentation")
        self.hide_labels.setChecked(True)
        self.hide_labels.setToolTip(
            "Make the segmentation transparent, so that the image shows through the phases. "
            "The status bar still tells what is under the pointer."
        )
        self.save_button = QPushButton("Save CSV…")
        self.save_button.setObjectName("save")
        self._lay_out()

        self.form.changed.connect(self._update)
        self.segment_button.clicked.connect(self._segment)
        self.progress.start.clicked.connect(self._run)
        self.progress.cancel.clicked.connect(self._cancel)
        self.hide_labels.toggled.connect(self._hide_labels)
        self.save_button.clicked.connect(self._save)
        self._job.stepped.connect(self._on_step)
        self._job.succeeded.connect(self._on_success)
        self._job.refused.connect(self._on_refusal)
        self._job.cancelled.connect(self._on_cancel)
        self._job.ended.connect(self._on_end)
        self._segmenting.stepped.connect(self._on_frame)
        self._segmenting.succeeded.connect(self._on_segmented)
        self._segmenting.refused.connect(self._on_refusal)
        self._segmenting.ended.connect(self._on_end)
        self._update()
        QTimer.singleShot(50, lambda: warm_up("predict"))
        TypingGuard(self)
        make_room(self)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return self._job.is_running or self._segmenting.is_running

    @property
    def result(self) -> Classification | None:
        """The last finished classification."""
        return self._result

    def event(self, event: QEvent | None) -> bool:
        """Cancel and disconnect when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._cancel()
            self.form.watch.stop()
        return handled

    def sizeHint(self) -> QSize:
        """Wide enough to read, narrow enough to leave the room to the image."""
        return QSize(350, 620)

    def _lay_out(self) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.form)
        layout.addWidget(self.segment_button)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addWidget(self.results)
        row = QHBoxLayout()
        row.addWidget(self.hide_labels)
        row.addStretch(1)
        row.addWidget(self.save_button)
        self.results.add_row(row)
        layout.addStretch(1)
        fill_scrolled(self, content)
        self.setMinimumWidth(320)

    def _update(self) -> None:
        """Offer Run, or say in one line why not."""
        if self.is_running:
            return
        self.progress.check(self.form.run, self.message)
        self.segment_button.setVisible(self.form.can_segment)
        self.segment_button.setEnabled(True)

    def _cancel(self) -> None:
        self._job.cancel()
        self._segmenting.cancel()

    # --- a run --------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            run = self.form.run()
        except CellCycleError as error:
            self._on_refusal(str(error))
            return
        self._going = _Going(run)
        if self._layer != run.layer:
            self._hide_labels(False)
        self._layer, self._below = run.layer, run.segmentations
        self._result = None
        self.message.clear()
        self.results.clear()
        self.save_button.setEnabled(False)
        self.form.setEnabled(False)
        self.progress.begin(f"Loading {run.request.model}…")
        self._job.start("Classify cells", _classify, run.request)

    def _on_step(self, batch: Batch) -> None:
        going = self._going
        if going is None:
            return
        self.progress.advance(batch.done, batch.total, f"cells ({batch.device})")
        self.results.set_notes(batch.notes)
        self.results.setVisible(True)
        if not len(batch.indices):
            self.results.summary.setText(f"Computing on {batch.device}…")
            return
        layer, phases = going.run.layer, going.run.phases
        if layer not in self._viewer.layers:
            self._job.cancel()
            return
        if going.overlay is None:
            going.overlay = session_of(self._viewer).begin(
                self._viewer, layer, batch.cells, going.run.axes, phases
            )
            self._hide_labels(self.hide_labels.isChecked())
        going.overlay.paint(batch.indices, batch.decision.phase + 1)
        going.batches.append(batch)
        found, times = np.unique(batch.decision.phase, return_counts=True)
        for leaf, n in zip(found.tolist(), times.tolist(), strict=True):
            slug = phases.slugs[leaf]
            going.counts[slug] = going.counts.get(slug, 0) + n
        self.results.set_counts(phases, going.counts)

    def _on_success(self, result: Classification) -> None:
        self._result = result
        cells = counted(len(result.cells), "cell")
        self.results.summary.setText(f"{cells} classified by {result.card.name} on {result.device}")
        self.results.set_notes(result.notes)
        self.save_button.setEnabled(True)
        self._give_features()
        if self._going is not None:
            run = self._going.run
            request = run.request
            session_of(self._viewer).finish(
                Finished(result, request.stack, run.layer, run.axes, request.nuclei)
            )

    def _on_cancel(self) -> None:
        n = sum(self._going.counts.values()) if self._going is not None else 0
        if n:
            cells = counted(n, "cell classified so far stays", "cells classified so far stay")
            self.results.summary.setText(f"Cancelled: {cells} on screen.")
            self._give_features()
        else:
            self.results.setVisible(False)
            self.message.hint("Cancelled.")

    def _on_refusal(self, text: str) -> None:
        self.message.error(text)

    def _on_end(self) -> None:
        self._going = None
        self.form.setEnabled(True)
        self.progress.end()
        told = self.message.text()
        self._update()
        if told:
            self.message.error(told)

    def _give_features(self) -> None:
        """Give the segmentation what is known of its cells, if it is still there."""
        going = self._going
        if going is None or not going.batches or going.run.layer not in self._viewer.layers:
            return
        frame, rows = feature_rows(going.run.phases, going.batches)
        session_of(self._viewer).set_features(
            self._viewer, going.run.layer, frame, rows, going.run.axes
        )

    # --- buttons ------------------------------------------------------------------------------

    def _segment(self) -> None:
        try:
            what = self.form.to_segment()
        except CellCycleError as error:
            self._on_refusal(str(error))
            return
        self.message.clear()
        self.form.setEnabled(False)
        self.segment_button.setEnabled(False)
        self.progress.begin("Segmenting…")
        self._segmenting.start("Segment nuclei", segment, what)

    def _on_frame(self, done: tuple[int, int]) -> None:
        self.progress.advance(*done, "frames")

    def _on_segmented(self, found: Segmented) -> None:
        add_labels(self._viewer, found)

    def _hide_labels(self, hide: bool) -> None:
        """Show the phases over the image alone, or over the segmentation as it was."""
        if self._layer is None or self._layer not in self._viewer.layers:
            return
        below = session_of(self._viewer).below
        if hide:
            below.hide(self._viewer, self._layer, self._below)
        else:
            below.show(self._layer)
        for overlay in overlays_of(self._viewer, self._layer):
            overlay.opacity = 0.6 if hide else 1.0

    def _save(self) -> None:
        if self._result is None:
            return
        name = f"{Path(self._result.cells.image).stem or 'cells'}_phases.csv"
        path, _ = QFileDialog.getSaveFileName(self, "Save CSV", name, "CSV (*.csv)")
        if path:
            self.save(path)

    def save(self, path: str | Path) -> None:
        """Write the table of the last classification.

        Parameters
        ----------
        path : str or Path
            ``.csv`` is added where the name has no ending.
        """
        target = Path(path)
        target = target if target.suffix else target.with_suffix(".csv")
        if self._result is None:
            return
        try:
            self._result.to_csv(target)
        except (OSError, CellCycleError) as error:
            self.message.error(f"{target} was not written: {error}")
        else:
            cells = counted(len(self._result.cells), "cell")
            self.results.summary.setText(f"{cells} written to {target}")


def _classify(request: ClassifyRequest) -> Generator[Batch, None, Classification]:
    from napari_cellcycle.classify.run import iter_classify

    return (yield from iter_classify(request))


def _models() -> list[Any]:
    from napari_cellcycle.models.catalogue import list_models

    return list(list_models())
