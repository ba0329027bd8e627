"""Cells of an open project classified once more: stale ones, or all with another model."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from napari_cellcycle._qt.review.opening.start import add_run
from napari_cellcycle.errors import CellCycleError, ModelError
from napari_cellcycle.work import told_as

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.classify.anew import Seen
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.classify.run import Batch
    from napari_cellcycle.image.stack import Stack
    from napari_cellcycle.models.catalogue import ModelEntry
    from napari_cellcycle.project.predictions import PredictionSet


def classify_stale(undertaking: Undertaking, shown: PredictionSet) -> Generator[str, None, int]:
    """Classify stale cells with the model that classified the others; returns their number.

    Yields
    ------
    str
        How far it is.
    """
    from napari_cellcycle.classify.anew import classify_stale, model_of
    from napari_cellcycle.review.state import Review

    project, image = undertaking.project, undertaking.image
    stale = Review(project, image, predictions=shown.id).stale_rows
    if not len(stale):
        return 0
    try:
        entry = model_of(shown)
    except ModelError as error:
        raise ModelError(f"{error} {len(stale)} stale cells wait for it.") from None
    if undertaking.stack is None:
        raise CellCycleError(f"{len(stale)} stale cells wait: {undertaking.problem}")
    yield f"Loading {entry.name}…"
    work = classify_stale(_seen(undertaking, undertaking.stack), shown, entry, stale)
    yield from told_as(work, _words)
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
    from napari_cellcycle.classify.anew import classify_again

    undertaking.project.store.check_writable()
    if undertaking.stack is None:
        raise CellCycleError(undertaking.problem)
    yield f"Loading {entry.name}…"
    work = classify_again(_seen(undertaking, undertaking.stack), entry)
    found = yield from told_as(work, _words)
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


def _seen(undertaking: Undertaking, stack: Stack) -> Seen:
    from napari_cellcycle.classify.anew import Seen

    return Seen(
        *(undertaking.project, undertaking.image, stack, undertaking.segmentation),
        *(undertaking.nuclei, undertaking.channels),
    )


def _words(at: Batch) -> str:
    return f"Classifying again… {at.done} of {at.total}"
