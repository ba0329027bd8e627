"""The inputs of "Classify cells": which layers play which part, spacing, model, vote and device."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QFormLayout, QWidget

from napari_cellcycle._qt import inputs
from napari_cellcycle._qt.channel_boxes import ChannelBoxes
from napari_cellcycle._qt.combos import ChoiceBox, device_box
from napari_cellcycle._qt.layer_names import CELL, NUCLEUS, ends_on
from napari_cellcycle._qt.layer_watch import LayerWatch
from napari_cellcycle._qt.model_box import ModelBox
from napari_cellcycle._qt.spacing_edit import SpacingEdit
from napari_cellcycle.errors import CellCycleError, ChannelError, ModelError, SegmentationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.classify.run import ClassifyRequest
    from napari_cellcycle.phases import PhaseSet

BATCH_SIZE = 32
"""Cells between two looks at the Cancel button."""

_VOTES = (
    ("lowest-entropy", "lowest entropy", "The surest projection decides."),
    ("majority", "majority", "Most projections decide, on a tie the surest one."),
    ("mean", "mean", "The mean of the projections' probabilities decides."),
)
_ROLE_NAMES = {"dna": "DNA"}


@dataclass(frozen=True, slots=True)
class Run:
    """One run as the form describes it.

    Parameters
    ----------
    request : ClassifyRequest
    layer : napari.layers.Labels
        The segmentation's layer.
    axes : str
        Its axes, letters of ``TZYX``.
    phases : PhaseSet
        Vocabulary of the model.
    segmentations : tuple of napari.layers.Labels
        That layer, and the one of nuclei where it is used.
    """

    request: ClassifyRequest
    layer: Any
    axes: str
    phases: PhaseSet
    segmentations: tuple[Any, ...]


class ClassifyForm(QWidget):
    """Chooses sensible inputs from the layers of a viewer and lets a person change them."""

    changed = Signal()

    def __init__(self, viewer: Any, models: Sequence[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self.batch_size = BATCH_SIZE
        self.labels = ChoiceBox("labels", tooltip="The Labels layer: one number a cell")
        self.labels_are = ChoiceBox(
            "labels-are", tooltip="Cells are masked as they are, nuclei with a margin"
        )
        self.labels_are.set_choices([("nucleus", "nuclei", None), ("cell", "whole cells", None)])
        self.nuclei = ChoiceBox(
            "nuclei",
            tooltip="A second Labels layer with the nuclei of these cells, if there is one",
        )
        self.channels = ChannelBoxes()
        self.time = QCheckBox("first axis is time")
        self.time.setObjectName("time")
        self.time.setToolTip("A movie in 2D. Layers with axis labels say it themselves.")
        self.spacing = SpacingEdit()
        self.model = ModelBox(models)
        self.vote = ChoiceBox("vote", tooltip="How the three projections agree on a phase")
        self.vote.set_options(_VOTES)
        self.device = device_box()

        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setHorizontalSpacing(8)
        self._form.setVerticalSpacing(4)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        for text, field in (
            ("Labels", self.labels),
            ("Labels are", self.labels_are),
            ("Nuclei", self.nuclei),
            ("", self.time),
            ("Spacing", self.spacing),
            ("Model", self.model),
            ("Vote", self.vote),
            ("Device", self.device),
        ):
            self._form.addRow(text, field)
        self._on_model()

        self.labels.changed.connect(self._on_other_labels)
        self.labels_are.changed.connect(self._on_labels_are)
        self.nuclei.changed.connect(self.changed)
        self.time.toggled.connect(self._on_time)
        self.spacing.changed.connect(self.changed)
        self.model.changed.connect(self._on_model)
        for box in (self.vote, self.device):
            box.changed.connect(self.changed)
        self.watch = LayerWatch(viewer, self)
        self.watch.changed.connect(self.refresh)
        self.refresh()

    def offer_models(self, models: Sequence[Any], name: str) -> None:
        """Offer the models that there are now, and choose one of them."""
        self.model.offer(models, name)
        self._on_model()

    def refresh(self) -> None:
        """Offer the layers that there are now."""
        layers = list(self._viewer.layers)
        candidates = inputs.label_layers(layers)
        active = self._viewer.layers.selection.active
        default = active if active in candidates else (candidates[-1] if candidates else None)
        self.labels.set_choices(
            [(layer.unique_id, layer.name, layer) for layer in candidates],
            None if default is None else default.unique_id,
            keep=True,
        )
        self._on_labels()

    def run(self) -> Run:
        """Say what a run would do now.

        Raises
        ------
        CellCycleError
            If it cannot run; the text says why, in one line.
        """
        from napari_cellcycle.classify.run import ClassifyRequest
        from napari_cellcycle.image import check_match

        chosen = self._chosen()
        layer, entry = self.labels.value(), self.model.value()
        if layer is None:
            raise SegmentationError(self._no_labels())
        if entry is None:
            raise ModelError("There is no model: none ships with this version, none is yours.")
        time = self._time
        stack, channels = inputs.combine(chosen, time=time, like=layer)
        segmentation = inputs.segmentation(layer, self._labels_are, time=time)
        check_match(stack, segmentation)
        nuclei_layer = self.nuclei.value() if self._labels_are == "cell" else None
        nuclei = None
        if nuclei_layer is not None:
            nuclei = inputs.segmentation(nuclei_layer, "nucleus", time=time)
            check_match(stack, nuclei)
        self.spacing.resolved(is_2d=stack.is_2d)
        if stack.spacing is None:
            stack = replace(stack, spacing=segmentation.spacing)
        request = ClassifyRequest(
            stack=stack,
            segmentation=segmentation,
            model=str(entry.name),
            channels=channels,
            nuclei=nuclei,
            spacing=self.spacing.typed(),
            isotropic=self.spacing.is_isotropic,
            vote=str(self.vote.key()),
            device=str(self.device.key()),
            batch_size=self.batch_size,
        )
        return Run(
            request,
            layer,
            inputs.axes_of(layer, time=time),
            entry.card.phase_set,
            (layer,) if nuclei_layer is None else (layer, nuclei_layer),
        )

    def _no_labels(self) -> str:
        found = inputs.open_as_image(self._viewer.layers)
        if not found:
            return "There is no Labels layer yet: segment the nuclei first."
        return (
            f"{found[0].name} looks like labels, and was opened as an image. Click on it with the "
            "right button in the list of layers, and choose Convert to Labels."
        )

    @property
    def can_segment(self) -> bool:
        """Whether there is a DNA channel and no segmentation yet."""
        dna = self.channels.get("dna")
        return self.labels.value() is None and dna is not None and dna.value() is not None

    def to_segment(self) -> inputs.ToSegment:
        """Say what a segmentation of the DNA channel would work on now.

        Raises
        ------
        CellCycleError
            If it cannot run; the text says why, in one line.
        """
        channel = self._chosen()["dna"]
        assert channel is not None
        return inputs.to_segment(channel, self.spacing, time=self._time)

    def _chosen(self) -> dict[str, inputs.Channel | None]:
        """Channel of each role; the first role must have one.

        Raises
        ------
        ChannelError
            If it has none, or two roles share one.
        """
        chosen = self.channels.chosen()
        if all(box.count() <= 1 for box in self.channels.values()):
            raise ChannelError("There is no image layer yet: open an image.")
        if chosen[self.model.roles[0]] is None:
            raise ChannelError(f"Choose the {_role_name(self.model.roles[0])} channel.")
        inputs.check_apart(chosen)
        return chosen

    @property
    def _labels_are(self) -> Any:
        return self.labels_are.key()

    @property
    def _time(self) -> bool:
        return self.time.isChecked() and not self.time.isHidden()

    def _on_model(self) -> None:
        """Offer one channel a role of the model."""
        for box in self.channels.values():
            self._form.removeRow(box)
        self.channels.clear()
        for row, role in enumerate(self.model.roles):
            box = ChoiceBox(f"channel-{role}", tooltip=f"Channel that shows the {role}")
            box.setPlaceholderText("none")
            box.changed.connect(self._on_channel)
            self.channels[role] = box
            self._form.insertRow(row, _role_name(role), box)
        self._form.setRowVisible(self.vote, self.model.has_vote)
        self._on_time()

    def _on_other_labels(self) -> None:
        """Take channels that were chosen for the labels of another image no further."""
        self.channels.follow(self._guess()[1])
        self._on_labels()

    def _guess(self) -> tuple[list[inputs.Channel], dict[str, inputs.Channel | None]]:
        """The channels as the axes say now, and one for each role."""
        layer = self.labels.value()
        found = inputs.channels_of(self._viewer.layers, time=self._time, like=layer)
        return found, inputs.guess(found, self.model.roles, layer)

    def _on_labels(self) -> None:
        layer = self.labels.value()
        if layer is not None:
            self.labels_are.set_choices(
                [("nucleus", "nuclei", None), ("cell", "whole cells", None)],
                "cell" if ends_on(CELL, layer, self._viewer.layers) else "nucleus",
            )
        chosen = (channel and channel.layer for channel in self.channels.chosen().values())
        ambiguous = [
            other for other in (layer, *chosen) if other is not None and inputs.may_be_time(other)
        ]
        self._form.setRowVisible(self.time, bool(ambiguous))
        if layer in ambiguous and inputs.lies_on_a_movie(layer, self._viewer.layers):
            with QSignalBlocker(self.time):
                self.time.setChecked(True)
        self._on_labels_are()
        self._on_time()

    def _on_labels_are(self) -> None:
        """Offer the other Labels layers as nuclei of the cells."""
        others = [
            layer
            for layer in inputs.label_layers(self._viewer.layers)
            if layer.unique_id != self.labels.key()
        ]
        guessed = [
            layer.unique_id for layer in others if ends_on(NUCLEUS, layer, self._viewer.layers)
        ]
        self.nuclei.set_choices(
            [(None, "none", None), *((layer.unique_id, layer.name, layer) for layer in others)],
            guessed[0] if guessed else None,
            keep=True,
        )
        self._form.setRowVisible(self.nuclei, self._labels_are == "cell" and bool(others))
        self.changed.emit()

    def _on_time(self) -> None:
        """Offer the channels as the axes say now."""
        self.channels.offer(*self._guess())
        self._on_channel()

    def _on_channel(self) -> None:
        """Show the spacing of the chosen layers."""
        layer = self.labels.value()
        try:
            stack, _ = inputs.combine(self.channels.chosen(), time=self._time, like=layer)
        except CellCycleError:
            self.changed.emit()
            return
        found = stack.spacing
        if found is None and layer is not None:
            try:
                found = inputs.segmentation(layer, self._labels_are, time=self._time).spacing
            except CellCycleError:
                found = None
        self.spacing.set_found(found, is_2d=stack.is_2d)
        self.changed.emit()
        if self.model.suit(is_2d=stack.is_2d):
            self._on_model()


def _role_name(role: str) -> str:
    return _ROLE_NAMES.get(role, role.capitalize())
