"""Whether the data resemble what a model was trained on: plain warnings that name the figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.contrast import dna_contrast, grey_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.models.card import ModelCard

_FEW_LEVELS = 32
_MUCH_SATURATED = 0.02
_SAMPLE = 40
_FEW_CELLS = 4
_MUCH = 0.3
_HUGE = 10
_OF_MASKS = (255, 65535)


@dataclass(frozen=True, slots=True)
class Findings:
    """What a user should know before trusting a prediction.

    Parameters
    ----------
    notes : tuple of str
        Of the whole run.
    cell_notes : tuple of str
        One for each cell, empty where there is nothing to say.
    """

    notes: tuple[str, ...]
    cell_notes: tuple[str, ...]


def compare_with_card(
    cells: CellTable,
    stack: Stack,
    channels: Mapping[str, int | None],
    card: ModelCard,
    segmentation: Segmentation | None = None,
) -> Findings:
    """Compare data with what the model's card says of its training data.

    Parameters
    ----------
    cells : CellTable
        Cells of the image.
    stack : Stack
        The image.
    channels : mapping of str to int or None
        Channel of each role.
    card : ModelCard
        Of the model.
    segmentation : Segmentation, optional
        Where it is given, the first frame that has cells is looked at: contrast, saturation and
        number of grey levels of the DNA.
    """
    notes = [
        *_missing_channels(channels, card),
        *_voxel_notes(cells, card, is_2d=stack.is_2d),
    ]
    radius = equivalent_radius(cells, is_2d=stack.is_2d)
    cell_notes = [""] * len(cells)
    if "cell_radius_um" in card.ranges and cells.spacing.is_physical:
        low, high = card.ranges["cell_radius_um"]
        outside = (radius < low) | (radius > high)
        for i in np.flatnonzero(outside):
            cell_notes[i] = f"radius {_n(radius[i])} µm, trained on {_n(low)} to {_n(high)} µm"
        if outside.any():
            notes.append(
                f"{_of(outside)} have a radius outside the {_n(low)} to {_n(high)} µm that "
                f"{card.name} was trained on (median here {_n(np.nanmedian(radius))} µm)."
            )
    if segmentation is not None:
        notes += _background_note(cells, segmentation)
        notes += _mask_note(cells, segmentation)
    if segmentation is not None and channels.get("dna") is not None and len(cells):
        notes += _intensity_notes(cells, stack, channels["dna"] or 0, segmentation, card)
    return Findings(tuple(notes), tuple(cell_notes))


def contrast_notes(contrast: NDArray[np.float64], card: ModelCard) -> list[str]:
    """Say for each cell whether its DNA contrast lies outside the card's range."""
    if "contrast" not in card.ranges:
        return [""] * len(contrast)
    low, high = card.ranges["contrast"]
    return [
        ""
        if low <= value <= high
        else f"DNA contrast {_n(value)}, trained on {_n(low)} or more"
        if value < low
        else f"DNA contrast {_n(value)}, trained on {_n(high)} or less"
        for value in contrast
    ]


def equivalent_radius(cells: CellTable, *, is_2d: bool) -> NDArray[np.float64]:
    """Radius of the ball (2D: disc) as large as each nucleus, in units of the spacing.

    Where labels are cells and nuclei are not known it is NaN.

    Parameters
    ----------
    cells : CellTable
        Cells to measure.
    is_2d : bool
        Whether the image has one plane.
    """
    voxels = np.where(cells.nucleus_voxels > 0, cells.nucleus_voxels, np.nan)
    z, y, x = cells.spacing.zyx
    if is_2d:
        return np.asarray(np.sqrt(voxels * y * x / np.pi), dtype=np.float64)
    return np.asarray(np.cbrt(voxels * z * y * x * 3 / (4 * np.pi)), dtype=np.float64)


def _missing_channels(channels: Mapping[str, int | None], card: ModelCard) -> list[str]:
    missing = [role for role in card.recipe.channels if channels.get(role) is None]
    if not missing:
        return []
    return [f"No {' and no '.join(missing)} channel: {card.missing_channels.rstrip('.')}."]


def _voxel_notes(cells: CellTable, card: ModelCard, *, is_2d: bool) -> list[str]:
    z, y, x = cells.spacing.zyx
    notes = []
    if "spacing_um" in card.ranges and cells.spacing.is_physical:
        notes += _outside("The pixel size in y and x", max(y, x), "spacing_um", card, " µm")
    if "axial_ratio" in card.ranges and not is_2d:
        ratio = z / np.sqrt(y * x)
        notes += _outside("The distance of planes in pixels", ratio, "axial_ratio", card)
    return notes


def _mask_note(cells: CellTable, segmentation: Segmentation) -> list[str]:
    """Tell of labels with the one value that masks are saved with.

    Their shape tells nothing: all cells of a round organoid, or of a crowd that fills the image,
    are as compact together as one cell is.
    """
    values = np.unique(cells.label).tolist()
    if len(values) != 1 or values[0] not in _OF_MASKS:
        return []
    return [
        f"The only label of {segmentation.name} is {values[0]}, as in a mask, and is classified as "
        "one cell. If it holds several, give each a label of its own; touching ones must be parted."
    ]


def _background_note(cells: CellTable, segmentation: Segmentation) -> list[str]:
    """Name a label that is as large as a background."""
    if len(cells) < _FEW_CELLS:
        return []
    share = cells.voxels / np.prod(segmentation.grid[1:])
    most = int(np.argmax(share))
    if share[most] < _MUCH or cells.voxels[most] < _HUGE * np.median(cells.voxels):
        return []
    return [
        f"Label {cells.label[most]} of {segmentation.name} covers {100 * share[most]:.0f} % of the "
        "image and is classified as a cell. If it is the background, set it to 0."
    ]


def _intensity_notes(
    cells: CellTable, stack: Stack, channel: int, segmentation: Segmentation, card: ModelCard
) -> list[str]:
    frame = int(cells.frame[0])
    dna, labels = stack.window(frame, channel), segmentation.window(frame)
    notes = []
    if "contrast" in card.ranges:
        rows = np.flatnonzero(cells.frame == frame)
        rows = rows[:: max(1, len(rows) // _SAMPLE)]
        median = float(np.median(dna_contrast(dna, labels, cells.select(rows))))
        notes += _outside("The contrast of DNA to noise", median, "contrast", card)
    grey = grey_range(dna, labels)
    if grey.saturated > _MUCH_SATURATED:
        notes.append(
            f"{100 * grey.saturated:.1f} % of the DNA voxels inside labels have the largest value "
            f"of the image ({_n(grey.largest)}): it is saturated, and texture is lost there."
        )
    if grey.levels < _FEW_LEVELS:
        notes.append(
            f"The DNA inside labels has only {grey.levels} grey levels: was the image converted to "
            "fewer bits, or is it a mask?"
        )
    return notes


def _outside(what: str, value: float, key: str, card: ModelCard, unit: str = "") -> list[str]:
    low, high = card.ranges[key]
    if low <= value <= high:
        return []
    return [
        f"{what} is {_n(value)}{unit}; {card.name} was trained on {_n(low)} to {_n(high)}{unit}."
    ]


def _of(which: NDArray[np.bool_]) -> str:
    return f"{int(which.sum())} of {len(which)} cells"


def _n(value: Any) -> str:
    """Three significant digits, without an exponent for what people can read without."""
    value = float(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
