"""Crop sets: the one form of training data, an ``.npz`` of crops with their phases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CropSetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CropSet:
    """Crops of single cells with a phase each.

    Parameters
    ----------
    images : ndarray, ``(n, c, y, x)`` or ``(n, c, z, y, x)``, any real dtype
    channels : tuple of str
        Role of each channel.
    phase : ndarray, ``(n,)``, str
    group : ndarray, ``(n,)``, str
        What must stay together in a split: plate, image or session. Without groups in the file
        every crop is its own.
    name : str
        Name of the file.
    """

    images: NDArray[Any]
    channels: tuple[str, ...]
    phase: NDArray[np.str_]
    group: NDArray[np.str_]
    name: str

    def __len__(self) -> int:
        return len(self.phase)


def read_crop_set(path: str | Path) -> CropSet:
    """Read an ``.npz`` crop set.

    Raises
    ------
    CropSetError
        If the file is missing, an array is missing, or the arrays disagree in length.
    """
    path = Path(path)
    if not path.is_file():
        raise CropSetError(f"No crop set at {path}.")
    with np.load(path, allow_pickle=False) as arrays:
        missing = {"images", "phase"} - set(arrays.files)
        if missing:
            raise CropSetError(
                f"{path.name} has no {' and no '.join(sorted(missing))}; it holds "
                f"{', '.join(arrays.files)}."
            )
        images = arrays["images"]
        phase = arrays["phase"].astype(str)
        if images.ndim == 3:
            images = images[:, None]
        channels = (
            tuple(str(c) for c in arrays["channels"]) if "channels" in arrays.files else ("dna",)
        )
        group = (
            arrays["group"].astype(str)
            if "group" in arrays.files
            else np.array([f"{path.stem}-{i}" for i in range(len(phase))])
        )
    if not len(images) == len(phase) == len(group):
        raise CropSetError(
            f"{path.name}: {len(images)} images, {len(phase)} phases and {len(group)} groups; "
            "there must be one each a crop."
        )
    if len(channels) != images.shape[1]:
        raise CropSetError(
            f"{path.name}: images have {images.shape[1]} channels, {len(channels)} are named."
        )
    return CropSet(images, channels, phase, group, path.name)


def split_by_group(
    crops: CropSet, shares: Mapping[str, int], seed: int
) -> dict[str, NDArray[np.int64]]:
    """Split rows into named parts so that no group is in two of them and each has all phases.

    Parameters
    ----------
    crops : CropSet
        With phases to spread and groups to keep together.
    shares : mapping of str to int
        Relative size of each part, such as ``{"train": 4, "validation": 1, "test": 1}``.
    seed : int
        Order in which folds are drawn.

    Returns
    -------
    dict of str to ndarray of int64
        Row indices, ascending.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(sum(shares.values()), shuffle=True, random_state=seed)
    pieces = [rows for _, rows in folds.split(crops.phase, crops.phase, crops.group)]
    parts: dict[str, NDArray[np.int64]] = {}
    for part, n in shares.items():
        parts[part] = np.sort(np.concatenate(pieces[:n]))
        pieces = pieces[n:]
    return parts
