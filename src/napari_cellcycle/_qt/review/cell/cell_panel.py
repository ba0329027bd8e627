"""The current cell: what the networks saw and said of it, and what people say."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QEvent, QRectF, QSize, Qt
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_cellcycle._qt.alignment import RIGHT
from napari_cellcycle._qt.results import MessageLabel
from napari_cellcycle._qt.review.cell.cell_pictures import PictureLoader
from napari_cellcycle._qt.review.cell.cell_sheet import CellSheet
from napari_cellcycle._qt.review.look import (
    Look,
    draw_chip,
    draw_mark,
    is_branch,
    phase_color,
    phase_name,
    status_name,
)
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QPaintEvent

    from napari_cellcycle._qt.review.source import CellSource, Facts


class CellPanel(QWidget):
    """The current cell of a source, in a column as wide as a dock.

    Follows the selection's current cell; its pictures come from a worker and replace those of the
    cell before when they are there.

    Parameters
    ----------
    source : CellSource
        Read only.
    """

    def __init__(self, source: CellSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self.loader = PictureLoader(source, parent=self)
        self.title = _label("cell-title")
        self.place = _label("cell-place")
        self.place.setAlignment(RIGHT)
        self.phase = _PhaseLine()
        self.sheet = CellSheet()
        self.message = MessageLabel("cell-message")
        self.facts = _label("cell-facts")
        self.facts.setWordWrap(True)
        self.facts.setTextFormat(Qt.TextFormat.RichText)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._next: tuple[int, ...] = ()
        self._facts: list[tuple[str, str]] = []
        self._names_width = 80
        self._build()
        self.sheet.laid_out.connect(self._align)
        self.loader.came.connect(self._show_pictures)
        self.loader.failed.connect(self._fail)
        source.selection.current_changed.connect(self._show)
        source.selection.changed.connect(self._name)
        source.signals.changed.connect(self._change)
        source.signals.reloaded.connect(self._reload)
        self._show(source.selection.current)

    @property
    def index(self) -> int:
        """The cell that is shown, -1 for none."""
        return self._source.selection.current

    def prefetch(self, indices: Sequence[int]) -> None:
        """Make the pictures of cells that are likely to come next, after those of this one."""
        self._next = tuple(indices)
        self._want()

    def close_worker(self) -> None:
        """Stop making pictures."""
        self.loader.close()

    def _build(self) -> None:
        inner = QWidget()
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(5)
        head = QGridLayout()
        head.setColumnStretch(1, 1)
        head.addWidget(self.title, 0, 0)
        head.addWidget(self.place, 0, 1)
        head.addWidget(self.phase, 1, 0, 1, 2)
        layout.addLayout(head)
        layout.addWidget(self.sheet)
        layout.addWidget(self.message)
        layout.addWidget(self.facts)
        layout.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # one that comes and goes would change the width, by it the height, and so on for ever
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        self._inner = inner

    def _show(self, index: int) -> None:
        self._inner.setVisible(index >= 0)
        if index < 0:
            self.loader.want([])
            return
        self.message.clear()
        self._tell(index)
        self.sheet.set_pictures(self.loader.get(index))
        self._want()

    def _want(self) -> None:
        if self.index >= 0:
            self.loader.want(list(dict.fromkeys((self.index, *self._next))))

    def _tell(self, index: int) -> None:
        source = self._source
        facts = source.facts(index)
        self._name()
        self.place.setText(_place_of(source, index))
        status = STATUSES[source.status[index]]
        self.phase.set(source, int(source.phase[index]), status)
        self.sheet.set_votes(source.phases, facts.votes, int(source.predicted[index]))
        self._facts = [(name, text) for name, text in self._texts(index, facts) if text]
        self._write_facts()

    def _name(self) -> None:
        """Say which cell it is, and of how many that a word would be about."""
        if self.index >= 0:
            n = int(np.count_nonzero(self._source.selection.mask))
            rest = f" of {n:,} selected" if n > 1 else ""
            self.title.setText(f"<b>Cell {self._source.label[self.index]}</b>{rest}")
            self.title.setToolTip("A word is about all that are selected." if rest else "")

    def _write_facts(self) -> None:
        faint = Look.of(self).faint.name()
        rows = "".join(_fact(name, text, faint, self._names_width) for name, text in self._facts)
        self.facts.setText(f"<table cellspacing=0 cellpadding=1 width='100%'>{rows}</table>")

    def _texts(self, index: int, facts: Facts) -> list[tuple[str, str]]:
        source = self._source
        predicted, confidence = int(source.predicted[index]), float(source.confidence[index])
        entropy = float(source.entropy[index])
        sure = [] if np.isnan(confidence) else [f"{confidence:.3f}"]
        sure += [] if np.isnan(entropy) else [f"entropy {entropy:.3f} nats"]
        when = facts.reviewed_at
        return [
            ("predicted", phase_name(source.phases, predicted) if predicted >= 0 else ""),
            ("confidence", ", ".join(sure)),
            ("suspect", facts.suspicion),
            ("model", facts.model),
            *((f"{who}:", word) for who, word in facts.said),
            ("reviewed", "" if when is None else f"{when.astimezone():%Y-%m-%d %H:%M}"),
            ("note", facts.note),
        ]

    def _align(self, names_width: int) -> None:
        """Let the facts begin where the sheet's columns do."""
        if names_width - 8 != self._names_width:
            self._names_width = names_width - 8
            self._write_facts()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._write_facts()

    def _show_pictures(self, index: int) -> None:
        if index == self.index:
            self.sheet.set_pictures(self.loader.get(index))

    def _fail(self, index: int, error: Exception) -> None:
        if index == self.index:
            self.message.error(f"No picture of this cell: {error}")

    def _change(self, indices: NDArray[np.int64]) -> None:
        if self.index >= 0 and self.index in indices:
            self._tell(self.index)

    def _reload(self) -> None:
        self.loader.forget()
        self._show(self.index)


