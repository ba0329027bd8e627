"""The user's own models: installed, removed, renamed, and exported for others."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_cellcycle.errors import ModelError, ModelFormatError, ModelNotFoundError
from napari_cellcycle.files import replacing
from napari_cellcycle.models.archive import pack
from napari_cellcycle.models.card import CARD, NAME, ModelCard, read_card
from napari_cellcycle.models.catalogue import (
    PICKLES,
    ModelEntry,
    check_has_card,
    shipped_models,
    user_models,
    user_models_folder,
)
from napari_cellcycle.models.folder import (
    check_gives_way,
    check_only_model,
    load_folder,
    opened,
    read_model_card,
)
from napari_cellcycle.models.staging import (
    discard,
    settle,
    speaking_of,
    staged,
    standing,
    sweep,
    write_bytes,
)
from napari_cellcycle.models.weights import read_bytes

RESERVED = ("show", "install", "remove", "rename", "export", "convert")
"""What ``napari-cellcycle models`` takes for an action: no model can be called so."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10))}


def install_model(
    path: str | os.PathLike[str], *, name: str | None = None, overwrite: bool = False
) -> ModelEntry:
    """Make a model one of the user's own.

    It is listed once every hash, key, shape, type and value has been checked. If the program is
    stopped before, what was there stays.

    Parameters
    ----------
    path : path-like
        A zip file or a model folder.
    name : str, optional
        What it is called here; by default the name on its card. With another name its card is
        another one and has another hash; the old ones are kept in ``metrics``, as ``renamed_from``.
    overwrite : bool
        Whether a model of the user that has this name gives way. The very same model always does.

    Raises
    ------
    ModelError
        If the name cannot be used, or is that of another model.
    ModelFormatError
        If the model is not whole.
    ModelNotFoundError
        If there is nothing at ``path``.
    """
    source = standing(Path(path))
    if source is None:
        raise ModelNotFoundError(f"There is no {path}; give a zip file or a folder of a model.")
    check_has_card(source)
    with opened(source.absolute()) as folder:
        card, sha256 = read_card(folder)
        content = (folder / CARD).read_bytes()
        if name is not None and name != card.name:
            card = _renamed(card, sha256, name)
            content = card.to_json().encode()
        place = _place(card.name, content, overwrite)
        with staged(place) as new, speaking_of(folder, new):
            for file, expected in {w.file: w.sha256 for w in card.weights.values()}.items():
                write_bytes(new / file, read_bytes(folder / file, expected))
            write_bytes(new / CARD, content)
            load_folder(new)
    sweep(user_models_folder())
    return _entry(place)


def check_new_name(name: str) -> None:
    """Refuse a name that a new model of the user cannot have.

    Parameters
    ----------
    name : str
        As it would be installed.

    Raises
    ------
    ModelError
        If it is no name, or is that of another model.
    """
    if not NAME.fullmatch(name):
        raise ModelError(
            f"A model cannot be called {name!r}: use letters, digits, '.', '_' and '-', "
            "such as my-model-2."
        )
    _check_free(name, user_models())


def remove_model(name: str) -> Path:
    """Remove a model of the user: in one move it is no longer listed, then it leaves the disk.

    Parameters
    ----------
    name : str
        Its name, or that of its folder if the card cannot be read.

    Returns
    -------
    Path
        The folder that is gone.

    Raises
    ------
    ModelError
        If it ships with the package, or its folder holds other files than a model's.
    ModelNotFoundError
        If there is no such model.
    """
    folder = _broken(name) or _own(name, user_models()).path
    check_only_model(folder)
    discard(folder)
    sweep(user_models_folder())
    return folder


def rename_model(old: str, new: str) -> ModelEntry:
    """Give a model of the user another name.

    Its card is another one then and has another hash; the old ones are kept in ``metrics``, as
    ``renamed_from``. The name on the card is what counts, and that changes in one move; the folder
    follows.

    Raises
    ------
    ModelError
        If the model ships with the package, or the new name cannot be used or is taken.
    ModelNotFoundError
        If there is no such model.
    """
    mine = user_models()
    entry = _own(old, mine)
    card = _renamed(entry.card, entry.sha256, new)
    _check_free(new, [other for other in mine if other.path != entry.path], itself=entry.path)
    folder = settle(entry.path)
    with replacing(folder / CARD) as path:
        path.write_bytes(card.to_json().encode())
    place = user_models_folder() / new
    os.replace(folder, place)
    return _entry(place)


