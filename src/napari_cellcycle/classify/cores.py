"""Work on all cores, in threads that keep to one each, with results in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from napari_cellcycle.classify.shared import Shared

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

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


class _Before:
    """Cores that PyTorch used before pools kept its threads to one; 0 while there is no pool.

    Meanwhile a thread that is new is told 1.
    """

    cores = 0


@contextmanager
def _kept_to_one() -> Iterator[None]:
    import torch
    from threadpoolctl import threadpool_limits

    _Before.cores = torch.get_num_threads()
    try:
        with threadpool_limits(1, "blas"):
            yield
    finally:
        torch.set_num_threads(_Before.cores)
        _Before.cores = 0


_keeping_to_one = Shared(_kept_to_one)


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
    with _keeping_to_one:
        workers = workers or cores()
        threads = ThreadPoolExecutor(workers, "classify", _one_core)
        try:
            yield Pool(threads, workers)
        finally:
            threads.shutdown(cancel_futures=True)


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

    return _Before.cores or torch.get_num_threads()


def _one_core() -> None:
    import torch

    # the first question sets the thread up, which would undo what is said before it
    torch.get_num_threads()
    torch.set_num_threads(1)
