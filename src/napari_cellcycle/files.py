"""Files and folders written whole or not at all, and read with an error that names them."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that is full."""
CLOSED = (*NO_ROOM, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
"""Errors of a disk that takes nothing."""


def told_of_disk(error: OSError) -> str:
    """Say in a line which file an error of the disk is about, why, and what to do."""
    where = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    told = f"{where}{error.strerror or error}."
    return f"{told} Make room there, and try again." if error.errno in NO_ROOM else told


@contextmanager
def reading(path: str | os.PathLike[str], error: type[Exception], what: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into an error that says which file, and why.

    Parameters
    ----------
    path : path-like
        The file.
    error : type of exception
        Raised if the file is not there, or the block fails to read it.
    what : str
        As which the file is read: ``a CSV table``.
    """
    try:
        yield
    except FileNotFoundError:
        raise error(f"There is no file {path}.") from None
    except (OSError, ValueError, csv.Error) as problem:
        raise error(f"{path} cannot be read as {what}: {problem}.") from problem


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Give the name of a new file beside ``path`` that takes its place once the block is done.

    If the block fails, the new file is removed and an older one of that name stays as it was.
    Folders that are missing are made. An error of the disk names ``path``, not the new file.

    Parameters
    ----------
    path : Path or str
        The file to write.

    Yields
    ------
    Path
        Where to write; it has the same ending.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = None
    try:
        handle, name = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix
        )
        os.close(handle)
        new = Path(name)
        yield new
        with new.open("rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o666 & ~umask)
        new.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        if new is not None:
            new.unlink(missing_ok=True)
        if isinstance(error, OSError) and _is_of(error, path):
            raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from error
        raise


def _is_of(error: OSError, path: Path) -> bool:
    """Whether an error names no file, as where the disk is full, or a new one beside ``path``."""
    if error.filename is None:
        return error.errno is not None
    named = Path(os.fsdecode(error.filename)).absolute()
    return named.parent == path.parent.absolute() and named.name.startswith(f".{path.stem}-")


@contextmanager
def filling(folder: Path | str) -> Iterator[Path]:
    """Give a new folder that takes the place of ``folder`` once the block is done.

    Parameters
    ----------
    folder : Path or str
        Not there yet, or empty.

    Yields
    ------
    Path
        Where to write. If the block fails it is removed.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        yield new
        umask = os.umask(0)
        os.umask(umask)
        new.chmod(0o777 & ~umask)
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
        sync_folder(folder.parent)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Bring names of new files onto the disk, where the system knows how."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:  # some network drives refuse it for folders
        pass
    finally:
        os.close(handle)
