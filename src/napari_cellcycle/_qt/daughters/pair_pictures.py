"""Pictures of a pair, made in a worker: each cell as the network sees it, and both together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.review.cell.cell_pictures import CellPictures
from napari_cellcycle._qt.review.pictures import composites, single_channel, to_image
from napari_cellcycle._qt.review.worker import Worker

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtGui import QImage

    from napari_cellcycle._qt.review.pixels import Pixels
    from napari_cellcycle._qt.review.source import Pictures

    Ints = NDArray[np.int64]

Wish = tuple[str, tuple[int, ...]]
"""A name, and rows of the cells."""


def make_pictures(pixels: Pixels, wishes: list[Wish]) -> CellPictures:
    """Make one row of projections a wish; several rows are seen as one cell."""
    rows = []
    axes: tuple[str, ...] = ()
    for name, cells in wishes:
        which = np.array(cells, np.int64)
        views = pixels.views(which) if len(which) == 1 else pixels.together(which)
        axes = views.axes
        rows.append((name, _images(views)))
    return CellPictures(axes, tuple(rows), ())


def _images(views: Pictures) -> tuple[QImage, ...]:
    cell, roles = views.images[0], views.roles
    if len(roles) > 1:
        return tuple(to_image(one) for one in composites(cell, roles))
    return tuple(to_image(single_channel(one[0], "dna")) for one in cell)


class PairPictures(QObject):
    """Makes the pictures of the pair at hand; of several wishes the latest counts.

    Attributes
    ----------
    came : Signal(object)
        The pictures of the pair that was wanted last.
    failed : Signal(str)
        Why there are none.
    """

    came = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: dict[int, tuple[Pixels, list[Wish]]] = {}
        self._last = 0
        self._worker = Worker(self._make, 1, self)
        self._worker.made.connect(self._take)
        self._worker.broke.connect(self._give_up)

    def want(self, pixels: Pixels, wishes: list[Wish]) -> None:
        """Make these pictures next; earlier wishes no longer hold."""
        self._last += 1
        self._wanted = {self._last: (pixels, wishes)}
        self._worker.want([self._last])

    def close(self) -> None:
        """Stop the worker."""
        self._worker.close()

    def _make(self, numbers: list[int]) -> CellPictures | None:
        wanted = self._wanted.get(numbers[0])
        return None if wanted is None else make_pictures(*wanted)

    def _take(self, numbers: list[int], pictures: CellPictures | None) -> None:
        if numbers[0] == self._last and pictures is not None:
            self.came.emit(pictures)

    def _give_up(self, numbers: list[int], error: Any) -> None:
        if numbers[0] == self._last:
            self.failed.emit(f"No picture of this pair: {error}")
