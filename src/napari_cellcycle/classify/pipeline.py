"""From cells to what networks say of them: views of some are made while others are predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views import make_views, view_axes
from napari_cellcycle.classify.contrast import dna_contrast
from napari_cellcycle.classify.cores import cores, in_order, one_core_each
from napari_cellcycle.errors import ViewError
from napari_cellcycle.image.window import Window
from napari_cellcycle.models.ensemble import discount, is_close

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.classify.batching import Batcher
    from napari_cellcycle.classify.request import ClassifyRequest, Prepared
    from napari_cellcycle.models.classifier import ProjectionClassifier

    Volume = NDArray[Any] | Window

FEWEST = 4
"""Cells that are worth a batch of their own."""
MANY = 200
"""From this many cells on, another form of the networks is worth making."""
AGAIN = 32
"""Cells that are looked at again in one batch: one by one they would take three times as long."""
TOGETHER = 8
"""Cells of one frame, at most, whose views one thread makes in one go."""


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

    def __getitem__(self, which: NDArray[np.bool_]) -> Seen:
        contrast = None if self.contrast is None else self.contrast[which]
        return Seen(self.rows[which], self.level1[which], self.level2[which], contrast)


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Some cells of one frame, with the frame."""

    rows: NDArray[np.int64]
    volumes: tuple[Volume | None, ...]
    labels: NDArray[np.integer[Any]] | Window


@dataclass(frozen=True, slots=True, eq=False)
class _Viewed:
    """The views of some cells."""

    rows: NDArray[np.int64]
    views: NDArray[np.float32]
    contrast: NDArray[np.float64] | None

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> _Viewed:
        contrast = None if self.contrast is None else self.contrast[which]
        return _Viewed(self.rows[which], self.views[which], contrast)

    @classmethod
    def joined(cls, parts: Sequence[_Viewed]) -> _Viewed:
        """All cells of some parts, in their order."""
        return cls(
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.views for part in parts]),
            None
            if parts[0].contrast is None
            else np.concatenate([part.contrast for part in parts if part.contrast is not None]),
        )


def look_at(
    request: ClassifyRequest,
    prepared: Prepared,
    classifier: ProjectionClassifier,
    batcher: Batcher,
    border_odds: float = 1.0,
) -> Generator[Seen, None, None]:
    """Let the networks look at all cells, in one stream over all frames.

    All cores make views, a few cells at a time, and batches are filled from them, whatever frame
    the cells are of. On a CPU the same cores predict the batches, one axis at a time, so that they
    end together; another device is given one batch after the other. Two frames are in memory at a
    time, or parts of those that are large.

    Where cells are many and float32 is not asked for, a CPU that multiplies bfloat16 does so, and
    cells in which rounding could change who decides are predicted once more in float32.

    Parameters
    ----------
    request, prepared : ClassifyRequest, Prepared
        What to classify.
    classifier : ProjectionClassifier
        On its device.
    batcher : Batcher
        Of this classifier.
    border_odds : float
        By which the odds of the branch will be divided in cells that touch the border.

    Yields
    ------
    Seen
    """
    card, cells = classifier.card, prepared.cells
    axes = view_axes(card.recipe, is_2d=request.stack.is_2d)
    reference = card.recipe.channels.index(card.recipe.reference)

    def view(group: _Group) -> _Viewed:
        these = cells.select(group.rows)
        views = make_views(group.volumes, group.labels, these, card.recipe, prepared.population)
        _check_finite(views.images, these)
        contrast = None
        if "contrast" in card.ranges:
            dna = group.volumes[reference]
            assert dna is not None
            contrast = dna_contrast(dna, group.labels, these)
        return _Viewed(group.rows, views.images, contrast)

    def predict(part: tuple[_Viewed, slice]) -> tuple[_Viewed, Seen]:
        batch, these = part
        levels = batcher.predict(batch.views[:, these], axes[these], exact=exact)
        return batch, Seen(batch.rows, *levels, batch.contrast)

    def sorted_out(parts: Iterable[Sequence[tuple[_Viewed, Seen]]]) -> Iterator[Seen | _Viewed]:
        """What is said of most cells, and now and then those that are to be looked at again."""
        held: list[_Viewed] = []
        for axis_by_axis in parts:
            seen = _side_by_side([seen for _, seen in axis_by_axis])
            close = is_close(seen.level1, seen.level2, request.vote)
            if seen.level2.shape[2]:
                at_border = cells.touches_border[seen.rows]
                later = discount(seen.level1, at_border, border_odds)
                close |= is_close(later, seen.level2, request.vote)
            if not close.all():
                yield seen[~close]
            if close.any():
                held.append(axis_by_axis[0][0][close])
            if sum(len(part.rows) for part in held) >= AGAIN:
                yield _Viewed.joined(held)
                held = []
        if held:
            yield _Viewed.joined(held)

    def again(part: Seen | _Viewed) -> Seen:
        if isinstance(part, Seen):
            return part
        return Seen(part.rows, *batcher.predict(part.views, axes), part.contrast)

    on_cpu = classifier.device == "cpu"
    exact = len(cells) < MANY if request.exact is None else request.exact
    exact = classifier.get_ready(axes, exact=exact or not on_cpu)
    sizes = batch_sizes(len(cells), request.batch_size, cores() if on_cpu else 1)
    with one_core_each() as pool:
        batches = _fill(in_order(pool, view, _frames(prepared, pool.workers)), sizes)
        if on_cpu:
            each = [slice(a, a + 1) for a in range(len(axes))]
            parts = in_order(pool, predict, [((batch, one) for batch in batches for one in each)])
            together = zip(*[parts] * len(axes), strict=True)
            if exact:
                yield from (_side_by_side([seen for _, seen in batch]) for batch in together)
            else:
                yield from in_order(pool, again, [sorted_out(together)])
        else:
            for batch in batches:
                yield predict((batch, slice(None)))[1]


