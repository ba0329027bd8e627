"""What makes a cell suspect, as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QGridLayout, QLabel, QPushButton, QSpinBox, QWidget

from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.timers import once
from napari_cellcycle.review.suspects.suspects import MEASURES, Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

_AFTER_MS = 250
_SHARES = (
    ("other", "other >", "Suspect if its measures give another phase more than this"),
    ("between", "own <", "Suspect if its measures give its own phase less than this"),
    ("outlier", "worst share", "Suspect if among this share that fits its phase worst"),
    ("doubt", "network <", "Suspect if the network gives its phase less than this"),
    ("weight", "weight", "How much measures count in the order beside the network"),
)  # fmt: skip


class LimitsForm(QWidget):
    """Fields for :class:`napari_cellcycle.review.suspects.suspects.Limits`.

    Attributes
    ----------
    changed : Signal(object)
        The limits, a moment after the last change.
    """

    changed = Signal(object)

    def __init__(self, limits: Limits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plotted: tuple[str, ...] = ()
        self._soon = once(self, lambda: self.changed.emit(self.value()), _AFTER_MS)
        self.fields: dict[str, QDoubleSpinBox] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        for place, (name, text, tip) in enumerate(_SHARES):
            field = QDoubleSpinBox()
            field.setObjectName(f"limit-{name}")
            field.setRange(0.0, 1.0)
            fine = name == "outlier"
            field.setDecimals(4 if fine else 2)
            field.setSingleStep(0.001 if fine else 0.05)
            field.setToolTip(tip)
            field.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
            field.valueChanged.connect(lambda _: self._soon.start())
            self.fields[name] = field
            self._place(grid, place, text, field)
        self.fewest = QSpinBox()
        self.fewest.setObjectName("limit-fewest")
        self.fewest.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self.fewest.setRange(4, 100_000)
        self.fewest.setToolTip("A phase with fewer cells has no cluster of its own")
        self.fewest.valueChanged.connect(lambda _: self._soon.start())
        self._place(grid, len(_SHARES), "fewest", self.fewest)
        self.measures = ChoiceBox("limit-measures", tooltip="What is looked at")
        self.measures.changed.connect(lambda: self._soon.start())
        self.by = ChoiceBox("limit-by", tooltip="How measures tell phases")
        self.by.changed.connect(lambda: self._soon.start())
        self.reset = QPushButton("As at first")
        self.reset.setObjectName("limits-reset")
        self.reset.clicked.connect(lambda: self.set(Limits()))
        last = (len(_SHARES) + 2) // 2
        grid.addWidget(self.measures, last, 0, 1, 2)
        grid.addWidget(self.by, last, 2, 1, 2)
        grid.addWidget(self.reset, last + 1, 2, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)
        self._offer()
        self.set(limits)
        self._soon.stop()

    def value(self) -> Limits:
        """The limits as the fields have them."""
        shares = {name: field.value() for name, field in self.fields.items()}
        names = self._plotted if self.measures.key() == "plotted" else MEASURES
        by: Any = self.by.key()
        return Limits(measures=names, by=by, fewest=self.fewest.value(), **shares)

    def set(self, limits: Limits) -> None:
        """Fill the fields."""
        for name, field in self.fields.items():
            field.setValue(getattr(limits, name))
        self.fewest.setValue(limits.fewest)
        self.measures.choose("all" if limits.measures == MEASURES else "plotted")
        self.by.choose(limits.by)

    def set_plotted(self, names: Sequence[str]) -> None:
        """Offer to look at the two measures of the plot alone."""
        self._plotted = tuple(dict.fromkeys(names))
        if self.measures.key() == "plotted":
            self._soon.start()

    def _offer(self) -> None:
        self.measures.set_choices(
            [("all", "in all measures", None), ("plotted", "in the two of the plot", None)],
            keep=True,
        )
        self.by.set_choices(
            [
                ("discriminant", "by discriminant", "Learned from the measures of the other cells"),
                ("clusters", "by clusters", "Two Gaussians a phase, as the Allen Institute did"),
            ],
            keep=True,
        )

    def _place(self, grid: QGridLayout, place: int, text: str, field: QWidget) -> None:
        field.setFixedWidth(58)
        label = QLabel(text)
        label.setToolTip(field.toolTip())
        grid.addWidget(label, place // 2, 2 * (place % 2))
        grid.addWidget(field, place // 2, 2 * (place % 2) + 1)
