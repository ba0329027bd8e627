"""Painting the mosaic's page: what of it lies in an area, and no more than a frame has time for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtGui import QColor, QPainter, QPen

from napari_cellcycle._qt.review.gallery.bin_header import draw_header

if TYPE_CHECKING:
    from qtpy.QtCore import QRect

    from napari_cellcycle._qt.review.gallery.mosaic import Mosaic

BUDGET = 0.008
"""Seconds of one frame to draw new tiles in; those that are left come with the next."""


def paint_page(painter: QPainter, mosaic: Mosaic, area: QRect) -> tuple[bool, bool]:
    """Paint a part of the page.

    Parameters
    ----------
    painter : QPainter
        In coordinates of the page.
    mosaic : Mosaic
        Whose page it is.
    area : QRect
        What is to be painted.

    Returns
    -------
    missing : bool
        Whether there are tiles without a picture.
    late : bool
        Whether there was no time for some that have one.
    """
    source, look, page = mosaic.source, mosaic.look, mosaic.page
    selected, current = source.selection.mask, source.selection.current
    missing = late = False
    deadline = time.perf_counter() + BUDGET
    for section, first, last in page.visible(area.top(), area.bottom()):
        if page.header(section).intersects(area):
            draw_header(
                painter,
                page.header(section).adjusted(4, 2, -4, -2),
                look,
                source.phases,
                mosaic.code_of(section.number),
                mosaic.bins.counts[section.number],
                folded=section.number in mosaic.folded,
                target=section.number == mosaic.drop_bin,
            )
        cells = mosaic.bins.members(section.number)[first:last].tolist()
        for place, index in enumerate(cells, first):
            rect = page.rect(section, place)
            if selected[index] or index == current:
                ring = look.accent if selected[index] else look.ink
                painter.fillRect(rect.adjusted(-3, -3, 3, 3), ring)
            in_time = time.perf_counter() < deadline
            pixmap, state = mosaic.tiles.get(index, look, draw=in_time)
            painter.drawPixmap(rect.topLeft(), pixmap)
            if index == current:
                painter.setPen(QPen(QColor("white"), 2))
                painter.drawRect(rect.adjusted(1, 1, -1, -1))
            missing |= state == "no picture"
            late |= state == "to draw"
    if mosaic.band is not None:
        tint = QColor(look.accent)
        tint.setAlpha(60)
        painter.fillRect(mosaic.band, tint)
        painter.setPen(look.accent)
        painter.drawRect(mosaic.band)
    return missing, late
