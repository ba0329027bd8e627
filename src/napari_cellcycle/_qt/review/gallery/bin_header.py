"""The line above a bin: its colour, its name and how many cells it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPointF, QRect, QRectF, Qt
from qtpy.QtGui import QPainter, QPolygonF

from napari_cellcycle._qt.review.look import Look, draw_chip, is_branch, phase_color, phase_name

if TYPE_CHECKING:
    from napari_cellcycle.phases import PhaseSet

_ALIGN = Qt.AlignmentFlag.AlignVCenter


def draw_header(
    painter: QPainter,
    box: QRect,
    look: Look,
    phases: PhaseSet,
    code: int,
    count: int,
    *,
    folded: bool,
    target: bool,
) -> None:
    """Draw a header.

    Parameters
    ----------
    painter : QPainter
        Of the mosaic.
    box : QRect
        Where.
    look : Look
        Colours of the theme.
    phases : PhaseSet
        Vocabulary.
    code : int
        Of the bin's phase; -1 for cells without one.
    count : int
        Cells in the bin.
    folded : bool
        Whether its cells are hidden.
    target : bool
        Whether cells that are dragged would be dropped on it.
    """
    painter.fillRect(box, look.tint if target else look.card)
    middle = box.top() + box.height() / 2
    x = box.left() + 8.0
    if folded:
        arrow = ((x, middle - 4), (x + 5, middle), (x, middle + 4))
    else:
        arrow = ((x - 1, middle - 2.5), (x + 7, middle - 2.5), (x + 3, middle + 3))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.faint)
    painter.drawPolygon(QPolygonF([QPointF(*point) for point in arrow]))
    painter.restore()
    chip = QRectF(box.left() + 22, middle - 6, 12, 12)
    draw_chip(painter, chip, phase_color(phases, code), hollow=is_branch(phases, code))
    draw_name_and_count(painter, box.adjusted(41, 0, -8, 0), look, phase_name(phases, code), count)


def draw_name_and_count(painter: QPainter, box: QRect, look: Look, name: str, count: int) -> None:
    """Draw a name from the left, shortened if need be, and a count at the right."""
    metrics = painter.fontMetrics()
    number = f"{count:,}"
    painter.setPen(look.faint)
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | _ALIGN, number)
    rest = box.adjusted(0, 0, -metrics.horizontalAdvance(number) - 8, 0)
    painter.setPen(look.ink)
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rest.width())
    painter.drawText(rest, Qt.AlignmentFlag.AlignLeft | _ALIGN, shown)
