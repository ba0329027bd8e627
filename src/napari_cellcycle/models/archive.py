"""A model in a zip file: unpacked with suspicion into a temporary folder."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelFormatError
from napari_cellcycle.models.card import CARD
from napari_cellcycle.models.weights import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_MEMBERS = 64


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a zipped model folder for as long as the block lasts.

    The card may lie at the top of the archive or in one folder.

    Yields
    ------
    Path
        Folder with the card.

    Raises
    ------
    ModelFormatError
        If it is no zip file, or one that a model would never be packed as: absolute or upward
        paths, links, a name twice, too many or too large files.
    """
    with tempfile.TemporaryDirectory(prefix="napari-cellcycle-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                members = _checked(archive, path)
                _extract(archive, members, folder, path)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            raise ModelFormatError(f"{path} is no readable zip file: {error}.") from None
        yield _with_card(folder, path)


def _checked(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > _MOST_MEMBERS:
        raise ModelFormatError(
            f"{path} holds {len(members)} files, a model at most {_MOST_MEMBERS}."
        )
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise ModelFormatError(f"{path} unpacks to more than {MOST_BYTES:,} bytes: refused.")
    seen: set[str] = set()
    for member in members:
        name = member.filename
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts or "\\" in name or ":" in name:
            raise ModelFormatError(f"{path} holds {name!r}, which points outside of it: refused.")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise ModelFormatError(f"{path} holds {name!r}, which is a link or device: refused.")
        if str(inside).casefold() in seen:
            raise ModelFormatError(f"{path} holds {name!r} twice: refused.")
        seen.add(str(inside).casefold())
    return members


def _extract(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, path: Path
) -> None:
    left = MOST_BYTES
    for member in members:
        target = folder / member.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as source, target.open("xb") as file:
            # the sizes in the directory of the archive may lie
            while chunk := source.read(1 << 20):
                left -= len(chunk)
                if left < 0:
                    raise ModelFormatError(f"{path} unpacks to more than {MOST_BYTES:,} bytes.")
                file.write(chunk)


def _with_card(folder: Path, path: Path) -> Path:
    found = [
        place
        for place in (folder, *sorted(p for p in folder.iterdir() if p.is_dir()))
        if (place / CARD).is_file()
    ]
    if len(found) != 1:
        count = "no" if not found else "more than one"
        raise ModelFormatError(f"{path} is no model: it holds {count} {CARD}.")
    return found[0]
