"""Reading TIFF, PNG and JPEG with nothing but tifffile and imageio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image import scenes
from napari_cellcycle.image.quiet import quiet
from napari_cellcycle.image.scenes import Scene, pick_scene
from napari_cellcycle.image.tiff import open_tiff_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_cellcycle.image.tiff import TiffInfo, TiffScene

PICTURES = (".png", ".jpg", ".jpeg")


def open_picture(path: Path, scene: str | int | None = None) -> Scene:
    """Open a PNG or JPEG, which is 2D and has no physical size.

    Raises
    ------
    ImageReadError
        If it cannot be decoded, or is larger than its reader takes.
    """
    import imageio.v3 as iio
    from PIL.Image import MAX_IMAGE_PIXELS, DecompressionBombError

    index = pick_scene(("Image:0",), scene, path)
    with quiet():
        try:
            # not by name: imageio leaves a file open that it cannot decode
            data = np.asarray(iio.imread(path.read_bytes(), extension=path.suffix))
        except DecompressionBombError as error:
            most = 2 * (MAX_IMAGE_PIXELS or 0) // 10**6
            raise ImageReadError(
                f"{path} has more than the {most} million pixels that a PNG or JPEG may have here. "
                "Save it as TIFF, or crop it."
            ) from error
        except Exception as error:
            raise ImageReadError(f"{path} is no readable picture: truncated or corrupt.") from error
    if data.ndim not in (2, 3):
        raise ImageReadError(f"{path} is no 2D picture: its shape is {data.shape}.")
    return Scene(data, "YX" if data.ndim == 2 else "YXS", index=index)


def open_tiff(path: Path, scene: str | int | None, info: TiffInfo) -> Scene:
    """Open one series of a TIFF lazily: a chunk is one volume, or one plane of a large one."""
    names = tuple(part.name for part in info.scenes)
    titles = [part.title for part in info.scenes]
    if scene not in names and titles.count(str(scene)) == 1:
        scene = titles.index(str(scene))
    index = pick_scene(names, scene, path)
    part = info.scenes[index]
    return Scene(
        _lazy(path, index, part.axes, part.shape, part.dtype),
        part.axes,
        names,
        index,
        part.channels,
        part.lengths,
        _unnamed(part, path.name),
    )


def _unnamed(part: TiffScene, name: str) -> tuple[str, ...]:
    """Tell for what axes were taken that the file does not name."""
    taken = zip(part.stored_axes, part.axes, part.shape, strict=True)
    if all(stored == axis or n == 1 for stored, axis, n in taken):
        return ()
    return (
        f"{name} does not name its axes: {part.shape} was taken for "
        f"{', '.join(part.axes.lower())}. If that is wrong, save it with its axes, from ImageJ or "
        "as OME-TIFF.",
    )


def _lazy(path: Path, index: int, axes: str, shape: tuple[int, ...], dtype: str) -> Any:
    """Dask array of a series, planes grouped along z where z is the innermost axis."""
    import dask.array as da
    from dask.delayed import delayed

    inner = next(i for i, a in enumerate(axes) if a in "YXS")
    outer = shape[:inner]
    plane = int(np.prod(shape[inner:])) * np.dtype(dtype).itemsize
    depth = shape[inner - 1] if inner and axes[inner - 1] == "Z" else 1
    group = depth if depth * plane <= scenes.WHOLE_VOLUME_BYTES else 1
    n_planes = int(np.prod(outer))
    load = delayed(_planes, pure=True)
    blocks = [
        da.from_delayed(  # type: ignore[no-untyped-call]
            load(path, index, range(first, first + group), shape[inner:], n_planes),
            shape=(group, *shape[inner:]),
            dtype=np.dtype(dtype),
        )
        for first in range(0, n_planes, group)
    ]
    if not outer:
        return blocks[0][0]
    whole = da.concatenate(blocks)  # type: ignore[no-untyped-call]
    return whole.reshape(shape)


def _planes(
    path: Path, index: int, which: Sequence[int], shape: tuple[int, ...], n_planes: int
) -> np.ndarray[Any, np.dtype[Any]]:
    """Read planes of a series by their number, in the order of the series."""
    with quiet():
        file = open_tiff_file(path)
    with file as tif:
        with quiet():
            series = tif.series[index]
        if series.dataoffset is not None and series.pages[0].parent is tif:
            dtype = np.dtype(series.dtype).newbyteorder(tif.byteorder)
            size = int(np.prod(shape))
            start = int(series.dataoffset) + which[0] * size * dtype.itemsize
            values = np.fromfile(path, dtype, len(which) * size, offset=start)
            return values.reshape(len(which), *shape).astype(dtype.newbyteorder("="), copy=False)
        each = n_planes // len(series.pages)  # planes a page
        if each * len(series.pages) != n_planes or each * np.prod(shape) != series.keyframe.size:
            pages = series.asarray().reshape(n_planes, *shape)
            return np.asarray(pages[list(which)])
        planes = np.zeros((len(which), *shape), series.dtype)
        for i, number in enumerate(which):
            page = series.pages[number // each]
            if page is not None:
                planes[i] = _page(page, tif).reshape(each, *shape)[number % each]
        return planes


def _page(page: Any, tif: Any) -> np.ndarray[Any, np.dtype[Any]]:
    """Read a page, which may lie in another file of the same OME-TIFF."""
    if page.parent is tif:
        return np.asarray(page.asarray())
    handle = page.parent.filehandle
    handle.open()
    try:
        return np.asarray(page.asarray())
    finally:
        handle.close()
