"""One cell in its volume: whose voxels are its own, where its DNA is, how large it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.compiled import grey_of
from napari_cellcycle.cells.views.cut import Cut
from napari_cellcycle.cells.views.geometry import moments
from napari_cellcycle.cells.views.grey import Grey, Part, placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.cells.views.geometry import Step
    from napari_cellcycle.cells.views.grey import Place
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.image.window import Window

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A cell, cut out with a margin.

    Parameters
    ----------
    cut : Cut
        The label, and the box in which the arrays below lie.
    mask_box : tuple of slice
        Where the mask lies in that box.
    grey, inner : Grey
        DNA, in the box and in ``mask_box`` alone.
    near, bright : ndarray, ``(z, y, x)``, bool
        Mask and foreground, in ``mask_box`` alone.
    background : float
        Grey value where there is no DNA.
    white : float
        The 98th percentile of DNA in the label.
    top : float
        The 99.5th percentile of the foreground.
    centre : ndarray, ``(3,)``
        Of the foreground, in the units of the spacing, from the volume's first voxel.
    radius : float
        Of the ball (in 2D the disc) with the foreground's radius of gyration, in these units.
    """

    cut: Cut
    mask_box: Place
    grey: Grey
    inner: Grey
    near: Mask
    bright: Mask
    background: float
    white: float
    top: float
    centre: NDArray[np.float64]
    radius: float

    @property
    def box(self) -> Place:
        """Where the cell is cut out of the volume."""
        return self.cut.box

    @property
    def values(self) -> Floats:
        """DNA, grey values, ``(z, y, x)``, float32."""
        return np.asarray(self.grey.values, dtype=np.float32)

    @property
    def own(self) -> Mask:
        """The label, ``(z, y, x)``."""
        return placed(self.cut.core, self.cut.label_box, self.grey.values.shape)

    @property
    def mask(self) -> Mask:
        """The label dilated, ``(z, y, x)``."""
        return placed(self.near, self.mask_box, self.grey.values.shape)

    @property
    def foreground(self) -> Mask:
        """Bright DNA in the mask, ``(z, y, x)``."""
        return placed(self.bright, self.mask_box, self.grey.values.shape)

    @classmethod
    def find(
        cls,
        dna: NDArray[Any] | Window,
        labels: NDArray[np.integer[Any]] | Window,
        label: int,
        bbox: NDArray[np.int64],
        *,
        recipe: ViewRecipe,
        step: Step,
        labels_are: LabelsAre,
    ) -> Subject:
        """Find a cell; see :func:`napari_cellcycle.cells.views.views.view_cell` for how.

        Parameters
        ----------
        dna, labels : ndarray or Window, ``(z, y, x)``
            The whole volume.
        label : int
            The cell.
        bbox : ndarray, ``(2, 3)``
            First and one past the last voxel of the label.
        recipe : ViewRecipe
            Dilations and threshold.
        step : sequence of float
            Size of a voxel, ``(z, y, x)``.
        labels_are : {"cell", "nucleus"}
            What the labels outline.
        """
        step = [float(size) for size in step]  # numbers of NumPy are slow by themselves
        cut = Cut.of(labels, label, bbox, recipe=recipe, step=step, labels_are=labels_are)
        return cls.of(cut, dna, recipe=recipe, step=step)

    @classmethod
    def of(
        cls,
        cut: Cut,
        dna: NDArray[Any] | Window,
        *,
        recipe: ViewRecipe,
        step: Sequence[float],
    ) -> Subject:
        """Find a cell that was cut out; parameters are those of :meth:`find`."""
        grey = grey_of(dna[cut.box])
        found = grey.foreground(
            cut.core, cut.label_box, cut.free, cut.reach, step, recipe.foreground
        )
        centre, radius = moments(found.sums, step, dna.shape[0] == 1)
        return cls(
            cut=cut,
            mask_box=found.place,
            grey=grey,
            inner=found.inner,
            near=found.near,
            bright=found.bright,
            background=found.background,
            white=found.white,
            top=found.top,
            centre=np.array(
                [
                    middle + (whole.start + inner.start) * size
                    for middle, whole, inner, size in zip(
                        centre, cut.box, found.place, step, strict=True
                    )
                ]
            ),
            radius=radius,
        )

    def of_dna(self) -> Part:
        """The part of DNA that belongs to the cell, between background and bright foreground."""
        shape = self.grey.values.shape
        return Part(self.inner, self.near, self.mask_box, shape, self.background, self.top)

    def of_other(self, volume: NDArray[Any] | Window, step: Step) -> Part:
        """The part of another channel, between the 5th and the 99.5th percentile of its mask.

        Parameters
        ----------
        volume : ndarray or Window, ``(z, y, x)``
            The whole channel.
        step : sequence of float
            Size of a voxel.
        """
        cut = self.cut
        grey = grey_of(volume[cut.box])
        shape = grey.values.shape
        where, low, high = grey.surrounded(cut.core, cut.label_box, cut.other_reach, step)
        return Part(grey, where, tuple(slice(0, edge) for edge in shape), shape, low, high)
