"""What training crops cover: the ranges that a card states and that classification compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.contrast import dna_contrast
from napari_cellcycle.classify.checks import equivalent_radius
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.train.data.cropviews import crop_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.train.data.cropset import CropSet

_MOST = 500
"""Crops that are measured; more of them hardly move a percentile."""


def crop_ranges(crops: CropSet) -> dict[str, tuple[float, float]]:
    """Measure crops: the central 98 % of each figure.

    Pixel size and radius are left out where the spacing is unknown, contrast where there is no DNA.

    Parameters
    ----------
    crops : CropSet
        Cells of the training part.

    Returns
    -------
    dict of str to (low, high)
        Keys of :data:`napari_cellcycle.models.card.RANGES`.
    """
    ranges = {}
    if crops.spacing_um is not None:
        z, y, x = crops.spacing_um
        ranges["spacing_um"] = (min(y, x), max(y, x))
        if not crops.is_2d:
            ranges["axial_ratio"] = (z / float(np.sqrt(y * x)),) * 2
    if "dna" not in crops.channels:
        return ranges
    measured = _measure(crops.select(np.arange(0, len(crops), -(-len(crops) // _MOST))))
    return ranges | {key: central(values) for key, values in measured.items()}


def central(values: Sequence[float]) -> tuple[float, float]:
    """Limits of the central 98 %, in three digits."""
    low, high = np.percentile(values, (1, 99))
    return float(f"{low:.3g}"), float(f"{high:.3g}")


def _measure(crops: CropSet) -> dict[str, list[float]]:
    zyx = crops.spacing_um or (1.0, 1.0, 1.0)
    spacing = Spacing(*zyx, "cell-size" if crops.spacing_um is None else "metadata")
    dna = crops.images[:, crops.channels.index("dna")]
    found: dict[str, list[float]] = {"contrast": []}
    if crops.spacing_um is not None:
        found["cell_radius_um"] = []
    for i, image in enumerate(dna):
        volume = image if image.ndim == 3 else image[None]
        labels, _ = crop_subject(volume, None if crops.mask is None else crops.mask[i])
        cell = cell_table(Segmentation(labels[None], "nucleus", crops.name), spacing)
        cell = cell.select(cell.label == 1)
        found["contrast"] += dna_contrast(volume, labels, cell).tolist()
        if "cell_radius_um" in found:
            found["cell_radius_um"] += equivalent_radius(cell, is_2d=crops.is_2d).tolist()
    return found
