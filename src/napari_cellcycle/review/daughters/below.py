"""Edited labels with merged cells in them: the labels below, so that merged cells can be split."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import InputChangedError

if TYPE_CHECKING:
    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.routes import Transfer


@dataclass(frozen=True, slots=True, eq=False)
class Below:
    """The labels that merged cells were made of, before and after an edit.

    Parameters
    ----------
    old, new : Segmentation
    groups : tuple of (frame, labels)
        What is one cell after it: merged cells that the edit has not touched.
    """

    old: Segmentation
    new: Segmentation
    groups: tuple[Group, ...]


def labels_below(
    project: Project, image: int, old: Segmentation, new: Segmentation, transfer: Transfer
) -> Below | None:
    """Find out what an edit of labels with merged cells means for the labels below.

    A merged cell that was edited is one label from then on.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    old, new : Segmentation
        With merged cells, before and after the edit.
    transfer : Transfer
        What the edit has touched.

    Returns
    -------
    Below or None
        None where no merged cell is left, or the labels below cannot be read any more.
    """
    touched = {(frame, label) for frame, label, *_ in transfer.rows()}
    groups = [g for g in project.joins.groups(image) if (g[0], g[1][0]) not in touched]
    if not groups:
        return None
    try:
        below = project.images.labels_below(image)
    except InputChangedError:
        return None
    frames = []
    kept = []
    for frame in range(new.grid[0]):
        before, after = old.volume(frame), new.volume(frame)
        used = set(np.unique(after[before != after]).tolist())
        # a part whose number was given to another cell cannot come back
        here = [g for g in groups if g[0] == frame and used.isdisjoint(g[1])]
        merged = np.isin(before, [labels[0] for _, labels in here])
        dtype = np.promote_types(below.volume(frame).dtype, after.dtype)
        frames.append(np.where(merged, below.volume(frame), after).astype(dtype))
        kept += here
    if not kept:
        return None
    return Below(below, replace(new, data=np.stack(frames), path=None), tuple(kept))
