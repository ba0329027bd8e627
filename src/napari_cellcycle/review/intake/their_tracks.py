"""A colleague's tracks, taken into one's own project where it has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.tracked import Given


class TheirTracks:
    """Tracks of one image in another project; their file is copied before anything is entered.

    Parameters
    ----------
    ours, theirs : Project
        The latter is only read.
    there, here : ProjectImage
        The image in both.

    Attributes
    ----------
    told : str
        What came; empty for nothing.
    refused : str
        Why they were left out; empty where they were not.
    """

    def __init__(
        self, ours: Project, theirs: Project, there: ProjectImage, here: ProjectImage
    ) -> None:
        self.told = self.refused = ""
        self._ours, self._image = ours, here
        self._given: Given | None = None
        given, mine = theirs.tracked.given(there.number), ours.tracked.given(here.number)
        if given is None or (mine is not None and mine.file == given.file):
            return
        self._whose = f"Tracks of {here.name} that {given.who} gave ({given.name})"
        if mine is not None:
            self.refused = f"{self._whose} were left out: this project has tracks of it"
            return
        try:
            self._given = ours.tracked.copy(given, theirs.store.folder)
        except CellCycleError as error:
            self.refused = f"{self._whose} were left out: {error}"

    @property
    def segmentation(self) -> int:
        """Their version of the segmentation of whose cells they are, -1 for no tracks."""
        return -1 if self._given is None else self._given.segmentation

    def take(self, changes: Transaction, number_of: dict[int, int]) -> None:
        """Enter them; ``number_of`` is the number here of each of their versions."""
        if self._given is None:
            return
        given = replace(self._given, segmentation=number_of[self._given.segmentation])
        try:
            found = self._ours.tracked.take(changes, self._image.number, given)
        except CellCycleError as error:
            self.refused = f"{self._whose} were left out: {error}"
            return
        if found is None:
            self.refused = f"{self._whose} were left out: none of their cells is here"
            return
        lost = f"; {found.tracks.lost:,} points have no cell here" if found.tracks.lost else ""
        self.told = f"{self._whose}: {len(found.tracks):,} tracks came{lost}"
