"""What microscope makers write into a TIFF of their own: Zeiss into LSM, MetaMorph into STK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_cellcycle.image.scenes import Length


def channels_and_lengths(tif: Any) -> tuple[tuple[str, ...], dict[str, Length]]:
    """Names of channels and size of a voxel with its unit; empty where there are none.

    Parameters
    ----------
    tif : tifffile.TiffFile
        Open.
    """
    if tif.is_lsm:
        return _lsm(tif.lsm_metadata or {})
    if tif.is_stk:
        return (), _stk(tif.stk_metadata or {})
    return (), {}


def axes_and_shape(tif: Any, series: Any) -> tuple[str, tuple[int, ...]]:
    """Axes of a series, one letter each, and their sizes, in the order of its pages."""
    axes, shape = str(series.axes), tuple(int(n) for n in series.shape)
    if not (tif.is_lsm and axes.endswith("YX") and "C" in axes):
        return axes, shape
    # a page holds the channels of a plane; tifffile before 2023.3 has some the other way round
    sizes = dict(zip(axes, shape, strict=True))
    axes = axes.replace("C", "").replace("YX", "CYX")
    return axes, tuple(sizes[axis] for axis in axes)


def _lsm(metadata: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Length]]:
    """Metres, 0 along an axis that was not scanned, and seconds."""
    lengths: dict[str, Length] = {
        axis: (float(metadata[f"VoxelSize{axis}"]), "m")
        for axis in "ZYX"
        if metadata.get(f"VoxelSize{axis}")
    }
    if metadata.get("TimeIntervall"):
        lengths["T"] = (float(metadata["TimeIntervall"]), "s")
    names = (metadata.get("ChannelColors") or {}).get("ColorNames", ())
    return tuple(str(name) for name in names), lengths


def _stk(metadata: dict[str, Any]) -> dict[str, Length]:
    """Y and x, which have a unit; the distance of planes has none in the file."""
    unit = str(metadata.get("CalibrationUnits", "")).strip("\0 ")
    return {
        axis: (float(metadata[f"{axis}Calibration"]), unit)
        for axis in "YX"
        if metadata.get(f"{axis}Calibration") and unit
    }
