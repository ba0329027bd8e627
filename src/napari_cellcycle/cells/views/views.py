"""Views: what a network sees of one cell. Crop, mask, project, resample, normalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.frame import Frame
from napari_cellcycle.errors import ViewError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.cells.views.content import Population
    from napari_cellcycle.cells.views.recipe import Axis, ViewRecipe
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Volume = NDArray[Any] | Window
    Labels = NDArray[np.integer[Any]] | Window
    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Views:
    """Views of some cells, in the order of their table.

    Parameters
    ----------
    images : ndarray, ``(n, axes, channels, size, size)``, float32 in [0, 1]
        Rows and columns are (y, x) along z, (z, x) along y and (z, y) along x. Of volumes:
        ``(n, 1, channels, size, size, size)``, the last three (z, y, x).
    axes : tuple of {"x", "y", "z"}, or ("volume",)
        Axis along which each was projected.
    radius : ndarray, ``(n,)``, float64
        Radius of each cell in the units of its spacing, as the recipe defines it.
    contrast : ndarray, ``(n,)``, float64, optional
        As :func:`~.contrast.dna_contrast`, where it was asked for.
    """

    images: Floats
    axes: tuple[Axis, ...]
    radius: NDArray[np.float64]
    contrast: NDArray[np.float64] | None = None

    def pictures(self) -> Views:
        """Views that can be shown: volumes are projected along each axis."""
        if self.axes != ("volume",):
            return self
        volume = self.images[:, 0]
        images = np.stack([volume.max(axis=axis) for axis in (4, 3, 2)], axis=1)
        return Views(images, ("x", "y", "z"), self.radius)


def make_views(
    channels: Sequence[Volume | None],
    labels: Labels,
    cells: CellTable,
    recipe: ViewRecipe,
    population: Population | None = None,
    *,
    contrast: bool = False,
) -> Views:
    """Make the views of the cells of one frame.

    Parameters
    ----------
    channels : sequence of (ndarray or Window, ``(z, y, x)``) or None
        One volume a role, in the order of ``recipe.channels``; ``None`` where the image has none.
    labels : ndarray or Window, ``(z, y, x)``, integer
        The frame's segmentation.
    cells : CellTable
        Rows of this frame only.
    recipe : ViewRecipe
        How the model wants its views.
    population : Population, optional
        Of the image; required by a recipe that compares a cell with the others.
    contrast : bool
        Whether to measure contrast, too.

    Raises
    ------
    ChannelError
        If the channel that gives the cell's size is missing, or there is not one for each role.
    """
    axes = view_axes(recipe, is_2d=labels.shape[0] == 1)
    frame = Frame(channels, labels, recipe, cells.spacing, cells.labels_are, population, axes)
    images = np.empty((len(cells), *view_shape(recipe, axes)), np.float32)
    radius, measured = np.zeros(len(cells)), np.zeros(len(cells))
    for i, (label, bbox) in enumerate(zip(cells.label.tolist(), cells.bbox, strict=True)):
        radius[i], measured[i] = frame.draw(label, bbox, images[i], contrast=contrast)
    return Views(images, axes, radius, measured if contrast else None)


def view_axes(recipe: ViewRecipe, *, is_2d: bool) -> tuple[Axis, ...]:
    """Axes that can be projected along: only z in 2D.

    Raises
    ------
    ViewError
        If the recipe takes whole volumes, and the image is 2D.
    """
    if recipe.axes == ("volume",):
        if is_2d:
            raise ViewError(
                "This model looks at volumes, and the image is 2D. Choose a model for projections."
            )
        return recipe.axes
    return ("z",) if is_2d else recipe.axes


def view_shape(recipe: ViewRecipe, axes: Sequence[str]) -> tuple[int, ...]:
    """Shape of the views of one cell: ``(axes, channels, size, size)``, or one more ``size``."""
    edges = 3 if tuple(axes) == ("volume",) else 2
    return (len(axes), len(recipe.channels), *[recipe.size] * edges)


def view_cell(
    channels: Sequence[Volume | None],
    labels: Labels,
    label: int,
    bbox: NDArray[np.int64],
    *,
    recipe: ViewRecipe,
    spacing: Spacing,
    labels_are: LabelsAre,
    population: Population | None = None,
) -> tuple[Floats, float]:
    """Make the views of one cell.

    1. The mask of a cell is its label as it is. The mask of a nucleus is its label dilated by a box
       of ``recipe.dilate`` radii (of the label), without the voxels of other labels. Channels other
       than DNA take the label dilated by ``recipe.membrane_dilate`` radii (nuclei) or
       ``recipe.dilate`` radii (cells), other labels included.
    2. DNA above ``background + recipe.foreground * (bright - background)`` inside the mask is the
       foreground: its centre is the centre of the view, its radius of gyration gives the radius.
       Background is the 25th percentile of unlabelled voxels around a nucleus, or the 10th
       percentile inside a cell; bright is the 98th percentile of DNA inside the label.
    3. Each channel is masked (if the recipe says so) and projected by its maximum along each axis,
       then resampled to square pixels with a triangle filter; outside the image there is nothing
       (zero).
    4. DNA is scaled from its background to the 99.5th percentile of its foreground, or to the
       population's bright DNA; other channels from the 5th to the 99.5th percentile of their mask;
       all are clipped to [0, 1].

    With the intensity of the window, each channel is scaled from the 1st to the 99.7th percentile
    of what the view shows, without voxels that are exactly 0, such as those filled in beyond an
    image. A window that is wider than the image is made as wide as this and moved into it.

    Where a recipe has no DNA, its first channel takes the place of it.

    Parameters
    ----------
    channels, labels
        As in :func:`make_views`, the whole volume.
    label : int
        The subject.
    bbox : ndarray, ``(2, 3)``
        First and one past the last voxel of the label.
    recipe : ViewRecipe
        How the model wants its views.
    spacing : Spacing
        As resolved for the image.
    labels_are : {"cell", "nucleus"}
        What the labels outline.
    population : Population, optional
        As in :func:`make_views`.

    Returns
    -------
    images : ndarray, ``(axes, channels, size, size)``, float32
        Or ``(1, channels, size, size, size)`` for volumes.
    radius : float
        In the units of ``spacing``.
    """
    axes = view_axes(recipe, is_2d=labels.shape[0] == 1)
    images = np.empty(view_shape(recipe, axes), np.float32)
    frame = Frame(channels, labels, recipe, spacing, labels_are, population, axes)
    radius, _ = frame.draw(label, bbox, images)
    return images, radius
