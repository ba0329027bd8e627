"""The phases: a button each with its key and count, an eye to hide it, and what a click does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QIcon, QPainter, QPixmap
from qtpy.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.combos import ChoiceBox
from napari_cellcycle._qt.review.keys.keys import with_key
from napari_cellcycle._qt.review.look import draw_chip, is_branch, phase_color, phase_name
from napari_cellcycle._qt.review.phase_colors import PhaseColors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.phases import PhaseSet


class PhaseBar(QWidget):
    """Says phases, shows and hides them, and chooses what a click in the canvas does.

    Parameters
    ----------
    desk : Desk
        Counts are those of its review.

    Attributes
    ----------
    chosen : Signal(str)
        A phase is to be said of the cell at hand: its slug.
    hidden_changed : Signal(object)
        Slugs of phases that are not to be shown, a frozenset.
    tool_changed : Signal(str)
        Slug of the phase that a click gives; empty where a click selects.
    row : QHBoxLayout
        The last row, with room for more.
    """

    chosen = Signal(str)
    hidden_changed = Signal(object)
    tool_changed = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.eyes: dict[str, QCheckBox] = {}
        self.buttons: dict[str, QPushButton] = {}
        self.swatches: dict[str, QToolButton] = {}
        self.counts: dict[str, QLabel] = {}
        self.colors = PhaseColors(desk, self)
        self.tool = ChoiceBox("click-tool", tooltip="What a click on a cell in the canvas does")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        self.row = QHBoxLayout()
        self.row.setSpacing(8)
        self.row.addWidget(QLabel("A click"))
        self.row.addWidget(self.tool, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._grid)
        layout.addLayout(self.row)
        self._phases: PhaseSet | None = None
        self.fill()
        self.tool.changed.connect(lambda: self.tool_changed.emit(str(self.tool.key())))
        desk.review.changed.connect(self._count)

    def close_bar(self) -> None:
        """Follow the review no more."""
        self._desk.review.changed.disconnect(self._count)

    def fill(self) -> None:
        """Offer the phases that the review has now."""
        phases = self._desk.review.phases
        slugs = [phase.slug for phase in phases]
        if self._phases is None or slugs != [phase.slug for phase in self._phases]:
            self._build(phases)
        if phases != self._phases:
            for code, slug in enumerate(slugs):
                self.swatches[slug].setIcon(_chip(phases, code))
        self._phases = phases
        self._count()

    def name_keys(self, keys: Mapping[str, str]) -> None:
        """Show the keys of the phases on their buttons, by action."""
        phases = self._desk.review.phases
        for code, phase in enumerate(phases):
            name, key = phase_name(phases, code), keys.get(f"phase:{phase.slug}", "")
            button = self.buttons[phase.slug]
            button.setText(f"{key}   {name}" if key else name)
            button.setToolTip(with_key(f"Say that the cell is {name}", key))

    def _build(self, phases: PhaseSet) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self.eyes, self.swatches, self.buttons, self.counts = {}, {}, {}, {}
        codes = sorted(range(len(phases.phases)), key=lambda code: is_branch(phases, code))
        for place, code in enumerate(codes):
            slug, name = phases.phases[code].slug, phase_name(phases, code)
            eye = QCheckBox()
            eye.setObjectName(f"eye-{slug}")
            eye.setChecked(True)
            eye.setToolTip(f"Show cells that are {name}")
            eye.setAccessibleName(eye.toolTip())
            eye.toggled.connect(self._on_eyes)
            button = QPushButton(name)
            button.setObjectName(f"say-{slug}")
            button.setStyleSheet("QPushButton { text-align: left; padding: 2px 6px; }")
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda _=False, slug=slug: self.chosen.emit(slug))
            swatch = self._swatch(slug, name)
            count = QLabel()
            count.setObjectName(f"number-{slug}")
            count.setAlignment(RIGHT)
            count.setMinimumWidth(36)
            for column, widget in enumerate((eye, swatch, button, count)):
                self._grid.addWidget(widget, place, column)
            self.eyes[slug], self.swatches[slug] = eye, swatch
            self.buttons[slug], self.counts[slug] = button, count
        choices = [("", "selects it", None)]
        choices += [(phases.phases[c].slug, f"sets {phase_name(phases, c)}", None) for c in codes]
        self.tool.set_choices(choices, "")

    def _swatch(self, slug: str, name: str) -> QToolButton:
        swatch = QToolButton()
        swatch.setObjectName(f"color-{slug}")
        swatch.setIconSize(QSize(14, 14))
        swatch.setFixedSize(20, 20)
        swatch.setStyleSheet("QToolButton { padding: 0; background: transparent; }")
        swatch.setToolTip(f"Colour of {name}: click to change it, right click to take it back")
        swatch.setAccessibleName(f"Colour of {name}")
        swatch.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        swatch.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        swatch.clicked.connect(lambda: self.colors.ask(slug, swatch))
        swatch.customContextMenuRequested.connect(lambda at: self.colors.offer(slug, swatch, at))
        return swatch

    def _on_eyes(self) -> None:
        hidden = frozenset(slug for slug, eye in self.eyes.items() if not eye.isChecked())
        self.hidden_changed.emit(hidden)

    def _count(self, rows: object = None) -> None:
        review = self._desk.review
        for code, phase in enumerate(review.phases):
            if phase.slug in self.counts:
                self.counts[phase.slug].setText(f"{int(review.phase_counts[code]):,}")


def _chip(phases: PhaseSet, code: int) -> QIcon:
    pixmap = QPixmap(24, 24)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    box = QRectF(3, 3, 18, 18)
    draw_chip(painter, box, phase_color(phases, code), hollow=is_branch(phases, code))
    painter.end()
    return QIcon(pixmap)
