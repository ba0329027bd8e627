"""File ▸ Open, and drag and drop, of a project: it opens in "Review cells"."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from napari_cellcycle.project.store import SUFFIX


def get_reader(path: str | Sequence[str]) -> Callable[[Any], list[tuple[Any, ...]]] | None:
    """Offer to read a project folder; None for anything else."""
    if isinstance(path, str) and Path(path).suffix == SUFFIX and Path(path).is_dir():
        return read_project
    return None


def read_project(path: str | Sequence[str]) -> list[tuple[Any, ...]]:
    """Open a project in the dock widget, which adds the layers itself when they are read.

    Raises
    ------
    ProjectError
        If there is no viewer.
    """
    import napari

    from napari_cellcycle._qt.docks import open_dock
    from napari_cellcycle.errors import ProjectError

    viewer = napari.current_viewer()
    folder = path if isinstance(path, str) else path[0]
    if viewer is None:
        raise ProjectError(f"{folder} can only be opened in a viewer. Open napari first.")
    open_dock(viewer, "Review cells").open_project(folder)
    # napari's sign for: read, but no layer to add
    return [(None,)]


def prefer_this_reader() -> None:
    """Let napari open projects without asking, unless the person chose another reader.

    napari's own reader takes any folder, so napari would ask each time which one is meant.
    """
    from napari.settings import get_settings

    plugins, folders = get_settings().plugins, f"*{SUFFIX}{os.sep}"
    if folders not in plugins.extension2reader:
        plugins.extension2reader = {**plugins.extension2reader, folders: "napari-cellcycle"}
