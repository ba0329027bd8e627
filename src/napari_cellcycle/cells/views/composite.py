"""The picture that annotators judge a cell by: slices through its middle beside projections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.geometry import resampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing

    Volume = NDArray[Any]
    Floats = NDArray[np.float32]

_DNA = np.array([0, 1, 0], np.float32)
_MEMBRANE = np.array([1, 0, 1], np.float32)
_GREY = np.ones(3, np.float32)


@dataclass(frozen=True, slots=True)
class Composite:
    """Pictures of one cell, in the order in which they are read.

    Parameters
    ----------
    tiles : ndarray, ``(n, size, size, 3)``, float32 in [0, 1]
        RGB.
    names : tuple of str
        ``below``, ``centre``, ``above`` (slices, DNA in green and membrane in magenta, or DNA alone
        in grey), then ``z``, ``y``, ``x`` (projections of DNA along these axes, grey); ``centre``
        and ``z`` in 2D.
    """

    tiles: Floats
    names: tuple[str, ...]

    def row(self, gap: int = 2) -> Floats:
        """All tiles side by side with ``gap`` white pixels in between, ``(size, width, 3)``."""
        n, size = self.tiles.shape[:2]
        picture = np.ones((size, n * size + (n - 1) * gap, 3), np.float32)
        for i, tile in enumerate(self.tiles):
            picture[:, i * (size + gap) : i * (size + gap) + size] = tile
        return picture


def tile_names(*, is_2d: bool) -> tuple[str, ...]:
    """Names of the tiles of a composite, in order."""
    return ("centre", "z") if is_2d else ("below", "centre", "above", "z", "y", "x")


def make_composite(
    dna: Volume,
    membrane: Volume | None,
    labels: NDArray[np.integer[Any]],
    label: int,
    bbox: NDArray[np.int64],
    spacing: Spacing,
    *,
    size: int = 96,
    context: float = 1.4,
) -> Composite:
    """Draw one cell with its neighbours, unmasked, with square pixels.

    The edge of the picture is ``context`` times the longest side of the cell's bounding box. Slices
    and projections show the same cube; where it leaves the image they are black. Each channel is
    scaled between the 1st and the 99.8th percentile of what the cube holds.

    Parameters
    ----------
    dna : ndarray, ``(z, y, x)``, any real dtype
        DNA of one frame.
    membrane : ndarray, ``(z, y, x)``, or None
        Membrane of the same frame, if the image has it.
    labels : ndarray, ``(z, y, x)``, integer
        Segmentation of the frame.
    label : int
        The cell.
    bbox : ndarray, ``(2, 3)``
        First and one past the last voxel of the label, as in the cell table.
    spacing : Spacing
        Sizes of the voxels, as in the cell table.
    size : int
        Edge of a tile, pixels.
    context : float
        Edge of the picture in sides of the bounding box.
    """
    step = np.array(spacing.zyx)
    is_2d = labels.shape[0] == 1
    sides = (bbox[1] - bbox[0]) * step
    half = float(context * (sides[1:] if is_2d else sides).max() / 2)
    centre = (bbox[0] + bbox[1] - 1) / 2 * step
    start = np.maximum(np.floor((centre - half) / step).astype(int), 0)
    stop = np.minimum(np.ceil((centre + half) / step).astype(int) + 1, labels.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    crop_dna = _scaled(dna[box])
    crop_membrane = None if membrane is None else _scaled(membrane[box])
    weights = [
        resampling(
            int(stop[d] - start[d]),
            float(start[d] * step[d]),
            float(step[d]),
            float(centre[d]),
            half,
            size,
        )
        for d in range(3)
    ]

    def square(picture: Floats, rows: int, columns: int) -> Floats:
        return np.asarray(weights[rows] @ picture @ weights[columns].T, dtype=np.float32)

    planes = np.flatnonzero((labels[box] == label).any(axis=(1, 2)))
    middle = int(planes[(len(planes) - 1) // 2])
    tiles = []
    for plane in (middle,) if is_2d else (middle - 1, middle, middle + 1):
        tile = np.zeros((size, size, 3), np.float32)
        if 0 <= plane < crop_dna.shape[0]:
            alone = crop_membrane is None
            tile += square(crop_dna[plane], 1, 2)[..., None] * (_GREY if alone else _DNA)
            if crop_membrane is not None:
                tile += square(crop_membrane[plane], 1, 2)[..., None] * _MEMBRANE
        tiles.append(tile)
    for axis, rows, columns in ((0, 1, 2),) if is_2d else ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        tiles.append(square(crop_dna.max(axis=axis), rows, columns)[..., None] * _GREY)
    return Composite(np.clip(np.stack(tiles), 0, 1), tile_names(is_2d=is_2d))


def _scaled(crop: Volume) -> Floats:
    values = np.asarray(crop, dtype=np.float32)
    low, high = np.percentile(values, (1, 99.8))
    if not low < high:
        return np.zeros(values.shape, np.float32)
    return np.asarray(np.clip((values - low) / (high - low), 0, 1), dtype=np.float32)
