"""Models by name: those that ship with the package and those of the user."""

from __future__ import annotations

import hashlib
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_cellcycle.errors import (
    CellCycleWarning,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
)
from napari_cellcycle.models.card import CARD, ModelCard, read_card
from napari_cellcycle.models.staging import folders, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME_VARIABLE = "NAPARI_CELLCYCLE_HOME"
DEFAULT_MODEL = "mitosis-3d"
FLAT_MODEL = "mitosis-2d"
"""For images of one plane, where nobody has chosen."""
PICKLES = (".pt", ".pth", ".ckpt")
"""Endings of weights that are not in our format; see :mod:`napari_cellcycle.models.legacy`."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model of the catalogue.

    Parameters
    ----------
    card : ModelCard
    path : Path
        Its folder.
    sha256 : str
        Hash of its card.
    source : {"shipped", "user"}
    """

    card: ModelCard
    path: Path
    sha256: str
    source: Literal["shipped", "user"]

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.card.name

    @property
    def size(self) -> int:
        """Bytes of the card and the weights on the disk."""
        files = {CARD, *(entry.file for entry in self.card.weights.values())}
        return sum((self.path / f).stat().st_size for f in files if (self.path / f).is_file())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the card, where it lies, its hash and its size."""
        return {
            **self.card.to_dict(),
            "path": str(self.path),
            "sha256": self.sha256,
            "source": self.source,
            "size": self.size,
        }


def data_folder() -> Path:
    """Folder of the user's own data.

    ``$NAPARI_CELLCYCLE_HOME``, or where the platform keeps such data; it need not exist.
    """
    if os.environ.get(HOME_VARIABLE):
        return Path(os.environ[HOME_VARIABLE]).expanduser()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "napari-cellcycle"


def user_models_folder() -> Path:
    """Folder of the user's own models; it need not exist."""
    return data_folder() / "models"


def shipped_models_folder() -> Path:
    """Folder of the models that ship with the package."""
    return Path(__file__).with_name("shipped")


def list_models() -> list[ModelEntry]:
    """All models, shipped ones first, by name.

    A folder of the user whose card cannot be read is left out with a warning.

    Raises
    ------
    ModelError
        If two models have one name.
    """
    entries = [*shipped_models(), *user_models()]
    seen: dict[str, ModelEntry] = {}
    for entry in entries:
        if entry.name in seen:
            raise ModelError(
                f"Two models are called {entry.name}: {seen[entry.name].path} and {entry.path}. "
                f"Rename yours (napari-cellcycle models rename {entry.name} NEW), or move it away."
            )
        seen[entry.name] = entry
    return entries


def shipped_models() -> list[ModelEntry]:
    """Models that ship with the package, by name."""
    return list(_entries(shipped_models_folder(), "shipped"))


def user_models() -> list[ModelEntry]:
    """The user's own models, by name; one whose card cannot be read is left out with a warning."""
    return list(_entries(user_models_folder(), "user"))


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Find the folder (or zip file) of a model.

    Parameters
    ----------
    name_or_path : str or path-like
        A name of the catalogue, a model folder, its ``card.json``, or a zip file.

    Raises
    ------
    ModelNotFoundError
        If there is neither; known names are listed.
    ModelFormatError
        If it is a file of weights alone.
    """
    text = os.fspath(name_or_path)
    path = Path(text).expanduser()
    if Path(text).name == text and path.suffix.lower() != ".zip":
        entries = list_models()
        for entry in entries:
            if entry.name == text:
                _tell_of_other(path, entry)
                return entry.path
    if path.name == CARD and path.is_file():
        return path.parent
    if text and (found := standing(path)):
        check_has_card(found)
        return found
    known = ", ".join(entry.name for entry in list_models()) or "none"
    raise ModelNotFoundError(
        f"There is no model {text!r}: neither a name (there are: {known}) nor a model folder or "
        f"zip file. Your own models lie in {user_models_folder()}."
    )


def check_has_card(path: Path) -> None:
    """Refuse weights that another program saved: there is no card with them.

    Raises
    ------
    ModelFormatError
        Saying how to make a model of them.
    """
    if path.is_file() and path.suffix.lower() in PICKLES:
        raise ModelFormatError(
            f"{path} holds weights alone, without a card. Make a model of it first: "
            "napari-cellcycle models convert."
        )


def _tell_of_other(path: Path, entry: ModelEntry) -> None:
    """Warn if a folder of the same name, such as one just trained, is another model."""
    card = path / CARD
    if card.is_file() and hashlib.sha256(card.read_bytes()).hexdigest() != entry.sha256:
        warnings.warn(
            f"{entry.name} is the model of the catalogue. The one in the folder {path.absolute()} "
            f"is {os.curdir}{os.sep}{path}: give it so to use it.",
            CellCycleWarning,
            stacklevel=2,  # once, whoever asks
        )


def _entries(folder: Path, source: Literal["shipped", "user"]) -> Iterator[ModelEntry]:
    found = []
    for path in folders(folder):
        if not (path / CARD).is_file():
            continue
        try:
            card, sha256 = read_card(path)
        except ModelFormatError as error:
            if source == "shipped":
                raise
            warnings.warn(f"A model is left out: {error}", CellCycleWarning, stacklevel=3)
            continue
        found.append(ModelEntry(card, path, sha256, source))
    yield from sorted(found, key=lambda entry: entry.name)
