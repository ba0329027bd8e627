"""The cells of one frame, drawn one by one: in one compiled call where that can be done."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.compiled import grey_of, is_ready, taps_of
from napari_cellcycle.cells.views.compiled_grey import CompiledGrey, Drawn
from napari_cellcycle.cells.views.contrast import contrast_of, surface_of, surroundings
from napari_cellcycle.cells.views.cut import Cut
from napari_cellcycle.cells.views.framing import around, fitted, levels, within
from napari_cellcycle.cells.views.geometry import sharpen
from napari_cellcycle.cells.views.grey import Grey
from napari_cellcycle.cells.views.subject import Subject
from napari_cellcycle.errors import ChannelError, ViewError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.content import Population
    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.cells.views.recipe import Axis, ViewRecipe
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Volume = NDArray[Any] | Window
    Labels = NDArray[np.integer[Any]] | Window
    Floats = NDArray[np.float32]


class Frame:
    """What the views of all cells of a frame are made of; parameters are those of the views."""

    def __init__(
        self,
        channels: Sequence[Volume | None],
        labels: Labels,
        recipe: ViewRecipe,
        spacing: Spacing,
        labels_are: LabelsAre,
        population: Population | None,
        axes: tuple[Axis, ...],
    ) -> None:
        if len(channels) != len(recipe.channels):
            raise ChannelError(
                f"Views are made of {', '.join(recipe.channels)}, and {len(channels)} channel(s) "
                "were given. Give one each, None for what the image lacks."
            )
        dna = channels[recipe.channels.index(recipe.reference)]
        if dna is None:
            raise ChannelError(f"Views need a {recipe.reference} channel; none was given.")
        is_2d = labels.shape[0] == 1
        if recipe.needs_population and (population is None or not is_2d):
            raise ViewError(
                "This model compares each cell with the others of a 2D image. "
                + ("Project the stack first." if not is_2d else "No population was given.")
            )
        self._channels, self._labels, self._dna = channels, labels, dna
        self._recipe, self._labels_are, self._population = recipe, labels_are, population
        self._axes, self._is_2d = axes, is_2d
        self._step = [float(edge) for edge in spacing.zyx]  # NumPy's numbers are slow by themselves
        # all other recipes take more steps than one compiled call can
        self._is_plain = (
            recipe.mask
            and not recipe.sharpen
            and recipe.unit == recipe.intensity == "cell"
            and self._axes != ("volume",)
            and len(channels) <= 2
            and all(volume is None or volume.dtype == dna.dtype for volume in channels)
        )

    def draw(
        self, label: int, bbox: NDArray[np.int64], images: Floats, *, contrast: bool = False
    ) -> tuple[float, float]:
        """Draw all pictures of a cell, ``(axes, channels, size, size)``; its radius and contrast.

        The contrast is NaN if it is not asked for.
        """
        recipe, step = self._recipe, self._step
        cut = Cut.of(
            self._labels, label, bbox, recipe=recipe, step=step, labels_are=self._labels_are
        )
        place = cut.place
        where = surroundings(place, self._labels.shape) if contrast else None
        found = self._at_once(cut, where, images) if self._is_plain else None
        if found is None:
            cell = Subject.of(cut, self._dna, recipe=recipe, step=step)
            self._draw(cell, images)
            found = Drawn(cell.radius, cell.white, None)
        radius, white, surface = found
        if where is None:
            return radius, math.nan
        if surface is None:
            surface = surface_of(self._dna[where], self._labels[where] == 0)
        return radius, contrast_of(white, surface, self._dna, place, cut.core)

    def _at_once(self, cut: Cut, where: Place | None, images: Floats) -> Drawn | None:
        """Draw in one compiled call, if kernels are ready and meant for what there is."""
        edges = [along.stop - along.start for along in cut.box]
        is_large = math.prod(edges) * max(edges) >= 1 << 31  # sums of squares would not fit
        if is_large or not is_ready(self._dna.dtype):
            return None
        dna = self._recipe.channels.index(self._recipe.reference)
        grey, other = grey_of(self._dna[cut.box]), None
        for c, volume in enumerate(self._channels):
            if volume is None:
                images[:, c] = 0
            elif c != dna:
                other = grey_of(volume[cut.box])
        if not isinstance(grey, CompiledGrey) or not isinstance(other, CompiledGrey | None):
            return None
        return grey.view(
            other, dna, cut, where, self._recipe, self._axes, self._step, self._is_2d, images
        )

    def _draw(self, cell: Subject, images: Floats) -> None:
        recipe, labels = self._recipe, self._labels
        step = np.array(self._step)
        half, centre = recipe.extent, cell.centre
        if recipe.unit == "cell":
            half *= cell.radius
        elif recipe.unit == "population" and self._population is not None:
            half *= self._population.radius
        elif recipe.unit == "px":
            half *= float(step[2])
            middle = [(along.start + along.stop - 1) / 2 for along in cell.cut.place]
            centre = np.array(middle) * step
        if recipe.intensity == "window":
            half, centre = fitted(half, centre, step, labels.shape)
        # without a mask the view may reach beyond the box that holds the mask
        box = cell.box if recipe.mask else around(centre, half, step, labels.shape)
        shape = tuple(part.stop - part.start for part in box)
        taps = taps_of(box, step, centre, half, recipe.size)
        for c, volume in enumerate(self._channels):
            if volume is None:
                images[:, c] = 0
                continue
            is_dna = recipe.channels[c] == recipe.reference
            part = cell.of_dna() if is_dna else cell.of_other(volume, step)
            if not recipe.mask:
                everything = tuple(slice(0, edge) for edge in shape)
                grey = Grey(volume[box])
                part = replace(part, grey=grey, where=None, place=everything, shape=shape)
            if recipe.intensity == "window":
                low, high = levels(volume[within(centre, half, step, labels.shape)])
                part = replace(part, low=low, high=high)
            elif recipe.intensity == "population" and self._population is not None and is_dna:
                part = replace(part, high=part.low + self._population.bright)
            part.draw(self._axes, taps, images, c)
        if recipe.sharpen:
            for picture in images.reshape(-1, *images.shape[2:]):
                picture[:] = sharpen(picture)
