"""What people said alike of all parts of a merged cell: it holds for the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.project.routes import follow_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.project.merged import MergedVersion
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.routes import Route
    from napari_cellcycle.project.words import Word

    Ints = NDArray[np.int64]
    Latest = dict[tuple[int, int, str], tuple[int, Word, list[int]]]

Said = tuple[int, int, int, int, str, "Word"]
"""Time, segmentation, frame, label, who, word."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Words that somebody said last of every part of a merged cell.

    Parameters
    ----------
    words : list of tuple
        The same words, of the merged cells, at the time when the last part had its word.
    taken : ndarray, ``(n,)``, bool
        Events that were about the parts.
    """

    words: list[Said]
    taken: NDArray[np.bool_]


def shared_words(project: Project, image: int, events: Sequence[Said]) -> Shared:
    """Find words that hold for merged cells because they were said of all their parts.

    Also of cells that were merged in an earlier segmentation: where such a cell was edited, or was
    taken over by other labels, the words go on with it.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    events : sequence of tuple
        As from :meth:`napari_cellcycle.project.journal.Journal.events`.
    """
    shared = Shared([], np.zeros(len(events), bool))
    versions = project.segmentations
    merged = versions.merged(image) if events else []
    if not merged:
        return shared
    said_in, frames, labels = (
        np.array(column, np.int64) for column in list(zip(*events, strict=True))[1:4]
    )
    here = versions.routes(image)
    has_cell = follow_all(here, said_in, frames, labels) > 0
    by_labels: dict[int, list[MergedVersion]] = {}
    for one in merged:
        by_labels.setdefault(one.below, []).append(one)
    settled: set[tuple[int, int]] = set()
    for below, derived in by_labels.items():
        cells = _cells(derived, here, settled)
        if not cells:
            continue
        found = follow_all(versions.routes(image, below), said_in, frames, labels)
        latest = _latest(events, found, {(t, label) for t, group in cells for label in group})
        for (frame, group), (version, heir) in cells.items():
            for who, time, word, about in _alike(latest, frame, group):
                if heir or not has_cell[about].any():
                    shared.words.append((time, version, frame, group[0], who, word))
                    shared.taken[about] = True
    return shared


def _cells(
    derived: Iterable[MergedVersion], here: Mapping[int, Route], settled: set[tuple[int, int]]
) -> dict[Group, tuple[int, int]]:
    """Merged cells of versions with the same labels below: in which version, and their heirs.

    An heir is 0 where an edit, or other labels, left none; a cell that was split is left out. What
    is in ``settled`` is the heir of another merged cell already.
    """
    cells: dict[Group, tuple[int, int]] = {}
    for one in derived:
        if one.number not in here:
            continue
        frame = np.array([t for t, _ in one.groups], np.int64)
        first = np.array([group[0] for _, group in one.groups], np.int64)
        heirs = here[one.number].follow(frame, first)[0].tolist()
        for cell, heir in zip(one.groups, heirs, strict=True):
            if heir and (cell[0], heir) not in settled:
                settled.add((cell[0], heir))
                cells[cell] = one.number, heir
            elif not heir and one.revised:
                cells.setdefault(cell, (one.number, 0))
    return cells


def _latest(events: Sequence[Said], found: Ints, parts: set[tuple[int, int]]) -> Latest:
    """Last word of each person on each part, its time, and all events of that person on it."""
    latest: Latest = {}
    for i in np.flatnonzero(np.isin(found, [label for _, label in parts])).tolist():
        time, _, frame, _, who, word = events[i]
        if (frame, int(found[i])) not in parts:
            continue
        last, _, about = latest.get((frame, int(found[i]), who), (time, word, []))
        about.append(i)
        if last <= time:
            latest[frame, int(found[i]), who] = time, word, about
    return latest


def _alike(
    latest: Latest, frame: int, group: tuple[int, ...]
) -> Iterator[tuple[str, int, Word, list[int]]]:
    """Who said the same of all labels, when the last of it, what, and in which events."""
    for who in sorted({who for at, label, who in latest if at == frame and label in group}):
        words = [latest[frame, label, who] for label in group if (frame, label, who) in latest]
        first = words[0][1]
        if len(words) < len(group) or first.kind == "none":
            continue
        if all(word.said == first.said for _, word, _ in words):
            time = max(time for time, _, _ in words)
            yield who, time, first, [i for _, _, about in words for i in about]
