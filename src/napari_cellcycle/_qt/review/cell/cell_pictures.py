"""The pictures of one cell, made in a worker; of several wishes the latest counts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.review.pictures import as_rgb32, composites, single_channel, to_image
from napari_cellcycle._qt.review.worker import Worker

if TYPE_CHECKING:
    from qtpy.QtGui import QImage

    from napari_cellcycle._qt.review.source import CellSource

_KEPT = 64
CHANNEL_NAMES = {"dna": "DNA"}
"""Names of channels that are not called as their role."""


@dataclass(frozen=True, slots=True, eq=False)
class CellPictures:
    """Everything that is drawn of one cell.

    Parameters
    ----------
    axes : tuple of str
        Of the views.
    rows : tuple of (str, tuple of QImage)
        Name and one image an axis: the composite, where there is more than the first channel to
        see, then each channel.
    tiles : tuple of (str, QImage)
        The cell in its surroundings.
    """

    axes: tuple[str, ...]
    rows: tuple[tuple[str, tuple[QImage, ...]], ...]
    tiles: tuple[tuple[str, QImage | None], ...]


def make_pictures(source: CellSource, index: int) -> CellPictures:
    """Ask a source for the views of a cell, and colour them; it may take its time."""
    views = source.views(np.array([index], dtype=np.int64))
    cell, roles = views.images[0], views.roles
    rows = []
    if cell[:, 1:].any():
        rows.append(("composite", tuple(to_image(one) for one in composites(cell, roles))))
    for channel, role in enumerate(roles):
        tint = "dna" if len(roles) == 1 else role
        images = tuple(to_image(single_channel(one[channel], tint)) for one in cell)
        rows.append((CHANNEL_NAMES.get(role, role), images))
    tiles = tuple((tile.name, to_image(as_rgb32(tile.rgb))) for tile in source.slices(index))
    return CellPictures(views.axes, tuple(rows), tiles)


class PictureLoader(QObject):
    """Makes the pictures of the cell that is looked at, then of those that may come next.

    Parameters
    ----------
    source : CellSource
        Whose ``views`` and ``slices`` are asked for, in a worker thread.

    Attributes
    ----------
    came : Signal(int)
        The pictures of a cell are there.
    failed : Signal(int, object)
        They could not be made, with the exception.
    """

    came = Signal(int)
    failed = Signal(int, object)

    def __init__(self, source: CellSource, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._kept: OrderedDict[int, CellPictures] = OrderedDict()
        self._worker = Worker(self._make, 1, self)
        self._worker.made.connect(self._take)
        self._worker.broke.connect(self._give_up)

    def get(self, index: int) -> CellPictures | None:
        """Pictures of a cell, None until they are there."""
        return self._kept.get(index)

    def want(self, indices: Sequence[int]) -> None:
        """Make the pictures of these cells, in this order; earlier wishes no longer hold."""
        self._worker.want([index for index in indices if index not in self._kept])

    def forget(self) -> None:
        """Drop all pictures; those at work are not taken any more."""
        self._worker.restart()
        self._kept.clear()

    def close(self) -> None:
        """Stop the worker after the cell that it is at."""
        self._worker.close()

    def _make(self, indices: list[int]) -> CellPictures:
        return make_pictures(self._source, indices[0])

    def _take(self, indices: list[int], pictures: CellPictures) -> None:
        self._kept[indices[0]] = pictures
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        self.came.emit(indices[0])

    def _give_up(self, indices: list[int], error: Exception) -> None:
        self.failed.emit(indices[0], error)
