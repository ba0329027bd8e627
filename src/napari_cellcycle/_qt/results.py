"""What came out of a run: counts per phase in the overlay's colours, and the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from qtpy.QtWidgets import QGridLayout, QLabel, QLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.legible import legible

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet


class CountBar(QWidget):
    """One bar, divided among the phases in proportion to their counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[tuple[str, int], ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Height of the bar; the width is the dock's."""
        return QSize(120, 14)

    def set_parts(self, parts: Sequence[tuple[str, int]]) -> None:
        """Colours and counts, in order."""
        self._parts = tuple(parts)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the parts side by side."""
        total = sum(count for _, count in self._parts)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(0, 0, self.width(), self.height())
        outline = QPainterPath()
        outline.addRoundedRect(frame, 3, 3)
        painter.setClipPath(outline)
        painter.fillRect(frame, QColor(128, 128, 128, 60))
        x = 0.0
        for color, count in self._parts:
            width = self.width() * count / total if total else 0.0
            painter.fillRect(QRectF(x, 0, width, self.height()), QColor(color))
            x += width
        painter.end()


class ResultPanel(QWidget):
    """Counts per phase with a legend, a summary line and the notes of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.summary = text_label("summary")
        self.bar = CountBar()
        self.bar.setObjectName("count-bar")
        self._legend = QGridLayout()
        self._legend.setContentsMargins(0, 0, 0, 0)
        self._legend.setHorizontalSpacing(8)
        self._legend.setVerticalSpacing(2)
        self._legend.setColumnStretch(1, 1)
        self._names: list[QLabel] = []
        self._counts: dict[str, QLabel] = {}
        self._shares: dict[str, QLabel] = {}
        self._vocabulary: PhaseSet | None = None
        self.notes = text_label("notes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.summary)
        layout.addWidget(self.bar)
        layout.addLayout(self._legend)
        layout.addWidget(self.notes)
        self._layout = layout
        self.set_notes(())

    def add_row(self, row: QLayout) -> None:
        """Add a row of controls below."""
        self._layout.addLayout(row)

    def stand_alone(self) -> None:
        """Where the panel is all of its dock: everything at the top, and wide enough for names."""
        for name in self._names:
            name.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Preferred)
        self._layout.setContentsMargins(9, 9, 9, 9)
        self._layout.addStretch(1)

    def clear(self) -> None:
        """Show nothing until a run has something to tell."""
        self.setVisible(False)
        self.set_notes(())
        if self._vocabulary is not None:
            self.set_counts(self._vocabulary, {})

    def set_counts(self, phases: PhaseSet, counts: Mapping[str, int]) -> None:
        """Show how many cells are in each phase.

        Parameters
        ----------
        phases : PhaseSet
            The vocabulary, for names and colours.
        counts : mapping of str to int
            By slug of a leaf.
        """
        if phases != self._vocabulary:
            self._build_legend(phases)
        total = sum(counts.values())
        for phase in phases.leaves:
            count = counts.get(phase.slug, 0)
            self._counts[phase.slug].setText(str(count))
            share = f"{100 * count / total:.0f} %" if total else ""
            self._shares[phase.slug].setText(share)
        self.bar.set_parts([(p.color, counts.get(p.slug, 0)) for p in phases.leaves])

    def set_notes(self, notes: Sequence[str]) -> None:
        """Show the warnings of the run, one a line."""
        self.notes.setText("\n".join(f"• {note}" for note in notes))
        self.notes.setVisible(bool(notes))

    def _build_legend(self, phases: PhaseSet) -> None:
        while (item := self._legend.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        self._vocabulary = phases
        self._names.clear()
        self._counts.clear()
        self._shares.clear()
        for row, phase in enumerate(phases.leaves):
            swatch = QLabel()
            swatch.setObjectName(f"swatch-{phase.slug}")
            swatch.setFixedSize(12, 12)
            swatch.setStyleSheet(f"background-color: {phase.color}; border-radius: 3px;")
            count, share = QLabel("0"), QLabel()
            count.setObjectName(f"count-{phase.slug}")
            for label in (count, share):
                label.setAlignment(RIGHT)
            share.setMinimumWidth(44)
            name = QLabel(phase.name)
            name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            name.setToolTip(phase.slug)
            self._names.append(name)
            for column, widget in enumerate((swatch, name, count, share)):
                self._legend.addWidget(widget, row, column)
            self._counts[phase.slug], self._shares[phase.slug] = count, share


class MessageLabel(QLabel):
    """One message: a hint in the colour of the text, or an error in that of errors."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # names in it may look like markup
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setVisible(False)
        self.is_error = False

    def hint(self, text: str) -> None:
        """Say what to do next."""
        self._show(text, is_error=False)

    def error(self, text: str) -> None:
        """Say what went wrong."""
        self._show(text, is_error=True)

    def clear(self) -> None:
        """Say nothing and take no room."""
        self._show("", is_error=False)

    def _show(self, text: str, *, is_error: bool) -> None:
        from napari.settings import get_settings
        from napari.utils.theme import get_theme

        self.is_error = is_error
        theme = get_theme(get_settings().appearance.theme)
        colors = (QColor(c.as_hex("long")) for c in (theme.error, theme.background, theme.text))
        style = f"color: {legible(*colors).name()};" if is_error else ""
        if style != self.styleSheet():  # to set it takes a while, also where it is the same
            self.setStyleSheet(style)
        self.setText(text)
        self.setVisible(bool(text))


def text_label(name: str) -> QLabel:
    """Text of several lines that can be copied."""
    label = QLabel()
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
