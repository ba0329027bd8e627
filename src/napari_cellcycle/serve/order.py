"""What a visitor asks for: an image, a model, and what the image's metadata do not say."""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, BinaryIO

from napari_cellcycle.errors import CellCycleError, ModelNotFoundError
from napari_cellcycle.image.formats import EXTRAS, installed
from napari_cellcycle.image.plain import PICTURES
from napari_cellcycle.image.spacing import Spacing, parse_spacing
from napari_cellcycle.image.tiff import SUFFIXES
from napari_cellcycle.models.catalogue import list_models

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_cellcycle.image.stack import LabelsAre

_FILES = ("image", "labels")
_FIELDS = ("model", "shows", "labels_are", "spacing", "isotropic", "channel")
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_LONGEST_NAME = 120
_UNPRINTABLE = re.compile(r"[^\w .,+()=@#&-]")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that somebody sent.

    Parameters
    ----------
    path : Path
        Where it lies, under a name of ours.
    name : str
        What the sender calls it, for people only.
    """

    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Order:
    """One image to classify.

    Parameters
    ----------
    image : Upload
    labels : Upload or None
        Its cells or nuclei; without any, nuclei are segmented.
    crop : bool
        The image is one 2D cell, cropped around it.
    model : str
        A name of the catalogue.
    labels_are : {"nucleus", "cell"}
    spacing : Spacing or None
        What the sender says.
    isotropic : bool
        The spacing is unknown, but voxels are as deep as wide.
    channels : tuple of str
        Such as ``dna=0``.
    """

    image: Upload
    labels: Upload | None
    crop: bool
    model: str
    labels_are: LabelsAre
    spacing: Spacing | None
    isotropic: bool
    channels: tuple[str, ...]


def read_order(
    fields: Mapping[str, str],
    channels: Sequence[str],
    files: Mapping[str, tuple[str, BinaryIO]],
    folder: Path,
) -> Order:
    """Check what was sent, and write its files into a folder.

    Parameters
    ----------
    fields : mapping of str to str
        ``model``, ``shows`` (``crop`` or ``cells``), ``labels_are``, ``spacing``, ``isotropic``.
        Others are refused: what is misspelt would be left out without a word.
    channels : sequence of str
        Such as ``dna=0``.
    files : mapping of ``image`` and ``labels`` to (name, open file)
        As sent.
    folder : Path
        Empty; it is the caller's to remove.

    Raises
    ------
    CellCycleError
        If a field is missing or wrong, or no reader knows such a file.
    """
    _check_names(fields, files)
    if "image" not in files:
        raise CellCycleError("No image was sent; choose a file.")
    shows = fields.get("shows", "cells")
    if shows not in ("crop", "cells"):
        raise CellCycleError(f"An image shows 'crop' or 'cells', not {shows[:40]!r}.")
    labels_are = fields.get("labels_are", "nucleus")
    if labels_are not in ("nucleus", "cell"):
        raise CellCycleError(f"Labels are 'nucleus' or 'cell', not {labels_are[:40]!r}.")
    crop = shows == "crop"
    if crop and "labels" in files:
        raise CellCycleError(
            "One cropped cell is outlined by itself: leave out the labels, or say that the image "
            "shows many cells."
        )
    spacing = fields.get("spacing", "").strip(", ")
    return Order(
        image=_write(folder, "image", *files["image"]),
        labels=_write(folder, "labels", *files["labels"]) if "labels" in files else None,
        crop=crop,
        model=_known_model(fields.get("model", "")),
        labels_are="cell" if labels_are == "cell" else "nucleus",
        spacing=parse_spacing(spacing) if spacing and not crop else None,
        isotropic=_is_yes("isotropic", fields.get("isotropic", "")) and not crop,
        channels=tuple(channels),
    )


def _check_names(fields: Mapping[str, str], files: Mapping[str, object]) -> None:
    for name in (*fields, *files):
        if name in _FILES and name in fields:
            raise CellCycleError(f"{name} is text, not a file; with curl, write {name}=@FILE.")
        if name not in (_FILES if name in files else _FIELDS):
            raise CellCycleError(
                f"There is no field {name[:40]!r}; there are {', '.join((*_FILES, *_FIELDS))}."
            )


def _is_yes(name: str, text: str) -> bool:
    if text.casefold() not in (*_YES, *_NO):
        raise CellCycleError(f"{name} is 1 or 0, not {text[:40]!r}.")
    return text.casefold() in _YES


def endings() -> tuple[str, ...]:
    """Endings of the files that can be read here."""
    more = (ending for ending, (_, module) in EXTRAS.items() if installed(module))
    return (*SUFFIXES, *PICTURES, *more)


def _known_model(name: str) -> str:
    """A name of the catalogue; never a path, which would let a visitor read this disk."""
    known = [entry.name for entry in list_models()]
    if name not in known:
        raise ModelNotFoundError(
            f"There is no model {name[:100]!r} here; there are: {', '.join(known)}."
        )
    return name


def _write(folder: Path, role: str, name: str, file: BinaryIO) -> Upload:
    """Write a file under a name of ours; of the sender's name only a known ending is used."""
    name = PureWindowsPath(name).name  # takes / and \ for what they are
    shown = _UNPRINTABLE.sub("_", name)[-_LONGEST_NAME:] or role
    ending = Path(shown).suffix.lower()
    if ending not in endings():
        raise CellCycleError(
            f"{shown} is no kind of image that can be sent; send one of {', '.join(endings())}."
        )
    if shown.lower().endswith(f".ome{ending}"):
        ending = f".ome{ending}"
    # the token keeps our name from being a part of theirs, where messages are told in their names
    path = folder / f"{role}-{secrets.token_hex(8)}{ending}"
    with path.open("wb") as target:
        shutil.copyfileobj(file, target, 1 << 20)
    return Upload(path, shown)
