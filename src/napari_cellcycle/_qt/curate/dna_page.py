"""DNA content of the cells, and what can be said of its peaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_cellcycle._qt.curate.histogram import Histogram
from napari_cellcycle._qt.results import text_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NO_DNA = "DNA was not measured: nobody says which channel of this image shows it."


class DnaPage(QWidget):
    """The histogram, and below it why there are no two peaks, if there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.histogram = Histogram()
        self.told = text_label("curate-peaks")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.histogram, 1)
        layout.addWidget(self.told)

    def show_content(self, content: NDArray[np.float64]) -> None:
        """Show the DNA content of each cell, NaN where it was not measured."""
        there = bool(np.isfinite(content).any())
        self.histogram.setVisible(there)
        if there:
            self.histogram.set_content(content, "DNA content")
        told = self.histogram.peaks.problem if there else _NO_DNA
        self.told.setText(told)
        self.told.setVisible(bool(told))
