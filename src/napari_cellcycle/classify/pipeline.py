"""From cells to what networks say of them: views of some are made while others are predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.compiled import expect
from napari_cellcycle.cells.views.views import make_views, view_axes
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
"""From this many cells on, they are looked at again: one by one they would take seven times as
long, a dozen at a time twice as long, since all weights of a network are read for each batch."""


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


@dataclass(frozen=True, slots=True)
class Aside:
    """Cells that are looked at again.

    Parameters
    ----------
    seen : Seen
        What is said of them so far.
    batch : Gathered
        Their views.
    close : ndarray, ``(n, axes)``, bool
        Which of them.
    """

    seen: Seen
    batch: Gathered
    close: NDArray[np.bool_]

    def __getitem__(self, which: NDArray[np.bool_]) -> Aside:
        batch = Gathered(tuple(self.batch.chosen(which)))
        return Aside(self.seen[which], batch, self.close[which])


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
    cells in which rounding could change who decides are predicted once more in float32, along
    the axes that this depends on.

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

    def view(group: Group) -> Viewed:
        these = cells.select(group.rows)
        views = make_views(
            group.volumes,
            group.labels,
            these,
            card.recipe,
            prepared.population,
            contrast="contrast" in card.ranges,
        )
        _check_finite(views.images, these)
        return Viewed(group.rows, views.contrast, views.images)

    def predict(part: tuple[Gathered, slice], exact: bool) -> tuple[Gathered, Seen]:
        batch, these = part
        known = batch.cells()
        levels = batcher.predict(batch.views(these), axes[these], exact=exact)
        return batch, Seen(known.rows, known.contrast, *levels)

    def again(part: Seen | tuple[Aside, int]) -> Seen | None:
        if isinstance(part, Seen):
            return part
        (aside, a), seen = part, part[0].seen
        rows, one = aside.close[:, a], slice(a, a + 1)
        if rows.any():
            views = aside.batch.views(one)[rows]
            seen.level1[rows, one], seen.level2[rows, one] = batcher.predict(views, axes[one])
        return seen if a == len(axes) - 1 else None  # those of the other axes are done before

    def close(seen: Seen) -> NDArray[np.bool_]:
        found = is_close(seen.level1, seen.level2, request.vote)
        at_border = cells.touches_border[seen.rows]
        if seen.level2.shape[2] and at_border.any():
            later = seen[at_border]
            odds = discount(later.level1, np.ones(len(later), bool), border_odds)
            found[at_border] |= is_close(odds, later.level2[:, :, :0], request.vote)
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
            seen = ((batch[0][0], _side_by_side([one for _, one in batch])) for batch in together)
            if exact:
                yield from (one for _, one in seen)
            else:
                found = in_order(pool, again, [_set_aside(seen, close)])
                yield from (part for part in found if part is not None)
        else:
            for batch in batches:
                yield predict((batch, slice(None)), exact)[1]


def _set_aside(
    parts: Iterable[tuple[Gathered, Seen]], close: Callable[[Seen], NDArray[np.bool_]]
) -> Iterator[Seen | tuple[Aside, int]]:
    """What is said of most cells, and now and then those to be looked at again, axis by axis."""
    held: list[Aside] = []
    for batch, seen in parts:
        found = close(seen)
        aside = np.asarray(found.any(axis=1), np.bool_)
        if not aside.all():
            yield seen[~aside]
        if aside.any():
            held.append(Aside(seen, batch, found)[aside])
        if sum(len(part.close) for part in held) >= AGAIN:
            yield from _by_axis(held)
            held = []
    if held:
        yield from _by_axis(held)


def _by_axis(held: Sequence[Aside]) -> Iterator[tuple[Aside, int]]:
    together = Aside(
        Seen.joined([part.seen for part in held]),
        Gathered(tuple(viewed for part in held for viewed in part.batch.parts)),
        np.concatenate([part.close for part in held]),
    )
    return ((together, a) for a in range(together.close.shape[1]))


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
