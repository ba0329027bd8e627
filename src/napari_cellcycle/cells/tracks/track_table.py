"""Tables of tracks, as laptrack, btrack, trackpy and people write them."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.tracks.tracks import Tracks, tracks_of_labels, tracks_of_points
from napari_cellcycle.errors import TrackError
from napari_cellcycle.files import reading

if TYPE_CHECKING:
    import os

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

    Ints = NDArray[np.int64]

_SPELLINGS = {
    "frame": ("frame", "t", "time", "frame_y"),
    "label": ("label", "label_id", "labels"),
    "track": ("track", "track_id", "trackid", "id", "particle"),
    "parent": ("parent", "parent_track_id", "parent_track", "mother"),
}
"""Names of columns in the tables of laptrack, btrack and others, in any case."""
_PLACE = ("z", "y", "x")


def read_tracks(path: str | os.PathLike[str], cells: CellTable) -> Tracks:
    """Read tracks from a CSV file.

    Columns are ``label``, ``frame``, ``track`` and, if known, ``parent``; also as laptrack, btrack
    and others call them. Where there is no ``label``, ``x``, ``y`` and, in 3D, ``z`` in voxels of
    the segmentation tell the cell. They are separated by commas, semicolons, tabs or spaces.

    Parameters
    ----------
    path : path-like
        The file.
    cells : CellTable
        All cells of the image.

    Raises
    ------
    TrackError
        If a column is missing, a value is no whole number, or the tracks are not of these cells.
    """
    import pandas as pd

    path = Path(path)
    with reading(path, TrackError, "a CSV of tracks"), warnings.catch_warnings():
        # btrack writes columns that its first line does not name
        warnings.simplefilter("ignore", pd.errors.ParserWarning)
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        mark = next((mark for mark in ",;\t" if mark in head), r"\s+")
        table = pd.read_csv(path, sep=mark, decimal="," if mark == ";" else ".", index_col=False)
    return tracks_of_table(table, cells, path.name)


def tracks_of_table(table: pd.DataFrame, cells: CellTable, name: str = "the table") -> Tracks:
    """Take tracks from a table, see :func:`read_tracks`."""
    plain = {str(column).strip().casefold(): column for column in table.columns}
    if "dummy" in plain:  # points that btrack puts where it found no cell
        made_up = table[plain["dummy"]].astype(str).str.casefold().isin(("true", "1", "1.0"))
        table = table[~made_up].reset_index(drop=True)
    columns = {}
    has_place = {"x", "y"} <= plain.keys()
    for key, spellings in _SPELLINGS.items():
        column = next((plain[s] for s in spellings if s in plain), None)
        if column is not None:
            columns[key] = _whole(table[column], str(column), name)
        elif key != "parent" and not (key == "label" and has_place):
            raise TrackError(
                f"{name} has no column {key!r}, only {', '.join(map(str, table.columns))}. Tracks "
                "need label, frame and track; x and y in pixels do in place of the label."
            )
    parents: dict[int, int] = {}
    if "parent" in columns:
        pairs = zip(columns["track"].tolist(), columns["parent"].tolist(), strict=True)
        # btrack lets a track without a mother be its own
        parents = {track: parent for track, parent in pairs if parent >= 0 and parent != track}
    known = set(columns["track"].tolist())
    parents = {track: parent for track, parent in parents.items() if parent in known}
    if "label" in columns:
        return tracks_of_labels(
            cells, columns["frame"], columns["label"], columns["track"], parents
        )
    place = [_numbers(table[plain[a]], str(plain[a]), name) for a in _PLACE if a in plain]
    points = np.stack([columns["track"], columns["frame"], *place], axis=1)
    return tracks_of_points(points[~np.isnan(points).any(axis=1)], cells, parents)


def _whole(column: Any, title: str, name: str) -> Ints:
    """Whole numbers; a missing one is -1."""
    values = _numbers(column, title, name, "whole number")
    _refuse(np.flatnonzero(values % 1 > 0), column, title, name, "whole number")
    return np.where(np.isnan(values), -1, values).astype(np.int64)


def _numbers(column: Any, title: str, name: str, kind: str = "number") -> NDArray[np.float64]:
    """Numbers; a missing one is NaN."""
    import pandas as pd

    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    _refuse(np.flatnonzero(np.isnan(values) != column.isna().to_numpy()), column, title, name, kind)
    return np.asarray(values)


def _refuse(bad: Ints, column: Any, title: str, name: str, kind: str) -> None:
    if len(bad):
        value = str(column.iloc[int(bad[0])])
        raise TrackError(
            f"{name}: {title} of row {int(bad[0]) + 2} is {value!r}, which is no {kind}."
        )
