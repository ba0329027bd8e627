"""How a review begins: who works, on what, and where the project goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.channel_boxes import ChannelBoxes
from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.layer_watch import LayerWatch
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.opening.image_layers import ROLES
from napari_cellcycle._qt.review.opening.place_row import PlaceRow, ask_project
from napari_cellcycle._qt.review.opening.start import Given, Start, place_beside
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.spacing_edit import SpacingEdit
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError, ChannelError, ProjectError, SegmentationError
from napari_cellcycle.phases import VOCABULARIES, own_vocabulary
from napari_cellcycle.project.login import login

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.phases import PhaseSet

_OWN = "own"


class StartForm(QWidget):
    """Chooses sensible inputs from the layers of a viewer and lets a person change them.

    Attributes
    ----------
    start_wanted, open_wanted : Signal(object)
        With a :class:`Start`, and with the folder of a project.
    """

    start_wanted = Signal(object)
    open_wanted = Signal(object)

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.who = QLineEdit(login())
        self.who.setObjectName("who")
        self.who.setToolTip("Every word is kept under this name")
        self.labels = ChoiceBox("review-labels", tooltip="The Labels layer: one number a cell")
        self.labels_are = ChoiceBox("review-labels-are")
        self.labels_are.set_choices([("nucleus", "nuclei", None), ("cell", "whole cells", None)])
        self.found = QLabel()
        self.found.setObjectName("found")
        self.found.setWordWrap(True)
        self.all_found = QCheckBox()
        self.all_found.setObjectName("all-found")
        self.all_found.setToolTip("One project for every image that was classified in this viewer")
        self.all_found.setChecked(True)
        self.channels = ChannelBoxes({role: ChoiceBox(f"review-{role}") for role in ROLES})
        self.spacing = SpacingEdit()
        self.vocabulary = ChoiceBox("vocabulary", tooltip="Which phases there are")
        self.vocabulary.set_choices(
            [(name, name, None) for name in VOCABULARIES] + [(_OWN, "my own…", None)]
        )
        self.own = QLineEdit()
        self.own.setObjectName("own-phases")
        self.own.setPlaceholderText("phases, such as: G1, S, G2, M")
        self.place = PlaceRow()
        self.start = QPushButton("Start review")
        self.start.setObjectName("start-review")
        self.open = QPushButton("Open project…")
        self.open.setObjectName("open-project")
        self.message = MessageLabel("start-message")
        self._lay_out()
        self.watch = LayerWatch(viewer, self)
        self.watch.changed.connect(self._on_layers)
        self.all_found.toggled.connect(self.update_offer)
        self.labels.changed.connect(self._on_other_labels)
        for box in (self.vocabulary, self.labels_are, *self.channels.values()):
            box.changed.connect(self.update_offer)
        self.spacing.changed.connect(self.update_offer)
        self.own.textChanged.connect(self.update_offer)
        self.who.textChanged.connect(self.update_offer)
        self.place.changed.connect(self.update_offer)
        self.start.clicked.connect(self._start)
        self.open.clicked.connect(self._open)
        self.refresh()

    @property
    def name(self) -> str:
        """Name of the person who works."""
        return " ".join(self.who.text().split())

    @property
    def finished(self) -> Finished | None:
        """The classification of the chosen labels, if there is one."""
        layer = self.labels.value()
        known = session_of(self._viewer).finished
        return None if layer is None else known.get(layer.unique_id)

    def showEvent(self, event: QShowEvent | None) -> None:
        """Catch up with what has changed while a project was open."""
        super().showEvent(event)
        self.refresh()

    def _on_layers(self) -> None:
        if self.isVisible() and self.isEnabled():
            self.refresh()

    def changeEvent(self, event: QEvent | None) -> None:
        """Catch up with what has changed while a project was being opened."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.EnabledChange:
            self._on_layers()

    def refresh(self) -> None:
        """Offer the layers that there are now."""
        layers = list(self._viewer.layers)
        candidates = inputs.label_layers(layers)
        known = session_of(self._viewer).finished
        ready = [layer for layer in candidates if layer.unique_id in known] or candidates
        self.labels.set_choices(
            [(layer.unique_id, layer.name, layer) for layer in candidates],
            ready[-1].unique_id if ready else None,
        )
        self.update_offer()

    def update_offer(self) -> None:
        """Say what Start would do, or in one line why it cannot."""
        finished = self.finished
        self._show_rows(annotating=finished is None)
        if finished is None:
            self._offer_channels()
        else:
            found = finished.classification
            self.found.setText(f"{counted(len(found), 'cell')}, classified by {found.card.name}")
        try:
            start = self.to_start()
        except CellCycleError as error:
            self.message.hint(str(error))
            self.start.setEnabled(False)
            self.place.show_nothing()
        else:
            self.message.clear()
            self.start.setEnabled(True)
            self.place.show_folder(start.folder)

    def to_start(self) -> Start:
        """Say what a start would do now; its folder is empty where a person has to choose one.

        Raises
        ------
        CellCycleError
            If it cannot start; the text says why, in one line.
        """
        if not self.name:
            raise ProjectError("Say who works: every word is kept under a name.")
        layer = self.labels.value()
        if layer is None:
            raise SegmentationError(
                "There is no Labels layer yet: open an image with its cells, and classify them "
                "or annotate without a model."
            )
        finished = self.finished
        if finished is not None:
            images = [Given.of(finished)]
            if self.all_found.isChecked():
                images += [Given.of(other) for other in self.others()]
        else:
            images = [self._unclassified(layer)]
        folder = self.place.folder_of(layer) or place_beside(images[0].stack.path) or Path()
        return Start(folder, self.name, tuple(images))

    def _unclassified(self, layer: Any) -> Given:
        """The chosen layers, to be annotated without any model."""
        from napari_cellcycle.image import check_match

        chosen = self.channels.chosen()
        if chosen["dna"] is None:
            raise ChannelError("Choose the DNA channel: pictures of cells are made from it.")
        inputs.check_apart(chosen)
        stack, channels = inputs.combine(chosen, like=layer)
        segmentation = inputs.segmentation(layer, self.labels_are.key())  # type: ignore[arg-type]
        check_match(stack, segmentation)
        spacing = self.spacing.resolved(is_2d=stack.is_2d)
        return Given(stack, channels, segmentation, spacing, self._phases())

    def others(self) -> list[Finished]:
        """Classifications of further images, one each."""
        finished = self.finished
        if finished is None:
            return []
        found = {(finished.stack.name, finished.stack.scene): finished}
        for other in reversed(session_of(self._viewer).finished.values()):
            found.setdefault((other.stack.name, other.stack.scene), other)
        return list(found.values())[1:]

    def choose_place(self, folder: Path) -> None:
        """Choose the folder of a project, a new one or one that is there."""
        self.place.choose(folder)

    def _phases(self) -> PhaseSet:
        name = str(self.vocabulary.key())
        if name != _OWN:
            return VOCABULARIES[name]
        slugs = [slug.strip() for slug in self.own.text().split(",") if slug.strip()]
        if len(slugs) < 2:
            raise ProjectError("Write at least two phases, with commas between them.")
        return own_vocabulary(slugs)

    def _on_other_labels(self) -> None:
        """Take channels that were chosen for the labels of another image no further."""
        self.channels.follow(self._guess()[1])
        self.update_offer()

    def _guess(self) -> tuple[list[inputs.Channel], dict[str, inputs.Channel | None]]:
        layer = self.labels.value()
        channels = inputs.channels_of(self._viewer.layers, like=layer)
        guessed = inputs.guess(channels, ROLES, layer)
        if guessed["dna"] is None and len(channels) == 1:
            guessed["dna"] = channels[0]
        return channels, guessed

    def _offer_channels(self) -> None:
        self.channels.offer(*self._guess())
        layer, dna = self.labels.value(), self.channels["dna"].value()
        if dna is not None and layer is not None:
            try:
                stack, _ = inputs.combine({"dna": dna}, like=layer)
                found = stack.spacing or inputs.segmentation(layer, "nucleus").spacing
                self.spacing.set_found(found, is_2d=stack.is_2d)
            except CellCycleError:
                return

    def _lay_out(self) -> None:
        form = self._form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Your name", self.who)
        form.addRow("Labels", self.labels)
        form.addRow("Found", self.found)
        form.addRow("", self.all_found)
        form.addRow("Labels are", self.labels_are)
        form.addRow("DNA", self.channels["dna"])
        form.addRow("Membrane", self.channels["membrane"])
        form.addRow("Spacing", self.spacing)
        form.addRow("Phases", self.vocabulary)
        form.addRow("", self.own)
        form.addRow("Project", self.place)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.start, 1)
        buttons.addWidget(self.open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.message)

    def _show_rows(self, *, annotating: bool) -> None:
        self._form.setRowVisible(self.found, not annotating)
        others = len(self.others())
        self._form.setRowVisible(self.all_found, others > 0)
        self.all_found.setText(f"and {counted(others, 'other classified image')}")
        annotates = (self.labels_are, *self.channels.values(), self.spacing, self.vocabulary)
        for field in annotates:
            self._form.setRowVisible(field, annotating)
        self._form.setRowVisible(self.own, annotating and self.vocabulary.key() == _OWN)

    def _start(self) -> None:
        from dataclasses import replace

        try:
            start = self.to_start()
        except CellCycleError as error:
            self.message.error(str(error))
            return
        if start.folder == Path():
            folder = self.place.ask_folder()
            if folder is None:
                return
            start = replace(start, folder=folder)
        self.place.folder = None
        self.start_wanted.emit(start)

    def _open(self) -> None:
        folder = ask_project(self)
        if folder is not None:
            self.open_wanted.emit(folder)
