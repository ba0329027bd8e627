"""Folders that appear, change and go as a whole, at whatever moment the program is stopped.

What is not finished, or on its way out, has a name with a dot in front and is not taken for a
model. Between the two moves of a replacement the old folder is called ``.NAME.old``;
:func:`folders` and :func:`standing` still find it there.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_cellcycle.errors import ModelFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLD = re.compile(r"\.(?P<name>.+)\.old")
_LEFT_OVER = re.compile(r"\..+\.(new|gone)-[^.]+")
_DAY = 24 * 3600.0


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of ``folder`` once the block is done.

    If the block fails, an older folder stays as it was. Missing parents are made.

    Yields
    ------
    Path
        A folder beside it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.new-"))
    try:
        yield new
        new.chmod(0o755)
        _put_in_place(new, folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


@contextmanager
def speaking_of(source: Path, folder: Path) -> Iterator[None]:
    """Name ``source`` in a refusal that names ``folder``, which is gone when a person reads it."""
    try:
        yield
    except ModelFormatError as error:
        raise ModelFormatError(str(error).replace(str(folder), str(source))) from None


def write_bytes(path: Path, content: bytes) -> None:
    """Write a new file and wait until it is on the disk."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def standing(folder: Path) -> Path | None:
    """Where a folder stands: in its place, or set aside by a replacement that was stopped."""
    old = _aside(folder)
    return folder if folder.exists() else old if old.is_dir() else None


def folders(place: Path) -> list[Path]:
    """Folders inside of ``place`` that are whole, by name; none if there is no such place."""
    if not place.is_dir():
        return []
    found = []
    for path in sorted(place.iterdir()):
        old = _OLD.fullmatch(path.name)
        hidden = path.name.startswith(".")
        if path.is_dir() and (not hidden or (old and not path.with_name(old["name"]).exists())):
            found.append(path)
    return found


def settle(folder: Path) -> Path:
    """End a replacement that was stopped, before anything else is done to a folder.

    Parameters
    ----------
    folder : Path
        As :func:`folders` gives it: in its place, or set aside.

    Returns
    -------
    Path
        Its place, where it lies now.
    """
    old = _OLD.fullmatch(folder.name)
    if not old:
        _discard(_aside(folder))
        return folder
    place = folder.with_name(old["name"])
    os.replace(folder, place)
    return place


def discard(folder: Path) -> None:
    """Remove a folder: first out of sight in one move, then from the disk."""
    _discard(settle(folder))  # else what it once replaced would take its place


def sweep(place: Path) -> None:
    """Remove what programs that were stopped left behind, once it is a day old."""
    for path in place.iterdir() if place.is_dir() else ():
        if _LEFT_OVER.fullmatch(path.name) and time.time() - path.stat().st_mtime > _DAY:
            shutil.rmtree(path, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _discard(folder: Path) -> None:
    if folder.exists():
        gone = folder.with_name(f".{folder.name.strip('.')}.gone-{uuid4().hex[:8]}")
        os.replace(folder, gone)
        shutil.rmtree(gone, ignore_errors=True)


def _put_in_place(new: Path, folder: Path) -> None:
    """Move a finished folder to its place; an older one goes, or comes back on failure."""
    old = _aside(folder)
    if not folder.exists():
        os.replace(new, folder)
    else:
        _discard(old)
        os.replace(folder, old)
        try:
            os.replace(new, folder)
        except BaseException:
            os.replace(old, folder)
            raise
    _discard(old)
