"""Which images a project is about, seen from outside."""

from __future__ import annotations

import os
from pathlib import Path

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.database import Database
from napari_cellcycle.project.schema import JOURNAL


def holds(folder: str | os.PathLike[str], image: str | os.PathLike[str]) -> bool:
    """Whether a project has a file as one of its images, without opening it for work.

    Parameters
    ----------
    folder : path-like
        ``NAME.cellcycle``; anything that is no project holds nothing.
    image : path-like
        The file; its pixels are not looked at.
    """
    folder, wanted = Path(folder), Path(image).resolve()
    journal = folder / JOURNAL
    if not journal.is_file():
        return False
    try:
        database = Database(journal, read_only=True)
        try:
            rows = database.query("SELECT relative, absolute FROM input WHERE role = 'image'")
        finally:
            database.close()
    except ProjectError:
        return False
    places = {absolute for _, absolute in rows if absolute}
    places |= {os.path.normpath(folder.resolve() / relative) for relative, _ in rows if relative}
    return str(wanted) in places
