"""Real crops planted side by side: an image of as many real cells as are wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from review_cells import MITOCHECK

from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.phases import MITOSIS_2D

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """An image, its labels, and the truth.

    Parameters
    ----------
    stack : Stack
        One channel, ``H2B``, uint8.
    segmentation : Segmentation
        Labels count from 1 in each frame, row by row.
    phases : ndarray, ``(frames, labels)``, str
        Phase of each label, the first column that of label 1; empty where there is no cell.
    """

    stack: Stack
    segmentation: Segmentation
    phases: NDArray[Any]


def plant(folder: Path, n: int, *, frames: int = 1, step: int = 1, seed: int = 0) -> Field:
    """Plant nuclei of MitoCheck, those of all phases mixed; more than there are repeat.

    Parameters
    ----------
    folder : Path
        Of the data sets.
    n : int
        Cells in all, the same number in each frame.
    frames : int
        Frames in time.
    step : int
        Every which pixel is taken: 2 makes crops of half the size.
    seed : int
        Of their order.
    """
    with np.load(folder / "mitocheck_hela_h2b_64px.npz", allow_pickle=False) as data:
        known = np.array([name in MITOCHECK for name in data["phase"]])
        crops, names = data["images"][known, 0], data["phase"][known]
    phases = np.array([MITOCHECK[name] for name in names])
    masks = np.stack([nucleus(crop) for crop in crops])
    part = (slice(None), slice(None, None, step), slice(None, None, step))
    return tile(crops[part], masks[part], phases, n, frames=frames, seed=seed)


def tile(
    crops: NDArray[np.uint8],
    masks: NDArray[np.bool_],
    phases: NDArray[Any],
    n: int,
    *,
    frames: int = 1,
    seed: int = 0,
) -> Field:
    """Lay crops of one size, with their masks, on a grid; see :func:`plant`."""
    size, here = crops.shape[-1], -(-n // frames)
    across = int(np.ceil(np.sqrt(here)))
    down = -(-here // across)
    random = np.random.default_rng(seed)
    rounds = -(-frames * here // len(crops))
    order = np.concatenate([random.permutation(len(crops)) for _ in range(rounds)])
    order = order[: frames * here]
    image = np.zeros((frames, 1, 1, down * size, across * size), np.uint8)
    labels = np.zeros((frames, 1, down * size, across * size), np.uint16)
    for place, row in enumerate(order.tolist()):
        frame, number = divmod(place, here)
        y, x = divmod(number, across)
        box = slice(y * size, (y + 1) * size), slice(x * size, (x + 1) * size)
        image[frame, 0, 0][box] = crops[row]
        labels[frame, 0][box][masks[row]] = number + 1
    return Field(
        Stack(image, ("H2B",), None, "nuclei.ome.tif"),
        Segmentation(labels, "nucleus", "labels.ome.tif"),
        phases[order].reshape(frames, here),
    )


def nucleus(crop: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The bright object in the middle of a crop, or a disc where there is none."""
    from scipy import ndimage
    from skimage.filters import gaussian, threshold_otsu

    smooth = gaussian(crop.astype(np.float32), 1)
    parts, count = ndimage.label(smooth > threshold_otsu(smooth))
    middle = (np.array(crop.shape) - 1) / 2
    grid = np.stack(np.indices(crop.shape), axis=-1)
    away = np.linalg.norm(grid - middle, axis=-1)
    if count:
        place = np.unravel_index(np.where(parts > 0, away, np.inf).argmin(), crop.shape)
        found = np.asarray(ndimage.binary_fill_holes(parts == parts[place]), bool)
        if found.sum() >= 60:
            return found
    return away < 8


def simulated(n: int, *, seed: int = 0, size: int = 32) -> Field:
    """Discs and bars of noise instead of real crops, two phases: where there are no data."""
    random = np.random.default_rng(seed)
    y, x = np.indices((size, size)) - (size - 1) / 2
    shapes = {
        "non-mitotic": y**2 + x**2 < (size / 3) ** 2,
        "metaphase": (abs(y) < 3) & (abs(x) < 9),
    }
    masks = np.stack([shapes[name] for name in shapes])
    crops = np.where(masks, 150, 10) + random.normal(0, 8, (20, 2, size, size))
    names = np.tile(list(shapes), 20)
    flat = np.clip(crops.reshape(-1, size, size), 0, 255).astype(np.uint8)
    assert set(names) <= set(MITOSIS_2D.slugs)
    return tile(flat, np.tile(masks, (20, 1, 1)), names, n, seed=seed)
