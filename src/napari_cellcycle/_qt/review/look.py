"""How phases and statuses look in every widget of Review, in the viewer's dark and light themes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPalette, QPen, QPolygonF

from napari_cellcycle.phases import UNCLASSIFIED
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_cellcycle._qt.review.source import CellSource
    from napari_cellcycle.phases import PhaseSet

NO_PHASE = "no phase"
STATUS_NAMES = {"": "not judged"}
"""Names of statuses that are not called as in the tables."""


@dataclass(frozen=True, slots=True)
class Look:
    """Colours that follow from a widget's palette.

    Parameters
    ----------
    paper, card, line : QColor
        Background, background of a thing on it, and thin rules.
    ink, faint : QColor
        Text and secondary text.
    accent, tint : QColor
        Selection: as a line, and as a background below text.
    """

    paper: QColor
    card: QColor
    line: QColor
    ink: QColor
    faint: QColor
    accent: QColor
    tint: QColor

    @classmethod
    def of(cls, widget: QWidget) -> Look:
        """Colours of a widget as its theme has them now."""
        widget.ensurePolished()
        palette = widget.palette()
        paper = palette.color(QPalette.ColorRole.Window)
        ink = palette.color(QPalette.ColorRole.WindowText)
        accent = QColor("#5AA2FF" if paper.lightness() < 128 else "#1F6FEB")
        return cls(
            paper,
            mix(paper, ink, 0.07),
            mix(paper, ink, 0.22),
            ink,
            mix(ink, paper, 0.35),
            accent,
            mix(paper, accent, 0.45),
        )


def mix(first: QColor, second: QColor, share: float) -> QColor:
    """Blend two colours; ``share`` is how much of the second."""
    return QColor(
        *(
            round(a + (b - a) * share)
            for a, b in zip(first.getRgb()[:3], second.getRgb()[:3], strict=True)
        )
    )


def phase_name(phases: PhaseSet, code: int) -> str:
    """Name of a phase by its code; a branch as what is left open by it."""
    if code < 0:
        return NO_PHASE
    phase = phases.phases[code]
    return f"{phase.name}, stage unknown" if is_branch(phases, code) else phase.name


def phase_color(phases: PhaseSet, code: int) -> QColor:
    """Colour of a phase by its code."""
    return QColor(UNCLASSIFIED if code < 0 else phases.phases[code].color)


def is_branch(phases: PhaseSet, code: int) -> bool:
    """Whether a code stands for a branch, which leaves the stage open."""
    return code >= 0 and bool(phases.children(phases.phases[code].slug))


def draw_chip(painter: QPainter, rect: QRectF, color: QColor, *, hollow: bool = False) -> None:
    """Draw a swatch of a phase; hollow for a branch."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hollow:
        painter.setPen(QPen(color, 2))
        rect = rect.adjusted(1, 1, -1, -1)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
    painter.drawRoundedRect(rect, 2.5, 2.5)
    painter.restore()


def status_name(status: str) -> str:
    """What a person reads of a status."""
    return STATUS_NAMES.get(status, status)


def cell_tip(source: CellSource, index: int) -> str:
    """What a tooltip tells of a cell, a line each."""
    phases, frame = source.phases, source.frame[index]
    lines = [f"Cell {source.label[index]}" + (f", frame {frame}" if source.frame.any() else "")]
    lines.append(phase_name(phases, source.phase[index]))
    if source.predicted[index] >= 0:
        if source.predicted[index] != source.phase[index]:
            lines.append(f"predicted: {phase_name(phases, source.predicted[index])}")
        confidence, entropy = source.confidence[index], source.entropy[index]
        lines.append(f"confidence {confidence:.3f}, entropy {entropy:.3f}")
    lines.append(status_name(STATUSES[source.status[index]]))
    return "\n".join(lines)


def draw_mark(painter: QPainter, rect: QRectF, status: str) -> None:
    """Draw the sign of a status on a dark disc, so that it can be seen on any picture.

    A tick for accepted, a pencil for corrected, a cross for excluded, and letters for unsure
    (``?``), conflict (``!``) and stale (``~``); nothing for predicted.
    """
    if status in ("", "predicted"):
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(255, 255, 255, 190), 1))
    painter.setBrush(QColor(20, 23, 28, 235))
    painter.drawEllipse(rect.adjusted(0.5, 0.5, -0.5, -0.5))
    white = QColor("white")
    pen = QPen(white, max(rect.width() / 8, 1.4))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)

    def at(x: float, y: float) -> QPointF:
        return QPointF(rect.left() + x * rect.width(), rect.top() + y * rect.height())

    if status == "accepted":
        painter.drawPolyline(QPolygonF([at(0.28, 0.53), at(0.44, 0.68), at(0.72, 0.34)]))
    elif status == "corrected":
        painter.drawPolygon(
            QPolygonF(
                [at(0.3, 0.7), at(0.36, 0.52), at(0.66, 0.24), at(0.76, 0.34), at(0.48, 0.64)]
            )
        )
    elif status == "excluded":
        painter.drawLine(at(0.32, 0.32), at(0.68, 0.68))
        painter.drawLine(at(0.68, 0.32), at(0.32, 0.68))
    else:
        font = painter.font()
        font.setPixelSize(max(round(rect.height() * 0.72), 7))
        font.setBold(True)
        painter.setFont(font)
        sign = {"unsure": "?", "conflict": "!", "stale": "~"}.get(status, "·")
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, sign)
    painter.restore()
