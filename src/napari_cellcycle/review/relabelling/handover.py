"""A new segmentation in the place of an old one: what becomes of the cells, and of their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import InputChangedError
from napari_cellcycle.project.routes import place
from napari_cellcycle.review.parts import shared_words
from napari_cellcycle.review.relabelling.matching import AT_LEAST, Match, match_labels, match_tables

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.parts import Said

    Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Handover:
    """What a new segmentation did to the cells of an image.

    Parameters
    ----------
    segmentation : int
        Number of the new version; the old one stays in the project.
    moved, ambiguous, lost : tuple of (frame, label)
        Cells of the old version: words go on to one new cell; it is not clear to which, and words
        wait; there is none, and words stay in the journal without a cell.
    new : tuple of (frame, label)
        Cells of the new version that are no old one.
    said : frozenset of (frame, label)
        Cells of the old version of which somebody said something.
    """

    segmentation: int
    moved: tuple[Key, ...]
    ambiguous: tuple[Key, ...]
    lost: tuple[Key, ...]
    new: tuple[Key, ...]
    said: frozenset[Key]

    def n_said(self, cells: tuple[Key, ...]) -> int:
        """How many of some old cells have words."""
        return len(self.said.intersection(cells))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: numbers, and the cells with words that did not go on."""
        found: dict[str, Any] = {"segmentation": self.segmentation}
        for name in ("moved", "ambiguous", "lost"):
            cells = getattr(self, name)
            found[name] = {"cells": len(cells), "with_words": self.n_said(cells)}
        found["new"] = {"cells": len(self.new)}
        for name in ("ambiguous", "lost"):
            found[name]["words_on"] = [
                {"frame": frame, "label": label}
                for frame, label in getattr(self, name)
                if (frame, label) in self.said
            ]
        return found

    def __str__(self) -> str:
        sorts = (("go on", self.moved), ("ambiguous", self.ambiguous), ("gone", self.lost))
        told = [
            f"{what}: {len(cells):,} ({self.n_said(cells):,} with words)" for what, cells in sorts
        ]
        return f"Cells that {'; '.join(told)}; new: {len(self.new):,}."


def hand_over(
    project: Project, image: int, labels: Segmentation, *, at_least: float = AT_LEAST
) -> Handover:
    """Show an image with a new segmentation; words follow their cells where that is clear.

    Where it is not, and where a cell is gone, words wait: see
    :func:`napari_cellcycle.review.relabelling.orphans.find_orphans`. The old version stays, and
    :meth:`napari_cellcycle.project.segmentations.Segmentations.show` goes back to it.

    Parameters
    ----------
    project : Project
        Open for writing.
    image : int
        Number of the image.
    labels : Segmentation
        Of another program, say; kept in the project.
    at_least : float
        See :func:`napari_cellcycle.review.relabelling.matching.match_labels`.

    Raises
    ------
    SegmentationMismatchError
        If they are not on the grid of the image.
    SegmentationError
        If they hold no label.
    """
    project.store.check_writable()
    versions = project.segmentations
    former = versions.cells(versions.current(image))
    try:
        old: Segmentation | None = project.images.labels(image)
    except InputChangedError:
        old = None
    cells = cell_table(
        labels,
        former.spacing,
        image=former.image,
        scene=former.scene,
        nuclei=project.images.nuclei(image) if labels.labels_are == "cell" else None,
    )
    if old is None:
        found = match_tables(former, cells)
    else:
        found = match_labels(old, labels, former, cells, at_least=at_least)
    said = _said(project, image, former)
    number = versions.revise(image, cells, labels, found.there, found.back)
    return _report(number, found, former, cells, said)


def _said(project: Project, image: int, cells: CellTable) -> frozenset[Key]:
    """Cells of the present version of which somebody says something, in any vocabulary."""
    index, routes = CellIndex(cells), project.segmentations.routes(image)
    keys = list(zip(cells.frame.tolist(), cells.label.tolist(), strict=True))
    said: set[Key] = set()
    for vocabulary in project.journal.vocabularies(image):
        events = project.journal.events(image, vocabulary)
        if not events:
            continue
        events = sorted(events + shared_words(project, image, events).words, key=_time)
        _, versions, frames, labels, who, words = zip(*events, strict=True)
        rows = place(routes, index, versions, frames, labels).tolist()
        last = {(row, name): word for row, name, word in zip(rows, who, words, strict=True)}
        said |= {keys[row] for (row, _), word in last.items() if row >= 0 and word.kind != "none"}
    return frozenset(said)


def _time(event: Said) -> int:
    return event[0]


def _report(
    number: int, found: Match, old: CellTable, new: CellTable, said: frozenset[Key]
) -> Handover:
    return Handover(
        segmentation=number,
        moved=_keys(old, found.moved),
        ambiguous=_keys(old, found.ambiguous),
        lost=_keys(old, found.lost),
        new=_keys(new, found.new),
        said=said,
    )


def _keys(cells: CellTable, rows: NDArray[np.int64]) -> tuple[Key, ...]:
    return tuple(zip(cells.frame[rows].tolist(), cells.label[rows].tolist(), strict=True))
