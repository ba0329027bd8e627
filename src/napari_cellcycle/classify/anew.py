"""Cells of a project classified once more: all, or those that have changed since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.classify.request import ClassifyRequest, prepare
from napari_cellcycle.classify.run import iter_classify
from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.catalogue import ModelEntry, list_models

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.classify.run import Batch
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a project's image is classified from.

    Parameters
    ----------
    project : Project
        Open for writing.
    image : int
        Number of the image.
    stack : Stack
        Its pixels.
    labels : Segmentation
        Its present segmentation, in which labels that are one cell have one number.
    nuclei : Segmentation or None
        Of its cells.
    channels : mapping of role to int
        Channel of each role that the image has.
    """

    project: Project
    image: int
    stack: Stack
    labels: Segmentation
    nuclei: Segmentation | None
    channels: Mapping[str, int | None]


def model_of(shown: PredictionSet) -> ModelEntry:
    """Find the model that made a prediction set.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    entry = next((e for e in list_models() if e.sha256 == shown.model_sha256), None)
    if entry is None:
        raise ModelError(f"The model that classified these cells, {shown.model}, is not installed.")
    return entry


def classify_stale(
    seen: Seen, shown: PredictionSet, entry: ModelEntry, rows: NDArray[np.int64]
) -> Generator[Batch, None, None]:
    """Classify cells with the model that classified the others, into the same set.

    Parameters
    ----------
    seen : Seen
        Where they are.
    shown : PredictionSet
        That lacks them.
    entry : ModelEntry
        That model, as :func:`model_of` finds it.
    rows : ndarray of int64
        Stale cells (:attr:`~napari_cellcycle.review.state.Review.stale_rows`).

    Yields
    ------
    Batch
    """
    found = yield from classify_again(seen, entry, vote=shown.vote, rows=rows)
    seen.project.predictions.add_classification(seen.image, found, completes=shown.id)


def classify_again(
    seen: Seen,
    entry: ModelEntry,
    *,
    vote: str = "",
    rows: NDArray[np.int64] | None = None,
) -> Generator[Batch, None, Classification]:
    """Classify cells of a project with a model; the project stays as it is.

    Parameters
    ----------
    seen : Seen
        Where they are.
    entry : ModelEntry
        The model.
    vote : str
        How projections decide; the usual way by default.
    rows : ndarray of int64, optional
        Of the segmentation's cells; all by default.

    Yields
    ------
    Batch
    """
    segmentations = seen.project.segmentations
    spacing = segmentations.cells(segmentations.current(seen.image)).spacing
    request = ClassifyRequest(
        stack=seen.stack,
        segmentation=seen.labels,
        model=entry.path,
        channels={role: seen.channels.get(role) for role in entry.card.recipe.channels},
        nuclei=seen.nuclei,
        spacing=spacing if spacing.is_physical else None,
        isotropic=spacing.source == "isotropic",
    )
    if vote:
        request = replace(request, vote=vote)
    prepared = prepare(request)
    if rows is not None:
        notes = tuple(np.array(prepared.cell_notes, object)[rows].tolist())
        prepared = replace(prepared, cells=prepared.cells.select(rows), cell_notes=notes)
    return (yield from iter_classify(request, prepared))
