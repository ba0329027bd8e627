"""The frames of movies that were not on screen when they were opened, read later in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.review.worker import Worker
from napari_cellcycle._qt.timers import once
from napari_cellcycle.image.movie import Movie

if TYPE_CHECKING:
    from collections.abc import Iterable

_AT_LATEST_MS = 5000
"""When frames are read that nobody has asked for, if no pictures of a cell come before."""


class Filling(QObject):
    """Reads movies to their end, and then gives their layers the arrays themselves.

    Attributes
    ----------
    came : Signal(int)
        A frame of all movies was read.
    failed : Signal(str)
        Why one could not be read; it is tried again when it is looked at.
    """

    came = Signal(int)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers: list[Any] = []
        self._worker: Worker | None = None
        self._later = once(self, self.begin, _AT_LATEST_MS)

    @property
    def is_running(self) -> bool:
        """Whether frames are missing, and will be read."""
        return bool(self._layers)

    @property
    def is_waiting(self) -> bool:
        """Whether it has not begun to read."""
        return self._later.isActive()

    def add(self, layers: Iterable[Any]) -> None:
        """Read the movies of some layers, once what is on screen is there: see :meth:`begin`."""
        self._layers += [layer for layer in layers if isinstance(layer.data, Movie)]
        if self._layers:
            self._later.start()

    def leave(self, layers: Iterable[Any]) -> None:
        """Read for some layers no more: they were removed."""
        gone = list(layers)
        self._layers = [layer for layer in self._layers if layer not in gone]

    def close(self) -> None:
        """Read no more; frames are still read when they are looked at."""
        self._later.stop()
        self._layers = []
        if self._worker is not None:
            self._worker.close()

    def begin(self) -> None:
        """Read what is missing."""
        self._later.stop()
        if not self._layers:
            return
        if self._worker is None:
            self._worker = Worker(self._read, 1, self)
            self._worker.made.connect(self._on_read)
            self._worker.broke.connect(self._on_broken)
        self._worker.want(sorted(set().union(*(movie.missing for movie in self._movies()))))
        self._hand_over()

    def _movies(self) -> list[Movie]:
        return [layer.data for layer in self._layers if isinstance(layer.data, Movie)]

    def _read(self, frames: list[int]) -> None:
        for movie in self._movies():
            movie.read(frame for frame in frames if frame < len(movie))

    def _on_read(self, frames: list[int]) -> None:
        for frame in frames:
            self.came.emit(frame)
        self._hand_over()

    def _hand_over(self) -> None:
        """Give layers their arrays where nothing is missing any more."""
        for layer in [layer for layer in self._layers if not _is_missing(layer)]:
            self._layers.remove(layer)
            if isinstance(layer.data, Movie):
                layer.data = layer.data.whole

    def _on_broken(self, frames: list[int], error: Exception) -> None:
        self._layers = []
        self.failed.emit(f"Frame {frames[0]} cannot be read: {error}")


def _is_missing(layer: Any) -> bool:
    """Whether frames of a layer are still to be read."""
    return isinstance(layer.data, Movie) and bool(layer.data.missing)
