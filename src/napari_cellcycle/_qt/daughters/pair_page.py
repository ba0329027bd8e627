"""What is seen of Daughters: the list of pairs, the one at hand, and what is looked for."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.daughters.pair_model import MERGED, PROPOSED, REJECTED, PairModel
from napari_cellcycle._qt.pages import fill_scrolled
from napari_cellcycle._qt.results import MessageLabel, text_label
from napari_cellcycle._qt.review.cell.cell_sheet import CellSheet
from napari_cellcycle.review.daughters.daughters import PairLimits


class PairPage(QWidget):
    """The widgets, which do nothing by themselves.

    Attributes
    ----------
    find_button, mitotic, at_least
        Look for pairs, among whom, and from which score.
    kind, model, table
        The list: proposed, merged or rejected ones.
    sheet, facts
        Pictures of the pair at hand, and what is known of its cells.
    message
        What was done, or could not be.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.find_button = QPushButton("Find pairs")
        self.find_button.setObjectName("find-pairs")
        self.find_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        usual = PairLimits()
        self.mitotic = _fraction("pair-mitotic", usual.mitotic)
        self.mitotic.setToolTip(
            "Cells that nobody has judged are looked at from this probability of mitosis; 0: all"
        )
        self.at_least = _fraction("pair-score", usual.at_least)
        self.at_least.setToolTip("Pairs are proposed from this score")
        self.kind = QComboBox()
        self.kind.setObjectName("pair-kind")
        for name in (PROPOSED, MERGED, REJECTED):
            self.kind.addItem(name, name)
        self.model = PairModel(self)
        self.table = _table(self.model)
        self.sheet = CellSheet()
        self.facts = text_label("pair-facts")
        self.message = MessageLabel("pair-message")

    def sizeHint(self) -> QSize:
        """Wide enough for the list."""
        return QSize(400, 600)

    def show_bar(self, on: bool) -> None:
        """Keep room for the scroll bar beside pictures, whose width decides their height."""
        policy = Qt.ScrollBarPolicy
        self._scroll.setVerticalScrollBarPolicy(
            policy.ScrollBarAlwaysOn if on else policy.ScrollBarAlwaysOff
        )

    def lay_out(self, gestures: QWidget) -> None:
        """Place everything, with the buttons of gestures below the list."""
        top, limits = QHBoxLayout(), QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.find_button, 1)
        top.addWidget(self.kind, 1)
        limits.setSpacing(6)
        for text, widget in (("mitotic ≥", self.mitotic), ("score ≥", self.at_least)):
            limits.addWidget(QLabel(text))
            limits.addWidget(widget)
        limits.addStretch(1)
        seen = QWidget()
        below = QVBoxLayout(seen)
        below.setContentsMargins(0, 0, 4, 0)
        below.setSpacing(4)
        below.addWidget(self.facts)
        below.addWidget(self.sheet)
        below.addStretch(1)
        scroll = self._scroll = QScrollArea()
        scroll.setObjectName("pair-scroll")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self.show_bar(False)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumHeight(140)
        scroll.setWidget(seen)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(5)
        layout.addLayout(top)
        layout.addLayout(limits)
        layout.addWidget(self.table, 1)
        layout.addWidget(gestures)
        layout.addWidget(self.message)
        layout.addWidget(scroll, 4)
        fill_scrolled(self, page)


def _fraction(name: str, value: float) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setObjectName(name)
    box.setRange(0, 1)
    box.setSingleStep(0.05)
    box.setDecimals(2)
    box.setValue(value)
    return box


def _table(model: PairModel) -> QTableView:
    table = QTableView()
    table.setObjectName("pair-table")
    table.setModel(model)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setMinimumHeight(110)
    header, side = table.horizontalHeader(), table.verticalHeader()
    assert header is not None
    assert side is not None
    side.setVisible(False)
    side.setDefaultSectionSize(22)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setStretchLastSection(True)
    return table
