"""Composites of the cells of several images, each frame read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.cells.views.composite import make_composite

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_cellcycle.cells.views.composite import Composite
    from napari_cellcycle.review.places import Source


def iter_composites(
    sources: Sequence[Source], cells: Sequence[tuple[int, int]], *, size: int
) -> Iterator[tuple[int, Composite]]:
    """Cut cells out, frame by frame.

    Parameters
    ----------
    sources : sequence of Source
        The images.
    cells : sequence of (source, row)
        Place of an image in ``sources``, and a row of its table of cells.
    size : int
        Edge of a tile, pixels.

    Yields
    ------
    place, composite
        Place of the cell in ``cells``; those of a frame follow each other.
    """
    where: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place, (number, row) in enumerate(cells):
        frame = int(sources[number].review.cells.frame[row])
        where.setdefault((number, frame), []).append((place, row))
    for (number, frame), members in sorted(where.items()):
        source, table = sources[number], sources[number].review.cells
        roles = source.roles
        dna = source.stack.volume(frame, roles.get("dna", next(iter(roles.values()))))
        membrane = source.stack.volume(frame, roles["membrane"]) if "membrane" in roles else None
        labels = source.labels.volume(frame)
        for place, row in members:
            label, box = int(table.label[row]), table.bbox[row]
            yield (
                place,
                make_composite(dna, membrane, labels, label, box, table.spacing, size=size),
            )
