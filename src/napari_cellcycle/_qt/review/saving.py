"""Gestures on many cells, entered in a thread of their own, and told when they are on the disk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from napari_cellcycle.review.scribe import Entered


class Saving(QObject):
    """Enters one gesture at a time.

    Its thread is not one of those that train and classify: a word never waits for a network.

    Attributes
    ----------
    entered : Signal(object)
        A gesture is on the disk: an :class:`~napari_cellcycle.review.scribe.Entered`, to be shown.
    refused : Signal(str)
        It could not be saved.
    """

    entered = Signal(object)
    refused = Signal(str)
    _done = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, "words")
        self._at_work: Future[Entered] | None = None
        self._done.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a gesture was taken on and is not told yet."""
        return self._at_work is not None

    def start(self, enter: Callable[[], Entered]) -> None:
        """Call a function in the thread."""
        self._at_work = self._pool.submit(enter)
        self._at_work.add_done_callback(self._done.emit)

    def finish(self) -> None:
        """Wait until the gesture is on the disk, and tell of it at once."""
        if self._at_work is not None:
            wait([self._at_work])
            self._tell(self._at_work)

    def close(self) -> None:
        """Finish, and end the thread."""
        self.finish()
        self._pool.shutdown()

    def end(self) -> None:
        """End the thread when the gesture is on the disk, and tell nobody: the window has gone."""
        self._pool.shutdown()
        self._at_work = None

    def _tell(self, done: Future[Entered]) -> None:
        if done is not self._at_work:
            return
        self._at_work = None
        try:
            found = done.result()
        except CellCycleError as error:
            self.refused.emit(str(error))
        else:
            self.entered.emit(found)
