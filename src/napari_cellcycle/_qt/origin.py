"""What the file of a layer says of its axes, channels and voxels, where the layer does not."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.layers import labelled_axes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.image.scenes import Length

_PIXEL: Length = (1.0, "pixel")


@dataclass(frozen=True, slots=True)
class Origin:
    """A TIFF, all of which is in a layer.

    Parameters
    ----------
    axes : str
        Of the layer's data, letters of ``TCZYX``.
    channels : tuple of str
        Names, empty where the file has none.
    lengths : mapping of str to Length
        Size of a voxel along axes, where the file says it.
    """

    axes: str
    channels: tuple[str, ...]
    lengths: Mapping[str, Length]

    @property
    def scale(self) -> list[float]:
        """Size along each axis, in :attr:`units`."""
        return [self.lengths.get(axis, _PIXEL)[0] or 1.0 for axis in self.axes]

    @property
    def units(self) -> list[str]:
        """Unit of each axis."""
        return [str(self.lengths.get(axis, _PIXEL)[1] or "pixel") for axis in self.axes]


def origin_of(layer: Any) -> Origin | None:
    """Find what napari's own reader leaves out of a layer: all but the pixels of a TIFF.

    Parameters
    ----------
    layer : napari.layers.Layer
        Image or Labels.

    Returns
    -------
    Origin or None
        None where the layer says it itself, or was not read so.
    """
    path = getattr(getattr(layer, "source", None), "path", None)
    if path is None:
        return None
    says_itself = (
        labelled_axes(layer) is not None
        or any(value != 1 for value in layer.scale)
        or any(str(unit) != "pixel" for unit in layer.units)
    )
    if says_itself or layer.multiscale or getattr(layer, "rgb", False):
        return None
    return _read(str(path), tuple(layer.data.shape))


@lru_cache(maxsize=256)
def _read(path: str, shape: tuple[int, ...]) -> Origin | None:
    from napari_cellcycle.image.tiff import SUFFIXES, inspect_tiff

    if Path(path).suffix.lower() not in SUFFIXES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            info = inspect_tiff(Path(path))
    except (CellCycleError, OSError):
        return None  # it may have gone since
    scene = info.scenes[0]
    is_told = info.is_ome or bool(scene.lengths)
    is_whole = len(info.scenes) == 1 and scene.shape == shape
    if not (is_told and is_whole and set(scene.axes) <= set("TCZYX") and scene.axes[-2:] == "YX"):
        return None
    return Origin(scene.axes, scene.channels, scene.lengths)
