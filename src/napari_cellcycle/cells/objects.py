"""Whether labels outline objects, or are the grey values of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import SegmentationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FEWEST_LABELS = 8
_FEWEST_PAIRS = 100
_NOISE = 0.3
_RUGGED = 0.9
_SPREAD = 0.1


def check_objects(
    voxels: NDArray[np.int64],
    bbox: NDArray[np.int64],
    runs: NDArray[np.int64],
    touching: int,
    name: str,
) -> None:
    """Refuse the labels of a frame if they are grey values.

    Inside an object nearly all neighbours along x have the same label; grey values change from
    voxel to voxel, and where they do not (few bits, an even background) each of them occurs all
    over the image. The label with the most voxels is left out: it may be such a background. Which
    number an object has makes no difference. Fewer than 8 labels are not judged.

    Parameters
    ----------
    voxels : ndarray, ``(n,)``, int64
        Of each label.
    bbox : ndarray, ``(n, 2, 3)``, int64
        First voxel and one past the last voxel, ``(z, y, x)``.
    runs : ndarray, ``(n,)``, int64
        Into how many runs along x each label falls.
    touching : int
        How often a run begins right behind one of another label.
    name : str
        Of the segmentation, for the message.

    Raises
    ------
    SegmentationError
        Naming the number of labels, and what to give instead.
    """
    if len(voxels) < _FEWEST_LABELS:
        return
    alike = int((voxels - runs).sum() - (voxels - runs)[voxels.argmax()])
    pairs = alike + touching
    if pairs < _FEWEST_PAIRS:
        return
    share = alike / pairs
    filled = float(np.median(voxels / np.prod(bbox[:, 1] - bbox[:, 0], axis=1)))
    if share < _NOISE or (share < _RUGGED and filled < _SPREAD):
        raise SegmentationError(
            f"{name} looks like an image, not like its segmentation: its {len(voxels)} values "
            "change from voxel to voxel and outline no objects. Give a label image, one integer a "
            "cell, or no labels to have nuclei segmented."
        )
