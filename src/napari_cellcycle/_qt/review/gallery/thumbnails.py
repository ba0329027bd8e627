"""Thumbnails: made in a worker, newest wishes first, and kept while they are likely to be seen."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.review.pictures import composites, to_image
from napari_cellcycle._qt.review.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QImage

    from napari_cellcycle._qt.review.source import CellSource, Pictures

_AT_ONCE = 16
"""Cells of one call of ``views``: few enough that what comes into view is not kept waiting."""


class Thumbnails(QObject):
    """Composite pictures of cells, made when they are asked for.

    Parameters
    ----------
    source : CellSource
        Whose ``views`` are shown.
    limit : int
        Most pictures to keep; at 64 pixels each takes 16 kB.

    Attributes
    ----------
    ready : Signal(object)
        Indices whose pictures have come.
    failed : Signal(object)
        The exception that ``views`` raised; its cells are not tried again until :meth:`forget`.
    axes_known : Signal(object)
        The axes of the views, once the first have come and when they change.
    """

    ready = Signal(object)
    failed = Signal(object)
    axes_known = Signal(object)

    def __init__(
        self, source: CellSource, limit: int = 8192, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._source = source
        self._limit = limit
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._broken: set[int] = set()
        self._axis = ""
        self._axes: tuple[str, ...] = ()
        self._worker = Worker(self._make, _AT_ONCE, self)
        self._worker.made.connect(self._take)
        self._worker.broke.connect(self._give_up)

    @property
    def axis(self) -> str:
        """Axis whose projection is shown; empty for ``z``, or the first where there is none."""
        return self._axis

    def set_axis(self, axis: str) -> None:
        """Show the projections along another axis."""
        if axis != self._axis:
            self._axis = axis
            self.forget()

    def get(self, index: int) -> QImage | None:
        """Picture of a cell, None until it is there."""
        image = self._images.get(index)
        if image is not None:
            self._images.move_to_end(index)
        return image

    def is_broken(self, index: int) -> bool:
        """Whether no picture of a cell could be made."""
        return index in self._broken

    def want(self, indices: Sequence[int]) -> None:
        """Make the pictures of these cells, in this order; earlier wishes no longer hold."""
        missing = [i for i in indices if i not in self._images and i not in self._broken]
        self._worker.want(missing)

    def forget(self, indices: Sequence[int] | None = None) -> None:
        """Drop the pictures of cells, or all of them; those at work are not taken any more."""
        self._worker.restart()
        if indices is None:
            self._images.clear()
            self._broken.clear()
            return
        for index in indices:
            self._images.pop(index, None)
            self._broken.discard(index)

    def close(self) -> None:
        """Stop the worker after the cells that it is at."""
        self._worker.close()

    def _make(self, indices: list[int]) -> tuple[Any, tuple[str, ...]]:
        """Pixels of some cells, and along which axes there are views; in the worker's thread."""
        pictures = self._source.views(np.array(indices, dtype=np.int64))
        return composites(_along(pictures, self._axis), pictures.roles), pictures.axes

    def _take(self, indices: list[int], made: tuple[Any, tuple[str, ...]]) -> None:
        pixels, axes = made
        for index, cell in zip(indices, pixels, strict=True):
            self._images[index] = to_image(cell)
        while len(self._images) > self._limit:
            self._images.popitem(last=False)
        if axes != self._axes:
            self._axes = axes
            self.axes_known.emit(axes)
        self.ready.emit(indices)

    def _give_up(self, indices: list[int], error: Exception) -> None:
        self._broken.update(indices)
        self.ready.emit(indices)
        self.failed.emit(error)


def _along(pictures: Pictures, axis: str) -> Any:
    """Channels along an axis; along z, or the first axis, where there is no such."""
    for wanted in (axis, "z"):
        if wanted in pictures.axes:
            return pictures.images[:, pictures.axes.index(wanted)]
    return pictures.images[:, 0]
