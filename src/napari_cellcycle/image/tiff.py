"""What a TIFF file says: axes, channel names, voxel sizes with units; and is it whole."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import CellCycleWarning, ImageReadError
from napari_cellcycle.image.axes import name_unknown
from napari_cellcycle.image.interval import ome_interval
from napari_cellcycle.image.quiet import quiet
from napari_cellcycle.image.tiff_makers import axes_and_shape, channels_and_lengths

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.image.scenes import Length

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8", ".lsm", ".stk")

_BINARY_ONLY = re.compile(r'<(?:\w+:)?BinaryOnly\b[^>]*\bMetadataFile="([^"]+)"')

# What tifffile logs, and reads on, when a file ends too early.
_BROKEN = re.compile(
    r"invalid (?:page offset|offset to page)|corrupted (?:tag list|IFD)|invalid or corrupted|"
    r"contains no pages|TiffTag 270 .*invalid value offset"
)


@dataclass(frozen=True, slots=True)
class TiffScene:
    """One series of a TIFF.

    Parameters
    ----------
    name : str
        Its ID in the OME metadata, else ``Image:i``.
    title : str
        Its name there, which nobody warrants to be unlike others.
    stored_axes, axes : str
        As stored, and with unknown letters named.
    shape : tuple of int
    dtype : str
    channels : tuple of str
    lengths : mapping of str to Length
    """

    name: str
    title: str
    stored_axes: str
    axes: str
    shape: tuple[int, ...]
    dtype: str
    channels: tuple[str, ...]
    lengths: Mapping[str, Length]


@dataclass(frozen=True, slots=True)
class TiffInfo:
    """All series of a TIFF."""

    is_ome: bool
    scenes: tuple[TiffScene, ...]


def inspect_tiff(path: Path) -> TiffInfo:
    """Read the metadata of a TIFF and check that the file is whole.

    Raises
    ------
    ImageReadError
        If it is truncated or no TIFF.
    """
    with quiet() as messages:
        try:
            with open_tiff_file(path) as tif:
                ome = _ome_images(tif)
                # the second series of an LSM are its thumbnails
                all_series = tif.series[:1] if tif.is_lsm else tif.series
                missing = sum(_missing_planes(series, path) for series in all_series)
                scenes = tuple(
                    _scene(tif, series, i, ome.get(i, {})) for i, series in enumerate(all_series)
                )
                info = TiffInfo(bool(ome), scenes)
        except ImageReadError:
            raise
        except Exception as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ImageReadError(f"{path} is no readable TIFF: {reason}.") from error
        broken = [message for message in messages if _BROKEN.search(message)]
    if broken:
        reason = re.sub(r"<[^>]*>\s*|raised \w+\('?|'?\)$", "", broken[0]).strip()
        raise ImageReadError(
            f"{path} is truncated or corrupt ({reason}); copy it again from its source."
        )
    if not scenes:
        raise ImageReadError(f"{path} holds no image.")
    if missing:
        warnings.warn(
            f"{path.name} lacks {missing} planes that its metadata announce; they read as zeros.",
            CellCycleWarning,
            stacklevel=2,
        )
    return info


def open_tiff_file(path: Path) -> Any:
    """Open a TIFF; series are those of the OME metadata even where Micro-Manager wrote the file.

    Raises
    ------
    ImageReadError
        If its OME metadata are in a file of their own that cannot be read.
    """
    tif = _open(path)
    elsewhere = _BINARY_ONLY.search(tif.ome_metadata or "") if tif.is_ome else None
    if elsewhere is None:
        return tif
    tif.close()
    companion = path.with_name(PurePath(elsewhere.group(1)).name)
    try:
        return _open(path, omexml=companion.read_text("utf-8"))
    except (OSError, TypeError) as error:  # a tifffile that knows no such option
        raise ImageReadError(
            f"{path} has its axes in another file, {companion.name}, which cannot be read with it. "
            "Put both into one folder (and update tifffile), or save the image as one OME-TIFF."
        ) from error


def _open(path: Path, **options: Any) -> Any:
    import tifffile

    try:
        return tifffile.TiffFile(path, is_mmstack=False, **options)
    except TypeError:  # before 2023.3.15, which knows no such option
        return tifffile.TiffFile(path, **options)


def _scene(tif: Any, series: Any, index: int, ome: Mapping[str, Any]) -> TiffScene:
    channels: tuple[str, ...] = ()
    lengths: Mapping[str, Length] = {}
    if ome:
        pixels = _one(ome.get("Pixels", {}))
        channels = tuple(
            str(c.get("Name") or c.get("Fluor", "")) for c in _many(pixels.get("Channel"))
        )
        lengths = _ome_lengths(pixels, tif.ome_metadata)
    elif tif.is_imagej:
        lengths = _imagej_lengths(tif, series)
    else:
        channels, lengths = channels_and_lengths(tif)
    stored, shape = axes_and_shape(tif, series)
    return TiffScene(
        name=str(ome.get("ID", f"Image:{index}")),
        title=str(ome.get("Name", "")),
        stored_axes=stored,
        axes=name_unknown(stored),
        shape=shape,
        dtype=str(series.dtype),
        channels=channels,
        lengths=lengths,
    )


def _ome_images(tif: Any) -> dict[int, Mapping[str, Any]]:
    """Image elements of the OME metadata, by index."""
    import tifffile

    if not tif.is_ome or not tif.ome_metadata:
        return {}
    root = tifffile.xml2dict(tif.ome_metadata)
    return dict(enumerate(_many(_one(root.get("OME", {})).get("Image"))))


def _many(value: Any) -> list[Mapping[str, Any]]:
    """Elements of one name, which ``xml2dict`` gives alone or as a list."""
    values = value if isinstance(value, (list, tuple)) else [value]
    return [v for v in values if isinstance(v, Mapping)]


def _one(value: Any) -> Mapping[str, Any]:
    found = _many(value)
    return found[0] if found else {}


def _ome_lengths(pixels: Mapping[str, Any], xml: str) -> Mapping[str, Length]:
    """Voxel size of an OME-TIFF, and the time between its frames.

    Bio-Formats gives 1 µm along x and y, and none along z, to a TIFF that says nothing of it.
    """
    # The OME schema gives micrometres as the unit where the attribute is left out.
    lengths = {
        axis: (pixels[f"PhysicalSize{axis}"], pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "ZYX"
        if f"PhysicalSize{axis}" in pixels
    }
    one = (1.0, "µm")
    if lengths == {"Y": one, "X": one} and 'Creator="OME Bio-Formats' in xml:
        lengths = {}
    interval = ome_interval(pixels, _many(pixels.get("Plane")))
    return lengths if interval is None else {**lengths, "T": interval}


def _imagej_lengths(tif: Any, series: Any) -> dict[str, Length]:
    """Voxel size of an ImageJ TIFF, and the time between its frames.

    Inches are left out: they come from a print resolution, never from a microscope. For the same
    reason the resolution tags of a plain TIFF are not read at all.
    """
    metadata = tif.imagej_metadata or {}
    tags = series.pages[0].tags
    lengths: dict[str, Length] = {}
    for axis in "ZYX":
        # y and z have a unit of their own where it is another one than that of x
        unit = metadata.get("unit", "")
        unit = str(metadata.get(f"{axis.lower()}unit", unit)).replace("\\u00B5", "µ").strip()
        if not unit or unit.lower() in ("inch", "in"):
            continue
        tag = tags.get(f"{axis}Resolution")
        if axis == "Z" and metadata.get("spacing"):
            lengths[axis] = (abs(float(metadata["spacing"])), unit)
        elif tag is not None and tag.value[0] and tag.value[1]:
            lengths[axis] = (tag.value[1] / tag.value[0], unit)
    if metadata.get("finterval"):
        lengths["T"] = (metadata["finterval"], metadata.get("tunit", "sec"))
    return lengths


def _missing_planes(series: Any, path: Path) -> int:
    """Count the planes that are not there.

    Raises
    ------
    ImageReadError
        If a plane lies beyond the end of the file.
    """
    missing = 0
    ends: dict[Any, int] = {}
    if series.dataoffset is not None:
        ends[series.pages[0].parent.filehandle] = int(series.dataoffset) + int(series.nbytes)
    else:
        expected = int(series.size) // int(series.pages[0].size)
        missing = max(0, expected - len(series.pages))
        for page in series.pages:
            if page is None:
                missing += 1
                continue
            counts = zip(page.dataoffsets, page.databytecounts, strict=False)
            end = max((int(offset) + int(count) for offset, count in counts), default=0)
            handle = page.parent.filehandle
            ends[handle] = max(ends.get(handle, 0), end)
    for handle, end in ends.items():
        if end > handle.size:
            raise ImageReadError(
                f"{path} is truncated: it has {handle.size} bytes and its images need {end}; copy "
                "it again from its source."
            )
    return missing
