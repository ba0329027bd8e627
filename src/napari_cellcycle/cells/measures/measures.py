"""What is measured of a cell beside its place: size, shape, DNA content, texture, neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.measures.chromatin import chromatin
from napari_cellcycle.cells.views.geometry import axis_lengths, dilate, smoothed
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import LabelsAre

    Mask = NDArray[np.bool_]
    Floats = NDArray[np.floating[Any]]

VERSION = 2
"""Of the definitions below: what was measured by another one is measured again."""
RECIPE = ViewRecipe()
"""Gives the mask of a cell, and what of its DNA is foreground."""
_SMOOTH = 1.0  # voxels, before the surface is laid
_PART = 0.1  # of the DNA's foreground: smaller pieces do not count
_GRAIN = 0.2  # radii: coarser than this is no texture


@dataclass(frozen=True, slots=True)
class Measure:
    """One number about a cell.

    Parameters
    ----------
    name : str
        Column of the table.
    title : str
        What a person reads.
    power : int
        Of the length in its unit, in 3D: 3 for volumes. One less in 2D; 0 for plain numbers.
    flat_title : str
        What it is called in 2D; empty where it is the same.
    is_ratio : bool
        Whether it spans orders of magnitude, so that its logarithm is what should be looked at.
    """

    name: str
    title: str
    power: int = 0
    flat_title: str = ""
    is_ratio: bool = False

    def title_of(self, *, is_2d: bool) -> str:
        """What a person reads."""
        return self.flat_title if is_2d and self.flat_title else self.title

    def unit(self, *, is_2d: bool, physical: bool) -> str:
        """Unit that follows the title: ``µm³``, ``px²`` or nothing."""
        power = self.power - is_2d if self.power else 0
        if not power:
            return ""
        return ("µm" if physical else "px") + {1: "", 2: "²", 3: "³"}[power]


MEASURES: tuple[Measure, ...] = (
    Measure("volume", "volume", 3, "area", is_ratio=True),
    Measure("surface", "surface", 2, "perimeter", is_ratio=True),
    Measure("sphericity", "sphericity", flat_title="circularity"),
    Measure("elongation", "elongation"),
    Measure("nucleus_volume", "nucleus volume", 3, "nucleus area", is_ratio=True),
    Measure("dna_volume", "DNA volume", 3, "DNA area", is_ratio=True),
    Measure("dna_content", "DNA content", is_ratio=True),
    Measure("dna_brightness", "DNA brightness", is_ratio=True),
    Measure("dna_variation", "DNA variation"),
    Measure("dna_grain", "DNA grain"),
    Measure("condensation", "condensation"),
    Measure("dna_elongation", "DNA elongation"),
    Measure("dna_flatness", "DNA flatness"),
    Measure("dna_parts", "number of DNA pieces"),
    Measure("neighbours", "neighbours"),
    Measure("dna_quartile", "DNA upper quartile over median"),
    Measure("dna_skewness", "DNA skewness"),
    Measure("dna_sharpness", "DNA sharpness"),
    Measure("dna_maximum", "DNA maximum over mean"),
    Measure("dna_rim", "DNA at the rim"),
    Measure("dna_middle", "DNA in the middle"),
    Measure("dna_share", "share of DNA in the volume", flat_title="share of DNA in the area"),
    Measure("dna_offset", "distance of DNA from the centre"),
    Measure("dna_halves", "distance of the DNA's halves"),
    Measure("dna_half_elongation", "elongation of the DNA's halves"),
)
"""In the order of the table; :func:`measure_cell` says how each is measured."""

NAMES = tuple(measure.name for measure in MEASURES)
OF_LABEL = ("volume", "surface", "sphericity", "elongation")
"""Those that are of the label, a cell's or a nucleus'."""


def measure_cell(
    dna: Floats | None,
    labels: NDArray[np.integer[Any]],
    label: int,
    bbox: NDArray[np.int64],
    *,
    spacing: Spacing,
    labels_are: LabelsAre,
    nucleus_voxels: int = -1,
) -> NDArray[np.float64]:
    """Measure one cell in its crop.

    Lengths are in the units of the spacing. DNA is measured above the background that views use,
    within the mask that views use (a nucleus is dilated by 0.12 radii); its *foreground* is what
    lies above 0.3 between background and bright DNA, see
    :func:`napari_cellcycle.cells.views.views.view_cell`.

    ``volume`` counts voxels. ``surface`` is that of a mesh (marching cubes) around the smoothed
    label, at the level that encloses as many voxels; in 2D Crofton's perimeter. ``sphericity`` is 1
    for a ball. Elongations are ratios of the principal axes: longest to shortest of the label,
    longest to middle (``dna_elongation``) and middle to shortest (``dna_flatness``, 3D only) of the
    DNA foreground. ``dna_content`` adds up grey values times volume, ``dna_brightness`` is the mean
    of the foreground, ``dna_variation`` its standard deviation over its mean, ``dna_grain`` that
    without what is coarser than 0.2 radii. ``condensation`` is the Gini coefficient
    of DNA over the mask: 0 where DNA is everywhere alike, towards 1 the less of the volume holds
    it. ``dna_parts`` counts pieces of the foreground of at least a tenth of it. ``neighbours``
    counts labels within 0.6 radii of a nucleus, or 0.12 radii of a cell, and at least one voxel.

    How the DNA is spread is measured in its *body*, in which gaps between chromosomes are filled:
    where DNA, smoothed by 0.2 radii, is above 0.35 of its 99th percentile. More than 0.15 radii
    below the surface of the body, and smoothed by 0.05 radii, it has its ``dna_quartile``, the
    upper one over the median, and its ``dna_skewness``. ``dna_sharpness`` is the 90th percentile
    of the slope in the body, per radius and over the mean of the foreground; ``dna_maximum`` the
    99th percentile of the foreground over its mean. ``dna_rim`` is the mean between 0.1 and 0.35 of
    the greatest depth over that of the whole body, ``dna_middle`` that within 0.35 radii of the
    centre of DNA over that of the foreground: small for a ring. ``dna_share`` is the foreground
    over the mask, ``dna_offset`` the distance of their centres over the radius of the ball (the
    disc) that is as large as the mask. A plane through the centre of DNA, across its longest
    principal axis, cuts the foreground into two: ``dna_halves`` is the distance of their centres in
    radii, ``dna_half_elongation`` the mean of their longest over their shortest axes.

    Parameters
    ----------
    dna : ndarray, ``(z, y, x)``, or None
        DNA of the frame; without it what is measured of DNA is not known.
    labels : ndarray, ``(z, y, x)``, integer
        Segmentation of the frame.
    label : int
        The cell.
    bbox : ndarray, ``(2, 3)``
        First and one past the last voxel of the label.
    spacing : Spacing
        Sizes of the voxels.
    labels_are : {"cell", "nucleus"}
        What the labels outline.
    nucleus_voxels : int
        Size of the nucleus inside a cell, -1 where unknown.

    Returns
    -------
    ndarray, ``(n,)``, float64
        In the order of :data:`MEASURES`; NaN where unknown.
    """
    step = np.array(spacing.zyx)
    is_2d = labels.shape[0] == 1
    cell = Subject.find(
        labels if dna is None else dna,
        labels,
        label,
        bbox,
        recipe=RECIPE,
        step=step,
        labels_are=labels_are,
    )
    voxel = float(np.prod(step[1:] if is_2d else step))
    own = cell.own
    volume = float(own.sum()) * voxel
    around = surface(own, step)
    axes = principal_axes(own, step)
    found: dict[str, float] = {
        "volume": volume,
        "surface": around,
        "sphericity": sphericity(volume, around, is_2d=is_2d),
        "elongation": float(axes[0] / axes[-1]),
        "nucleus_volume": nucleus_voxels * voxel if nucleus_voxels >= 0 else np.nan,
        "neighbours": float(_neighbours(cell, labels[cell.box], label, step)),
    }
    if dna is not None:
        found |= _dna(cell, step, voxel, is_2d=is_2d)
    return np.array([found.get(name, np.nan) for name in NAMES])


def surface(mask: Mask, step: NDArray[np.float64]) -> float:
    """Measure the surface of a body, or the perimeter where there is one plane.

    Parameters
    ----------
    mask : ndarray, ``(z, y, x)``, bool
        The body; what lies beyond the array does not belong to it.
    step : ndarray, ``(3,)``
        Size of a voxel. Of a ball, the result is right within 5 % where it has ten planes or more,
        and up to 13 % too large where it has five.
    """
    from scipy import ndimage
    from skimage import measure

    if mask.shape[0] == 1:
        crofton: Any = measure.perimeter_crofton
        return float(crofton(np.pad(mask[0], 1), directions=4)) * float(np.sqrt(step[1] * step[2]))
    soft = ndimage.gaussian_filter(np.pad(mask, 3).astype(np.float32), _SMOOTH)
    n = int(mask.sum())
    ranked = np.partition(soft.ravel(), (-n - 1, -n))
    level = (float(ranked[-n - 1]) + float(ranked[-n])) / 2
    mesh: Any = measure.marching_cubes
    points, faces, _, _ = mesh(soft, level, spacing=tuple(step))
    area: Any = measure.mesh_surface_area
    return float(area(points, faces))


def sphericity(volume: float, around: float, *, is_2d: bool) -> float:
    """Surface of the ball (the disc) of a volume, over the surface: 1 for the ball itself."""
    if is_2d:
        return 4 * np.pi * volume / around**2
    return float(np.pi ** (1 / 3) * (6 * volume) ** (2 / 3) / around)


def principal_axes(mask: Mask, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviations of a body along its principal axes, longest first; two in 2D."""
    dimensions = slice(1, 3) if mask.shape[0] == 1 else slice(0, 3)
    points = np.stack(np.nonzero(mask), axis=1)[:, dimensions] * step[dimensions]
    return axis_lengths(points, step[dimensions])


