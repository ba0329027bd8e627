"""One way into any file: an image becomes a Stack, a label image a Segmentation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError, ImageReadError
from napari_cellcycle.image import containers, formats, plain, tiff
from napari_cellcycle.image.axes import arrange, refuse_samples
from napari_cellcycle.image.interval import known_minutes
from napari_cellcycle.image.labels import check_dtype, check_labels, whole_numbers
from napari_cellcycle.image.ngff import is_zarr
from napari_cellcycle.image.scenes import (
    Scene,
    known_spacing,
    name_channels,
    pick_scene,
)
from napari_cellcycle.image.stack import LabelsAre, Segmentation, Stack

if TYPE_CHECKING:
    from os import PathLike


def open_image(path: str | PathLike[str], *, scene: str | int | None = None) -> Stack:
    """Open an image lazily.

    TIFF (OME, ImageJ and plain), PNG and JPEG need nothing else. OME-Zarr and the formats of
    microscope makers are read through bioio or, where that is what is installed, aicsimageio.

    Parameters
    ----------
    path : path-like
        A file, or an OME-Zarr folder.
    scene : str or int, optional
        Name or index of a scene; the first one by default.

    Returns
    -------
    Stack
        ``(t, c, z, y, x)``, dask. Its spacing, and the time between its frames, are known where
        metadata give values with units. A colour photograph has three channels (red, green, blue),
        or one if it is grey. Its notes tell how the file was understood, and of further scenes
        where none was chosen.

    Raises
    ------
    MissingExtraError
        If the file needs a reader that is not installed.
    ImageReadError
        If there is no such file or scene, or the file is damaged.
    """
    path = Path(path).expanduser()
    found = _open(path, scene)
    data, colors = arrange(found.data, found.axes, path.name)
    if data.dtype.kind not in "buif":
        raise ImageReadError(f"{path.name} holds values of type {data.dtype}, not real numbers.")
    spacing, notes = known_spacing(found.lengths, path.name, is_2d=data.shape[2] == 1)
    n, name = len(found.scenes), found.scenes[found.index]
    if n > 1 and scene is None:
        notes += (
            f"{path.name} has {n} scenes, and this is the first ({name}). Others are chosen by "
            "--scene. If they are planes of one stack, save them as one image with its axes.",
        )
    return Stack(
        data=data,
        channels=colors or name_channels(found.channels, int(data.shape[1])),
        spacing=spacing,
        name=path.name,
        scene=name if n > 1 else "",
        path=path,
        notes=found.notes + notes,
        frame_minutes=known_minutes(found.lengths),
    )


def open_labels(
    path: str | PathLike[str],
    *,
    labels_are: LabelsAre = "nucleus",
    scene: str | int | None = None,
) -> Segmentation:
    """Open a label image lazily; floats become integers where all are whole numbers.

    Frames are read until the first one with a label, and every frame is checked when it is read.

    Parameters
    ----------
    path : path-like
        A file, or an OME-Zarr folder.
    labels_are : {"nucleus", "cell"}
        What a label stands for.
    scene : str or int, optional
        Name or index; the first one by default. The only one of a file is taken in any case, so
        that each scene of an image may have a file of labels.

    Returns
    -------
    Segmentation
        ``(t, z, y, x)``, integer.

    Raises
    ------
    SegmentationError
        If values are not whole numbers, some are negative, none is above 0, or there are several
        channels.
    ImageReadError
        As :func:`open_image`.
    """
    if scene is not None and len(list_scenes(path)) == 1:
        scene = None
    stack = open_image(path, scene=scene)
    data = stack.data
    if data.dtype.kind == "f" and len(stack.channels) == 1:
        data = whole_numbers(data, stack.name)
    check_dtype(data.dtype, stack.name, n_channels=len(stack.channels))
    segmentation = Segmentation(
        data[:, 0], labels_are, stack.name, spacing=stack.spacing, path=stack.path
    )
    check_labels(segmentation)
    return segmentation


def list_scenes(path: str | PathLike[str]) -> tuple[str, ...]:
    """Names of the scenes in a file, at least one."""
    return _open(Path(path).expanduser(), None, check=False).scenes


def _open(path: Path, scene: str | int | None, *, check: bool = True) -> Scene:
    """Choose a reader; every failure is one of our own errors."""
    if not path.exists():
        raise ImageReadError(f"There is no file {path}.")
    if path.is_dir() and not is_zarr(path):
        raise ImageReadError(f"{path} is a folder, and not an OME-Zarr image; give a file.")
    try:
        return _choose(path, scene, check)
    except (CellCycleError, MemoryError):
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageReadError(f"{path} cannot be read: {reason}.") from error


def _choose(path: Path, scene: str | int | None, check: bool) -> Scene:
    suffix = path.suffix.lower()
    if suffix in plain.PICTURES:
        return plain.open_picture(path, scene)
    info = tiff.inspect_tiff(path) if suffix in tiff.SUFFIXES else None
    if info is not None and check and not info.is_ome:
        names = tuple(part.name for part in info.scenes)
        part = info.scenes[pick_scene(names, scene, path)]
        refuse_samples(part.axes, part.shape, path.name)
    if info is not None:
        # through bioio or aicsimageio the same would take three to ten times as long
        return plain.open_tiff(path, scene, info)
    if formats.installed("bioio"):
        return containers.open_bioio(path, scene)
    if formats.installed("aicsimageio"):
        return containers.open_aicsimageio(path, scene)
    raise formats.missing_reader(path) or formats.no_reader(path)
