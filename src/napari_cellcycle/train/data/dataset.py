"""Data sets to train on or evaluate with: crop sets, and folders of pictures."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleWarning, CropSetError
from napari_cellcycle.train.data.cropset import (
    GROUP,
    LABEL,
    CropSet,
    own_groups,
    pick_channels,
    read_crop_set,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

PICTURES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp")


def read_data(
    path: str | Path,
    *,
    label_key: str = LABEL,
    group_key: str = GROUP,
    channels: Mapping[str, int] | None = None,
) -> CropSet:
    """Read a data set in any of its forms.

    Parameters
    ----------
    path : path-like
        An ``.npz`` crop set, see :func:`~napari_cellcycle.train.data.cropset.read_crop_set`, or a
        folder with one sub-folder a class, see :func:`read_image_folder`.
    label_key, group_key : str
        Arrays of the crop set that hold the phases and the groups; a folder has none.
    channels : mapping of str to int, optional
        Index of the channel that has each role.

    Raises
    ------
    CropSetError
        Saying what is wrong with the data set, and what to do.
    """
    path = Path(path)
    if path.is_dir():
        asked = {"--label-key": (label_key, LABEL), "--group-key": (group_key, GROUP)}
        for option, (value, default) in asked.items():
            if value != default:
                raise CropSetError(
                    f"{path} is a folder of pictures: it has no arrays for {option} {value}. Its "
                    "classes are the sub-folders, its groups the folders inside of these."
                )
        return read_image_folder(path, channels=channels)
    if path.exists() and path.suffix.lower() != ".npz":
        raise CropSetError(
            f"{path.name} is no data set: give an .npz crop set, or a folder with one sub-folder a "
            "class."
        )
    return read_crop_set(path, label_key=label_key, group_key=group_key, channels=channels)


def read_image_folder(folder: str | Path, *, channels: Mapping[str, int] | None = None) -> CropSet:
    """Read a folder with one sub-folder a class.

    ``CLASS/picture.png`` is a group of its own; ``CLASS/GROUP/picture.png`` belongs to a group. A
    picture is grey, in colours (three channels), or a TIFF ``(c, y, x)``. Smaller pictures are
    padded to the largest with the median of their own border.

    Parameters
    ----------
    folder : path-like
        The folder of the classes.
    channels : mapping of str to int, optional
        Index of the channel that has each role; a single one is ``dna`` by default.

    Raises
    ------
    CropSetError
        If there are no classes, a class is empty, a picture cannot be read, or pictures differ in
        channels.

    Warns
    -----
    CellCycleWarning
        Of pictures that lie in no class.
    """
    folder = Path(folder)
    files = {
        child.name: _pictures(child)
        for child in sorted(folder.iterdir())
        if child.is_dir() and not child.name.startswith(".")
    }
    if not files or not any(files.values()):
        raise CropSetError(
            f"{folder} holds no classes: expected one sub-folder a class with pictures "
            f"({', '.join(PICTURES)}) in it."
        )
    empty = [name for name, found in files.items() if not found]
    if empty:
        raise CropSetError(
            f"{folder} has no pictures ({', '.join(PICTURES)}) in {', '.join(empty)}: fill or "
            "remove it."
        )
    parts = {"train", "val", "valid", "validation", "test"}
    if set(files) <= parts:
        raise CropSetError(
            f"{folder} is divided into {', '.join(files)}, not into classes. Give one folder with "
            "all of it: the parts are made here, by group."
        )
    loose = [path.name for path in sorted(folder.iterdir()) if _is_picture(path)]
    if loose:
        warnings.warn(
            f"{counted(len(loose), 'picture')} of {folder} left out, beside the "
            f"folders of the classes: {', '.join(loose[:3])}{', …' if len(loose) > 3 else ''}.",
            CellCycleWarning,
            stacklevel=2,
        )
    paths = [(label, path) for label, found in files.items() for path in found]
    pictures = [_read(path) for _, path in paths]
    first = pictures[0]
    for picture, (_, path) in zip(pictures, paths, strict=True):
        if picture.shape[0] != first.shape[0] or picture.dtype != first.dtype:
            raise CropSetError(
                f"{path} has {picture.shape[0]} channel(s) of {picture.dtype}, but {paths[0][1]} "
                f"{first.shape[0]} of {first.dtype}: pictures of one data set must be alike. Save "
                "all in one form."
            )
    phase = np.array([label for label, _ in paths], dtype=np.str_)
    own = own_groups(folder.name, phase).tolist()
    inner = [path.relative_to(folder / label).parent.as_posix() for label, path in paths]
    group = np.array(
        [mine if place == "." else place for mine, place in zip(own, inner, strict=True)]
    )
    roles, images = pick_channels(_stack(pictures), None, channels, folder.name)
    return CropSet(images, roles, phase, group, folder.name)


def parse_indices(texts: Sequence[str]) -> dict[str, int]:
    """Read ``role=index`` options of the command line.

    Raises
    ------
    CropSetError
        If an index is no whole number, or a role is named twice.
    """
    roles: dict[str, int] = {}
    for text in texts:
        role, _, index = text.partition("=")
        role = role.strip().lower()
        if not role or not index.strip().isdecimal():
            raise CropSetError(
                f"--channel {text!r} is not role=index; a data set's channels are counted from 0, "
                "such as dna=0."
            )
        if role in roles:
            raise CropSetError(f"--channel names {role} twice.")
        roles[role] = int(index)
    return roles


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if _is_picture(path))


def _is_picture(path: Path) -> bool:
    shown = not path.name.startswith(".")
    return shown and path.suffix.lower() in PICTURES and path.is_file()


def _read(path: Path) -> NDArray[Any]:
    """One picture, ``(c, y, x)``."""
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            import tifffile

            picture = np.asarray(tifffile.imread(path))
        else:
            import imageio.v3

            picture = np.asarray(imageio.v3.imread(path.read_bytes(), plugin="pillow"))
    except Exception:  # noqa: BLE001  # each reader has errors of its own
        raise CropSetError(
            f"{path} cannot be read as a picture; it is damaged, or of another kind than its name "
            "says. Save it again, or take it away."
        ) from None
    if picture.ndim == 2:
        return picture[None]
    if picture.ndim == 3 and picture.shape[-1] in (3, 4):
        return np.moveaxis(picture[..., :3], -1, 0)
    if picture.ndim == 3:
        return picture
    raise CropSetError(
        f"{path} has shape {picture.shape}, expected a picture (y, x), in colours (y, x, 3), or "
        "channels (c, y, x). Save stacks as an .npz crop set."
    )


def _stack(pictures: list[NDArray[Any]]) -> NDArray[Any]:
    height = max(picture.shape[1] for picture in pictures)
    width = max(picture.shape[2] for picture in pictures)
    images = np.empty((len(pictures), len(pictures[0]), height, width), pictures[0].dtype)
    for image, picture in zip(images, pictures, strict=True):
        y, x = picture.shape[1:]
        border = np.concatenate(
            [picture[:, 0], picture[:, -1], picture[:, :, 0], picture[:, :, -1]], axis=1
        )
        image[:] = np.median(border, axis=1)[:, None, None].astype(image.dtype)
        top, left = (height - y) // 2, (width - x) // 2
        image[:, top : top + y, left : left + x] = picture
    return images
