"""A fingerprint of an image that does not depend on how it was opened."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_cellcycle.image.stack import Segmentation, Stack

N_PLANES = 16


def signature(image: Stack | Segmentation) -> str:
    """Sha256 of shape, dtype and up to 16 planes spread evenly over the data.

    The same pixels give the same signature whatever the file format, the byte order or the chunks.

    Parameters
    ----------
    image : Stack or Segmentation
        Any array type.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    data = image.data
    dtype = np.dtype(data.dtype).newbyteorder("<")
    shape = tuple(int(n) for n in data.shape)
    digest = hashlib.sha256(json.dumps([shape, dtype.str]).encode())
    outer = shape[:-2]
    n = int(np.prod(outer))
    picked = np.unique(np.linspace(0, n - 1, min(n, N_PLANES)).round().astype(int))
    by_volume: dict[tuple[int, ...], list[int]] = {}
    for number in picked:
        *volume, z = (int(i) for i in np.unravel_index(number, outer))
        by_volume.setdefault(tuple(volume), []).append(z)
    for index, planes in by_volume.items():
        values = np.asarray(data[index][planes], dtype=dtype)
        digest.update(json.dumps([index, planes]).encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
