"""From cells to what networks say of them: views of some are made while others are predicted."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_cellcycle.cells.views import make_views, view_axes
from napari_cellcycle.classify.contrast import dna_contrast
from napari_cellcycle.image.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views import Views
    from napari_cellcycle.classify.batching import Batcher
    from napari_cellcycle.classify.request import ClassifyRequest, Prepared
    from napari_cellcycle.models.classifier import ProjectionClassifier

    Volume = NDArray[Any] | Window

FEWEST = 4
"""Cells that are worth a part of their own."""

Item = TypeVar("Item")
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What the networks say of some cells.

    Parameters
    ----------
    rows : ndarray, ``(n,)``, int64
        Of the table of cells.
    level1, level2 : ndarray, ``(n, axes, 2)`` or ``(n, axes, leaves)``; ``(n, axes, stages)``
        Calibrated probabilities.
    contrast : ndarray, ``(n,)``, float64, or None
        Of DNA, where the model's card knows its range.
    """

    rows: NDArray[np.int64]
    level1: NDArray[np.float64]
    level2: NDArray[np.float64]
    contrast: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Cells of one frame, with the frame."""

    rows: NDArray[np.int64]
    volumes: tuple[Volume | None, ...]
    labels: NDArray[np.integer[Any]] | Window


@dataclass(frozen=True, slots=True, eq=False)
class _Viewed:
    """The views of a part."""

    rows: NDArray[np.int64]
    views: Views
    contrast: NDArray[np.float64] | None


def look_at(
    request: ClassifyRequest,
    prepared: Prepared,
    classifier: ProjectionClassifier,
    batcher: Batcher,
) -> Generator[Seen, None, None]:
    """Let the networks look at all cells, frame by frame, part by part.

    On a CPU each core makes the views of a part and predicts it; for another device the cores make
    views, and it is given one part after the other. One frame is in memory at a time, or
    parts of one that is large.

    Parameters
    ----------
    request, prepared : ClassifyRequest, Prepared
        What to classify.
    classifier : ProjectionClassifier
        On its device.
    batcher : Batcher
        Of this classifier.

    Yields
    ------
    Seen
    """
    card, cells = classifier.card, prepared.cells
    reference = card.recipe.channels.index(card.recipe.reference)

    def view(part: _Part) -> _Viewed:
        these = cells.select(part.rows)
        views = make_views(part.volumes, part.labels, these, card.recipe, prepared.population)
        contrast = None
        if "contrast" in card.ranges:
            dna = part.volumes[reference]
            assert dna is not None
            contrast = dna_contrast(dna, part.labels, these)
        return _Viewed(part.rows, views, contrast)

    def predict(part: _Viewed) -> Seen:
        level1, level2 = batcher.predict(part.views.images, part.views.axes)
        return Seen(part.rows, level1, level2, part.contrast)

    workers = _cores()
    classifier.get_ready(view_axes(card.recipe, is_2d=request.stack.is_2d))
    for frame in np.unique(cells.frame):
        parts = _parts(request, prepared, int(frame), workers)
        if classifier.device == "cpu":
            yield from in_order(lambda part: predict(view(part)), parts, workers)
        else:
            yield from map(predict, in_order(view, parts, workers))


def in_order(
    work: Callable[[Item], Done], items: Iterable[Item], workers: int
) -> Generator[Done, None, None]:
    """Do the work of each item in threads, and yield the results in the order of the items.

    Items are taken only as results are, at most two a worker ahead, so that memory stays bounded.
    PyTorch keeps to one core in each thread: that serves several batches better than all cores
    together serve one after the other.

    Parameters
    ----------
    work : callable
        Runs in a thread.
    items : iterable
        Read in the thread of the caller.
    workers : int
        Number of threads.

    Yields
    ------
    object
        What ``work`` returns. An error of it is raised here.
    """
    import torch

    waiting: deque[Future[Done]] = deque()
    cores = _cores()
    pool = ThreadPoolExecutor(workers, "classify", _one_core)
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)


def _parts(
    request: ClassifyRequest, prepared: Prepared, frame: int, workers: int
) -> Iterator[_Part]:
    """Cells of a frame, in parts of at most a batch, about as much work for each worker."""
    labels = prepared.segmentation.window(frame)
    volumes = tuple(
        None if channel is None else request.stack.window(frame, channel)
        for channel in prepared.channels.values()
    )
    rows = np.flatnonzero(prepared.cells.frame == frame)
    for volume in (labels, *volumes):
        if isinstance(volume, Window):
            # cells of one block after the other, so that each block is read about once
            block = prepared.cells.centroid[rows] // volume.block
            rows = rows[np.lexsort(block.T[::-1])]
            break
    batches = -(-len(rows) // request.batch_size)
    rounds = -(-batches // workers)
    n = min(rounds * workers, -(-len(rows) // FEWEST))
    for part in np.array_split(rows, max(n, batches)):
        yield _Part(part, volumes, labels)


def _cores() -> int:
    import torch

    return torch.get_num_threads()


def _one_core() -> None:
    import torch

    _cores()  # the first question sets the thread up, which would undo what is said before it
    torch.set_num_threads(1)
