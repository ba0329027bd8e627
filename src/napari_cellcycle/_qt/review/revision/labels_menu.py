"""Other labels for the image that is reviewed: a menu of layers, a file, and earlier versions."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from napari_cellcycle._qt import inputs

if TYPE_CHECKING:
    from qtpy.QtGui import QAction

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.project.segmentations import Version


_MOST = 12
"""Versions that are offered, the latest ones."""


class LabelsButton(QToolButton):
    """Offers other labels for the image.

    Parameters
    ----------
    desk : Desk
        Of the image.
    layers : napari.components.LayerList
        Of the viewer.
    layer : napari.layers.Labels
        The labels that are reviewed.

    Attributes
    ----------
    wanted : Signal(object)
        A Labels layer, or the path of a file.
    version_wanted : Signal(int)
        Number of a version that the project has.
    """

    wanted = Signal(object)
    version_wanted = Signal(int)

    def __init__(self, desk: Desk, layers: Any, layer: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk, self._layers, self._layer = desk, layers, layer
        self.setObjectName("other-labels")
        self.setText("Labels…")
        self.setToolTip("Take other labels of this image; words follow their cells by overlap")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")  # it lies on the text
        self.menu_ = QMenu(self)
        self.setMenu(self.menu_)
        self.menu_.aboutToShow.connect(self._offer)

    def _offer(self) -> None:
        self.menu_.clear()
        shape = inputs.shape_of(self._layer)
        for layer in inputs.label_layers(self._layers):
            if layer != self._layer and inputs.shape_of(layer) == shape:
                self._add(f"Take the layer “{layer.name}”", self.wanted, layer)
        file = self.menu_.addAction("Take a file…", self._ask)
        assert file is not None
        file.setEnabled(not self._desk.project.read_only)
        segmentations = self._desk.project.segmentations
        versions = segmentations.versions(self._desk.undertaking.image)
        if len(versions) == 1:
            return
        self.menu_.addSeparator()
        current, _ = segmentations.derivation(self._desk.review.segmentation)
        for number, version in list(enumerate(versions, 1))[-_MOST:]:
            here = version.number == current
            entry = self._add(name_of(number, version), self.version_wanted, version.number)
            entry.setCheckable(True)
            entry.setChecked(here)
            entry.setEnabled(not here and not self._desk.project.read_only)

    def _add(self, text: str, signal: Any, value: Any) -> QAction:
        entry = self.menu_.addAction(text.replace("&", "&&"))
        assert entry is not None
        entry.triggered.connect(lambda _=False: signal.emit(value))
        entry.setEnabled(not self._desk.project.read_only)
        return entry

    def _ask(self) -> None:
        if file := self._ask_file():
            self.wanted.emit(Path(file))

    def _ask_file(self) -> str:
        return QFileDialog.getOpenFileName(self, "Labels of this image")[0]


def name_of(number: int, version: Version) -> str:
    """What a person reads of a version: when it came, and who brought it."""
    when = datetime.fromtimestamp(version.time / 1e6, UTC).astimezone()
    return f"Version {number}: {when:%Y-%m-%d %H:%M}, {version.who}"
