"""Tracks of the cells of a project: those that were given last hold."""

from __future__ import annotations

import json
import math
import shutil
import uuid
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import ProjectError, TrackError
from napari_cellcycle.files import replacing
from napari_cellcycle.project.columns import Columns, write_columns
from napari_cellcycle.project.images import FRAME_MINUTES
from napari_cellcycle.project.routes import place
from napari_cellcycle.project.words import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.routes import Route
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store

    Ints = NDArray[np.int64]

STATED: Literal["stated"] = "stated"
"""In place of minutes: what the metadata of the image say, if anything."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """Tracks of the present cells of an image.

    Parameters
    ----------
    tracks : Tracks
        One entry a cell of the present segmentation; ``lost`` counts points whose cell is gone.
    name : str
        Where they came from: a file or a layer.
    who : str
        Who gave them.
    time : int
        When, microseconds since 1970, UTC.
    frame_minutes : float or None
        Time between two frames, if the image or somebody said it.
    is_stated : bool
        Whether the metadata of the image say just that.
    """

    tracks: Tracks
    name: str
    who: str
    time: int
    frame_minutes: float | None = None
    is_stated: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """Tracks as they were given.

    Parameters
    ----------
    segmentation : int
        Version of the segmentation of whose cells they are.
    time, who, name, frame_minutes
        As in :class:`Tracking`.
    file : str
        Where they are, seen from the project's folder.
    """

    segmentation: int
    time: int
    who: str
    name: str
    frame_minutes: float | None
    file: str


class Tracked:
    """Tracks of the images of a project. New ones are added, and none is ever removed.

    They follow their cells when labels are repaired, as words do.
    """

    def __init__(self, store: Store, segmentations: Segmentations) -> None:
        self._store = store
        self._segmentations = segmentations

    def get(self, image: int) -> Tracking | None:
        """Look up the tracks that were given last.

        Parameters
        ----------
        image : int
            Number of the image.

        Returns
        -------
        Tracking or None
            None where there are none.

        Raises
        ------
        ProjectError
            If their file is missing or damaged.
        """
        given = self.given(image)
        return None if given is None else self._here(image, given)

    def given(self, image: int) -> Given | None:
        """Look up what was given last, as it was."""
        if not self._store.has_table("tracking"):
            return None  # an older project that may only be looked at
        rows = self._store.database.query(
            "SELECT tracking.segmentation, tracking.time, tracking.who, tracking.name, "
            "frame_minutes, file FROM tracking "
            "JOIN segmentation ON segmentation.number = tracking.segmentation "
            "WHERE image = ? ORDER BY tracking.number DESC LIMIT 1",
            (image,),
        )
        return Given(*rows[0]) if rows else None

    def copy(self, given: Given, folder: Path) -> Given:
        """Copy the file of tracks of another project, before they are taken.

        Raises
        ------
        ProjectError
            If it is missing, or cannot be written.
        """
        file = f"tracks/{Path(given.file).name}"
        try:
            with replacing(self._store.folder / file) as new:
                shutil.copyfile(folder / file, new)
        except OSError as error:
            raise ProjectError(f"{folder / file} cannot be copied: {error}.") from error
        return replace(given, file=file)

    def take(self, changes: Transaction, image: int, given: Given) -> Tracking | None:
        """Take tracks of another project whose file was copied.

        Parameters
        ----------
        changes : Transaction
            With which the version of the segmentation came.
        image : int
            Number of the image.
        given : Given
            With the number of the version here.

        Returns
        -------
        Tracking or None
            None where no cell of theirs is here: then they are not kept.
        """
        found = self._here(image, given)
        if (found.tracks.track < 0).all():
            (self._store.folder / given.file).unlink()
            return None
        self._enter(changes, given)
        return found

    def _enter(self, changes: Transaction, given: Given) -> None:
        changes.run(
            "INSERT INTO tracking (segmentation, time, who, name, frame_minutes, file) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            astuple(given),
        )

    def _here(self, image: int, given: Given) -> Tracking:
        """Bring tracks to the present cells."""
        columns = Columns(self._store.folder / given.file)
        frame, label, track = (columns[key] for key in ("frame", "label", "track"))
        parents = dict(zip(columns["child"].tolist(), columns["parent"].tolist(), strict=True))
        cells = self._segmentations.cells(self._segmentations.current(image))
        here = self._rows(image, CellIndex(cells), given.segmentation, frame, label)
        found = np.full(len(cells), -1, np.int64)
        inside = np.flatnonzero(here >= 0)
        found[here[inside]] = track[inside]
        for row in np.flatnonzero(np.bincount(here[inside], minlength=1) > 1).tolist():
            found[row] = _track_of_merged(track[here == row], frame, track, parents)
        lost = int(columns["lost"]) + len(here) - len(inside)
        return self._tracking(image, Tracks(found, parents, lost), given)

    def _tracking(self, image: int, tracks: Tracks, given: Given) -> Tracking:
        minutes = given.frame_minutes
        stated = minutes is not None and minutes == self.stated_minutes(image)
        return Tracking(tracks, given.name, given.who, given.time, minutes, stated)

    def stated_minutes(self, image: int) -> float | None:
        """Time between two frames as the metadata of an image state it."""
        query = "SELECT settings FROM image WHERE number = ?"
        settings = self._store.database.value(query, (image,))
        found: float | None = json.loads(settings).get(FRAME_MINUTES) if settings else None
        return found

    def _rows(self, image: int, index: CellIndex, version: int, frame: Ints, label: Ints) -> Ints:
        """Present row of each cell of a version; parts of a merged cell have its row."""
        segmentations = self._segmentations
        here = segmentations.routes(image)
        rows = place(here, index, [version] * len(label), frame.tolist(), label.tolist())
        below: dict[int, Mapping[int, Route]] = {}
        for merged in segmentations.merged(image):
            lost = np.flatnonzero(rows < 0)
            if not len(lost):
                break
            if merged.below not in below:
                below[merged.below] = segmentations.routes(image, merged.below)
            way = below[merged.below].get(version)
            if way is None or merged.number not in here:
                continue
            whole = {(t, part): labels[0] for t, labels in merged.groups for part in labels}
            parts, _ = way.follow(frame[lost], label[lost])
            cells = [
                whole.get(key, 0) for key in zip(frame[lost].tolist(), parts.tolist(), strict=True)
            ]
            heirs, _ = here[merged.number].follow(frame[lost], np.array(cells, np.int64))
            rows[lost] = index.rows(frame[lost], heirs)
        return rows

    def put(
        self,
        image: int,
        tracks: Tracks,
        *,
        name: str = "",
        frame_minutes: float | Literal["stated"] | None = STATED,
    ) -> Tracking:
        """Keep tracks of the present cells of an image; they hold from now on.

        Parameters
        ----------
        image : int
            Number of the image.
        tracks : Tracks
            Of the cells of its present segmentation.
        name : str
            Where they came from.
        frame_minutes : float or None
            Time between two frames; None if it is not known. By default what the image states.

        Raises
        ------
        TrackError
            If they are of other cells, or a frame lasts no time.
        ProjectError
            If the project may not be written.
        """
        self._store.check_writable()
        number = self._segmentations.current(image)
        cells = self._segmentations.cells(number)
        if len(tracks.track) != len(cells):
            raise TrackError(
                f"The tracks are of {len(tracks.track)} cells, and the segmentation in the project "
                f"has {len(cells)}. Read the tracks with the cells of the project."
            )
        if frame_minutes == STATED:
            frame_minutes = self.stated_minutes(image)
        if frame_minutes is not None and not 0 < frame_minutes < math.inf:
            raise TrackError(
                f"A frame cannot last {frame_minutes:g} minutes. Give a time above 0, or none."
            )
        rows = np.flatnonzero(tracks.track >= 0)
        file = f"tracks/{uuid.uuid4().hex}.npz"
        write_columns(
            self._store.folder / file,
            {
                "frame": cells.frame[rows],
                "label": cells.label[rows],
                "track": tracks.track[rows],
                "child": np.array(list(tracks.parents), np.int64),
                "parent": np.array(list(tracks.parents.values()), np.int64),
                "lost": np.array(tracks.lost),
            },
        )
        given = Given(number, now(), self._store.who, name, frame_minutes, file)
        with self._store.transaction() as changes:
            self._enter(changes, given)
        return self._tracking(image, tracks, given)


def _track_of_merged(names: Ints, frame: Ints, track: Ints, parents: Mapping[int, int]) -> int:
    """Track of a cell that was merged: that of the mother of both, or the one that began first."""
    mothers = {parents.get(name, -1) for name in names.tolist()}
    if len(mothers) == 1 and mothers != {-1}:
        return mothers.pop()
    return int(min(names.tolist(), key=lambda name: (int(frame[track == name].min()), name)))
