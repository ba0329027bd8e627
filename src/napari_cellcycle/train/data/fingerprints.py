"""Crops told again by their pixels, whatever their group is called."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.train.data.cropset import CropSet

MOST_CROPS = 4096
"""A sketch holds no more crops: those whose marks come first, which is a fair sample of them."""

_DIGITS = 12


def fingerprint(image: NDArray[Any]) -> str:
    """Hash of an image ``(c, ..., y, x)``, the same for all its quarter turns and mirror images."""
    turned = (np.rot90(image, turn, axes=(-2, -1)) for turn in range(4))
    return min(
        hashlib.sha256(np.ascontiguousarray(copy).tobytes()).hexdigest() + str(copy.shape)
        for one in turned
        for copy in (one, one[..., ::-1])
    )


def marks(crops: CropSet, reference: str) -> list[str]:
    """Fingerprint of each crop in one channel; empty for one without any contrast.

    Parameters
    ----------
    crops : CropSet
        As read: a crop that was scaled or converted has another fingerprint.
    reference : str
        Role of the channel; without it the first counts.
    """
    channel = crops.channels.index(reference) if reference in crops.channels else 0
    return [
        "" if image.min() == image.max() else fingerprint(image)
        for image in crops.images[:, channel]
    ]


def sketch(of_sets: Iterable[Iterable[str]], before: Iterable[Iterable[str]] = ()) -> list[str]:
    """Take the first marks of all sets, and of sketches of what was learned before, for a card."""
    found = {mark[:_DIGITS] for of_set in (*of_sets, *before) for mark in of_set if mark}
    return sorted(found)[:MOST_CROPS]


def in_sketch(known: Iterable[str], of_set: Iterable[str]) -> NDArray[np.bool_]:
    """Tell which marks, ``(n,)``, are in a sketch."""
    known = set(known)
    return np.array([mark[:_DIGITS] in known for mark in of_set], dtype=bool)
