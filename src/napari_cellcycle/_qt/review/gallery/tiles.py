"""Tiles of the mosaic: thumbnails at the size they are shown in, with the state of their cell."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

import numpy as np
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from napari_cellcycle._qt.review.look import Look, draw_mark
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.gallery.thumbnails import Thumbnails
    from napari_cellcycle._qt.review.source import CellSource

State = Literal["done", "to draw", "no picture"]

_LIMIT = 2048
_CAPTION_FROM = 52
DOUBT = 0.9
"""Predictions with less confidence that nobody has judged are outlined, here and on the canvas."""
_UNCERTAIN = QColor("#FFD24A")
_SHADE = QColor(0, 0, 0, 150)


class Tiles:
    """Pixmaps of tiles, drawn once and kept until something of their cell changes.

    Parameters
    ----------
    source : CellSource
    thumbnails : Thumbnails

    Attributes
    ----------
    by_entropy : bool
        Whether the caption is the entropy, not the confidence.
    """

    def __init__(self, source: CellSource, thumbnails: Thumbnails) -> None:
        self._source = source
        self._thumbnails = thumbnails
        self._made: OrderedDict[int, QPixmap] = OrderedDict()
        self._size = 0
        self._ratio = 1.0
        self._empty: QPixmap | None = None
        self.by_entropy = False

    def set_size(self, size: int, ratio: float) -> None:
        """Edge of a tile in pixels of the screen's coordinates, and device pixels to each."""
        if (size, ratio) != (self._size, self._ratio):
            self._size, self._ratio = size, ratio
            self._made.clear()
            self._empty = None

    def forget(self, indices: list[int] | None = None) -> None:
        """Draw these anew when they are seen next, or all."""
        if indices is None:
            self._made.clear()
            self._empty = None
            return
        for index in indices:
            self._made.pop(index, None)

    def get(self, index: int, look: Look, *, draw: bool = True) -> tuple[QPixmap, State]:
        """Tile of a cell, and how far it has come.

        Parameters
        ----------
        index : int
            The cell.
        look : Look
            Colours of the theme.
        draw : bool
            Whether there is time to draw a tile that was not drawn yet.
        """
        pixmap = self._made.get(index)
        if pixmap is not None:
            self._made.move_to_end(index)
            return pixmap, "done"
        image = self._thumbnails.get(index)
        if image is None and not self._thumbnails.is_broken(index):
            return self._place(look), "no picture"
        if not draw:
            return self._place(look), "to draw"
        pixmap = self._draw(index, image, look)
        self._made[index] = pixmap
        if len(self._made) > _LIMIT:
            self._made.popitem(last=False)
        return pixmap, "done"

    def _place(self, look: Look) -> QPixmap:
        """What stands where a tile will be."""
        if self._empty is None:
            self._empty = self._blank(look.card)
        return self._empty

    def _blank(self, color: QColor) -> QPixmap:
        pixmap = QPixmap(round(self._size * self._ratio), round(self._size * self._ratio))
        pixmap.setDevicePixelRatio(self._ratio)
        pixmap.fill(color)
        return pixmap

    def _is_uncertain(self, index: int) -> bool:
        source = self._source
        predicted = STATUSES[source.status[index]] == "predicted"
        return predicted and bool(source.confidence[index] < DOUBT)

    def _draw(self, index: int, image: QImage | None, look: Look) -> QPixmap:
        size = self._size
        pixmap = self._blank(look.card if image is None else QColor("black"))
        painter = QPainter(pixmap)
        if image is not None:
            edge = round(size * self._ratio)
            mode = Qt.TransformationMode.SmoothTransformation
            keep = Qt.AspectRatioMode.KeepAspectRatio
            scaled = image.scaled(edge, edge, keep, mode)
            scaled.setDevicePixelRatio(self._ratio)
            left = (size - scaled.width() / self._ratio) / 2
            top = (size - scaled.height() / self._ratio) / 2
            painter.drawImage(QRectF(left, top, size - 2 * left, size - 2 * top), scaled)
        else:
            painter.setPen(look.faint)
            painter.drawText(QRectF(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, "×")
        if size >= _CAPTION_FROM:
            self._caption(painter, index, image is not None, look)
        if self._is_uncertain(index):
            painter.setPen(QPen(_UNCERTAIN, 1))
            painter.drawRect(QRectF(0.5, 0.5, size - 1, size - 1))
        edge = min(max(size // 4, 12), 18)
        draw_mark(
            painter, QRectF(size - edge - 3, 3, edge, edge), STATUSES[self._source.status[index]]
        )
        painter.end()
        return pixmap

    def _caption(self, painter: QPainter, index: int, on_picture: bool, look: Look) -> None:
        column = self._source.entropy if self.by_entropy else self._source.confidence
        value = column[index]
        if np.isnan(value):
            return
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        text = f"{value:.2f}"
        if not self.by_entropy and value < 1:
            text = f"{min(value, 0.99):.2f}"
        box = QRectF(3, self._size - 16, 28, 13)
        if on_picture:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_SHADE)
            painter.drawRoundedRect(box, 3, 3)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor("white") if on_picture else look.faint)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
