"""Settings that hold for a whole process, while any thread needs them."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class Shared:
    """A setting that the first to enter makes, and the last to leave puts back.

    Parameters
    ----------
    make : callable
        Gives a context manager that sets and puts back.
    """

    def __init__(self, make: Callable[[], AbstractContextManager[object]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._inside = 0
        self._setting = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._setting.enter_context(self._make())
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._setting.close()
