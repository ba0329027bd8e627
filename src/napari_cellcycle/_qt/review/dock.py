"""Dock widget "Review cells": see what the network saw, correct by click or key, lose nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QSize, Qt, QTimer

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.job import Job
from napari_cellcycle._qt.pages import Pages
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.review.opening.prepared import Prepared, prepare
from napari_cellcycle._qt.review.opening.reader import prefer_this_reader
from napari_cellcycle._qt.review.opening.search import Search
from napari_cellcycle._qt.review.opening.start import begin
from napari_cellcycle._qt.review.opening.start_page import StartPage
from napari_cellcycle._qt.review.opening.undertaking import AtHand, Lost, enter, resume
from napari_cellcycle._qt.review.revision.errands import Errands
from napari_cellcycle._qt.review.stage import Stage
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.warm import warm_up
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_cellcycle._qt.results import MessageLabel
    from napari_cellcycle._qt.review.canvas.scene import Scene
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.review.notice import Notice
    from napari_cellcycle._qt.review.opening.image_layers import ImageLayers
    from napari_cellcycle._qt.review.opening.start import Start
    from napari_cellcycle._qt.review.opening.start_form import StartForm
    from napari_cellcycle._qt.review.opening.undertaking import Found, Undertaking
    from napari_cellcycle._qt.review.workbench import Workbench
    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.models.catalogue import ModelEntry


class ReviewWidget(Pages):
    """Opens projects, and reviews the cells of one image.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    narrowest = 400

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        prefer_this_reader()
        self._viewer = napari_viewer
        self._job = Job(self)
        self.errands = Errands(self)
        self.stage = Stage(napari_viewer, self)
        stage = self.stage  # it is still there when this widget is deleted with its window
        self.destroyed.connect(lambda: stage.let_go())
        self.stage.came.connect(self._on_came)
        self.stage.going.connect(self.drop)
        self.stage.left.connect(self._on_left)
        self.layers.filling.came.connect(self._on_frame)
        self.layers.filling.failed.connect(self._refuse)
        self.start_page = StartPage(napari_viewer)
        self.form.start_wanted.connect(self._start)
        self.form.open_wanted.connect(self.open_project)
        self.lost.pressed.connect(self.find_labels)
        self.search = Search(self)
        self.search.found.connect(self._look_there)
        self.addWidget(self.start_page)
        self.errands.replaced.connect(self.stage.take_labels)
        self._job.stepped.connect(self._on_step)
        self._job.ended.connect(self.start_page.end)
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

    @property
    def desk(self) -> Desk | None:
        """Every gesture on the cells of the image that is shown."""
        return self.stage.desk

    @property
    def scene(self) -> Scene | None:
        """The same image in the viewer."""
        return self.stage.scene

    @property
    def bench(self) -> Workbench | None:
        """Its widgets."""
        return self.stage.bench

    @property
    def layers(self) -> ImageLayers:
        """The layers of all images that were shown."""
        return self.stage.layers

    @property
    def form(self) -> StartForm:
        """What to open."""
        return self.start_page.form

    @property
    def message(self) -> MessageLabel:
        """Why nothing could be opened."""
        return self.start_page.message

    @property
    def lost(self) -> Notice:
        """Labels that were not found."""
        return self.start_page.lost

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
        self.start_page.begin("Opening the project…")
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
        self._open("Open an image", self.stage.opening(number), self.layers.edited(number))

    def add_image(self) -> None:
        """Close the project, and offer to add what is in the viewer to it."""
        if self.desk is None or self.is_busy:
            return
        project, folder = self.desk.project, self.desk.project.folder
        self.stage.put_away()
        project.close()
        self.close_project()
        self.form.choose_place(folder)
        self.message.hint(f"Choose the labels of the image that goes to {folder.name}.")

    def close_project(self) -> None:
        """Close the project, if one is open; its layers stay, and can be reviewed there again."""
        desk = self.desk
        if desk is not None and self.scene is not None:
            self.form.place.left[self.scene.segmentation.unique_id] = desk.project.folder
        self.stage.leave()
        if desk is not None:
            desk.project.close()
        self.stage.forget()
        self.form.refresh()

    def find_image(self) -> None:
        """Ask where the image that is shown without pictures is now."""
        if self.desk is not None and not self.is_busy:
            given = self.desk.undertaking
            self.search.find(Lost(self.desk.project.folder, given.image, given.problem), "image")

    def find_labels(self) -> None:
        """Ask where the labels of an image that could not be shown are now."""
        if not self.is_busy:
            self.search.find_labels()

    def classify_again(self, entry: ModelEntry) -> None:
        """Classify the cells of the open review with a model: one more prediction set."""
        self.errands.classify(entry)

    # --- inside ---------------------------------------------------------------------------------

    def _start(self, start: Start) -> None:
        if self.is_busy:
            return
        self.start_page.begin("Starting…")
        self._open("Start a review", begin(start), self.form.labels.value())

    def _look_there(self, lost: Lost, found: Found) -> None:
        at_hand = AtHand(self.layers.stacks())
        if self.desk is not None:
            opening = enter(self.desk.project, lost.image, at_hand, found)
        else:
            opening = resume(lost.folder, self.form.name, at_hand, found)
        self._open("Find a file", opening)

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
                self.stage.take_image(found)
                return
            if self.desk is not None:
                self.stage.put_away()
            self.stage.show(found)
        except CellCycleError as error:
            found.undertaking.project.close()
            self.message.error(str(error))

    def _lose(self, lost: Lost) -> None:
        """Say what was not found, and offer to look for it."""
        if self.bench is not None:
            self.bench.images.show_current()
            self.bench.message.clear()
        self.search.offer(lost, self.lost if self.bench is None else self.bench.lost)

    def _on_came(self) -> None:
        """Serve the image that is shown now."""
        desk, scene, bench = self.desk, self.scene, self.bench
        assert bench is not None
        self.errands.serve(desk, scene)
        session_of(self._viewer).review = self
        bench.update_wanted.connect(self.errands.update_labels)
        bench.classify_wanted.connect(self.errands.classify)
        bench.labels.wanted.connect(self.errands.take_labels)
        bench.labels.version_wanted.connect(self.errands.go_back)
        bench.find_wanted.connect(self.find_image)
        bench.lost.pressed.connect(self.find_labels)
        bench.image_wanted.connect(self.show_image)
        bench.add_wanted.connect(self.add_image)
        bench.close_wanted.connect(self.close_project)
        bench.people.take_in.relabelled.connect(
            self.stage.take_joined, Qt.ConnectionType.QueuedConnection
        )
        self.show_scrolled(bench)

    def _on_left(self) -> None:
        self.errands.serve(None, None)
        session_of(self._viewer).review = None

    def _on_step(self, text: str) -> None:
        self.start_page.busy.setText(text)
        if self.desk is not None:
            self.desk.told.emit(text)

    def _refuse(self, text: str) -> None:
        if self.desk is not None and self.bench is not None:
            self.desk.refused.emit(text)
            self.bench.images.show_current()
        else:
            self.message.error(text)

    def _on_dims(self, event: Any = None) -> None:
        if self.bench is not None:
            self.bench.follow_frame()

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