class _PhaseLine(QWidget):
    """The final phase with its colour, and at the right the status with its mark."""

    def __init__(self) -> None:
        super().__init__()
        self.text = self.status = ""
        self._source: CellSource | None = None
        self._code = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, source: CellSource, code: int, status: str) -> None:
        self._source, self._code, self.status = source, code, status
        self.text = phase_name(source.phases, code)
        self.setToolTip(f"{self.text}, {status_name(status)}")
        self.setAccessibleName(self.toolTip())
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 26)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self._source is None:
            return
        look, painter, box = Look.of(self), QPainter(self), QRectF(self.rect())
        phases, status = self._source.phases, status_name(self.status)
        painter.fillRect(box, look.card)
        chip = QRectF(7, box.center().y() - 7, 14, 14)
        draw_chip(
            painter, chip, phase_color(phases, self._code), hollow=is_branch(phases, self._code)
        )
        metrics = painter.fontMetrics()
        right = box.adjusted(0, 0, -8, 0)
        painter.setPen(look.faint)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(right, Qt.AlignmentFlag.AlignRight | middle, status)
        right.setRight(right.right() - metrics.horizontalAdvance(status) - 5)
        if self.status not in ("", "predicted"):
            mark = QRectF(right.right() - 16, box.center().y() - 8, 16, 16)
            draw_mark(painter, mark, self.status)
            right.setRight(mark.left() - 6)
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(look.ink)
        name = right.adjusted(29, 0, 0, 0)
        elide = Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(self.text, elide, int(name.width()))
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | middle, shown)
        painter.end()


def _place_of(source: CellSource, index: int) -> str:
    frame = [f"frame {source.frame[index]}"] if source.frame.any() else []
    z, y, x = source.position[index]
    if np.isnan((y, x)).any():
        return " · ".join(frame)
    where = f"y {y:.1f}  x {x:.1f} {source.unit}"
    return " · ".join([*frame, where if source.is_2d else f"z {z:.1f}  {where}"])


def _fact(name: str, text: str, faint: str, width: int) -> str:
    """One row of the table of facts; what people wrote is shown as they wrote it."""
    return (
        f"<tr><td width={width} align=right style='color:{faint}'>{escape(name)}</td>"
        f"<td style='padding-left:8px'>{escape(text)}</td></tr>"
    )


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    return label
