"""Dock widget "Review cells": see what the network saw, correct by click or key, lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt, QTimer
from qtpy.QtWidgets import QLabel, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.desk import Desk
from napari_cellcycle._qt.review.errands import Errands
from napari_cellcycle._qt.review.image_layers import ImageLayers
from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle._qt.review.prepared import Prepared, known, prepare
from napari_cellcycle._qt.review.reader import prefer_this_reader
from napari_cellcycle._qt.review.scene import Scene
from napari_cellcycle._qt.review.search import Search
from napari_cellcycle._qt.review.start import begin
from napari_cellcycle._qt.review.start_form import StartForm
from napari_cellcycle._qt.review.undertaking import AtHand, Lost, enter, resume
from napari_cellcycle._qt.review.workbench import Workbench
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.warm import warm_up
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_cellcycle._qt.review.other_labels import Replaced
    from napari_cellcycle._qt.review.start import Start
    from napari_cellcycle._qt.review.take_in import Taken
    from napari_cellcycle._qt.review.undertaking import Found, Undertaking
    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.review.loaded import Loaded


class ReviewWidget(QStackedWidget):
    """Reviews the cells of one image.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        prefer_this_reader()
        self._viewer = napari_viewer
        self._job = Job(self)
        self.errands = Errands(self)
        self.desk: Desk | None = None
        self.scene: Scene | None = None
        self.bench: Workbench | None = None
        self._entered: dict[int, Undertaking] = {}
        self.layers = ImageLayers(napari_viewer)
        self.layers.filling.came.connect(self._on_frame)
        self.layers.filling.failed.connect(self._refuse)
        self.form = StartForm(napari_viewer)
        self.form.start_wanted.connect(self._start)
        self.form.open_wanted.connect(self.open_project)
        self.busy = QLabel()
        self.busy.setObjectName("review-busy")
        self.message = MessageLabel("review-start-message")
        self.lost = Notice("lost")
        self.search = Search(self)
        self.search.found.connect(self._look_there)
        self.lost.pressed.connect(self.find_labels)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addWidget(self.form)
        layout.addWidget(self.busy)
        layout.addWidget(self.message)
        layout.addWidget(self.lost)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        self.addWidget(scroll)
        self.setMinimumWidth(400)
        self.errands.replaced.connect(self._take_labels)
        self._job.stepped.connect(self._on_step)
        self._job.ended.connect(self._on_end)
        self._job.refused.connect(self._refuse)
        self._job.succeeded.connect(self._on_ready)
        napari_viewer.dims.events.current_step.connect(self._on_dims)
        napari_viewer.layers.events.removed.connect(self._on_removed)
        session_of(napari_viewer).classified.connect(self._on_classified)
        QTimer.singleShot(0, lambda: warm_up("read"))
        make_room(self)

    @property
    def is_busy(self) -> bool:
        """Whether a project is being made, opened or updated."""
        return self._job.is_running or self.errands.is_running

    def sizeHint(self) -> QSize:
        """Wide enough to read, narrow enough to leave the room to the image."""
        return QSize(400, 640)

    def event(self, event: QEvent | None) -> bool:
        """Close the project when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._job.cancel()
            self.close_project()
            self.layers.filling.close()
            self.form.watch.stop()
            self._viewer.dims.events.current_step.disconnect(self._on_dims)
            self._viewer.layers.events.removed.disconnect(self._on_removed)
            session_of(self._viewer).classified.disconnect(self._on_classified)
        return handled

    # --- opening and closing ------------------------------------------------------------------

    def open_project(self, folder: str | Path) -> None:
        """Open a project, in place of the one that is open.

        Parameters
        ----------
        folder : str or Path
            ``NAME.cellcycle``.
        """
        if self.is_busy:
            return
        self.close_project()
        self.message.clear()
        self._begin_work("Opening the project…")
        at_hand = AtHand(self.layers.stacks())
        self._open("Open a project", resume(Path(folder), self.form.name, at_hand))

    def show_image(self, number: int) -> None:
        """Show another image of the open project.

        Parameters
        ----------
        number : int
            Of the image.
        """
        if self.desk is None or self.bench is None or number == self.desk.undertaking.image:
            return
        if self.is_busy:
            self.bench.images.show_current()
            return
        former = self._entered.get(number)
        if former is None:
            opening = enter(self.desk.project, number, AtHand(self.layers.stacks()))
        else:
            opening = known(former)
        self._open("Open an image", opening, self.layers.edited(number))

    def add_image(self) -> None:
        """Close the project, and offer to add what is in the viewer to it."""
        if self.desk is None or self.is_busy:
            return
        project, folder = self.desk.project, self.desk.project.folder
        self._put_away()
        project.close()
        self.close_project()
        self.form.choose_place(folder)
        self.message.hint(f"Choose the labels of the image that goes to {folder.name}.")

    def close_project(self) -> None:
        """Close the project, if one is open; its layers stay."""
        desk = self.desk
        self._leave()
        if desk is not None:
            desk.project.close()
        self._entered.clear()
        self.layers.forget()
        self.form.refresh()

    def _leave(self) -> None:
        """Take down the widgets of the image that is shown; the project stays open."""
        if self.bench is not None:
            self.bench.close_bench()
            self.removeWidget(self.bench)
            self.bench.deleteLater()
        if self.scene is not None:
            self.scene.close()
            self.scene.deleteLater()
        if self.desk is not None:
            self.desk.leave()
            self.desk.deleteLater()
        self.bench = self.scene = self.desk = None
        self.errands.serve(None, None)
        session_of(self._viewer).review = None

    def _start(self, start: Start) -> None:
        if self.is_busy:
            return
        self.message.clear()
        self._begin_work("Starting…")
        self._open("Start a review", begin(start), self.form.labels.value())

    def _open(
        self, title: str, opening: Generator[str, None, Undertaking | Lost], layer: Any = None
    ) -> None:
        """Find and read an image in a thread, then show it; ``layer`` has its labels, if any."""
        shown = None if self.desk is None else self.desk.undertaking.image
        labels = inputs.label_layers(self._viewer.layers)
        self._job.start(title, prepare, opening, labels, layer, self.desk is not None, shown)

    def _on_ready(self, found: Prepared | Lost) -> None:
        if isinstance(found, Lost):
            self._lose(found)
            return
        self.search.forget()
        self.lost.clear()
        try:
            given = found.undertaking
            if self.desk is not None and given.image == self.desk.undertaking.image:
                self._take_image(found)
                return
            if self.desk is not None:
                self._put_away()
            self._show(found)
        except CellCycleError as error:
            found.undertaking.project.close()
            self.message.error(str(error))

    def take_merged(
        self, undertaking: Undertaking, read: Loaded, cells: Sequence[tuple[int, int]]
    ) -> None:
        """Show labels in which other labels are one cell, in a layer of our own.

        Parameters
        ----------
        undertaking : Undertaking
            With the labels as they are now.
        read : Loaded
            What the review reads of them.
        cells : sequence of (frame, label)
            Those of its cells that are other ones now.
        """
        if self.desk is None or self.scene is None:
            return
        layer = self.scene.segmentation
        if self.layers.take_merged(undertaking, layer, read, cells):
            self.desk.reload(undertaking, read)
            self.scene.labels.set_edited(False)
            return
        self._leave()
        self._show(Prepared(undertaking, read, self.layers.add_merged(undertaking, layer)))

    def _take_joined(self, taken: Taken) -> None:
        """Show and tell which labels are one cell now, by what others said."""
        self._entered.clear()  # images that were shown before have other labels, too
        desk, found = self.desk, taken.undertaking
        if desk is None or taken.read is None:
            return
        if found is None:
            desk.reload(desk.undertaking, taken.read)
        elif (found.project, found.image) == (desk.project, desk.undertaking.image):
            self.take_merged(found, taken.read, taken.cells)
        if self.bench is not None:
            self.bench.tabs.setCurrentWidget(self.bench.people)
            self.bench.people.take_in.tell(taken)

    def _take_labels(self, replaced: Replaced) -> None:
        """Show the image with other labels."""
        if self.scene is None:
            return
        former, found = self.scene.segmentation, replaced.prepared
        self._leave()
        layer = self.layers.exchange(found.undertaking, former, found.layer)
        self._show(Prepared(found.undertaking, found.review, layer))
        if self.desk is not None:
            self.desk.told.emit(replaced.told)

    def _lose(self, lost: Lost) -> None:
        """Say what was not found, and offer to look for it."""
        if self.bench is not None:
            self.bench.images.show_current()
            self.bench.message.clear()
        self.search.offer(lost, self.lost if self.bench is None else self.bench.lost)

    def _take_image(self, found: Prepared) -> None:
        """Show the image that was found for the cells that are reviewed already."""
        assert self.desk is not None
        stack = found.undertaking.stack
        self.desk.reload(found.undertaking)
        if stack is not None:
            self.layers.add_found(found, self.desk.review.cells.spacing)
            self.desk.told.emit(f"Found: {stack.name}.")

    def _put_away(self) -> None:
        """Make room for another image of the project."""
        assert self.desk is not None
        assert self.scene is not None
        former, labels = self.desk.undertaking, self.scene.segmentation
        edited = self.scene.labels.is_edited
        self._entered[former.image] = former
        self.scene.phases.stop()  # they go
        self._leave()
        self.layers.put_away(former, labels, edited=edited)

    def _show(self, prepared: Prepared) -> None:
        undertaking = prepared.undertaking
        desk = Desk(undertaking, self, read=prepared.review)
        layer = self.layers.bring(prepared, desk.review.cells.spacing)
        time = undertaking.segmentation.grid[0] > 1
        axes = inputs.axes_of(layer, time=time)
        self.desk = desk
        self.scene = Scene(self._viewer, desk, layer, axes, self)
        edited = self.layers.holds_edits(undertaking)
        self.bench = Workbench(desk, self.scene)
        self.bench.panel.loader.came.connect(self._on_pictures)
        self.errands.serve(desk, self.scene)
        session_of(self._viewer).review = self
        self.bench.update_wanted.connect(self.errands.update_labels)
        self.bench.classify_wanted.connect(self.errands.classify)
        self.bench.labels.wanted.connect(self.errands.take_labels)
        self.bench.labels.version_wanted.connect(self.errands.go_back)
        self.bench.find_wanted.connect(self.find_image)
        self.bench.lost.pressed.connect(self.find_labels)
        self.bench.image_wanted.connect(self.show_image)
        self.bench.add_wanted.connect(self.add_image)
        self.bench.close_wanted.connect(self.close_project)
        self.bench.people.take_in.relabelled.connect(
            self._take_joined, Qt.ConnectionType.QueuedConnection
        )
        self.addWidget(self.bench)
        make_room(self)
        self.setCurrentWidget(self.bench)
        self.scene.labels.set_edited(edited)
        desk.begin()

    def find_image(self) -> None:
        """Ask where the image that is shown without pictures is now."""
        if self.desk is not None and not self.is_busy:
            given = self.desk.undertaking
            self.search.find(Lost(self.desk.project.folder, given.image, given.problem), "image")

    def find_labels(self) -> None:
        """Ask where the labels of an image that could not be shown are now."""
        if not self.is_busy:
            self.search.find_labels()

    def _look_there(self, lost: Lost, found: Found) -> None:
        at_hand = AtHand(self.layers.stacks())
        if self.desk is not None:
            opening = enter(self.desk.project, lost.image, at_hand, found)
        else:
            opening = resume(lost.folder, self.form.name, at_hand, found)
        self._open("Find a file", opening)

    def classify_again(self, entry: ModelEntry) -> None:
        """Classify the cells of the open review with a model: one more prediction set."""
        self.errands.classify(entry)

    # --- inside ---------------------------------------------------------------------------------

    def _begin_work(self, text: str) -> None:
        self.form.setEnabled(False)
        self.busy.setText(text)
        self.busy.setVisible(True)

    def _on_step(self, text: str) -> None:
        self.busy.setText(text)
        if self.desk is not None:
            self.desk.told.emit(text)

    def _on_end(self) -> None:
        self.form.setEnabled(True)
        self.busy.setText("")

    def _refuse(self, text: str) -> None:
        if self.desk is not None and self.bench is not None:
            self.desk.refused.emit(text)
            self.bench.images.show_current()
        else:
            self.message.error(text)

    def _on_dims(self, event: Any = None) -> None:
        if self.bench is not None:
            self.bench.follow_frame()

    def _on_pictures(self, row: int) -> None:
        # what nobody has asked for comes after what is seen
        if self.layers.filling.is_waiting:
            self.layers.filling.begin()

    def _on_frame(self, frame: int) -> None:
        if self.scene is not None:
            self.scene.phases.go_on()

    def _on_classified(self, finished: Finished) -> None:
        if self.scene is None:
            self.form.refresh()
        elif finished.layer == self.scene.segmentation:
            self.errands.take(finished)

    def _on_removed(self, event: Any) -> None:
        if self.scene is not None and event.value == self.scene.segmentation:
            # afterwards: napari may be on its way through several layers, with ours among them
            QTimer.singleShot(0, self._close_without_labels)

    def _close_without_labels(self) -> None:
        """Close the project when the person has removed the segmentation."""
        if self.scene is not None and self.scene.segmentation not in self.scene.layers:
            self.close_project()
            self.message.hint("The segmentation was removed, and the project closed. All is saved.")
