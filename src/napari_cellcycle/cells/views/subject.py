"""One cell in its volume: whose voxels are its own, where its DNA is, how large it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.compiled import grey_of, sums_of
from napari_cellcycle.cells.views.geometry import Sums, moments
from napari_cellcycle.cells.views.grey import Grey, Part, placed, within

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

_MARGIN = 3  # voxels around the bounding box, in which contrast is measured
_TO_SIGMA = 1.4826 / math.sqrt(2)  # from median absolute difference of neighbours to deviation


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a cell is cut out of its volume, with a margin.

    Parameters
    ----------
    box : tuple of slice
        In the volume.
    label_box : tuple of slice
        Of the label, in this box.
    reach, other_reach : float
        How far the mask is dilated, of DNA and of other channels, in the units of the spacing.
    """

    box: tuple[slice, ...]
    label_box: tuple[slice, ...]
    reach: float
    other_reach: float

    @classmethod
    def around(
        cls,
        label: Sums,
        bbox: NDArray[np.int64],
        shape: tuple[int, ...],
        *,
        recipe: ViewRecipe,
        step: Step,
        labels_are: LabelsAre,
    ) -> Cut:
        """Cut out a label with what its masks can reach.

        Parameters
        ----------
        label : Sums
            Of its voxels, in its bounding box.
        bbox : ndarray, ``(2, 3)``
            First and one past its last voxel.
        shape : tuple of int
            Of the volume.
        recipe, step, labels_are
            As in :meth:`Subject.find`.
        """
        _, radius = moments(label, step, shape[0] == 1)
        other = recipe.membrane_dilate if labels_are == "nucleus" else recipe.dilate
        box, inner = [], []
        for first, last, edge, size in zip(*bbox.tolist(), shape, step, strict=True):
            margin = math.ceil(max(recipe.dilate, other) * radius / size) + 1
            start = max(first - margin, 0)
            box.append(slice(start, min(last + margin, edge)))
            inner.append(slice(first - start, last - start))
        return cls(tuple(box), tuple(inner), recipe.dilate * radius, other * radius)

    def centre(
        self, part: Sequence[slice], within: Sequence[float], step: Step
    ) -> NDArray[np.float64]:
        """From the volume's first voxel, given where it lies in a part of the box."""
        return np.array(
            [
                inner + (whole.start + cut.start) * size
                for inner, whole, cut, size in zip(within, self.box, part, step, strict=True)
            ]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A cell, cut out with a margin.

    Parameters
    ----------
    box : tuple of slice
        Where the arrays below lie in the volume.
    label_box, mask_box : tuple of slice
        Where the label and the mask lie in these arrays.
    grey, inner : Grey
        DNA, in the box and in ``mask_box`` alone.
    free : ndarray, ``(z, y, x)``, bool, or None
        Voxels of the box without a label; not asked for around a whole cell.
    core : ndarray, ``(z, y, x)``, bool
        The label, in ``label_box`` alone.
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
    other_reach : float
        How far the mask of other channels is dilated, in these units.
    """

    box: tuple[slice, ...]
    label_box: tuple[slice, ...]
    mask_box: tuple[slice, ...]
    grey: Grey
    inner: Grey
    free: Mask | None
    core: Mask
    near: Mask
    bright: Mask
    background: float
    white: float
    top: float
    centre: NDArray[np.float64]
    radius: float
    other_reach: float

    @property
    def place(self) -> Place:
        """Where the label lies in the volume."""
        return tuple(
            slice(whole.start + inner.start, whole.start + inner.stop)
            for whole, inner in zip(self.box, self.label_box, strict=True)
        )

    @property
    def values(self) -> Floats:
        """DNA, grey values, ``(z, y, x)``, float32."""
        return np.asarray(self.grey.values, dtype=np.float32)

    @property
    def own(self) -> Mask:
        """The label, ``(z, y, x)``."""
        return placed(self.core, self.label_box, self.grey.values.shape)

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
        is_2d = labels.shape[0] == 1
        step = [float(size) for size in step]  # numbers of NumPy are slow by themselves
        core = labels[tuple(map(slice, *bbox.tolist()))] == label
        cut = Cut.around(
            sums_of(core), bbox, labels.shape, recipe=recipe, step=step, labels_are=labels_are
        )
        box, label_box = cut.box, cut.label_box
        grey = grey_of(dna[box])
        free = labels[box] == 0 if labels_are == "nucleus" else None
        found = grey.foreground(core, label_box, free, cut.reach, step, recipe.foreground)
        centre, radius = moments(found.sums, step, is_2d)
        return cls(
            box=box,
            label_box=label_box,
            mask_box=found.place,
            grey=grey,
            inner=found.inner,
            free=free,
            core=core,
            near=found.near,
            bright=found.bright,
            background=found.background,
            white=found.white,
            top=found.top,
            centre=cut.centre(found.place, centre, step),
            radius=radius,
            other_reach=cut.other_reach,
        )

    def contrast(
        self,
        dna: NDArray[Any] | Window,
        labels: NDArray[np.integer[Any]] | Window,
    ) -> float:
        """How far bright DNA lies above its surroundings, in units of the noise.

        Bright is the 98th percentile inside the label, the surroundings are the median of what is
        unlabelled up to 3 voxels around its bounding box (or its own 5th percentile), and the noise
        is estimated from differences of neighbours along x there and in the label. It is 1000 at
        most: an image that was denoised has hardly any noise.

        Parameters
        ----------
        dna, labels : ndarray or Window, ``(z, y, x)``
            As the cell was found in.
        """
        wanted = around(self.place, labels.shape)
        grey, free = self.grey, self.free
        held = all(
            whole.start <= part.start and part.stop <= whole.stop
            for whole, part in zip(self.box, wanted, strict=True)
        )
        if free is None or not held:
            grey, free, held = grey_of(dna[wanted]), labels[wanted] == 0, False
        place = within(wanted, self.box if held else wanted)
        return contrast(
            grey, free, place, Grey(self.grey.values[self.label_box]), self.core, self.white
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
        grey = grey_of(volume[self.box])
        shape = grey.values.shape
        where, low, high = grey.surrounded(self.core, self.label_box, self.other_reach, step)
        return Part(grey, where, tuple(slice(0, edge) for edge in shape), shape, low, high)


def around(label: Place, shape: tuple[int, ...]) -> Place:
    """The box in which a label's contrast is measured, given where the label lies in a volume."""
    return tuple(
        slice(max(along.start - _MARGIN, 0), min(along.stop + _MARGIN, edge))
        for along, edge in zip(label, shape, strict=True)
    )


def contrast(grey: Grey, free: Mask, place: Place, inner: Grey, own: Mask, white: float) -> float:
    """Measure contrast as :meth:`Subject.contrast`.

    Parameters
    ----------
    grey, free, place
        As of :meth:`~.grey.Grey.surface`: what surrounds the label.
    inner : Grey
        Grey values in a box of the label.
    own : ndarray, ``(z, y, x)``, bool
        The label there.
    white : float
        Its 98th percentile.
    """
    dark, step = grey.surface(free, place)
    if math.isnan(dark):
        (dark,) = inner.percentiles(own, 5)
    signal, noise = max(white - dark, 0.0), step * _TO_SIGMA
    return min(signal / noise, 1000.0) if noise > 0 else 1000.0 * (signal > 0)
