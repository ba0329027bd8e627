"""From channels to colour: DNA white, everything else tinted over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.colors import channels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TINTS: dict[str, tuple[float, float, float]] = {
    "dna": (1.0, 1.0, 1.0),
    "membrane": (0.86, 0.16, 0.72),
    "tubulin": (0.15, 0.75, 0.30),
}
_OTHER = (0.20, 0.60, 0.80)


def blend(
    channels: NDArray[np.floating], roles: Sequence[str], *, faint: float = 0.6
) -> NDArray[np.float32]:
    """Blend channels by screening, so that no channel hides another.

    Parameters
    ----------
    channels : ndarray, ``(c, y, x)``, float in [0, 1]
        As they are shown.
    roles : sequence of str
        One role a channel; DNA is white, the others get their tint.
    faint : float
        Strength of every channel but the DNA.

    Returns
    -------
    ndarray, ``(y, x, 3)``, float32 in [0, 1]
    """
    dark = np.ones((*channels.shape[1:], 3), dtype=np.float32)
    for channel, role in zip(channels, roles, strict=True):
        tint = np.asarray(TINTS.get(role, _OTHER), dtype=np.float32)
        if role != "dna":
            tint = tint * np.float32(faint)
        dark *= 1 - np.clip(channel, 0, 1).astype(np.float32)[..., None] * tint
    return 1 - dark


def rgb_of(color: str) -> NDArray[np.float32]:
    """``#RRGGBB`` as three floats in [0, 1]."""
    return np.array([value / 255 for value in channels_of(color)], dtype=np.float32)


def hex_of(color: NDArray[np.floating]) -> str:
    """Three floats in [0, 1] as ``#RRGGBB``."""
    return "#" + "".join(f"{round(255 * float(value)):02X}" for value in color)


def stretch(image: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Scale grey values so that ``low`` becomes 0 and ``high`` becomes 1.

    Parameters
    ----------
    image : ndarray, any real dtype
        Any shape.
    low, high : float
        Grey values.

    Returns
    -------
    ndarray, the same shape, float32 in [0, 1]
    """
    values = np.asarray(image, dtype=np.float32)
    if high <= low:
        return (values > low).astype(np.float32)
    scaled = (values - np.float32(low)) / np.float32(high - low)
    return np.nan_to_num(np.clip(scaled, 0, 1), nan=0.0)
