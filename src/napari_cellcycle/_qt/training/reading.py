"""Data sets taken in: files are read and counted, projects are exported first, off the screen."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.counted import counted
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.store import SUFFIX

if TYPE_CHECKING:
    from napari_cellcycle.train.data.census import Census
    from napari_cellcycle.train.data.cropset import CropSet

CROPS = ".npz"
EXPORT = "training.npz"


@dataclass(frozen=True, slots=True)
class Spelling:
    """Where a data set has what is read of it, if not in its usual place.

    Parameters
    ----------
    label_key : str
        Array of the phases.
    channels : mapping of str to int
        Channel that has each role; empty where the set says it.
    """

    label_key: str = "phase"
    channels: Mapping[str, int] = field(default_factory=dict)

    def read(self, path: Path, *, group_key: str = "group") -> CropSet:
        """Read a data set that is spelled so."""
        from napari_cellcycle.train.data.dataset import read_data

        return read_data(
            path,
            label_key=self.label_key,
            group_key=group_key,
            channels=dict(self.channels) or None,
        )


USUAL = Spelling()
"""Of our own crop sets, and of folders."""


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """A data set that can be trained on.

    Parameters
    ----------
    path : Path
        What is read.
    source : Path
        What was chosen: the same, or the project that it comes from.
    census : Census
        Its cells.
    notes : tuple of str
        What a project has left out.
    spelling : Spelling
        How it was read.
    """

    path: Path
    source: Path
    census: Census
    notes: tuple[str, ...] = ()
    spelling: Spelling = USUAL

    @property
    def is_project(self) -> bool:
        """Whether it is what people judged in a project."""
        return self.source.suffix == SUFFIX

    @property
    def title(self) -> str:
        """Name and number of cells."""
        return f"{self.source.name} ({counted(len(self.census.phase), 'cell')})"


def read_set(source: Path, spelling: Spelling = USUAL) -> Generator[tuple[int, int], None, DataSet]:
    """Read a crop set, a folder of classes, or what people judged in a project.

    Yields
    ------
    done, total : int
        Frames of a project.
    """
    from napari_cellcycle.train.data.census import Census

    yield 0, 0
    path, notes = source, tuple[str, ...]()
    if source.suffix == SUFFIX:
        path, notes = _export(source)
    return DataSet(path, source, Census.of(spelling.read(path)), notes, spelling)


def _export(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Write the crops of a project into its exports."""
    from napari_cellcycle.project import Project
    from napari_cellcycle.project.login import login
    from napari_cellcycle.review.export.export import export_project

    with Project.open(folder, who=login() or "somebody", read_only=True) as project:
        path = project.exports / f"{project.folder.stem} {EXPORT}"
        try:
            path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise ProjectError(
                f"The crops of {folder.name} cannot be written: {error}. Export them elsewhere "
                "(napari-cellcycle export --what crops), and add that file."
            ) from None
        done = export_project(project, path, what="crops")
    return path, done.notes
