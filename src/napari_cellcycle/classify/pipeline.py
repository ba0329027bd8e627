"""From cells to what networks say of them: views of some are made while others are predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.compiled import expect
from napari_cellcycle.cells.views.views import make_views, view_axes
from napari_cellcycle.classify.contrast import dna_contrast
from napari_cellcycle.classify.cores import cores, in_order, one_core_each
from napari_cellcycle.classify.groups import (
    Gathered,
    OfCells,
    Viewed,
    batch_sizes,
    filled,
    frames_of,
)
from napari_cellcycle.errors import ViewError
from napari_cellcycle.models.ensemble import discount, is_close

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.classify.batching import Batcher
    from napari_cellcycle.classify.groups import Group
    from napari_cellcycle.classify.request import ClassifyRequest, Prepared
    from napari_cellcycle.models.classifier import ProjectionClassifier

MANY = 200
"""From this many cells on, another form of the networks is worth making."""
AGAIN = 32
"""Cells that are looked at again in one batch: one by one they would take three times as long."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen(OfCells):
    """What the networks say of some cells.

    Parameters
    ----------
    level1, level2 : ndarray, ``(n, axes, 2)`` or ``(n, axes, leaves)``; ``(n, axes, stages)``
        Calibrated probabilities.
    """

    level1: NDArray[np.float64]
    level2: NDArray[np.float64]


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

    def view(group: Group) -> Viewed:
        these = cells.select(group.rows)
        views = make_views(group.volumes, group.labels, these, card.recipe, prepared.population)
        _check_finite(views.images, these)
        contrast = None
        if "contrast" in card.ranges:
            dna = group.volumes[reference]
            assert dna is not None
            contrast = dna_contrast(dna, group.labels, these)
        return Viewed(group.rows, contrast, views.images)

    def predict(part: tuple[Gathered, slice], exact: bool) -> tuple[Gathered, Seen]:
        batch, these = part
        known = batch.cells()
        levels = batcher.predict(batch.views(these), axes[these], exact=exact)
        return batch, Seen(known.rows, known.contrast, *levels)

    def again(part: Seen | tuple[Gathered, slice]) -> Seen:
        return part if isinstance(part, Seen) else predict(part, exact=True)[1]

    def close(seen: Seen) -> NDArray[np.bool_]:
        found = is_close(seen.level1, seen.level2, request.vote)
        if seen.level2.shape[2]:
            later = discount(seen.level1, cells.touches_border[seen.rows], border_odds)
            found |= is_close(later, seen.level2, request.vote)
        return found

    expect(len(cells), request.stack.data.dtype)
    on_cpu = classifier.device == "cpu"
    exact = len(cells) < MANY if request.exact is None else request.exact
    exact = classifier.get_ready(axes, exact=exact or not on_cpu)
    sizes = batch_sizes(len(cells), request.batch_size, cores() if on_cpu else 1)
    with one_core_each() as pool:
        batches = filled(in_order(pool, view, frames_of(prepared, pool.workers)), sizes)
        if on_cpu:
            each = [slice(a, a + 1) for a in range(len(axes))]
            parts = in_order(
                pool,
                partial(predict, exact=exact),
                [((batch, one) for batch in batches for one in each)],
            )
            together = zip(*[parts] * len(axes), strict=True)
            if exact:
                yield from (_side_by_side([seen for _, seen in batch]) for batch in together)
            else:
                looked = in_order(pool, again, [_set_aside(together, close, each)])
                yield from _with_all_axes(looked, len(axes))
        else:
            for batch in batches:
                yield predict((batch, slice(None)), exact)[1]


def _set_aside(
    parts: Iterable[Sequence[tuple[Gathered, Seen]]],
    close: Callable[[Seen], NDArray[np.bool_]],
    each: Sequence[slice],
) -> Iterator[Seen | tuple[Gathered, slice]]:
    """What is said of most cells; now and then those to be looked at again, axis by axis."""
    held: list[Viewed] = []
    for axis_by_axis in parts:
        seen = _side_by_side([seen for _, seen in axis_by_axis])
        aside = close(seen)
        if not aside.all():
            yield seen[~aside]
        held += axis_by_axis[0][0].chosen(aside)
        if sum(map(len, held)) >= AGAIN:
            batch, held = Gathered(tuple(held)), []
            yield from ((batch, one) for one in each)
    if held:
        batch = Gathered(tuple(held))
        yield from ((batch, one) for one in each)


def _with_all_axes(parts: Iterable[Seen], n: int) -> Iterator[Seen]:
    """Put parts together that are of one axis alone, and follow one another."""
    held: list[Seen] = []
    for part in parts:
        if part.level1.shape[1] == n:
            yield part
            continue
        held.append(part)
        if len(held) == n:
            yield _side_by_side(held)
            held = []


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
