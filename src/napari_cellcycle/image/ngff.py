"""What the metadata of an OME-Zarr folder (versions 0.4 on zarr 2, 0.5 on zarr 3) say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ImageReadError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.image.scenes import Length

_MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")


def is_zarr(path: Path) -> bool:
    """Whether a folder is a zarr store."""
    return path.is_dir() and any((path / mark).is_file() for mark in _MARKS)


def ome_attributes(path: Path) -> Mapping[str, Any]:
    """Read the OME attributes of any zarr group; empty where there are none.

    Raises
    ------
    ImageReadError
        If they are no JSON.
    """
    attributes: Any = {}
    try:
        if (path / "zarr.json").is_file():
            attributes = json.loads((path / "zarr.json").read_text("utf-8")).get("attributes", {})
        elif (path / ".zattrs").is_file():
            attributes = json.loads((path / ".zattrs").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ImageReadError(f"The metadata of {path} cannot be read: {error}.") from error
    found: Mapping[str, Any] = attributes.get("ome", attributes)
    return found


def read_attributes(path: Path) -> Mapping[str, Any]:
    """Read the OME attributes of a zarr group, wherever its version keeps them.

    Raises
    ------
    ImageReadError
        If there are none.
    """
    ome = ome_attributes(path)
    if "bioformats2raw.layout" in ome:
        raise ImageReadError(
            f"{path} is a collection of OME-Zarr images; open one of them, such as {path / '0'}."
        )
    if "plate" in ome:
        raise ImageReadError(
            f"{path} is a plate of many images: classify it as a whole (napari-cellcycle plate), "
            "or open one of its fields, such as A/1/0 in it."
        )
    if not ome.get("multiscales"):
        raise ImageReadError(
            f"{path} is a zarr folder without OME metadata (no multiscales), so its axes are "
            "unknown; save it as OME-Zarr or OME-TIFF."
        )
    return ome


def read_channels(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the channels, empty where there are none."""
    listed = (attributes.get("omero") or {}).get("channels") or []
    return tuple(str(channel.get("label", "")) for channel in listed)


def read_lengths(attributes: Mapping[str, Any], scene: int) -> dict[str, Length]:
    """Voxel size of the full resolution, where an axis has a scale and a unit."""
    multiscale = attributes["multiscales"][scene]
    axes = [a if isinstance(a, Mapping) else {"name": a} for a in multiscale.get("axes", [])]
    datasets = multiscale.get("datasets") or [{}]
    scales = [
        transform["scale"]
        for level in (multiscale, datasets[0])
        for transform in level.get("coordinateTransformations", [])
        if transform.get("type") == "scale" and len(transform.get("scale", [])) == len(axes)
    ]
    lengths: dict[str, Length] = {}
    for i, axis in enumerate(axes):
        if scales and axis.get("unit"):
            value = 1.0
            for scale in scales:
                value *= float(scale[i])
            lengths[str(axis.get("name", "")).upper()] = (value, axis["unit"])
    return lengths
