"""Cells cut into groups whose views are made in one go, and into batches that are predicted."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.image.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from napari_cellcycle.classify.request import Prepared

    Volume = NDArray[Any] | Window

FEWEST = 4
"""Cells that are worth a batch of their own."""
TOGETHER = 8
"""Cells of one frame, at most, whose views one thread makes in one go."""


@dataclass(frozen=True, slots=True, eq=False)
class OfCells:
    """Arrays with a row a cell.

    Parameters
    ----------
    rows : ndarray, ``(n,)``, int64
        Of the table of cells.
    contrast : ndarray, ``(n,)``, float64, or None
        Of DNA, where the model's card knows its range.
    """

    rows: NDArray[np.int64]
    contrast: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | NDArray[np.bool_]) -> Self:
        chosen: list[Any] = [None if a is None else a[which] for a in self._arrays()]
        return type(self)(*chosen)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """All cells of some parts, in their order."""
        columns = zip(*(part._arrays() for part in parts), strict=True)
        whole: list[Any] = [None if c[0] is None else np.concatenate(c) for c in columns]
        return cls(*whole)

    def _arrays(self) -> Iterator[Any]:
        return (getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True, slots=True, eq=False)
class Viewed(OfCells):
    """The views of some cells.

    Parameters
    ----------
    views : ndarray, ``(n, axes, channels, size, size)``, float32
        In [0, 1].
    """

    views: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Cells that are predicted in one go, their views where they were made.

    Parameters
    ----------
    parts : tuple of Viewed
        At least one.
    """

    parts: tuple[Viewed, ...]

    def cells(self) -> OfCells:
        """All cells, without their views."""
        return OfCells.joined([OfCells(part.rows, part.contrast) for part in self.parts])

    def views(self, axes: slice) -> NDArray[np.float32]:
        """Views along some axes, ``(n, axes, channels, size, size)``."""
        return np.concatenate([part.views[:, axes] for part in self.parts])

    def chosen(self, which: NDArray[np.bool_]) -> list[Viewed]:
        """Some of the cells."""
        ends = np.cumsum([len(part) for part in self.parts])[:-1]
        marked = zip(self.parts, np.split(which, ends), strict=True)
        return [part[mark] for part, mark in marked if mark.any()]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Some cells of one frame, with the frame."""

    rows: NDArray[np.int64]
    volumes: tuple[Volume | None, ...]
    labels: NDArray[np.integer[Any]] | Window


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


def filled(viewed: Iterable[Viewed], sizes: Iterable[int]) -> Iterator[Gathered]:
    """Make batches of these sizes, in the order of the cells."""
    parts = iter(viewed)
    held: list[Viewed] = []
    for size in sizes:
        missing = size - sum(map(len, held))
        while missing > 0:
            held.append(next(parts))
            missing -= len(held[-1])
        last = held[-1]
        cut = len(last) + missing
        held[-1] = last[:cut]
        yield Gathered(tuple(held))
        held = [last[cut:]] if cut < len(last) else []


def frames_of(prepared: Prepared, workers: int) -> Iterator[Iterator[Group]]:
    """Cells of each frame, some for each worker; a frame is read with its first ones."""
    for frame in np.unique(prepared.cells.frame):
        yield _groups(prepared, int(frame), workers)


def _groups(prepared: Prepared, frame: int, workers: int) -> Iterator[Group]:
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
        yield Group(rows[start : start + step], volumes, labels)
