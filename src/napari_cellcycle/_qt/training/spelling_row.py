"""Asks where a data set of other makers has its phases and its channels."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLineEdit, QPushButton, QWidget

from napari_cellcycle._qt.training.reading import Spelling
from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.dataset import parse_indices


class SpellingRow(QWidget):
    """Two fields and a button; takes no room until a set could not be read.

    Attributes
    ----------
    read_wanted : Signal(object, object)
        With the path, and its :class:`Spelling`.
    refused : Signal(str)
        Why the fields make no sense.
    """

    read_wanted = Signal(object, object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path: Path | None = None
        self.label_key = QLineEdit()
        self.label_key.setObjectName("label-key")
        self.label_key.setPlaceholderText("phase")
        self.label_key.setToolTip("Name of the array that holds the phases")
        self.channels = QLineEdit()
        self.channels.setObjectName("set-channels")
        self.channels.setPlaceholderText("as the set says, or: dna=0, membrane=1")
        self.channels.setToolTip("Channel that has each role, counted from 0")
        self.button = QPushButton("Read again")
        self.button.setObjectName("read-again")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Labels in", self.label_key)
        form.addRow("Channels", self.channels)
        form.addRow("", self.button)
        self.button.clicked.connect(self._read)
        self.label_key.returnPressed.connect(self._read)
        self.channels.returnPressed.connect(self._read)
        self.setVisible(False)

    def ask(self, path: Path) -> None:
        """Ask about a set that could not be read."""
        self._path = path
        self.setVisible(True)

    def clear(self) -> None:
        """Ask no more."""
        self._path = None
        self.label_key.clear()
        self.channels.clear()
        self.setVisible(False)

    def _read(self) -> None:
        if self._path is None:
            return
        parts = [part.strip() for part in self.channels.text().split(",")]
        try:
            roles = parse_indices([part for part in parts if part])
        except CropSetError as error:
            self.refused.emit(str(error))
            return
        self.read_wanted.emit(self._path, Spelling(self.label_key.text().strip() or "phase", roles))
