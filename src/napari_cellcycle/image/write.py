"""Images and label images written as OME-TIFF, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.colors import channels_of
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack

TIFF_ENDINGS = (".tif", ".tiff")


def check_tiff_path(path: Path | str) -> Path:
    """Refuse a file name that does not end in ``.tif`` or ``.tiff``.

    Raises
    ------
    CellCycleError
        Naming the endings that work.
    """
    path = Path(path)
    if path.suffix.lower() not in TIFF_ENDINGS:
        raise CellCycleError(
            f"Labels and images are written as OME-TIFF; the name {path.name} must end in .ome.tif "
            "or .tif."
        )
    return path


def write_stack(stack: Stack, path: Path | str) -> Path:
    """Write an image with its channel names and, where they are known, its micrometres."""
    data = np.asarray(stack.data)
    return _write(path, data, "TCZYX", stack.spacing, stack.channels)


def write_labels(
    segmentation: Segmentation, path: Path | str, *, spacing: Spacing | None = None
) -> Path:
    """Write a segmentation in the smallest unsigned type that holds its labels.

    Parameters
    ----------
    segmentation : Segmentation
        Its own spacing goes before the image's.
    path : Path or str
        Ends in ``.tif`` or ``.tiff``.
    spacing : Spacing, optional
        The image's.
    """
    data = np.asarray(segmentation.data)
    top = int(data.max(initial=0))
    kind = np.uint8 if top < 2**8 else np.uint16 if top < 2**16 else np.uint32
    return _write(path, data.astype(kind), "TZYX", segmentation.spacing or spacing, ())


def write_classes(
    data: NDArray[np.uint8],
    path: Path | str,
    *,
    names: Sequence[str],
    colors: Sequence[str],
    spacing: Spacing | None = None,
) -> Path:
    """Write an image of classes with their colours and names in the file.

    Parameters
    ----------
    data : ndarray, ``(t, z, y, x)``, uint8
        0 where there is nothing, else the number of a class.
    path : Path or str
        Ends in ``.tif`` or ``.tiff``.
    names, colors : sequence of str
        Of the classes 1, 2, …; ``#RRGGBB``.
    spacing : Spacing, optional
        The image's.
    """
    colormap = np.zeros((3, 256), np.uint16)
    for i, color in enumerate(colors, start=1):
        # 257 takes 255 to 65535
        colormap[:, i] = [value * 257 for value in channels_of(color)]
    legend = {str(i): name for i, name in enumerate(names, start=1)}
    return _write(path, data, "TZYX", spacing, (), colormap=colormap, legend=legend)


def _write(
    path: Path | str,
    data: NDArray[Any],
    axes: str,
    spacing: Spacing | None,
    channels: Sequence[str],
    *,
    colormap: NDArray[np.uint16] | None = None,
    legend: Mapping[str, str] | None = None,
) -> Path:
    import tifffile

    path = check_tiff_path(path)
    # a single frame or channel needs no axis of its own; z, y and x always stay
    drop = [a for a, axis in enumerate(axes) if axis in "TC" and data.shape[a] == 1]
    if channels and len(channels) == 1:
        drop = [a for a in drop if axes[a] != "C"]
    data = data.squeeze(axis=tuple(drop))
    metadata: dict[str, Any] = {"axes": "".join(x for a, x in enumerate(axes) if a not in drop)}
    if channels:
        metadata["Channel"] = {"Name": list(channels)}
    if spacing is not None and spacing.is_physical:
        for axis, value in zip("ZYX", spacing.zyx, strict=True):
            metadata[f"PhysicalSize{axis}"] = value
            metadata[f"PhysicalSize{axis}Unit"] = "µm"
    if legend is not None:
        metadata["MapAnnotation"] = {"Namespace": "napari-cellcycle/classes", **legend}
    with replacing(path) as new:
        tifffile.imwrite(
            new,
            data,
            ome=True,
            metadata=metadata,
            photometric="minisblack" if colormap is None else "palette",
            colormap=colormap,
            compression="zlib",
        )
    return path