def gini(values: Floats) -> float:
    """Gini coefficient of numbers, none negative: 0 where all are alike, near 1 where one is all.

    Returns 0 where there is nothing to share out.
    """
    ranked = np.sort(values)
    total = float(ranked.sum())
    if total <= 0:
        return 0.0
    n = len(ranked)
    weights = 2 * np.arange(1, n + 1) - n - 1
    return float(weights @ ranked / (n * total))


def _dna(
    cell: Subject, step: NDArray[np.float64], voxel: float, *, is_2d: bool
) -> dict[str, float]:
    from scipy import ndimage

    above, foreground = cell.values - np.float32(cell.background), cell.foreground
    bright, inside = above[foreground], above[cell.mask]
    mean = max(float(bright.mean()), 1e-12)
    fine = (above - smoothed(above, _GRAIN * cell.radius, step))[foreground]
    axes = principal_axes(foreground, step)
    pieces, n = ndimage.label(foreground, np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel(), minlength=n + 1)[1:]
    return {
        "dna_volume": len(bright) * voxel,
        "dna_content": float(inside.sum(dtype=np.float64)) * voxel,
        "dna_brightness": float(bright.mean()),
        "dna_variation": float(bright.std()) / mean,
        "dna_grain": float(fine.std()) / mean,
        "condensation": gini(np.maximum(inside, 0).astype(np.float64)),
        "dna_elongation": float(axes[0] / axes[1]),
        "dna_flatness": np.nan if is_2d else float(axes[1] / axes[2]),
        "dna_parts": float((sizes >= _PART * len(bright)).sum()),
        **chromatin(cell, step),
    }


def _neighbours(
    cell: Subject, crop: NDArray[np.integer[Any]], label: int, step: NDArray[np.float64]
) -> int:
    near = dilate(cell.own, max(cell.cut.other_reach, float(step.max())), step, cell.cut.label_box)
    others = np.unique(crop[near])
    return int(((others != 0) & (others != label)).sum())
