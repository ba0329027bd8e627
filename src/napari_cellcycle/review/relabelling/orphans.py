"""Words on cells that the present segmentation does not have, or not for certain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.review.parts import shared_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.project.words import Word
    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]
    Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A cell of an earlier segmentation with words that nothing has taken over.

    Parameters
    ----------
    segmentation, frame, label : int
        The cell, in the version in which it was spoken of last.
    words : mapping of str to Word
        What each person says.
    rows : tuple of int
        Present cells that may be it; none where it is gone.
    since : int
        Time from which a word on one of :attr:`rows` settles it, microseconds since 1970.
    """

    segmentation: int
    frame: int
    label: int
    words: Mapping[str, Word]
    rows: tuple[int, ...]
    since: int

    def __str__(self) -> str:
        said = "; ".join(
            f"{who}: {word.phase or _KINDS[word.kind]}" for who, word in self.words.items()
        )
        frame = f"frame {self.frame}, " if self.frame else ""
        return f"{frame}label {self.label} ({said})"


_NAMED = 3
_KINDS = {"unsure": "unsure", "exclude": "excluded"}


def find_orphans(review: Review) -> tuple[Orphan, ...]:
    """Find words without a cell, in the vocabulary of a review; in blind mode one's own."""
    project, image = review.project, review.image
    events = project.journal.events(image, review.phases.name)
    if not events:
        return ()
    shared = shared_words(project, image, events)
    taken = np.append(shared.taken, np.zeros(len(shared.words), bool))
    events = events + shared.words
    _, versions, frames, labels, _, _ = zip(*events, strict=True)
    rows = review.places(versions, frames, labels)
    words: dict[Cell, dict[str, Word]] = {}
    times: dict[Cell, int] = {}
    for i in sorted(np.flatnonzero((rows < 0) & ~taken).tolist(), key=lambda i: events[i][0]):
        time, *cell, who, word = events[i]
        if review.blind and who != project.who:
            continue
        key: Cell = (cell[0], cell[1], cell[2])
        words.setdefault(key, {})[who] = word
        times[key] = time
    standing = {
        cell: {who: word for who, word in said.items() if word.kind != "none"}
        for cell, said in words.items()
    }
    cells = [cell for cell, said in standing.items() if said]
    near, since = _candidates(review, cells)
    return tuple(
        Orphan(*cell, standing[cell], tuple(sorted(near[i])), max(times[cell], since[i]))
        for i, cell in enumerate(cells)
    )


def rows_to_check(orphans: Sequence[Orphan], review: Review) -> Ints:
    """Present cells that an orphan may be, and of which nothing was said since."""
    rows = {row for orphan in orphans for row in orphan.rows if review.time[row] <= orphan.since}
    return np.array(sorted(rows), np.int64)


def orphan_notes(review: Review) -> tuple[str, ...]:
    """Say in one sentence which words have no cell; nothing where all have."""
    orphans = find_orphans(review)
    if not orphans:
        return ()
    named = [str(orphan) for orphan in orphans[:_NAMED]]
    if more := len(orphans) - len(named):
        named.append(f"and {more:,} more")
    return (
        f"words on {len(orphans):,} cells that the segmentation of {review.cells.image} does not "
        f"have: {', '.join(named)}",
    )


def _candidates(review: Review, cells: Sequence[Cell]) -> tuple[list[set[int]], list[int]]:
    """Rows of the present segmentation that each cell may be, and since when."""
    near: list[set[int]] = [set() for _ in cells]
    since = [0] * len(cells)
    if not cells:
        return near, since
    segmentations = review.project.segmentations
    version, frame, label = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    for old, new, time, doubtful in segmentations.doubts(review.image):
        routes = segmentations.routes(review.image, to=old)
        later: dict[tuple[int, int], list[int]] = {}
        for at, before, after in doubtful.tolist():
            later.setdefault((at, before), []).append(after)
        for number in np.intersect1d(version, list(routes)).tolist():
            here = np.flatnonzero(version == number)
            then = routes[number].follow(frame[here], label[here])[0]
            for i, before in zip(here.tolist(), then.tolist(), strict=True):
                heirs = later.get((cells[i][1], before), [])
                rows = review.places([new] * len(heirs), [cells[i][1]] * len(heirs), heirs)
                near[i].update(rows[rows >= 0].tolist())
                since[i] = max(since[i], time if heirs else 0)
    return near, since
