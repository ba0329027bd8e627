"""Columns of numbers on the disk: written once, read one column at a time."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


def write_columns(
    path: Path, columns: Mapping[str, NDArray[Any]], *, compressed: bool = False
) -> None:
    """Write columns to a file, whole or not at all.

    Parameters
    ----------
    path : Path
        A ``.npz``.
    columns : mapping of str to ndarray
        Any numeric or text dtype.
    compressed : bool
        Smaller, but slower to write and to read.

    Raises
    ------
    ProjectError
        If it cannot be written.
    """
    try:
        with replacing(path) as new:
            write: Any = np.savez_compressed if compressed else np.savez
            write(new, **columns)
    except OSError as error:
        raise ProjectError(
            f"{path} cannot be written: {error.strerror or error}. Make room, or look at the "
            "rights and the drive, and do it again; everything before this step is safe."
        ) from error


class Columns:
    """Columns of a file, read when they are asked for.

    Parameters
    ----------
    path : Path
        As written by :func:`write_columns`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._read:
            try:
                with (
                    self.path.open("rb") as data,
                    np.load(data, allow_pickle=False) as file,
                ):
                    column = file[name]
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                raise ProjectError(
                    f"{self.path} is missing or damaged: its column {name!r} cannot be read "
                    f"({error}). Take the file from a backup, or classify again; corrections are "
                    "kept in another file."
                ) from error
            column.flags.writeable = False
            self._read[name] = column
        return self._read[name]
