"""Dock widget "Train": crops that people have judged become a model."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.docks import open_dock
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.pages import fill_scrolled
from napari_cellcycle._qt.progress import ProgressRow
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.keys.key_binder import TypingGuard
from napari_cellcycle._qt.room import bring_forward, make_room
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.timers import once
from napari_cellcycle._qt.training.counts import CountsTable
from napari_cellcycle._qt.training.curves import CurvesView
from napari_cellcycle._qt.training.data_list import DataList
from napari_cellcycle._qt.training.form import TrainForm
from napari_cellcycle._qt.training.interrupted_panel import InterruptedPanel
from napari_cellcycle._qt.training.outcome import OutcomePanel
from napari_cellcycle._qt.training.run import COMPARING, training
from napari_cellcycle._qt.training.wording import for_dock
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.models.catalogue import list_models
from napari_cellcycle.models.library import check_new_name, install_model

if TYPE_CHECKING:
    from napari_cellcycle._qt.training.asked import TrainRun
    from napari_cellcycle._qt.training.run import Outcome
    from napari_cellcycle.train.fit.fitting import Progress

_CLASSIFY = "Classify cells"
_SETTLES_MS = 50
"""Until new rows have their places."""
_PAUSE = 0.05
"""Seconds between two reports from within an epoch."""


class TrainWidget(QWidget):
    """Trains a model on crop sets and projects.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    _progressed = Signal(object)

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self._job = Job(self, wording=for_dock)
        self._run: TrainRun | None = None
        self._outcome: Outcome | None = None
        self._reported = 0.0

        self.interrupted = InterruptedPanel()
        self.data = DataList(lambda: session_of(napari_viewer).review)
        self.counts = CountsTable()
        self.warnings = QLabel()
        self.warnings.setObjectName("warnings")
        self.warnings.setWordWrap(True)
        self.warnings.setVisible(False)
        self.form = TrainForm()
        self.message = MessageLabel("message")
        self.progress = ProgressRow("Train")
        self.progress.cancel.setToolTip("Stop after this batch; whole epochs are kept")
        self.curves = CurvesView()
        self.curves.setVisible(False)
        self.go_on = QPushButton("Go on")
        self.go_on.setObjectName("go-on")
        self.go_on.setToolTip("Train on from the last whole epoch")
        self.finish = QPushButton("Take the best so far")
        self.finish.setObjectName("finish")
        self.finish.setToolTip("Make a model of the best epoch up to now, and test it")
        self.outcome = OutcomePanel()
        self.outcome.setVisible(False)
        self._lay_out()

        self.data.changed.connect(self._on_data)
        self.form.changed.connect(self._on_data)
        self.progress.start.clicked.connect(self._train)
        self.progress.cancel.clicked.connect(self._job.cancel)
        self.go_on.clicked.connect(lambda: self._resume(finish=False))
        self.finish.clicked.connect(lambda: self._resume(finish=True))
        self.interrupted.wanted.connect(self._go_on_with)
        self.outcome.keep_wanted.connect(self._keep)
        self.outcome.classify_wanted.connect(self._classify)
        self._settled = once(self, self._scroll, _SETTLES_MS)
        self._progressed.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._job.succeeded.connect(self._on_success)
        self._job.refused.connect(self._on_refused)
        self._job.cancelled.connect(self._on_cancel)
        self._job.ended.connect(self._on_end)
        self._on_data()
        self.interrupted.look(self._run)
        TypingGuard(self)
        make_room(self)

    @property
    def is_running(self) -> bool:
        """Whether a training is under way."""
        return self._job.is_running

    @property
    def result(self) -> Outcome | None:
        """What the last training came to."""
        return self._outcome

    def event(self, event: QEvent | None) -> bool:
        """Stop when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._job.cancel()
            self.data.stop()
        return handled

    def sizeHint(self) -> QSize:
        """As wide as Classify cells."""
        return QSize(370, 640)

    def _lay_out(self) -> None:
        self.stopped = QWidget()
        row = QHBoxLayout(self.stopped)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.go_on, 1)
        row.addWidget(self.finish, 1)
        self.stopped.setVisible(False)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        for widget in (
            self.interrupted,
            self.data,
            self.counts,
            self.warnings,
            self.form,
            self.message,
            self.progress,
            self.curves,
            self.stopped,
            self.outcome,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        self.scrolled = fill_scrolled(self, content)
        self.setMinimumWidth(330)

    # --- what is chosen -----------------------------------------------------------------------

    def _on_data(self) -> None:
        """Count the cells as they would be learned, and offer Train or say why not."""
        if self.is_running:
            return
        try:
            renames = self.form.renamed()
        except CellCycleError:
            renames = {}
        sets = self.data.sets()
        self.form.suit(sets)
        counted = [
            (one.census.grouped(self.form.group_key) if place == 0 else one.census).meaning(
                self.form.labels(), renames
            )
            for place, one in enumerate(sets)
        ]
        self.counts.show_sets(counted)
        told = [note for one in counted for note in one.warnings()]
        self.warnings.setText("\n".join(f"⚠ {note}" for note in told))
        self.warnings.setVisible(bool(told))

        def what() -> object:
            if self.data.is_reading:
                raise CellCycleError("Reading…")
            return self.form.run(sets)

        self.progress.check(what, self.message)

    # --- a training ---------------------------------------------------------------------------

    def _train(self) -> None:
        try:
            run = self.form.run(self.data.sets())
        except CellCycleError as error:
            self.message.error(str(error))
            return
        self.curves.clear()
        self._begin(run)

    def _resume(self, *, finish: bool) -> None:
        if self._run is not None:
            self._begin(replace(self._run, resume=True, finish=finish))

    def _go_on_with(self, run: TrainRun, finish: bool) -> None:
        """Go on with a training of an earlier session."""
        self.curves.clear()
        self._begin(replace(run, resume=True, finish=finish))

    def _begin(self, run: TrainRun) -> None:
        self._run, self._outcome, self._reported = run, None, 0.0
        self.message.clear()
        self.outcome.setVisible(False)
        self.stopped.setVisible(False)
        self.interrupted.setVisible(False)
        for widget in (self.data, self.form):
            widget.setEnabled(False)
        self.progress.begin("Loading…")
        self._job.start("Train", training, run, self._report, lambda: self._job.abort_requested)

    def _report(self, found: Progress) -> None:
        """Pass on progress to the thread of the screen; called in the worker."""
        now = time.monotonic()
        if found.done is not None or now - self._reported > _PAUSE:
            self._reported = now
            self._progressed.emit(found)

    def _on_progress(self, found: Progress) -> None:
        if not self.is_running or self._job.abort_requested:
            return
        if found.done is not None:
            if self.curves.isHidden():
                self.curves.setVisible(True)
                self._settled.start()
            self.curves.add(found.axis, found.done, found.epochs)
        if not found.epochs:
            things = "held-out cells" if found.stage == COMPARING else "views"
            self.progress.advance(found.batch, found.batches, things)
            return
        done = (found.epoch - 1) * found.batches + found.batch
        self.progress.advance(done, found.epochs * found.batches, "batches")
        self.progress.bar.setFormat(
            f"axis {found.axis}, epoch {found.epoch} of {found.epochs}, loss {found.loss:.3f}"
        )

    def _on_success(self, outcome: Outcome) -> None:
        self._outcome, self._run = outcome, None
        self.outcome.show_outcome(outcome)
        self._settled.start()

    def _on_refused(self, told: str) -> None:
        self._offer_to_go_on()
        self.message.error(told)

    def _offer_to_go_on(self) -> bool:
        """Show the buttons that begin with the last whole epoch, where there is one."""
        if self._run is None or not self._run.has_checkpoints:
            return False
        self.stopped.setVisible(True)
        self._settled.start()
        return True

    def _on_cancel(self) -> None:
        if self._offer_to_go_on():
            self.message.hint("Stopped. The epochs up to now are kept.")
        else:
            self._run = None
            self.message.hint("Stopped before the first epoch was over: nothing is kept.")

    def _on_end(self) -> None:
        for widget in (self.data, self.form):
            widget.setEnabled(True)
        self.progress.end()
        self.interrupted.look(self._run)
        told, is_error = self.message.text(), self.message.is_error
        self._on_data()
        if told:
            (self.message.error if is_error else self.message.hint)(told)

    def _scroll(self) -> None:
        """Bring the button and what comes after it into view."""
        bar = self.scrolled.verticalScrollBar()
        assert bar is not None
        bar.setValue(self.progress.y() - 8)

    # --- afterwards ---------------------------------------------------------------------------

    def _keep(self, name: str) -> None:
        if self._outcome is None:
            return
        try:
            check_new_name(name)
            entry = install_model(self._outcome.result.out, name=name)
        except (CellCycleError, OSError) as error:
            self.outcome.show_problem(str(error))
            return
        self.outcome.show_kept(entry.name)
        self.form.refresh()

    def _classify(self) -> None:
        """Let the new model classify the open review, or choose it in Classify cells."""
        name, models = self.outcome.name.text(), list_models()
        review = session_of(self._viewer).review
        if review is not None:
            bring_forward(review)
            review.classify_again(next(entry for entry in models if entry.name == name))
            return
        widget = open_dock(self._viewer, _CLASSIFY)
        widget.form.offer_models(models, name)