def _side_by_side(parts: Sequence[Seen]) -> Seen:
    """All axes of some cells."""
    return replace(
        parts[0],
        level1=np.concatenate([part.level1 for part in parts], axis=1),
        level2=np.concatenate([part.level2 for part in parts], axis=1),
    )


def _check_finite(images: NDArray[np.float32], cells: CellTable) -> None:
    bad = np.flatnonzero(~np.isfinite(images.reshape(len(images), -1)).all(axis=1))
    if len(bad):
        first = bad[0]
        where = f"label {cells.label[first]}, frame {cells.frame[first]}"
        raise ViewError(
            f"The image has voxels in or around a cell ({where}) that are no number (NaN, "
            "infinite). Fill them first, such as with numpy.nan_to_num."
        )


def batch_sizes(n: int, most: int, workers: int) -> list[int]:
    """Cut cells into batches, about as much work for each worker.

    Parameters
    ----------
    n : int
        Cells.
    most : int
        Cells of one batch.
    workers : int
        That predict batches side by side.
    """
    batches = -(-n // most)
    rounds = -(-batches // workers)
    parts = max(batches, min(rounds * workers, -(-n // FEWEST)))
    return [n // parts + (i < n % parts) for i in range(parts)]


def _fill(viewed: Iterable[_Viewed], sizes: Iterable[int]) -> Iterator[_Viewed]:
    """Make batches of these sizes, in the order of the cells."""
    parts = iter(viewed)
    held: list[_Viewed] = []
    for size in sizes:
        missing = size - sum(len(part.rows) for part in held)
        while missing > 0:
            held.append(next(parts))
            missing -= len(held[-1].rows)
        last = held[-1]
        cut = len(last.rows) + missing
        held[-1] = last[:cut]
        yield _Viewed.joined(held)
        held = [last[cut:]]


def _frames(prepared: Prepared, workers: int) -> Iterator[Iterator[_Group]]:
    """Cells of each frame, some for each worker; a frame is read with its first ones."""
    for frame in np.unique(prepared.cells.frame):
        yield _groups(prepared, int(frame), workers)


def _groups(prepared: Prepared, frame: int, workers: int) -> Iterator[_Group]:
    labels = prepared.segmentation.window(frame)
    volumes = tuple(
        None if channel is None else prepared.request.stack.window(frame, channel)
        for channel in prepared.channels.values()
    )
    rows = np.flatnonzero(prepared.cells.frame == frame)
    for volume in (labels, *volumes):
        if isinstance(volume, Window):
            # cells of one block after the other, so that each block is read about once
            block = prepared.cells.centroid[rows] // volume.block
            rows = rows[np.lexsort(block.T[::-1])]
            break
    step = min(TOGETHER, -(-len(rows) // workers))
    for start in range(0, len(rows), step):
        yield _Group(rows[start : start + step], volumes, labels)
