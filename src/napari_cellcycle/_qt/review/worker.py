"""Work on cells that is done in a thread: newest wishes first, and what is obsolete is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QObject, QRunnable, QThreadPool, Signal


class Worker(QObject):
    """Calls a function on cells in a thread of its own, some at once.

    Parameters
    ----------
    make : callable
        From a list of indices to anything; called in the thread.
    at_once : int
        Most cells of one call: few enough that newer wishes are not kept waiting.

    Attributes
    ----------
    made : Signal(object, object)
        Indices, and what the function made of them. On the main thread.
    broke : Signal(object, object)
        Indices, and the exception that it raised.
    """

    made = Signal(object, object)
    broke = Signal(object, object)

    def __init__(
        self, make: Callable[[list[int]], Any], at_once: int, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = _Desk(make, at_once)
        self._desk.made.connect(self._hand_over)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)

    def want(self, indices: Sequence[int]) -> None:
        """Work on these cells, in this order; earlier wishes no longer hold."""
        if self._desk.order(list(indices)):
            self._pool.start(_Run(self._desk))

    def restart(self) -> None:
        """Forget all wishes, and do not hand over what is at work."""
        self._desk.restart()

    def close(self) -> None:
        """End the thread after the cells that it is at."""
        self.restart()
        self._pool.waitForDone()

    def _hand_over(self, generation: int, indices: list[int], result: Any) -> None:
        if generation != self._desk.generation:
            return
        if isinstance(result, _Broken):
            self.broke.emit(indices, result.error)
        else:
            self.made.emit(indices, result)


class _Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error


class _Desk(QObject):
    """Where wishes are laid down for the thread; it outlives the worker if need be."""

    made = Signal(int, object, object)

    def __init__(self, make: Callable[[list[int]], Any], at_once: int) -> None:
        super().__init__()
        self.make = make
        self.generation = 0
        self._at_once = at_once
        self._lock = threading.Lock()
        self._wanted: list[int] = []
        self._at_work: list[int] = []
        self._busy = False

    def order(self, wanted: list[int]) -> bool:
        """Lay down wishes; whether a run must be started for them."""
        with self._lock:
            self._wanted = [index for index in wanted if index not in self._at_work]
            start = bool(self._wanted) and not self._busy
            self._busy |= start
            return start

    def restart(self) -> None:
        with self._lock:
            self._wanted, self._at_work = [], []
            self.generation += 1

    def next(self) -> tuple[list[int], int]:
        """Take up the next cells; none end the run."""
        with self._lock:
            batch, self._wanted = self._wanted[: self._at_once], self._wanted[self._at_once :]
            self._at_work, self._busy = batch, bool(batch)
            return batch, self.generation


class _Run(QRunnable):
    """Works until nothing is left on the desk."""

    def __init__(self, desk: _Desk) -> None:
        super().__init__()
        self._desk = desk

    def run(self) -> None:
        while (work := self._desk.next())[0]:
            batch, generation = work
            try:
                result = self._desk.make(batch)
            except Exception as error:  # noqa: BLE001
                result = _Broken(error)
            self._desk.made.emit(generation, batch, result)
