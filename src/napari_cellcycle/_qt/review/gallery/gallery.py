"""The gallery of Review: bins to go to and drop on, how tiles are sorted and shown, the mosaic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.gallery.bin_bar import BinBar
from napari_cellcycle._qt.review.gallery.mosaic import LARGEST, SMALLEST, Mosaic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from qtpy.QtGui import QResizeEvent

    from napari_cellcycle._qt.review.source import CellSource

ORDERS = (
    ("least confident first", "confidence", False),
    ("most confident first", "confidence", True),
    ("highest entropy first", "entropy", True),
    ("lowest entropy first", "entropy", False),
    ("by label", "label", False),
)
"""What the tiles of a bin can be sorted by: words, column of the source, descending."""

_CELLS_AT_LEAST = 1.8
"""How many times as high as the fields of the bins a gallery is that has them."""


class Gallery(QWidget):
    """Cells as a mosaic, in bins by phase.

    Parameters
    ----------
    source : CellSource
        Read; only its selection is written.

    Attributes
    ----------
    assign_requested : Signal(object, str)
        Cells were dragged to another bin: their indices, ndarray of int, and the slug of its
        phase. Nothing moves until the source tells that they changed.
    activated : Signal(int)
        A cell was double-clicked, or Enter was pressed on it.
    """

    assign_requested = Signal(object, str)
    activated = Signal(int)

    def __init__(self, source: CellSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mosaic = Mosaic(source)
        self.bar = BinBar(source)
        self.order = QComboBox()
        self.order.setObjectName("gallery-order")
        self.order.setToolTip("How the cells of a phase are sorted")
        self.order.addItems([words for words, _, _ in ORDERS])
        self.axis = QComboBox()
        self.axis.setObjectName("gallery-axis")
        self.axis.setToolTip("Along which axis the views are projected")
        self.zoom = QSlider(Qt.Orientation.Horizontal)
        self.zoom.setObjectName("gallery-zoom")
        self.zoom.setRange(SMALLEST, LARGEST)
        self.zoom.setValue(self.mosaic.tile_size)
        self.zoom.setFixedWidth(84)
        self.zoom.setToolTip("Size of the pictures (Ctrl and wheel, + and -)")
        self.picked = QLabel()
        self.picked.setObjectName("gallery-picked")
        self.picked.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.message = MessageLabel("gallery-message")
        tools = QHBoxLayout()
        tools.setSpacing(6)
        tools.addWidget(self.order)
        tools.addWidget(self.axis)
        tools.addWidget(self.picked, 1)
        tools.addWidget(self.zoom)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.bar)
        layout.addLayout(tools)
        layout.addWidget(self.mosaic, 1)
        layout.addWidget(self.message)
        self._source = source
        self._connect()
        self._set_axes(())
        self._offer_order()
        self._count()
        self._tell_picked()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave out the fields of the bins where cells would have less room than these."""
        super().resizeEvent(event)
        fields = self.bar.heightForWidth(self.width())
        self.bar.setVisible(self.height() - self.zoom.height() >= _CELLS_AT_LEAST * fields)

    def _offer_order(self) -> None:
        """In blind mode no order may tell, and tiles lie as cells do."""
        self.order.setHidden(self._source.blind)

    def set_rows(self, rows: NDArray[np.int64] | None) -> None:
        """Show only these cells, such as those of a filter; None for all."""
        self.mosaic.set_rows(rows)

    def close_worker(self) -> None:
        """Stop making thumbnails."""
        self.mosaic.thumbnails.close()

    def _connect(self) -> None:
        mosaic, bar = self.mosaic, self.bar
        mosaic.assign_requested.connect(self.assign_requested)
        bar.assign_requested.connect(self.assign_requested)
        mosaic.activated.connect(self.activated)
        self._source.signals.reloaded.connect(self._offer_order)
        mosaic.counts_changed.connect(self._count)
        mosaic.zoomed.connect(self.zoom.setValue)
        mosaic.thumbnails.axes_known.connect(self._set_axes)
        mosaic.thumbnails.failed.connect(self._fail)
        bar.chosen.connect(self._show_bin)
        self.zoom.valueChanged.connect(mosaic.set_tile_size)
        self.order.currentIndexChanged.connect(self._sort)
        self.axis.currentTextChanged.connect(mosaic.set_axis)
        self._source.selection.changed.connect(self._tell_picked)
        self._source.signals.reloaded.connect(self.message.clear)

    def _count(self) -> None:
        self.bar.set_counts(self.mosaic.bins.counts)

    def _show_bin(self, number: int) -> None:
        if number in self.mosaic.folded:
            self.mosaic.fold(number, folded=False)
        self.mosaic.show_bin(number)

    def _sort(self, place: int) -> None:
        _, column, descending = ORDERS[place]
        self.mosaic.set_order(column, descending=descending)

    def _set_axes(self, axes: tuple[str, ...]) -> None:
        self.axis.setVisible(len(axes) > 1)
        if [self.axis.itemText(i) for i in range(self.axis.count())] == list(axes):
            return
        kept = self.axis.currentText() or "z"
        self.axis.blockSignals(True)
        self.axis.clear()
        self.axis.addItems(axes)
        self.axis.setCurrentText(kept if kept in axes else next(iter(axes), ""))
        self.axis.blockSignals(False)

    def _tell_picked(self) -> None:
        n = int(self._source.selection.mask.sum())
        self.picked.setText(f"{n:,} selected" if n > 1 else "")

    def _fail(self, error: Exception) -> None:
        self.message.error(f"No picture of some cells: {error}")
