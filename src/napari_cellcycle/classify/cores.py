"""Work on all cores, in threads that keep to one each, with results in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_cellcycle.classify.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

Item = TypeVar("Item")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Pool:
    """Threads that work.

    Parameters
    ----------
    threads : ThreadPoolExecutor
    workers : int
        Number of them.
    """

    threads: ThreadPoolExecutor
    workers: int


class _Count:
    """Cores of PyTorch, and how many pools keep its threads to one now.

    While one does, a thread that is new is told 1.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pools = 0
        self.cores = 1


_count = _Count()


def _limited() -> AbstractContextManager[object]:
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, "blas")
    return limits


_products_on_one_core = Shared(_limited)


@contextmanager
def one_core_each(workers: int | None = None) -> Iterator[Pool]:
    """Give threads each of which keeps to one core, in PyTorch and in products of matrices.

    That serves several batches better than all cores together serve one after the other, and what
    waits for more work in OpenBLAS turns in circles meanwhile. In the end what has not begun is
    dropped, and what has is waited for.

    Parameters
    ----------
    workers : int, optional
        Number of threads; one a core by default.
    """
    import torch

    with _count.lock:
        if not _count.pools:
            _count.cores = torch.get_num_threads()
        _count.pools += 1
        workers = workers or _count.cores
    threads = ThreadPoolExecutor(workers, "classify", _one_core)
    try:
        with _products_on_one_core:
            yield Pool(threads, workers)
    finally:
        threads.shutdown(cancel_futures=True)
        with _count.lock:
            _count.pools -= 1
            torch.set_num_threads(_count.cores)


def in_order(
    pool: Pool, work: Callable[[Item], Done], groups: Iterable[Iterable[Item]]
) -> Generator[Done, None, None]:
    """Do the work of each item in the pool, and yield the results in the order of the items.

    Items are taken only as results are, at most two a worker ahead, and a group is opened only once
    all items of the last but one are done, so that memory stays bounded.

    Parameters
    ----------
    pool : Pool
        Other work may share it.
    work : callable
        Runs in a thread.
    groups : iterable of iterables
        Read in the thread of the caller.

    Yields
    ------
    object
        What ``work`` returns. An error of it is raised here.
    """
    waiting: deque[Future[Done]] = deque()
    for group in groups:
        earlier = len(waiting)
        for item in group:
            waiting.append(pool.threads.submit(work, item))
            while len(waiting) > 2 * pool.workers or waiting[0].done():
                yield waiting.popleft().result()
                earlier -= 1
                if not waiting:
                    break
        for _ in range(earlier):
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def cores() -> int:
    """Cores that PyTorch uses, in a thread that is not one of a pool."""
    import torch

    with _count.lock:
        return _count.cores if _count.pools else torch.get_num_threads()


def _one_core() -> None:
    import torch

    # the first question sets the thread up, which would undo what is said before it
    torch.get_num_threads()
    torch.set_num_threads(1)
