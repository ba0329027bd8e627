"""What Daughters tells: of the pair at hand, of cells far apart, and why there is no pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.daughters.pair_model import PROPOSED, entries
from napari_cellcycle._qt.review.look import phase_name
from napari_cellcycle.cells.merge import widest_gap

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle.project.words import Action
    from napari_cellcycle.review.daughters.daughters import Proposals
    from napari_cellcycle.review.daughters.merging import Merging
    from napari_cellcycle.review.state import Review

_FAR = 3.0
"""Typical radii of empty space in one cell: simulated daughters have up to 2.8 between them."""


def facts(review: Review, rows: tuple[int, ...]) -> str:
    """Phase, status and confidence of each cell, one a line."""
    told = []
    for row in rows:
        name = phase_name(review.phases, int(review.final[row]))
        sure = float(review.shown.confidence[row])
        number = "" if np.isnan(sure) else f", {sure:.2f}"
        status = review.statuses()[row] or "not classified"
        told.append(f"{review.cells.label[row]}: {name} ({status}{number})")
    return "\n".join(told)


def far_apart(desk: Desk) -> str:
    """What is asked before the selected cells are merged; empty where they are near enough."""
    cells, rows = desk.review.cells, desk.targets()
    gap = widest_gap(cells, rows)
    if gap <= _FAR:
        return ""
    two = len(rows) == 2
    which = "Cells {} and {}".format(*cells.label[rows]) if two else "Some of the selected cells"
    return (
        f"{which} lie {gap:.0f} radii of a typical cell apart. Merge once more if they are one "
        "cell all the same."
    )


def why_none(merging: Merging, proposals: Proposals | None, at_least: float, mitotic: float) -> str:
    """Tell which number to lower, if one will help."""
    left = entries(PROPOSED, merging, proposals, 0.0)  # neither merged nor rejected
    if proposals is not None and left:
        return (
            f"No pair has a score of {at_least:.2f}; the best has "
            f"{proposals.score[left[0].place]:.2g}. Lower the score to see it."
        )
    if proposals is not None and len(proposals):
        return "Every pair is merged, or was said to be none."
    told = "No two cells look like daughters"
    return f"{told}; lower the probability." if mitotic else f"{told}."


def about(action: Action | None) -> str:
    """What a tooltip says of an action, behind the name of the button."""
    return "" if action is None else f" {action.about}"
