"""Views of a crop set, made as classification makes them of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.content import Population, integrated, population_of
from napari_cellcycle.cells.views.crops import crop_labels
from napari_cellcycle.cells.views.subject import Subject
from napari_cellcycle.cells.views.views import view_axes, view_cell, view_shape
from napari_cellcycle.errors import CropSetError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.train.data.viewset import ViewSet, allowed_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.train.data.cropset import CropSet

TYPICAL_RADIUS = "typical_radius"
"""Column of a crop set: radius of the typical nucleus of the image that a crop comes from."""
G1_CONTENT = "g1_content"
"""Column of a crop set: integrated DNA of a G1 cell of that image."""

LABELS_ARE = "labels_are"
"""Column of a crop set: what the masks outline, ``cell`` or ``nucleus`` (as without it)."""


def set_views(
    crops: CropSet,
    recipe: ViewRecipe,
    slugs: Sequence[str],
    *,
    allowed: Mapping[str, Sequence[str]] | None = None,
    join_parts: bool = False,
    rows: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> ViewSet:
    """Make the views of a crop set, by the function that classification uses.

    Where crops came without a mask, the object in the middle is the cell; a recipe in pixels takes
    the crop as it is.

    Parameters
    ----------
    crops : CropSet
        2D or 3D.
    recipe : ViewRecipe
        How views are made.
    slugs : sequence of str
        Leaves of the vocabulary.
    allowed : mapping of str to sequence of str, optional
        As ``meanings`` of :func:`allowed_leaves`.
    join_parts : bool
        Take every bright object in a crop as the cell, such as both daughters.
    rows : ndarray of int, optional
        Crops to make views of; a population is measured on all of them.
    progress : callable of (done, total), optional
        Called for every crop.

    Raises
    ------
    CropSetError
        If the channel that views need is missing, or a label is unknown.
    ViewError
        If the recipe takes volumes and the crops are 2D.
    """
    leaves = allowed_leaves(crops.phase, slugs, allowed, name=crops.name)
    group = crops.group
    if rows is not None:
        leaves, group = leaves[rows], group[rows]
    images, axes = crop_views(crops, recipe, join_parts=join_parts, rows=rows, progress=progress)
    return ViewSet(images, axes, leaves, group)


def crop_views(
    crops: CropSet,
    recipe: ViewRecipe,
    *,
    join_parts: bool = False,
    rows: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Make views of crops, whatever their labels: images (times 255) and axes of a ViewSet."""
    reference, spacing = _reference(crops, recipe), _spacing(crops)
    axes = view_axes(recipe, is_2d=crops.is_2d)
    volumes = _volumes(crops)
    chosen = np.arange(len(crops)) if rows is None else rows
    outlined = crops.columns.get(LABELS_ARE)

    def subject(i: int, *, join_parts: bool) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        mask = None if crops.mask is None else crops.mask[i]
        whole = recipe.unit == "px"
        return crop_subject(volumes[i, reference], mask, whole=whole, join_parts=join_parts)

    populations: Sequence[Population | None] = [None] * len(crops)
    if recipe.needs_population:
        known = {TYPICAL_RADIUS, G1_CONTENT} <= set(crops.columns)
        measured = None if known else measure_crops(crops, recipe)
        populations = stated_populations(crops, measured)
    images = np.zeros((len(chosen), *view_shape(recipe, axes)), np.uint8)
    for k, i in enumerate(chosen):
        labels, bbox = subject(int(i), join_parts=join_parts)
        views, _ = view_cell(
            [
                volumes[i, crops.channels.index(role)] if role in crops.channels else None
                for role in recipe.channels
            ],
            labels,
            1,
            bbox,
            recipe=recipe,
            spacing=spacing,
            labels_are="cell" if outlined is not None and outlined[i] == "cell" else "nucleus",
            population=populations[i],
        )
        images[k] = np.rint(views * 255)
        if progress is not None:
            progress(k + 1, len(chosen))
    return images, axes


def stated_populations(crops: CropSet, measured: Population | None) -> list[Population]:
    """Population of the image that each crop comes from, as far as the crop set says.

    Parameters
    ----------
    crops : CropSet
        With a column :data:`TYPICAL_RADIUS` in units of its spacing (pixels where it has none), and
        :data:`G1_CONTENT` in grey values times that unit squared, where they are known. Crops that
        were chosen, such as doubtful ones, are no fair sample of their image.
    measured : Population or None
        On the crops themselves; stands in for what is not stated. None if both are.

    Raises
    ------
    CropSetError
        If a stated value is not positive.
    """
    columns = []
    for key, usual in ((TYPICAL_RADIUS, "radius"), (G1_CONTENT, "g1_content")):
        stated = crops.columns.get(key)
        if stated is None:
            stated = np.full(len(crops), getattr(measured, usual))
        values = np.asarray(stated, dtype=np.float64)
        if not (np.isfinite(values) & (values > 0)).all():
            raise CropSetError(f"{crops.name} has {key} that are not positive numbers.")
        columns.append(values.tolist())
    n = len(crops) if measured is None else measured.n
    return [Population(radius, content, n) for radius, content in zip(*columns, strict=True)]


def crop_subject(
    volume: NDArray[Any],
    mask: NDArray[np.bool_] | None = None,
    *,
    whole: bool = False,
    join_parts: bool = False,
) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
    """Label the cell of one crop ``(z, y, x)`` with 1; labels and bounding box."""
    if whole:
        labels = np.ones(volume.shape, np.uint16)
    elif mask is not None and mask.any():
        labels = mask.reshape(volume.shape).astype(np.uint16)
    elif len(volume) == 1:
        labels = crop_labels(volume[0], join=join_parts)[None]
    else:
        labels = crop_labels(volume, join=join_parts)
    where = np.nonzero(labels == 1)
    return labels, np.array([[w.min() for w in where], [w.max() + 1 for w in where]])


def measure_crops(crops: CropSet, recipe: ViewRecipe) -> Population:
    """Measure what is typical of crops, of their parts one by one, whichever views are made."""
    volumes, step = _volumes(crops)[:, _reference(crops, recipe)], np.array(_spacing(crops).zyx)
    cells = []
    for i, volume in enumerate(volumes):
        mask = None if crops.mask is None else crops.mask[i]
        labels, bbox = crop_subject(volume, mask, whole=recipe.unit == "px")
        cells.append(
            Subject.find(volume, labels, 1, bbox, recipe=recipe, step=step, labels_are="nucleus")
        )
    return population_of([c.radius for c in cells], [integrated(c, step) for c in cells])


def _reference(crops: CropSet, recipe: ViewRecipe) -> int:
    """Index of the channel that gives a cell's size."""
    if recipe.reference not in crops.channels:
        raise CropSetError(
            f"{crops.name} has no {recipe.reference} channel; it has {', '.join(crops.channels)}. "
            f"Say which it is (--channel {recipe.reference}=index)."
        )
    return crops.channels.index(recipe.reference)


def _volumes(crops: CropSet) -> NDArray[Any]:
    """Images ``(n, c, z, y, x)``."""
    return crops.images if crops.images.ndim == 5 else crops.images[:, :, None]


def _spacing(crops: CropSet) -> Spacing:
    if crops.spacing_um is None:
        return Spacing(1.0, 1.0, 1.0, "cell-size")
    return Spacing(*crops.spacing_um, "metadata")
