"""The widgets of an open review, in the dock: queue, phases, cell, gallery, table, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QEvent, Qt, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.blind import BlindBox
from napari_cellcycle._qt.review.canvas.canvas_bar import CanvasBar
from napari_cellcycle._qt.review.canvas.lost_phases import LostPhases
from napari_cellcycle._qt.review.cell.cell_panel import CellPanel
from napari_cellcycle._qt.review.exchange.export_form import ExportForm
from napari_cellcycle._qt.review.exchange.people import PeoplePanel
from napari_cellcycle._qt.review.exchange.waiting import WaitingWords
from napari_cellcycle._qt.review.gallery.gallery import Gallery
from napari_cellcycle._qt.review.gesture_bar import GestureBar
from napari_cellcycle._qt.review.image_bar import ImageBar
from napari_cellcycle._qt.review.keys.key_binder import KeyBinder, TypingGuard
from napari_cellcycle._qt.review.keys.key_page import KeyPage
from napari_cellcycle._qt.review.keys.keys import REVIEW, with_key
from napari_cellcycle._qt.review.notice import Notice
from napari_cellcycle._qt.review.notices import Notices
from napari_cellcycle._qt.review.phase_bar import PhaseBar
from napari_cellcycle._qt.review.queue_bar import QueueBar
from napari_cellcycle._qt.review.revision.labels_menu import LabelsButton
from napari_cellcycle._qt.review.revision.set_bar import SetBar
from napari_cellcycle._qt.review.table.cell_table import CellTable
from napari_cellcycle._qt.timers import once
from napari_cellcycle.counted import counted

if TYPE_CHECKING:
    import numpy as np

    from napari_cellcycle._qt.review.canvas.scene import Scene
    from napari_cellcycle._qt.review.desk import Desk


_AHEAD_AFTER_MS = 60
"""How long a cell is at hand before pictures of the next are made: until it is drawn itself."""


class Workbench(QWidget):
    """Everything that a person works with while a review is open.

    Parameters
    ----------
    desk : Desk
        What is done goes through it.
    scene : Scene
        The same review in the viewer.

    Attributes
    ----------
    update_wanted : Signal()
        Edited labels are to be taken over.
    image_wanted : Signal(int)
        Another image of the project is to be shown.
    find_wanted : Signal()
        A person knows where the image is that was not found.
    classify_wanted : Signal(object)
        A model of the catalogue is to classify the image.
    add_wanted : Signal()
        An image of the viewer is to be added to the project.
    close_wanted : Signal()
        The project is to be closed.
    """

    update_wanted = Signal()
    image_wanted = Signal(int)
    find_wanted = Signal()
    classify_wanted = Signal(object)
    add_wanted = Signal()
    close_wanted = Signal()

    def __init__(self, desk: Desk, scene: Scene, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.scene = desk, scene
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title = QElidingLabel()
        self.title.setObjectName("project-title")
        self.title.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.title.setStyleSheet("font-weight: bold;")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.close_button = _tool("Close", "close-project", "Close the project; all is saved")
        self.blind = BlindBox(desk)
        self.add_button = _tool("Add image…", "add-image", "Add an image to the project")
        self.images = ImageBar(desk, self)
        self.sets = SetBar(desk, self)
        self.notice = Notice("review-notice")
        self.edits = Notice("edited-labels")
        self.lost = Notice("lost-labels")
        self.lost_phases = LostPhases(scene)
        self.waiting = WaitingWords(desk)
        self._notices = (self.notice, self.lost_phases, self.waiting, self.edits, self.lost)
        self.queue = QueueBar(desk)
        self.phases = PhaseBar(desk)
        self.note = QLineEdit()
        self.note.setObjectName("note")
        self.note.setPlaceholderText("note, then Unsure or Exclude")
        self.goes_on = QCheckBox("then next")
        self.goes_on.setObjectName("goes-on")
        self.goes_on.setToolTip("Go to the next cell after a word on the current one")
        self.goes_on.setChecked(True)
        self.labels = LabelsButton(desk, scene.layers, scene.segmentation)
        self.canvas = CanvasBar(scene, self.labels)
        self.message = MessageLabel("review-message")
        self.panel = CellPanel(desk.source)
        self.gallery = Gallery(desk.source)
        self.table = CellTable(desk.source)
        self.people = PeoplePanel(desk)
        self.export = ExportForm(desk)
        self.keys = KeyPage(desk.review.phases)
        self._actions = {
            "next": desk.next,
            "previous": desk.previous,
            "next-image": self.images.go_on,
            "accept": desk.accept,
            "accept-all": desk.accept_sure,
            "exclude": lambda: desk.exclude(self._taken_note()),
            "unsure": lambda: desk.unsure(self._taken_note()),
            "note": self.note.setFocus,
            "clear": desk.clear,
            "undo": desk.undo,
            "redo": desk.redo,
            "centre": scene.centre,
            "isolate": scene.isolate,
            "outline": scene.outline,
            "names": scene.name_phases,
            "update": self.update_wanted.emit,
        }
        self.gestures = GestureBar(desk, self._actions)
        self._actions["exclude-why"] = self.gestures.why.ask
        self.binder = KeyBinder(self, self._actions)
        self._lent: dict[QWidget, KeyBinder] = {}
        self._ahead = once(self, lambda: self.panel.prefetch(self.desk.ahead()), _AHEAD_AFTER_MS)
        self._tell_edits()
        self._lay_out()
        self._guard = TypingGuard(self)
        self._connect()
        self.fill()

    def close_bench(self) -> None:
        """Stop the workers, and follow the review no more."""
        self._ahead.stop()
        self.binder.free_layer()
        self.phases.close_bar()
        self.panel.close_worker()
        self.gallery.close_worker()
        self.people.close_panel()
        self.waiting.close_notice()
        self.lost_phases.close_notice()
        self.export.close_job()

    def fill(self) -> None:
        """Show what the review has now: its name, its phases, its keys."""
        project = self.desk.project
        self.title.setText(f"{project.folder.stem} · {project.who}")
        self.title.setToolTip(str(project.folder))
        problem = self.desk.undertaking.problem
        can_find = bool(problem) and not project.read_only
        self.notice.error(
            "\n".join(filter(None, (project.reason, problem))), "Find image…" if can_find else ""
        )
        self.sets.fill()
        self.queue.fill()
        self.phases.fill()
        self.keys.fill(self.desk.review.phases)
        self._take_keys()
        self._tell_edits()

    def lend_keys(self, widget: QWidget, *, stay: bool = False) -> None:
        """Let the keys work in a widget beside this one too; ``stay`` at the cell after a word."""
        TypingGuard(widget)
        widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # else a click on a button takes them away
        around = self.desk.stay if stay else None
        self._lent[widget] = KeyBinder(widget, self._actions, around)
        self._lent[widget].bind(self.keys.of(REVIEW))

    def take_keys_back(self, widget: QWidget) -> None:
        """Let them work there no more."""
        self._lent.pop(widget).bind(())

    # --- inside ---------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title, 1)
        head.addWidget(self.blind)
        head.addWidget(self.add_button)
        head.addWidget(self.close_button)
        self.phases.row.addWidget(self.goes_on)
        words = QHBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.note, 1)
        words.addWidget(self.gestures.accept_all)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("review-tabs")
        self.tabs.setDocumentMode(True)
        # less than a page may want: the window must not grow beyond the screen
        self.tabs.setMinimumHeight(140)
        for widget, name in (
            (self.panel, "Cell"),
            (self.gallery, "Gallery"),
            (self.table, "Table"),
            (self.people, "People"),
            (self.export, "Export"),
            (self.keys, "Keys"),
        ):
            self.tabs.addTab(widget, name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(5)
        layout.addLayout(head)
        layout.addWidget(self.images)
        layout.addWidget(self.sets)
        layout.addWidget(Notices(*self._notices))
        layout.addWidget(self.queue)
        layout.addWidget(self.gestures)
        layout.addWidget(self.phases)
        layout.addWidget(self.canvas)
        layout.addLayout(words)
        layout.addWidget(self.message)
        layout.addWidget(self.tabs, 1)

    def _connect(self) -> None:
        desk, scene = self.desk, self.scene
        self.close_button.clicked.connect(self.close_wanted)
        self.add_button.clicked.connect(self.add_wanted)
        self.images.wanted.connect(self.image_wanted)
        self.gestures.why.chosen.connect(self._exclude_because)
        self.sets.classify_wanted.connect(self.classify_wanted)
        self.notice.pressed.connect(self.find_wanted)
        self.edits.pressed.connect(self.update_wanted)
        scene.labels.changed.connect(lambda _: self._tell_edits())
        self.phases.chosen.connect(desk.say)
        self.phases.hidden_changed.connect(scene.hide_phases)
        self.phases.tool_changed.connect(self._set_tool)
        self.queue.only_queue_toggled.connect(scene.show_only_queue)
        self.queue.frame_wanted.connect(self.follow_frame)
        self.goes_on.toggled.connect(self._set_goes_on)
        self.note.returnPressed.connect(self.setFocus)
        self.gallery.assign_requested.connect(self._say_of)
        self.gallery.activated.connect(scene.zoom_to)
        self.table.activated.connect(scene.zoom_to)
        desk.told.connect(self.message.hint)
        desk.refused.connect(self.message.error)
        desk.queue_changed.connect(self.gestures.offer)
        desk.queue_changed.connect(scene.queue_changed)
        desk.queue_changed.connect(self._ahead.start)
        desk.queue_changed.connect(_lay_out_now)
        desk.source.signals.reloaded.connect(self.fill)
        scene.painted.connect(lambda layer: self._bind_layer())
        self.keys.changed.connect(self._take_keys)

    def _tell_edits(self) -> None:
        """Say that labels were edited, or that cells are to be classified as they are now."""
        review, edited = self.desk.review, self.scene.labels.is_edited
        n = 0 if review.chosen_set is None else len(review.stale_rows)
        if edited:  # no key is named there: who has just painted has napari's keys
            self.edits.hint("Labels were edited.", "Update")
        elif n and not review.project.read_only:
            cells = counted(n, "cell has", "cells have")
            self.edits.hint(f"{cells} no prediction for these labels.", "Classify")
        else:
            self.edits.clear()
        key = self.keys.by_action().get("update", "")
        self.edits.button.setToolTip(with_key("Take them over, and classify what was touched", key))
        self.people.take_in.has_edits = edited

    def follow_frame(self) -> None:
        """Tell the queue which frame is on screen."""
        self.queue.set_frame(self.scene.frame_on_screen())

    def _take_keys(self) -> None:
        """Bind and show the keys as the table has them now."""
        for key in self.keys.of(REVIEW):
            if key.slug:
                self._actions[key.action] = lambda slug=key.slug: self.desk.say(slug)
        for binder in (self.binder, *self._lent.values()):
            binder.bind(self.keys.of(REVIEW))
        self._bind_layer()
        keys = self.keys.by_action()
        self.gestures.name_keys(keys)
        self.phases.name_keys(keys)
        self.canvas.name_keys(keys)

    def _bind_layer(self) -> None:
        self.binder.bind_layer(self.scene.phases.layer, self.keys.of(REVIEW))

    def _set_tool(self, slug: str) -> None:
        self.scene.tool = slug
        self.scene.take_keys()

    def _set_goes_on(self, on: bool) -> None:
        self.desk.goes_on = on

    def _say_of(self, rows: np.ndarray[Any, Any], slug: str) -> None:
        self.desk.say(slug, rows, source="gallery")

    def _exclude_because(self, reason: str) -> None:
        self.desk.exclude("; ".join(filter(None, (reason, self._taken_note()))))

    def _taken_note(self) -> str:
        text = self.note.text().strip()
        self.note.clear()
        return text


def _lay_out_now() -> None:
    """Lay widgets out before they are drawn: else the whole window would be drawn twice."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)


def _tool(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    return button
