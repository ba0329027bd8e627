"""What people said alike of all parts of a merged cell: it holds for the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.words import Word

Said = tuple[int, int, int, int, str, "Word"]
"""Time, segmentation, frame, label, who, word."""


def shared_words(project: Project, image: int, events: list[Said]) -> list[Said]:
    """Find words that somebody said last of every part of a merged cell.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    events : list of tuple
        As from :meth:`napari_cellcycle.project.journal.Journal.events`.

    Returns
    -------
    list of tuple
        The same words, of the merged cells, at the time when the last part had its word.
    """
    versions = project.segmentations
    current = versions.current(image)
    below, groups = versions.derivation(current)
    if not groups:
        return []
    routes = versions.routes(image, below)
    parts = {(frame, label) for frame, labels in groups for label in labels}
    latest: dict[tuple[int, int, str], tuple[int, Word]] = {}
    said_in, frames, labels = (
        np.array(column, np.int64) for column in list(zip(*events, strict=True))[1:4]
    )
    for version in np.unique(said_in).tolist():
        if version not in routes:
            continue
        here = np.flatnonzero(said_in == version)
        found, _ = routes[version].follow(frames[here], labels[here])
        for i, label in zip(here.tolist(), found.tolist(), strict=True):
            time, _, frame, _, who, word = events[i]
            known = latest.get((frame, label, who))
            if (frame, label) in parts and (known is None or known[0] <= time):
                latest[frame, label, who] = time, word
    shared: list[Said] = []
    for frame, members in groups:
        for who in sorted({who for at, label, who in latest if at == frame and label in members}):
            words = [latest.get((frame, label, who)) for label in members]
            first = words[0]
            if first is None or first[1].kind == "none":
                continue
            if all(word is not None and word[1].said == first[1].said for word in words):
                time = max(word[0] for word in words if word is not None)
                shared.append((time, current, frame, members[0], who, first[1]))
    return shared
