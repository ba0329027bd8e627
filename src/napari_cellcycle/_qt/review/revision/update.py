"""Edited labels taken into a project, and the cells that they touched classified again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_cellcycle._qt.review.revision.reclassify import classify_stale
from napari_cellcycle.errors import CellCycleError, InputChangedError

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.relabelling.transfer import Revision


@dataclass(frozen=True, slots=True, eq=False)
class Updated:
    """What an update did.

    Parameters
    ----------
    undertaking : Undertaking
        With the labels as they are now.
    revision : Revision or None
        What changed; None if no label did.
    classified : int
        Cells that were classified again.
    problem : str
        Why stale cells were not.
    """

    undertaking: Undertaking
    revision: Revision | None
    classified: int
    problem: str = ""


def update(
    undertaking: Undertaking, labels: Segmentation, shown: PredictionSet | None
) -> Generator[str, None, Updated]:
    """Take the labels of the viewer into the project, then classify stale cells, and only these.

    Parameters
    ----------
    undertaking : Undertaking
        The project as it is.
    labels : Segmentation
        As they are in the viewer, without a path.
    shown : PredictionSet or None
        Its model classifies; None where there is none.

    Yields
    ------
    str
        What is going on.
    """
    from napari_cellcycle.review.relabelling.transfer import revise

    yield "Comparing labels…"
    project, image = undertaking.project, undertaking.image
    old = undertaking.segmentation
    revision = None
    if not old.is_same_as(labels):
        try:
            known: Segmentation | None = project.images.labels(image)
        except InputChangedError:
            known = None
        revision = revise(project, image, known, labels)
        kept = replace(project.images.labels(image), name=old.name)
        undertaking = replace(undertaking, segmentation=kept)
    if shown is None:
        return Updated(undertaking, revision, 0)
    yield "Classifying again…"
    try:
        n = yield from classify_stale(undertaking, shown)
    except CellCycleError as error:
        return Updated(undertaking, revision, 0, str(error))
    return Updated(undertaking, revision, n)
