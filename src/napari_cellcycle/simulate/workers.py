"""Simulating in several processes, with the same result as in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

_CHUNK = 16


def in_processes(make: Callable[[int], T], n: int, workers: int) -> Iterator[T]:
    """Yield ``make(0)`` to ``make(n - 1)`` in order, from processes of one thread each.

    Parameters
    ----------
    make : callable of int
        Can be pickled; what it gives depends on the number only.
    n : int
        How many.
    workers : int
        Processes; with 1 it stays in this one.
    """
    if workers == 1:
        yield from map(make, range(n))
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(max_workers=workers, initializer=_one_thread) as pool:
        yield from pool.map(make, range(n), chunksize=_CHUNK)


def _one_thread() -> None:
    """Let each process compute in one thread: more of them would only wait for one another."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)
