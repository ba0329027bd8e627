"""Which two measures are plotted, on which scales, and what dragging does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QButtonGroup, QCheckBox, QGridLayout, QPushButton, QWidget

from napari_cellcycle._qt.combos import ChoiceBox

if TYPE_CHECKING:
    from napari_cellcycle.cells.measures.measurements import Measurements

FIRST = ("volume", "dna_volume")
"""Measures that are plotted first, where they are known."""
_TOOLS = (
    ("lasso", "Lasso", "Drag around points to pick their cells"),
    ("rectangle", "Box", "Drag a rectangle over points to pick their cells"),
    ("move", "Move", "Drag to move the plot; the middle button always does"),
)
_HOW = "\nShift and drag: pick more. Ctrl or Alt and drag: pick fewer."


class PlotBar(QWidget):
    """Choices about the scatter.

    Attributes
    ----------
    changed : Signal()
        Other measures, or other scales.
    tool_changed : Signal(str)
        Dragging is a ``lasso``, a ``rectangle`` or a ``move``.
    reset_wanted : Signal()
        All points are to be in sight.
    """

    changed = Signal()
    tool_changed = Signal(str)
    reset_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes = {name: ChoiceBox(f"curate-{name}") for name in "xy"}
        self.logs = {name: QCheckBox("log") for name in "xy"}
        for name in "xy":
            self.boxes[name].setToolTip(f"Measure along {name}")
            self.logs[name].setObjectName(f"curate-log-{name}")
            self.logs[name].setToolTip(f"Logarithmic scale along {name}")
            self.boxes[name].changed.connect(lambda name=name: self._choose(name))
            self.logs[name].toggled.connect(self.changed)
        self._tools = QButtonGroup(self)
        self.tools: dict[str, QPushButton] = {}
        for tool, text, tip in _TOOLS:
            button = _button(text, f"curate-{tool}", tip + (_HOW if tool != "move" else ""))
            button.setCheckable(True)
            button.setChecked(tool == "lasso")
            button.clicked.connect(lambda _=False, tool=tool: self.tool_changed.emit(tool))
            self._tools.addButton(button)
            self.tools[tool] = button
        tip = "Show all points again (Home); the wheel zooms"
        self.reset = _button("All", "curate-reset", tip)
        self.reset.clicked.connect(self.reset_wanted)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for row, name in enumerate("yx"):
            grid.addWidget(self.boxes[name], row, 0)
            grid.addWidget(self.logs[name], row, 1)
        for place, widget in enumerate((*self.tools.values(), self.reset)):
            grid.addWidget(widget, place // 2, 2 + place % 2)
        self._ratios: dict[object, bool] = {}

    def set_measures(self, found: Measurements) -> None:
        """Offer what was measured."""
        known = found.measures
        self._ratios = {measure.name: measure.is_ratio for measure in known}
        choices = [(measure.name, found.title(measure.name), None) for measure in known]
        spare = [name for name in self._ratios if name not in FIRST]
        for name, first in zip("xy", FIRST, strict=True):
            default = first if first in self._ratios else spare[0] if spare else FIRST[0]
            self.boxes[name].set_choices(choices, default, keep=True)
            self._scale(name)

    @property
    def measures(self) -> tuple[str, str]:
        """Names of the measures along x and y."""
        return str(self.boxes["x"].key()), str(self.boxes["y"].key())

    def _choose(self, name: str) -> None:
        self._scale(name)
        self.changed.emit()

    def _scale(self, name: str) -> None:
        """Take the scale that serves a measure: logarithmic for sizes and intensities."""
        log = self.logs[name]
        blocked = log.blockSignals(True)
        log.setChecked(self._ratios.get(self.boxes[name].key(), False))
        log.blockSignals(blocked)


def _button(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.setStyleSheet("QPushButton { padding: 3px 8px; }")
    return button
