"""Whether labels outline one object each, or are grey values, or a mask of many objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import SegmentationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.image.window import Window

_FEWEST_LABELS = 8
_FEWEST_PAIRS = 100
_NOISE = 0.3
_RUGGED = 0.9
_SPREAD = 0.1
_LOOKED_AT = 16
_AS_LARGE = 0.25
_APART = 5.0
_PIECES = 4
_BOX = 1 << 24


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


def check_pieces(
    labels: NDArray[np.integer[Any]] | Window,
    label: NDArray[np.int64],
    bbox: NDArray[np.int64],
    lengths: tuple[float, float, float],
    name: str,
) -> None:
    """Refuse the labels of a frame if most of them are of many cells each.

    So are those of a mask, and of tiles in which numbers begin anew: pieces as large as one another
    lie more than five of their diameters apart. Up to 16 labels are looked at. One cell may be in
    several pieces, as its two daughters are, or the fragments of a dying one; those lie closer.

    Parameters
    ----------
    labels : ndarray or Window, ``(z, y, x)``, integer
        Of the frame.
    label : ndarray, ``(n,)``, int64
        The labels in it.
    bbox : ndarray, ``(n, 2, 3)``, int64
        First voxel and one past the last voxel of each, ``(z, y, x)``.
    lengths : tuple of float
        Of a voxel, ``(z, y, x)``, in any unit.
    name : str
        Of the segmentation, for the message.

    Raises
    ------
    SegmentationError
        Naming a label, its pieces, and how to number cells.
    """
    n = len(label)
    picked = np.unique(np.linspace(0, n - 1, min(n, _LOOKED_AT)).round().astype(int))
    pieces = {i: _far_pieces(labels, int(label[i]), bbox[i], lengths) for i in picked}
    fewest = _PIECES if n < _PIECES else 2
    apart = [i for i in picked if pieces[i] >= fewest]
    if 2 * len(apart) > len(picked):
        worst = max(apart, key=lambda i: pieces[i])
        raise SegmentationError(
            f"{name} does not have a label for each cell: label {label[worst]} lies in "
            f"{pieces[worst]} pieces far apart. If it is a mask, label its objects first, with "
            "skimage.measure.label for instance; if its tiles are each numbered from 1, give every "
            "cell a number of its own."
        )


def _far_pieces(
    labels: NDArray[np.integer[Any]] | Window,
    value: int,
    bbox: NDArray[np.int64],
    lengths: tuple[float, float, float],
) -> int:
    """Count the pieces of a label that are as large as the others; 1 if they lie together."""
    from scipy import ndimage

    (z0, y0, x0), (z1, y1, x1) = bbox.tolist()
    planes = max(1, 4 * _BOX // ((y1 - y0) * (x1 - x0)))  # of a box larger than that the middle
    z0 = max(z0, (z0 + z1 - planes) // 2)
    box = labels[z0 : min(z1, z0 + planes), y0:y1, x0:x1]
    step = int(np.ceil((box.size / _BOX) ** 0.5))
    found, n = ndimage.label(box[:, ::step, ::step] == value, np.ones((3, 3, 3)))
    if n < 2:
        return 1
    scale = np.array(lengths) * (1, step, step)
    size = np.bincount(found.ravel())[1:]
    kept = np.flatnonzero(size >= _AS_LARGE * size.max())
    kept = kept[np.argsort(-size[kept])][:1000]
    flat = found.shape[0] == 1
    voxel = float(np.prod(scale[1:] if flat else scale))
    largest = size.max() * voxel
    diameter = (4 * largest / np.pi) ** 0.5 if flat else (6 * largest / np.pi) ** (1 / 3)
    places = np.array(ndimage.center_of_mass(found > 0, found, kept + 1)) * scale
    reach = np.linalg.norm(places.max(axis=0) - places.min(axis=0))
    return len(kept) if reach > _APART * diameter else 1
