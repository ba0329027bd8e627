"""Plates of wells with fields, as OME-Zarr keeps them (HCS, versions 0.4 and 0.5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image.ngff import is_zarr, ome_attributes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike


@dataclass(frozen=True, slots=True)
class Field:
    """One image of a well.

    Parameters
    ----------
    path : Path
        Its OME-Zarr folder.
    row, column : str
        As the plate names them, such as ``B`` and ``03``.
    name : str
        Its path inside the plate, such as ``B/03/0``.
    """

    path: Path
    row: str
    column: str
    name: str


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate and the fields that were imaged.

    Parameters
    ----------
    name : str
        Of its folder.
    rows, columns : tuple of str
        All of the plate, also those without an image.
    fields : tuple of Field
        Well by well.
    """

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    fields: tuple[Field, ...]


def is_plate(path: str | PathLike[str]) -> bool:
    """Whether a folder is an OME-Zarr plate."""
    path = Path(path).expanduser()
    return is_zarr(path) and "plate" in ome_attributes(path)


def read_plate(path: str | PathLike[str]) -> Plate:
    """List the fields of a plate; no pixel is read.

    Parameters
    ----------
    path : path-like
        An OME-Zarr folder.

    Raises
    ------
    ImageReadError
        If it is no plate, or its metadata contradict themselves.
    """
    path = Path(path).expanduser()
    if not is_plate(path):
        raise ImageReadError(f"{path} is no OME-Zarr plate; give the folder that holds its rows.")
    plate = ome_attributes(path)["plate"]
    try:
        rows = tuple(str(row["name"]) for row in plate["rows"])
        columns = tuple(str(column["name"]) for column in plate["columns"])
        fields = [field for well in plate["wells"] for field in _fields(path, well)]
    except (KeyError, TypeError) as error:
        raise ImageReadError(f"The metadata of the plate {path} lack {error}.") from error
    for field in fields:
        if field.row not in rows or field.column not in columns:
            raise ImageReadError(
                f"The plate {path} has an image {field.name}, but no such row or column: rows "
                f"{', '.join(rows)}; columns {', '.join(columns)}."
            )
    if not fields:
        raise ImageReadError(f"The plate {path} names no image.")
    return Plate(path.name, rows, columns, tuple(fields))


def _fields(plate: Path, well: Mapping[str, Any]) -> list[Field]:
    inside = _inside(plate, str(well["path"]), parts=2)
    row, column = inside.parts
    images = ome_attributes(plate / inside).get("well", {}).get("images", [])
    names = [_inside(plate, f"{inside}/{image['path']}", parts=3) for image in images]
    return [Field(plate / name, row, column, str(name)) for name in names]


def _inside(plate: Path, text: str, *, parts: int) -> PurePosixPath:
    """A path in a plate's metadata; it must not lead out of the plate."""
    path = PurePosixPath(text)
    if len(path.parts) != parts or path.is_absolute() or ".." in path.parts:
        raise ImageReadError(f"The metadata of the plate {plate} name a path {text!r}.")
    return path
