"""Work on cells that is done in a thread: newest wishes first, and what is obsolete is dropped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from qtpy.QtCore import QObject, Signal


class Worker(QObject):
    """Calls a function on cells in a thread of its own, some at once.

    The thread is one of Python. A pool of Qt waits for its threads when it is destroyed; where the
    garbage collector destroys it, that is with Python's lock held, and so for ever.

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
        self._pool = ThreadPoolExecutor(1, "cells")

    def want(self, indices: Sequence[int]) -> None:
        """Work on these cells, in this order; earlier wishes no longer hold. Not once closed."""
        if self._desk.order(list(indices)):
            self._pool.submit(self._desk.work)

    def restart(self) -> None:
        """Forget all wishes, and do not hand over what is at work."""
        self._desk.restart()

    def close(self) -> None:
        """End the thread after the cells that it is at."""
        self._desk.close()
        self._pool.shutdown()

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
        self._closed = False

    def order(self, wanted: list[int]) -> bool:
        """Lay down wishes; whether a run must be started for them."""
        with self._lock:
            if self._closed:
                return False
            self._wanted = [index for index in wanted if index not in self._at_work]
            start = bool(self._wanted) and not self._busy
            self._busy |= start
            return start

    def restart(self) -> None:
        with self._lock:
            self._wanted, self._at_work = [], []
            self.generation += 1

    def close(self) -> None:
        self.restart()
        with self._lock:
            self._closed = True

    def work(self) -> None:
        """Work until nothing is left; in the thread."""
        while (taken := self._take())[0]:
            batch, generation = taken
            try:
                result = self.make(batch)
            except Exception as error:  # noqa: BLE001
                result = _Broken(error)
            self.made.emit(generation, batch, result)

    def _take(self) -> tuple[list[int], int]:
        """Take up the next cells; none end the run."""
        with self._lock:
            batch, self._wanted = self._wanted[: self._at_once], self._wanted[self._at_once :]
            self._at_work, self._busy = batch, bool(batch)
            return batch, self.generation
