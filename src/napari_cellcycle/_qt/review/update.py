"""Edited labels taken into a project, and the cells that they touched classified again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.native import load_triton_apart
from napari_cellcycle.errors import CellCycleError, InputChangedError, ModelError

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.undertaking import Undertaking
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.transfer import Revision


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
    from napari_cellcycle.review.transfer import revise

    yield "Comparing labels…"
    project, image = undertaking.project, undertaking.image
    old = undertaking.segmentation
    revision = None
    if not _same(old, labels):
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
        n = yield from _classify_stale(undertaking, shown)
    except CellCycleError as error:
        return Updated(undertaking, revision, 0, str(error))
    return Updated(undertaking, revision, n)


def _same(old: Segmentation, new: Segmentation) -> bool:
    return old.grid == new.grid and all(
        np.array_equal(old.volume(t), new.volume(t)) for t in range(old.grid[0])
    )


def _classify_stale(undertaking: Undertaking, shown: PredictionSet) -> Generator[str, None, int]:
    from napari_cellcycle.classify.run import ClassifyRequest, iter_classify, prepare
    from napari_cellcycle.models.catalogue import list_models
    from napari_cellcycle.review.state import Review

    project, image = undertaking.project, undertaking.image
    stale = Review(project, image, predictions=shown.id).stale_rows
    if not len(stale):
        return 0
    entry = next((e for e in list_models() if e.sha256 == shown.model_sha256), None)
    if entry is None:
        raise ModelError(
            f"The model that classified these cells, {shown.model}, is not installed: "
            f"{len(stale)} stale cells wait for it."
        )
    if undertaking.stack is None:
        raise CellCycleError(f"{len(stale)} stale cells wait: {undertaking.problem}")
    load_triton_apart()
    cells = project.segmentations.cells(project.segmentations.current(image))
    spacing = cells.spacing
    roles = entry.card.recipe.channels
    request = ClassifyRequest(
        stack=undertaking.stack,
        segmentation=undertaking.segmentation,
        model=entry.path,
        channels={role: undertaking.channels.get(role) for role in roles},
        nuclei=undertaking.nuclei,
        spacing=spacing if spacing.is_physical else None,
        isotropic=spacing.source == "isotropic",
        vote=shown.vote,
    )
    prepared = prepare(request)
    notes = tuple(np.array(prepared.cell_notes, object)[stale].tolist())
    chosen = replace(prepared, cells=prepared.cells.select(stale), cell_notes=notes)
    work = iter_classify(request, chosen)
    while True:
        try:
            batch = next(work)
        except StopIteration as end:
            project.predictions.add_classification(image, end.value, completes=shown.id)
            return len(stale)
        yield f"Classifying again… {batch.done} of {batch.total}"
