"""Where tracks come from: a Tracks layer or a table, and how long a frame lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.layer_watch import LayerWatch

if TYPE_CHECKING:
    from napari_cellcycle.project.tracked import Tracking

_KEPT = "kept"
_NONE = "none"


class TracksForm(QWidget):
    """Chooses tracks.

    Parameters
    ----------
    viewer : napari.Viewer

    Attributes
    ----------
    layer_wanted : Signal(object)
        Tracks of a layer are to be used.
    file_wanted : Signal(str)
        Tracks of a CSV file are to be used.
    minutes_changed : Signal(object)
        How long a frame lasts; None where nobody knows.
    """

    layer_wanted = Signal(object)
    file_wanted = Signal(str)
    minutes_changed = Signal(object)

    def __init__(self, viewer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._kept = ""
        self.source = ChoiceBox("tracks-source", tooltip="Tracks of the project, or of a layer")
        self.file = QPushButton("CSV file…")
        self.file.setObjectName("tracks-file")
        self.file.setToolTip("A table of label, frame, track and, if known, parent")
        self.minutes = QDoubleSpinBox()
        self.minutes.setObjectName("frame-minutes")
        self.minutes.setRange(0, 10_000)
        self.minutes.setDecimals(2)
        self.minutes.setSpecialValueText("not known")
        self.minutes.setSuffix(" min")
        self.minutes.setKeyboardTracking(False)
        self.minutes.setToolTip(
            "Time between two frames, at first what the image states. If it is not known, "
            "smoothing guesses it where it can."
        )
        self.stated = QLabel("as the image states")
        self.stated.setObjectName("frame-minutes-stated")
        self._stated: float | None = None
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.addWidget(QLabel("Tracks"), 0, 0)
        grid.addWidget(self.source, 0, 1)
        grid.addWidget(self.file, 0, 2)
        grid.addWidget(QLabel("A frame lasts"), 1, 0)
        lasts = QHBoxLayout()
        lasts.setSpacing(8)
        lasts.addWidget(self.minutes)
        lasts.addWidget(self.stated, 1)
        grid.addLayout(lasts, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self.source.changed.connect(self._on_source)
        self.file.clicked.connect(self._on_file)
        self.minutes.valueChanged.connect(self._on_minutes)
        self._say_source()
        self.watch = LayerWatch(viewer, self)
        self.watch.changed.connect(self._offer)
        self._offer()

    @property
    def frame_minutes(self) -> float | None:
        """How long a frame lasts."""
        return self._stated if self._shows_stated() else self.minutes.value() or None

    def show_stated(self, minutes: float | None) -> None:
        """Begin with what the image states, until a person or the project says something else."""
        self._stated = minutes
        self._show_minutes(minutes)

    def show_kept(self, tracking: Tracking | None) -> None:
        """Show what the project has."""
        self._kept = "" if tracking is None else tracking.name or "in the project"
        self._offer()
        self.source.follow(_KEPT if self._kept else _NONE)
        if tracking is not None:
            self._show_minutes(tracking.frame_minutes)

    def _show_minutes(self, minutes: float | None) -> None:
        self.minutes.blockSignals(True)
        self.minutes.setValue(minutes or 0)
        self.minutes.blockSignals(False)
        self._say_source()

    def _shows_stated(self) -> bool:
        """Whether the field has what the image states, as far as its digits go."""
        shown = self.minutes.value()
        return self._stated is not None and shown == round(self._stated, self.minutes.decimals())

    def _say_source(self) -> None:
        self.stated.setVisible(self._shows_stated())

    def _offer(self) -> None:
        own = [(_KEPT, self._kept, None)] if self._kept else [(_NONE, "choose…", None)]
        layers = [
            (layer.unique_id, f"layer {layer.name}", layer)
            for layer in self._viewer.layers
            if layer._type_string == "tracks"
        ]
        self.source.set_choices([*own, *layers], own[0][0])
        self.source.setEnabled(bool(layers) or bool(self._kept))

    def _on_source(self) -> None:
        layer = self.source.value()
        if layer is not None:
            self.layer_wanted.emit(layer)

    def _on_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose tracks", "", "Tables (*.csv *.txt)")
        if path:
            self.file_wanted.emit(path)

    def _on_minutes(self) -> None:
        self._say_source()
        self.minutes_changed.emit(self.frame_minutes)
