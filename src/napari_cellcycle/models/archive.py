"""A model in a zip file: unpacked with suspicion; the same model is packed to the same bytes."""

from __future__ import annotations

import errno
import stat
import tempfile
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelFormatError
from napari_cellcycle.files import replacing
from napari_cellcycle.models.card import CARD, read_card
from napari_cellcycle.models.staging import speaking_of
from napari_cellcycle.models.weights import MOST_BYTES, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_MEMBERS = 64
_MOST_RATIO = 100
_HARMLESS = 100 << 20
"""Archives that unpack to less may be packed as tightly as they like."""
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Unpack a zipped model folder for as long as the block lasts.

    The card may lie at the top of the archive or in one folder. Nothing else than cards and
    weights is unpacked.

    Yields
    ------
    Path
        Folder with the card.

    Raises
    ------
    ModelFormatError
        If it is no zip file, or one that a model would never be packed as: absolute or upward
        paths, links, a name twice, archives inside, encryption, too many or too large files, or
        ones that are packed too tightly.
    """
    with tempfile.TemporaryDirectory(prefix="napari-cellcycle-") as temporary:
        folder = Path(temporary)
        try:
            with zipfile.ZipFile(path) as archive:
                members = _checked(archive, path)
                _extract(archive, members, folder, path)
        except (
            *(zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError),
            *(EOFError, ValueError),
        ) as error:
            raise ModelFormatError(f"{path} is no readable zip file: {error}.") from None
        except FileExistsError:
            raise ModelFormatError(f"{path} holds a file and a folder of one name.") from None
        except OSError as error:
            if error.errno != errno.EINVAL:  # a place before the start of the file
                raise
            raise ModelFormatError(f"{path} is no readable zip file: it is damaged.") from None
        with speaking_of(path, folder):
            yield _with_card(folder, path)


def pack(folder: Path, path: Path) -> None:
    """Write a model folder as a zip file, whole or not at all.

    The card and the weights that it names lie in one folder of the model's name. They are stored,
    not compressed, with one fixed date: the same model gives the same bytes everywhere.

    Parameters
    ----------
    folder : Path
        A model folder.
    path : Path
        The zip file; an older one is replaced.

    Raises
    ------
    ModelFormatError
        If the card is not valid, or a file of weights is missing or changed.
    """
    card, _ = read_card(folder)
    files = sorted((entry.file, entry.sha256) for entry in card.weights.values())
    with replacing(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as archive:
        _store(archive, f"{card.name}/{CARD}", (folder / CARD).read_bytes())
        for file, sha256 in files:
            _store(archive, f"{card.name}/{file}", read_bytes(folder / file, sha256))


def _store(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, _LONG_AGO)
    member.create_system = 3  # Unix, on every system
    member.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(member, content)


def _checked(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    every = archive.infolist()
    if len(every) > _MOST_MEMBERS:
        raise ModelFormatError(f"{path} holds {len(every)} files, a model at most {_MOST_MEMBERS}.")
    size = sum(member.file_size for member in every)
    if size > MOST_BYTES:
        raise ModelFormatError(f"{path} unpacks to more than {MOST_BYTES:,} bytes: refused.")
    if size > _HARMLESS and size > _MOST_RATIO * path.stat().st_size:
        raise ModelFormatError(
            f"{path} unpacks to {size:,} bytes, more than {_MOST_RATIO} times its own size: no "
            "weights are packed so tightly. Refused."
        )
    seen: set[str] = set()
    for member in every:
        problem = _problem(member)
        if problem:
            raise ModelFormatError(f"{path} holds {member.filename!r}, {problem}: refused.")
        # a.txt and A.TXT, or ä as one character and as two, are one file on some systems
        name = unicodedata.normalize("NFC", str(PurePosixPath(member.filename))).casefold()
        if name in seen:
            raise ModelFormatError(f"{path} holds {member.filename!r} twice: refused.")
        seen.add(name)
    return [member for member in every if _is_ours(member)]


def _problem(member: zipfile.ZipInfo) -> str:
    """Say what is wrong with a member; nothing if all is well."""
    name = member.filename
    inside = PurePosixPath(name)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if inside.is_absolute() or ".." in inside.parts or "\\" in name or ":" in name:
        return "which points outside of it"
    if kind not in (0, stat.S_IFDIR if member.is_dir() else stat.S_IFREG):
        return "which is a link or device"
    if inside.suffix.lower() in _ARCHIVES:
        return "an archive in the archive (unpack it, and give the model that is in it)"
    if member.flag_bits & 0x1:
        return "which is encrypted"
    if member.compress_type not in _METHODS:
        return "which is packed by another method than deflate"
    return ""


def _is_ours(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    named = path.name == CARD or path.suffix == ".safetensors"
    return named and len(path.parts) <= 2 and not member.is_dir()


def _extract(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, path: Path
) -> None:
    left = MOST_BYTES
    for member in members:
        target = folder / member.filename
        target.parent.mkdir(exist_ok=True)
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
