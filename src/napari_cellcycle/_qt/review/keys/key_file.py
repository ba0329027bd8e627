"""The keys that a person changed, kept in the user's data folder for all projects."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from napari_cellcycle._qt.review.keys.keys import as_written
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing

NAME = "keys.json"


def key_path() -> Path:
    """The file; it need not exist."""
    from napari_cellcycle.models.catalogue import data_folder

    return data_folder() / NAME


def read_keys() -> tuple[dict[str, str], str]:
    """Read the changed keys.

    Returns
    -------
    changes : dict of str to str
        Key by action, empty for none.
    problem : str
        What is wrong with the file; a damaged one is put aside, and nothing is changed.
    """
    path = key_path()
    try:
        changes = json.loads(path.read_text("utf-8"))
        if not isinstance(changes, dict) or not all(isinstance(k, str) for k in changes.values()):
            raise ValueError("it is no table of actions and keys")
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, (
            f"{path} cannot be read ({error.strerror or error}); keys are those that ship with the "
            "plugin. Make the file readable, or remove it."
        )
    except ValueError as error:
        return {}, _put_aside(path, error)
    return {action: as_written(keys) for action, keys in changes.items()}, ""


def write_keys(changes: Mapping[str, str]) -> None:
    """Keep the changed keys: all of them, or the file as it was.

    Raises
    ------
    CellCycleError
        If they cannot be written.
    """
    path = key_path()
    try:
        with replacing(path) as new:
            new.write_text(json.dumps(changes, indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise CellCycleError(
            f"Keys hold until the project is closed: {path} cannot be written "
            f"({error.strerror or error}). Free some space, or make the folder writable."
        ) from error


def _put_aside(path: Path, why: ValueError) -> str:
    aside = path.with_suffix(".damaged.json")
    try:
        os.replace(path, aside)
    except OSError as error:
        where = f"It cannot be put aside ({error.strerror or error}); remove it."
    else:
        where = f"It is now {aside.name}."
    return f"{path} is damaged: {why}. {where} Keys are those that ship with the plugin."
