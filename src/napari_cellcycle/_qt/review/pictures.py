"""From views to what Qt draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtGui import QImage

from napari_cellcycle.figures.blend import TINTS, blend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def composites(channels: NDArray[np.floating[Any]], roles: Sequence[str]) -> NDArray[np.uint8]:
    """Blend the channels of pictures in the figures' colours.

    Parameters
    ----------
    channels : ndarray, ``(n, channels, rows, columns)``, float in [0, 1]
        Of some cells, along one axis.
    roles : sequence of str
        One a channel; the first is taken for DNA where none is called so.

    Returns
    -------
    ndarray, ``(n, rows, columns, 4)``, uint8
        Blue, green, red and 255, as ``QImage.Format.Format_RGB32`` has them.
    """
    shown = roles if "dna" in roles or len(roles) > 1 else ("dna",)
    return as_rgb32(blend(np.moveaxis(channels, 1, 0), shown))


def single_channel(picture: NDArray[np.floating[Any]], role: str) -> NDArray[np.uint8]:
    """One channel, ``(rows, columns)``, in its own tint, as :func:`composites` gives it."""
    return as_rgb32(blend(picture[None], (role if role in TINTS else "dna",), faint=1.0))


def as_rgb32(rgb: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Colours ``(…, 3)``, float in [0, 1], as :func:`composites` gives them."""
    made = np.full((*rgb.shape[:-1], 4), 255, np.uint8)
    made[..., :3] = np.round(255 * np.clip(rgb[..., ::-1], 0, 1))
    return made


def to_image(pixels: NDArray[np.uint8], kind: QImage.Format = QImage.Format.Format_RGB32) -> QImage:
    """An image of its own from ``(rows, columns, 4)`` pixels."""
    rows, columns = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.tobytes(), columns, rows, 4 * columns, kind).copy()
