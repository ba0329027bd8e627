"""Cells of an open project classified once more: stale ones, or all with another model."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.review.opening.start import add_run
from napari_cellcycle.errors import CellCycleError, ModelError
from napari_cellcycle.work import told_as

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.project.predictions import PredictionSet


def classify_stale(undertaking: Undertaking, shown: PredictionSet) -> Generator[str, None, int]:
    """Classify stale cells with the model that classified the others; returns their number.

    Yields
    ------
    str
        How far it is.
    """
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
    found = yield from _classify(undertaking, entry, vote=shown.vote, rows=stale)
    project.predictions.add_classification(image, found, completes=shown.id)
    return len(stale)


def classify_all(
    undertaking: Undertaking, entry: ModelEntry
) -> Generator[str, None, PredictionSet]:
    """Classify every cell with a model: one more prediction set.

    Yields
    ------
    str
        How far it is.
    """
    undertaking.project.store.check_writable()
    if undertaking.stack is None:
        raise CellCycleError(undertaking.problem)
    found = yield from _classify(undertaking, entry)
    return add_run(undertaking.project, undertaking.image, found)


def take_run(
    undertaking: Undertaking, found: Classification
) -> Generator[str, None, PredictionSet]:
    """Take what "Classify cells" has found for the labels of an open project.

    Yields
    ------
    str
        What is going on.
    """
    yield "Adding the predictions to the project…"
    return add_run(undertaking.project, undertaking.image, found)


def _classify(
    undertaking: Undertaking,
    entry: ModelEntry,
    *,
    vote: str = "",
    rows: NDArray[np.int64] | None = None,
) -> Generator[str, None, Classification]:
    from napari_cellcycle.classify.run import ClassifyRequest, iter_classify, prepare

    yield f"Loading {entry.name}…"
    project, image = undertaking.project, undertaking.image
    assert undertaking.stack is not None
    spacing = project.segmentations.cells(project.segmentations.current(image)).spacing
    request = ClassifyRequest(
        stack=undertaking.stack,
        segmentation=undertaking.segmentation,
        model=entry.path,
        channels={r: undertaking.channels.get(r) for r in entry.card.recipe.channels},
        nuclei=undertaking.nuclei,
        spacing=spacing if spacing.is_physical else None,
        isotropic=spacing.source == "isotropic",
    )
    if vote:
        request = replace(request, vote=vote)
    prepared = prepare(request)
    if rows is not None:
        notes = tuple(np.array(prepared.cell_notes, object)[rows].tolist())
        prepared = replace(prepared, cells=prepared.cells.select(rows), cell_notes=notes)
    work = iter_classify(request, prepared)
    return (yield from told_as(work, lambda at: f"Classifying again… {at.done} of {at.total}"))
