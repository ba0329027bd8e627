"""Many points as one picture, in time that hardly grows with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QColor, QImage

from napari_cellcycle._qt.review.pictures import to_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def radius_of(n: int) -> float:
    """How large the points are, pixels: the more there are, the smaller."""
    return float(np.clip(8.5 * max(n, 1) ** -0.17, 1.2, 5.0))


def opacity_of(n: int) -> float:
    """How opaque one point is: the more there are, the less, so that dense places show."""
    return float(np.clip(1.6 * max(n, 1) ** -0.12, 0.35, 0.92))


def draw_cloud(
    columns: Ints,
    rows: Ints,
    groups: Ints,
    colors: Sequence[QColor],
    size: tuple[int, int],
    radius: float,
    opacity: float,
) -> QImage:
    """Draw discs, those of the rarer groups above those of the more common ones.

    Parameters
    ----------
    columns, rows : ndarray, ``(n,)``, int64
        Pixels of their centres; those outside of the picture are left out.
    groups : ndarray, ``(n,)``, int64
        Group of each.
    colors : sequence of QColor
        Of each group.
    size : tuple of int
        Width and height of the picture, pixels.
    radius : float
        Of a disc, pixels.
    opacity : float
        Of a disc, between 0 and 1; discs above one another are more opaque.
    """
    width, height = size
    edge = int(np.ceil(radius + 0.5))
    wide, high = width + 2 * edge, height + 2 * edge  # discs may reach beyond the picture
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    groups = groups[inside]
    place = groups * (wide * high) + (rows[inside] + edge) * wide + columns[inside] + edge
    steps, shares = _disc(edge, radius, wide)
    cover = np.bincount(
        (place[:, None] + steps).ravel(),
        weights=np.broadcast_to(shares, (len(place), len(shares))).ravel(),
        minlength=len(colors) * wide * high,
    ).reshape(len(colors), -1)
    picture = np.zeros((high * wide, 4), np.float32)
    for group in np.argsort(-np.bincount(groups, minlength=len(colors)), kind="stable").tolist():
        covered = np.flatnonzero(cover[group])
        alpha = 1 - (1 - opacity) ** cover[group, covered].astype(np.float32)
        color = colors[group]
        # as Qt has it in memory: blue, green, red, alpha, each times alpha
        own = np.array([color.blue(), color.green(), color.red(), 255], np.float32)
        below = picture[covered]
        picture[covered] = below + (own - below) * alpha[:, None]
    whole = picture.reshape(high, wide, 4)[edge : edge + height, edge : edge + width]
    pixels = (whole + np.float32(0.5)).astype(np.uint8)
    return to_image(pixels, QImage.Format.Format_ARGB32_Premultiplied)


def _disc(edge: int, radius: float, wide: int) -> tuple[Ints, NDArray[np.float64]]:
    """Pixels of a disc as steps from its centre, and how much of each it covers."""
    down, across = np.mgrid[-edge : edge + 1, -edge : edge + 1]
    shares = np.clip(radius + 0.5 - np.hypot(down, across), 0, 1)
    kept = shares > 0
    return (down * wide + across)[kept], shares[kept]
