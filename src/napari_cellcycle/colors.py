"""Colours of phases: their channels, and which look alike, also to people who see fewer."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_cellcycle.phases import Phase

    Floats = NDArray[np.float64]

TOO_CLOSE = 10.0
"""CIEDE2000 below which two colours are hard to tell apart in small patches."""

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB
_SIGHT = {
    "for anybody": np.eye(3),
    "without red receptors (protanopia)": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "without green receptors (deuteranopia)": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "without blue receptors (tritanopia)": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def channels_of(color: str) -> tuple[int, int, int]:
    """Red, green and blue of ``#RRGGBB``, 0 to 255."""
    red, green, blue = bytes.fromhex(color[1:7])
    return red, green, blue


def differences(colors: Iterable[str], sight: str = "for anybody") -> Floats:
    """Differences between colours as CIEDE2000.

    Parameters
    ----------
    colors : iterable of str
        ``#RRGGBB``.
    sight : str
        To whom: a key of the table above.

    Returns
    -------
    ndarray, ``(n, n)``, float
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    rgb = np.array([channels_of(color) for color in colors]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ _SIGHT[sight].T, 0, 1)
    lab = rgb2lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    found: Floats = deltaE_ciede2000(lab[:, None], lab[None])  # type: ignore[no-untyped-call]
    return found


def look_alike(phases: Iterable[Phase]) -> list[tuple[Phase, Phase, str]]:
    """Pairs of phases whose colours are hard to tell apart, and to whom.

    Parameters
    ----------
    phases : iterable of Phase
        Such as the leaves of a vocabulary.

    Returns
    -------
    list of (Phase, Phase, str)
        Each pair once, with the widest group of people that it holds for.
    """
    phases = list(phases)
    tables = {sight: differences([p.color for p in phases], sight) for sight in _SIGHT}
    found = []
    for i, j in combinations(range(len(phases)), 2):
        sight = next((sight for sight, table in tables.items() if table[i, j] < TOO_CLOSE), None)
        if sight is not None:
            found.append((phases[i], phases[j], sight))
    return found
