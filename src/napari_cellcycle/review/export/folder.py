"""Pictures of judged cells in one folder a phase, for programs that train on such folders."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.files import filling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.export.crops import Crops

RANGE = (0.1, 99.9)
"""Percentiles of an image's crops that become black and white."""

_UNSAFE = re.compile(r'[<>:"/\\|?*%\x00-\x1f]|^\.|[. ]$')


def write_folder(crops: Crops, folder: str | os.PathLike[str]) -> Path:
    """Write ``PHASE/IMAGE/frame-label.png``, all pictures or none.

    Stacks are projected by their maximum along z. Grey values of one image share one scale per
    channel. One channel gives grey pictures; two or three give the red, green and blue of a picture
    in their order.

    Parameters
    ----------
    crops : Crops
        Of at most three channels.
    folder : path-like
        A new or empty folder.

    Raises
    ------
    ProjectError
        If there is something in the folder already, or there are too many channels.
    """
    import imageio.v3

    folder = check_folder(folder)
    if len(crops.channels) > 3:
        raise ProjectError(
            f"A picture holds three channels, the crops have {', '.join(crops.channels)}. Choose "
            "some (--channel), or export a crop set."
        )
    with filling(folder) as new:
        pictures = _pictures(crops)
        frame, label = crops.columns["frame"].tolist(), crops.columns["label"].tolist()
        for i, (phase, group) in enumerate(
            zip(crops.phase.tolist(), crops.group.tolist(), strict=True)
        ):
            place = new / safe_name(phase) / safe_name(group)
            place.mkdir(parents=True, exist_ok=True)
            png = imageio.v3.imwrite("<bytes>", pictures[i], plugin="pillow", extension=".png")
            (place / f"{frame[i]}-{label[i]}.png").write_bytes(png)
    return folder


def check_folder(folder: str | os.PathLike[str]) -> Path:
    """Refuse a folder that has something in it.

    Raises
    ------
    ProjectError
        Naming it.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(f"{folder} is there already: choose a new or an empty folder.")
    return folder


def safe_name(text: str) -> str:
    """Name a file or folder after a phase or an image; what no system takes becomes ``%XX``."""
    return _UNSAFE.sub(lambda found: f"%{ord(found.group()):02X}", text) or "%"


def _pictures(crops: Crops) -> NDArray[np.uint8]:
    """``(n, y, x)`` or ``(n, y, x, 3)``."""
    flat = crops.images.max(axis=2) if crops.images.ndim == 5 else crops.images
    n, channels, height, width = flat.shape
    found = np.zeros((n, height, width, 1 if channels == 1 else 3), np.uint8)
    for group in np.unique(crops.group):
        rows = np.flatnonzero(crops.group == group)
        for channel in range(channels):
            found[rows, ..., channel] = _scaled(flat[rows, channel])
    return found[..., 0] if channels == 1 else found


def _scaled(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype == np.uint8:
        return values
    low, high = np.percentile(values, RANGE)
    share = (values.astype(np.float64) - low) / max(high - low, np.finfo(float).tiny)
    grey: NDArray[np.uint8] = np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
    return grey
