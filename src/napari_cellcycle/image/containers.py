"""Reading through bioio, or through its predecessor aicsimageio, which speak the same language."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ImageReadError, MissingExtraError
from napari_cellcycle.image import czi, formats, scenes
from napari_cellcycle.image.ngff import is_zarr, read_attributes, read_channels, read_lengths
from napari_cellcycle.image.quiet import quiet
from napari_cellcycle.image.scenes import Length, Scene, pick_scene, tell_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# These formats keep lengths in a unit of their own, and their readers give micrometres.
_IN_MICROMETRES = (".czi", ".dv", ".lif", ".nd2", ".r3d")


def open_bioio(path: Path, scene: str | int | None) -> Scene:
    """Open one scene of a file with bioio.

    Parameters
    ----------
    path : Path
        A file, or an OME-Zarr folder.
    scene : str or int, optional
        Name or index; the first by default.
    """
    missing = formats.missing_reader(path)
    if missing is not None:
        raise missing
    with quiet():
        import bioio

        readers: list[Any] = []
        # by its content: bioio goes by names, and the fields of a plate are folders called 0, 1, …
        if is_zarr(path) and formats.installed("bioio_ome_zarr"):
            readers.append(import_module("bioio_ome_zarr").Reader)

        def start(**options: Any) -> Any:
            return bioio.BioImage(path, reader=readers or None, **options)

        return _read(start, path, scene)


def open_aicsimageio(path: Path, scene: str | int | None) -> Scene:
    """Open one scene of a file with aicsimageio; as :func:`open_bioio`."""
    if is_zarr(path):
        _refuse_what_aicsimageio_cannot(path)
    with quiet():
        from aicsimageio import AICSImage

        def start(**options: Any) -> Any:
            return AICSImage(str(path), **options)

        return _read(start, path, scene)


def _refuse_what_aicsimageio_cannot(path: Path) -> None:
    """Refuse an OME-Zarr of version 0.5, or one that names no channels."""
    if (path / "zarr.json").is_file():
        found = "is OME-Zarr of version 0.5"
    elif not read_channels(read_attributes(path)):
        found = "is OME-Zarr without channel names (omero)"
    else:
        return
    raise MissingExtraError(
        f"{path.name} {found}, which aicsimageio cannot read; install bioio in an environment of "
        'its own with pip install "napari-cellcycle[bioio]".'
    )


def _read(start: Callable[..., Any], path: Path, scene: str | int | None) -> Scene:
    attributes = read_attributes(path) if is_zarr(path) else None
    try:
        image = start()
        names = tell_apart(image.scenes)
    except Exception as error:
        raise _no_reader(path, error) from error
    index = pick_scene(names, scene, path)
    is_czi = path.suffix.lower() == ".czi"
    if is_czi and index:
        czi.refuse_larger_scene(image, index, path)
    image.set_scene(index)
    data, axes = _array(image)
    notes = czi.hidden_scenes(image, len(names), path) if is_czi else ()
    if is_czi and axes.endswith("S"):
        data = czi.read_colors(start, index)
    if _one_big_chunk(data, axes):
        data = _plane_by_plane(start, index, data)
    if attributes is not None:
        channels, lengths = read_channels(attributes), read_lengths(attributes, index)
    else:
        channels = tuple(str(name) for name in image.channel_names or ())
        lengths = _lengths(image, path)
    return Scene(data, axes, names, index, channels, lengths, notes)


def _array(image: Any) -> tuple[Any, str]:
    """Pixels of a scene and their axes."""
    try:
        return image.dask_data, str(image.dims.order)
    except ValueError:
        # bioio fails where its reader names no channels, as that of DeltaVision files does
        return image.reader.dask_data, str(image.reader.dims.order)


def _no_reader(path: Path, error: Exception) -> ImageReadError:
    """Say that no reader takes a file."""
    if type(error).__name__ == "UnsupportedFileFormatError":
        return formats.no_reader(path)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return ImageReadError(f"{path} cannot be read: {reason}.")


def _one_big_chunk(data: Any, axes: str) -> bool:
    """Whether a reader would load a large volume to show one plane."""
    if "Z" not in axes or data.chunksize[axes.index("Z")] == 1:
        return False
    sizes: Sequence[int] = [n for n, a in zip(data.chunksize, axes, strict=True) if a in "ZYXS"]
    volume = int(data.dtype.itemsize)
    for n in sizes:
        volume *= n
    return volume > scenes.WHOLE_VOLUME_BYTES


def _plane_by_plane(start: Callable[..., Any], index: int, data: Any) -> Any:
    """Open again with one chunk a plane, if the reader lets us choose."""
    try:
        image = start(chunk_dims=["Y", "X", "S"])
        image.set_scene(index)
        return image.dask_data
    except Exception:  # noqa: BLE001 (readers refuse the option each in their own way)
        return data


def _lengths(image: Any, path: Path) -> dict[str, Length]:
    """Voxel size and time between frames as a reader gives them, with the unit that it states."""
    lengths = _interval(image)
    sizes = image.physical_pixel_sizes
    if sizes is None:
        return lengths
    suffix = path.suffix.lower()
    values = {axis: getattr(sizes, axis, None) for axis in "ZYX"}
    if suffix == ".nd2" and all(value in (None, 1.0) for value in values.values()):
        return lengths  # an uncalibrated file: its reader puts 1
    properties = getattr(image, "dimension_properties", None)
    for axis, value in values.items():
        unit = getattr(getattr(properties, axis, None), "unit", None)
        if unit is None and suffix in _IN_MICROMETRES:
            unit = "µm"
        if value is not None and unit is not None:
            # a stack that was recorded downwards counts its depth backwards
            lengths[axis] = (abs(float(value)), str(unit))
    return lengths


def _interval(image: Any) -> dict[str, Length]:
    """Time between frames as a reader gives it; some give a number, in no unit."""
    try:
        found = image.time_interval
    except Exception:  # noqa: BLE001 (readers that know none fail each in their own way)
        return {}
    return {"T": (found.total_seconds(), "s")} if isinstance(found, timedelta) else {}
