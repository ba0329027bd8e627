"""Tracks: which cells of successive frames are one cell, and which cell it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.errors import TrackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Tracks of the cells of one image.

    Parameters
    ----------
    track : ndarray, ``(n,)``, int64
        Track of each row of a table of cells, -1 for a cell in none.
    parents : mapping of int to int
        Track that a track came from by division.
    lost : int
        Points of tracks at which the table has no cell.
    """

    track: Ints
    parents: Mapping[int, int]
    lost: int = 0

    def __post_init__(self) -> None:
        sound: set[int] = set()
        for track in self.parents:
            seen: set[int] = set()
            while track in self.parents and track not in sound:
                if track in seen:
                    raise TrackError(
                        f"Track {track} descends from itself. Correct the parents of the tracks."
                    )
                seen.add(track)
                track = self.parents[track]
            sound |= seen

    def __len__(self) -> int:
        return len(self.members())

    def members(self) -> dict[int, Ints]:
        """Rows of each track, in the order of the table, which is that of frames."""
        rows = np.flatnonzero(self.track >= 0)
        if not len(rows):
            return {}
        order = rows[np.argsort(self.track[rows], kind="stable")]
        numbers, first = np.unique(self.track[order], return_index=True)
        return dict(zip(numbers.tolist(), np.split(order, first[1:]), strict=True))

    def divided(self, frame: Ints) -> Tracks:
        """End each track where one that came from it begins: what goes on is a daughter too.

        A mother of which no cell is left before her daughter begins is none any more.

        Parameters
        ----------
        frame : ndarray, ``(n,)``, int64
            Of each row.
        """
        members = self.members()
        born: dict[int, dict[int, int]] = {}
        track, parents = self.track.copy(), dict(self.parents)
        for child, mother in self.parents.items():
            if child in members and mother in members:
                start = int(frame[members[child][0]])
                if start > frame[members[mother][0]]:
                    born.setdefault(mother, {})[child] = start
                else:
                    del parents[child]
        free = max([*members, *parents, *parents.values()], default=0) + 1
        for mother, children in born.items():
            rows, name = members[mother], mother
            for start in sorted(set(children.values())):
                parents |= {child: name for child, t in children.items() if t == start}
                later = rows[frame[rows] >= start]
                if len(later) and (track[rows[0]] != name or len(later) < len(rows)):
                    parents[free] = name
                    track[later] = name = free
                    free += 1
        return Tracks(track, parents, self.lost)


def tracks_of_labels(
    cells: CellTable,
    frame: ArrayLike,
    label: ArrayLike,
    track: ArrayLike,
    parents: Mapping[int, int] | None = None,
) -> Tracks:
    """Give each cell its track by frame and label.

    Parameters
    ----------
    cells : CellTable
        All cells of the image.
    frame, label, track : array-like, ``(m,)``, int
        One row a point of a track.
    parents : mapping of int to int, optional
        Track that a track came from.

    Raises
    ------
    TrackError
        If a cell is in two tracks, a track has two cells in one frame, no point has a cell, frames
        count from 1, or a track begins before the one that it came from.
    """
    points = np.stack([np.asarray(c, np.int64) for c in (frame, label, track)], axis=1)
    index = CellIndex(cells)
    _check_births(points[:, 0], points[:, 2], parents or {})
    _check_first(points[:, 0], cells)
    found = np.full(len(cells), -1, np.int64)
    lost = 0
    for t, number, name in np.unique(points, axis=0).tolist():
        row = index.row(t, number)
        if row < 0:
            lost += 1
            continue
        if found[row] >= 0:
            raise TrackError(
                f"Cell {number} of frame {t} is in two tracks, {found[row]} and {name}. Each cell "
                "can be in one; correct the table of tracks."
            )
        found[row] = name
    if not (found >= 0).any():
        raise TrackError(
            f"None of the {len(points)} points of the tracks is a cell of {cells.image or 'it'}: "
            "frames count from 0, and labels are those of the segmentation."
        )
    inside = found >= 0
    visits = np.stack([found[inside], cells.frame[inside]], axis=1)
    unique, count = np.unique(visits, axis=0, return_counts=True)
    if (count > 1).any():
        name, t = unique[count > 1][0].tolist()
        raise TrackError(
            f"Track {name} has {int(count.max())} cells in frame {t}. A track is one cell; give "
            "daughters tracks of their own, with their mother's as parent."
        )
    return Tracks(found, dict(parents or {}), lost)


def _check_first(frame: Ints, cells: CellTable) -> None:
    """Labels of a frame are in the next one too: tracks one frame late would fit, and be wrong."""
    last = int(cells.frame.max(initial=0))
    if len(frame) and frame.min() >= 1 and frame.max() == last + 1:
        raise TrackError(
            f"Frames of the tracks go from {frame.min()} to {frame.max()}, those of the cells to "
            f"{last}: it seems that they count from 1. Count from 0."
        )


def _check_births(frame: Ints, track: Ints, parents: Mapping[int, int]) -> None:
    order = np.argsort(frame, kind="stable")
    names, first = np.unique(track[order], return_index=True)
    begins = dict(zip(names.tolist(), frame[order][first].tolist(), strict=True))
    for child, mother in parents.items():
        if child in begins and mother in begins and begins[child] <= begins[mother]:
            raise TrackError(
                f"Track {child} begins in frame {begins[child]}, and its parent {mother} in frame "
                f"{begins[mother]}. A daughter begins later; correct the parents of the tracks."
            )


def tracks_of_points(
    points: ArrayLike, cells: CellTable, graph: Mapping[int, Sequence[int] | int] | None = None
) -> Tracks:
    """Take tracks from a Tracks layer of napari.

    A point belongs to the nearest cell of its frame whose bounding box it lies in.

    Parameters
    ----------
    points : array-like, ``(m, 4)`` or ``(m, 5)``
        Track, frame, (z,) y, x, in voxels of the segmentation.
    cells : CellTable
        All cells of the image.
    graph : mapping of int to int or sequence of int, optional
        Parents of a track.
    """
    data = np.asarray(points, np.float64)
    if data.ndim != 2 or data.shape[1] not in (4, 5):
        raise TrackError(
            f"Tracks are rows of track, frame, (z,) y, x; these have the shape {data.shape}."
        )
    at = np.zeros((len(data), 3))
    at[:, 5 - data.shape[1] :] = data[:, 2:]
    frame = np.rint(data[:, 1]).astype(np.int64)
    label = np.zeros(len(data), np.int64)
    rows_of = {t: np.flatnonzero(cells.frame == t) for t in np.unique(frame).tolist()}
    for i in range(len(data)):
        rows = rows_of[int(frame[i])]
        inside = (cells.bbox[rows, 0] - 0.5 <= at[i]) & (at[i] <= cells.bbox[rows, 1] - 0.5)
        rows = rows[inside.all(axis=1)]
        if len(rows):
            away = np.linalg.norm((cells.centroid[rows] - at[i]) * cells.spacing.zyx, axis=1)
            label[i] = cells.label[rows[away.argmin()]]
    parents = {}
    for track, above in (graph or {}).items():
        mothers = [above] if isinstance(above, int) else list(above)
        if len(mothers) == 1:  # several are cells that were merged
            parents[int(track)] = int(mothers[0])
    return tracks_of_labels(cells, frame, label, data[:, 0].astype(np.int64), parents)