def export_model(
    name_or_path: str | os.PathLike[str], path: str | os.PathLike[str], *, overwrite: bool = False
) -> Path:
    """Write a model as a zip file for others to install; the same model gives the same bytes.

    Parameters
    ----------
    name_or_path : str or path-like
        A name of the catalogue, a model folder or a zip of one; checked as if it were loaded.
    path : path-like
        The zip file.
    overwrite : bool
        Whether another model in that file gives way. The very same model always does.

    Raises
    ------
    ModelError
        If ``path`` does not end in ``.zip``, holds another model, or is a file that is no model.
    ModelFormatError
        If the model is not whole.
    """
    path = Path(path)
    if path.suffix.lower() != ".zip":
        raise ModelError(f"A model is exported as a .zip file, not as {path.name}.")
    check_gives_way(path, overwrite=True)
    with opened(name_or_path) as folder:
        sha256 = load_folder(folder).sha256
        same = path.exists() and read_model_card(path.absolute())[1] == sha256
        check_gives_way(path, overwrite=overwrite or same)
        pack(folder, path)
    return path


def _renamed(card: ModelCard, sha256: str, name: str) -> ModelCard:
    """The card under another name; it says what it was called before."""
    before: dict[str, Any] = {"name": card.name, "sha256": sha256}
    if "renamed_from" in card.metrics:
        before["renamed_from"] = card.metrics["renamed_from"]
    return replace(card, name=name, metrics={**card.metrics, "renamed_from": before})


def _place(name: str, content: bytes, overwrite: bool) -> Path:
    """Folder to install a model in, once it may have its name."""
    mine = user_models()
    for entry in mine:
        same = (entry.path / CARD).read_bytes() == content
        if entry.name == name and (overwrite or same):
            place = settle(entry.path)
            check_only_model(place)
            return place
    _check_free(name, mine)
    return user_models_folder() / name


def _check_free(name: str, mine: list[ModelEntry], itself: Path | None = None) -> None:
    """Refuse a name that something else has, or that something else would be taken for."""
    if name in RESERVED:
        raise ModelError(f"{name!r} is an action of the command line; choose another name.")
    if name.endswith((".", ".old")) or name.lower().endswith((".zip", ".json", *PICKLES)):
        raise ModelError(f"{name!r} ends as files do; choose another name.")
    if name.partition(".")[0].lower() in _DEVICES:
        raise ModelError(f"{name!r} is a device on Windows; choose another name.")
    for entry in shipped_models():
        if entry.name.casefold() == name.casefold():
            raise ModelError(
                f"{entry.name} ships with the package and keeps its name. Give yours another one, "
                f"such as {name}-2 (install with --name {name}-2)."
            )
    for entry in mine:
        if entry.name.casefold() == name.casefold():
            raise ModelError(
                f"You have a model {entry.name} already, in {entry.path}. Choose another name "
                f"(install with --name {name}-2), install with --replace, or remove the other one "
                f"first (napari-cellcycle models remove {entry.name})."
            )
    place = user_models_folder() / name
    if not place.exists() or (itself and place.samefile(itself)):
        return
    if _broken(name) or any(place.samefile(entry.path) for entry in mine):
        raise ModelError(
            f"{place} holds another model or a damaged one. Remove it (napari-cellcycle models "
            "remove), or choose another name."
        )
    raise ModelError(f"{place} is no model folder. Move it away, or choose another name.")


def _entry(place: Path) -> ModelEntry:
    card, sha256 = read_card(place)
    return ModelEntry(card, place, sha256, "user")


def _own(name: str, mine: list[ModelEntry]) -> ModelEntry:
    """The one model of the user that has this name."""
    found = [entry for entry in mine if entry.name == name]
    if len(found) > 1:
        raise ModelError(
            f"Two of your models are called {name}: {found[0].path} and {found[1].path}. Move one "
            "of the folders away, and install it again under another name (--name)."
        )
    if found:
        return found[0]
    if any(entry.name == name for entry in shipped_models()):
        raise ModelError(f"{name} ships with the package: it is neither removed nor renamed.")
    known = ", ".join(entry.name for entry in mine) or "none"
    raise ModelNotFoundError(
        f"You have no model {name!r}; your own are: {known} (in {user_models_folder()})."
    )


def _broken(name: str) -> Path | None:
    """Folder of the user's that has this name and a card which cannot be read."""
    folder = user_models_folder() / name
    if folder.parent != user_models_folder() or not (folder / CARD).is_file():
        return None
    try:
        read_card(folder)
    except ModelFormatError:
        return folder
    return None
