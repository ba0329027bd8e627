"""A picture of one cell, cropped around it, without a segmentation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.content import FEWEST
from napari_cellcycle.cells.views.crops import crop_labels
from napari_cellcycle.classify.channels import resolve_channels
from napari_cellcycle.classify.request import (
    ClassifyRequest,
    Prepared,
    card_of,
    prepare,
)
from napari_cellcycle.classify.run import run
from napari_cellcycle.errors import CellCycleError, ViewError
from napari_cellcycle.image.reading import open_image
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.models.classifier import ProjectionClassifier


def classify_crop(
    image: Stack | str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | ProjectionClassifier = DEFAULT_MODEL,
    channels: Mapping[str, int | str | None] | None = None,
    vote: str = "lowest-entropy",
    device: str = "auto",
    scene: str | int | None = None,
) -> Classification:
    """Classify the one cell in the middle of a 2D crop.

    It is outlined by threshold; other objects in the crop are taken for neighbours.

    Parameters
    ----------
    image : Stack or path-like
        The crop, or its file (png, jpg, tif).
    model : str, path-like or ProjectionClassifier
        Name or path of a model, or one that is loaded.
    channels : mapping of role to channel (index, name or None), optional
        As in :func:`napari_cellcycle.classify.run.classify`.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide; a 2D crop has one.
    device : {"auto", "cuda", "mps", "cpu"}
        Where to compute.
    scene : str or int, optional
        Scene of the file, where a path is given.

    Raises
    ------
    CellCycleError
        If it is not one 2D picture, the model compares the DNA content of cells, or as
        :func:`napari_cellcycle.classify.run.classify`.
    """
    stack = image if isinstance(image, Stack) else open_image(image, scene=scene)
    t, z, _, _ = stack.grid
    if t > 1 or z > 1:
        found = " and ".join(f"{n} {what}" for n, what in ((t, "frames"), (z, "planes")) if n > 1)
        raise CellCycleError(
            f"{stack.name} is no 2D crop of one cell: it has {found}. Classify it with a "
            "segmentation instead."
        )
    request = ClassifyRequest(
        stack=stack,
        segmentation=None,
        model=model,
        channels=channels,
        vote=vote,
        device=device,
    )
    card = card_of(request)
    if card.recipe.intensity == "population":
        raise ViewError(
            f"Model {card.name} compares each cell with the others of its image, and "
            f"{stack.name} is a crop of one. Classify an image of {FEWEST} cells or more."
        )
    roles = resolve_channels(stack, card.recipe.channels, channels)
    crop = stack.volume(0, roles[card.recipe.reference] or 0)[0]
    if not np.isfinite(crop).all():
        raise ViewError(
            f"{stack.name} has pixels that are no number (NaN, infinite). Fill them first, such as "
            "with numpy.nan_to_num."
        )
    labels = crop_labels(crop)
    request = ClassifyRequest(
        stack=stack,
        segmentation=Segmentation(labels[None, None], "nucleus", f"outline of {stack.name}"),
        model=model,
        channels=roles,
        vote=vote,
        device=device,
        only_labels=(1,),
    )
    prepared = prepare(request)
    if prepared.population is not None:
        prepared = _shown_whole(prepared)
    return run(request, prepared=prepared)


def _shown_whole(prepared: Prepared) -> Prepared:
    """Let the view of a cell reach to the edges of its crop, where no others tell its scale."""
    assert prepared.population is not None
    *_, height, width = prepared.segmentation.grid
    half = min(height * prepared.cells.spacing.y, width * prepared.cells.spacing.x) / 2
    population = replace(prepared.population, radius=half / prepared.card.recipe.extent, n=0)
    note = (
        "There are no other cells to compare this one with: the crop is shown to the model as a "
        "whole, as if it were about two nuclei wide."
    )
    return replace(prepared, population=population, notes=(*prepared.notes, note))
