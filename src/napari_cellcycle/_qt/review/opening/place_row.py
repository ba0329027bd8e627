"""Where the project of a review goes: a folder beside the image, or one that a person chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QSizePolicy, QWidget
from superqt import QElidingLabel

from napari_cellcycle.project.store import SUFFIX, project_folder


class PlaceRow(QWidget):
    """Shows the folder of a project, and lets a person choose another, new or there already.

    Attributes
    ----------
    folder : Path or None
        What the person chose; None for the place that follows from the image.
    left : dict of layer identifier to Path
        Project in which labels were reviewed before it was closed.
    changed : Signal()
        The person chose a folder.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.left: dict[object, Path] = {}
        self.name = QElidingLabel()
        self.name.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.name.setObjectName("place")
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.change = QPushButton("Change…")
        self.change.setObjectName("change-place")
        self.add = QPushButton("Add to…")
        self.add.setObjectName("add-to-project")
        self.add.setToolTip("Add the image to a project that is there")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.name, 1)
        row.addWidget(self.change)
        row.addWidget(self.add)
        self.change.clicked.connect(lambda: self._take(self.ask_folder()))
        self.add.clicked.connect(lambda: self._take(ask_project(self)))

    def choose(self, folder: Path) -> None:
        """Choose the folder of a project, a new one or one that is there."""
        self.folder = folder
        self.changed.emit()

    def folder_of(self, layer: Any) -> Path | None:
        """Where the review of a Labels layer goes, if a person has said it or it was there."""
        left = self.left.get(layer.unique_id)
        return self.folder or (left if left is not None and left.exists() else None)

    def show_folder(self, folder: Path) -> None:
        """Say where a start would go; an empty path is not known yet."""
        known = folder != Path()
        name = folder.name if known else "you will be asked where"
        self.name.setText(f"add to {name}" if known and folder.exists() else name)
        self.name.setToolTip(str(folder) if known else "")

    def show_nothing(self) -> None:
        """Say nothing while there is nothing to start."""
        self.name.setText("")

    def ask_folder(self) -> Path | None:
        """Ask where a new project goes."""
        chosen, _ = QFileDialog.getSaveFileName(
            self, "Where the project goes", f"review{SUFFIX}", f"Project (*{SUFFIX})"
        )
        return project_folder(Path(chosen)) if chosen else None

    def _take(self, folder: Path | None) -> None:
        if folder is not None:
            self.choose(folder)


def ask_project(parent: QWidget) -> Path | None:
    """Ask for the folder of a project that is there."""
    chosen = QFileDialog.getExistingDirectory(parent, f"A project (NAME{SUFFIX})")
    return Path(chosen) if chosen else None
