"""Where one cell is cut out of its volume: its label, and what its masks can reach."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cells.views.compiled import sums_of
from napari_cellcycle.cells.views.geometry import moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A label, cut out with a margin.

    Parameters
    ----------
    box : tuple of slice
        In the volume.
    label_box : tuple of slice
        Of the label, in this box.
    core : ndarray, ``(z, y, x)``, bool
        The label, in ``label_box`` alone.
    free : ndarray, ``(z, y, x)``, bool, or None
        Voxels of the box without a label; not asked for around a whole cell.
    reach, other_reach : float
        How far the mask is dilated, of DNA and of other channels, in the units of the spacing.
    """

    box: Place
    label_box: Place
    core: Mask
    free: Mask | None
    reach: float
    other_reach: float

    @classmethod
    def of(
        cls,
        labels: NDArray[np.integer[Any]] | Window,
        label: int,
        bbox: NDArray[np.int64],
        *,
        recipe: ViewRecipe,
        step: Sequence[float],
        labels_are: LabelsAre,
    ) -> Cut:
        """Cut out a label with what its masks can reach.

        Parameters are those of :meth:`~.subject.Subject.find`.
        """
        shape, edges = labels.shape, bbox.tolist()
        core = labels[tuple(map(slice, *edges))] == label
        _, radius = moments(sums_of(core), step, shape[0] == 1)
        is_nucleus = labels_are == "nucleus"
        other = recipe.membrane_dilate if is_nucleus else recipe.dilate
        box, inner = [], []
        for first, last, edge, size in zip(*edges, shape, step, strict=True):
            margin = math.ceil(max(recipe.dilate, other) * radius / size) + 1
            start = max(first - margin, 0)
            box.append(slice(start, min(last + margin, edge)))
            inner.append(slice(first - start, last - start))
        return cls(
            box=tuple(box),
            label_box=tuple(inner),
            core=core,
            free=labels[tuple(box)] == 0 if is_nucleus else None,
            reach=recipe.dilate * radius,
            other_reach=other * radius,
        )

    @property
    def place(self) -> Place:
        """Where the label lies in the volume."""
        return tuple(
            slice(whole.start + inner.start, whole.start + inner.stop)
            for whole, inner in zip(self.box, self.label_box, strict=True)
        )
