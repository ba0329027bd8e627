"""The subject of a ready-made crop that came without a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def crop_labels(crop: NDArray[Any], *, join: bool = False) -> NDArray[np.uint16]:
    """Find the subject in the middle of a crop.

    Parameters
    ----------
    crop : ndarray, ``(y, x)`` or ``(z, y, x)``
        DNA.
    join : bool
        Give every bright object in the crop to the subject, such as both daughters of an anaphase.

    Returns
    -------
    ndarray like ``crop``, uint16
        1 where the subject is, other numbers where its neighbours are.
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    height = crop.shape[-2]
    blur = (*[0.0] * (crop.ndim - 2), *[max(1.0, height / 64)] * 2)
    smooth = ndimage.gaussian_filter(np.asarray(crop, dtype=np.float32), blur)
    distance = np.zeros(crop.shape)
    for axis, n in enumerate(crop.shape):
        position = (np.arange(n) - (n - 1) / 2) / (n / 8)
        distance += position.reshape([-1 if a == axis else 1 for a in range(crop.ndim)]) ** 2
    near = np.exp(-distance / 2)
    # Bright neighbours can hide a dim subject: then only the middle of the crop sets the threshold.
    middle = tuple(slice(n // 4, n - n // 4) for n in crop.shape)
    for window in (smooth, smooth[middle]):
        level = float(threshold_otsu(window))  # type: ignore[no-untyped-call]
        bright = ndimage.binary_fill_holes(smooth > level)
        if near[bright].sum() > 0.15 * near.sum():
            break
    objects, n = ndimage.label(bright)
    if n == 0:
        return np.ones(crop.shape, np.uint16)
    if join:
        return np.asarray(objects > 0, dtype=np.uint16)
    subject = int(np.argmax(ndimage.sum_labels(near, objects, np.arange(1, n + 1)))) + 1
    result = np.asarray(objects, dtype=np.uint16) + np.uint16(1)
    result[objects == 0] = 0
    result[objects == subject] = 1
    return result
