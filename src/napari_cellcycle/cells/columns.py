"""The ``cells`` table, schema 1: names and order of its columns, and what is measured of a cell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.files import replacing
from napari_cellcycle.spreadsheet import neutralise

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.table import CellTable

SCHEMA = 1
FREE_TEXT = (
    *("image", "scene", "model", "vocabulary", "predicted_phase", "status", "corrected_phase"),
    *("final_phase", "annotator", "note", "likely_phase", "reason"),
)
"""Columns whose text somebody chose: file names, names of people, models and phases, notes; and
reasons, which begin with a phase."""
_PIXELS = ("z_px", "y_px", "x_px", "volume_px", "nucleus_volume_px")


def table_columns(slugs: Sequence[str], *, pixels: bool = False) -> tuple[str, ...]:
    """Name the columns in order.

    Parameters
    ----------
    slugs : sequence of str
        Leaves of the vocabulary.
    pixels : bool
        Whether sizes in pixels follow at the end, as they do where micrometres are not known.
    """
    return (
        *("image", "scene", "frame", "track", "label", "merged_labels"),
        *("z_um", "y_um", "x_um", "volume_um3", "nucleus_volume_um3", "touches_border"),
        *("model", "model_sha256", "vocabulary", "predicted_phase", "confidence", "entropy"),
        *("deciding_axis", "stage_entropy", "stage_deciding_axis"),
        *(f"p_{slug}" for slug in slugs),
        *("status", "corrected_phase", "final_phase", "annotator", "reviewed_at", "note"),
        *(_PIXELS if pixels else ()),
    )


def measured_columns(cells: CellTable, *, is_2d: bool) -> tuple[dict[str, Any], bool]:
    """Fill the columns that say which cell it is, where, and how large.

    Unknown values are missing, never guessed: ``track``, and every ``_um`` column where nobody
    knows the micrometres. A 2D image has neither depth nor volume.

    Parameters
    ----------
    cells : CellTable
        The cells.
    is_2d : bool
        Whether their image has one plane.

    Returns
    -------
    values : dict of str to array-like
        By column, those in pixels included.
    pixels : bool
        Whether the table needs the latter.
    """
    import pandas as pd

    n = len(cells)
    physical = cells.spacing.is_physical
    unknown = np.full(n, np.nan)
    centroid = cells.centroid * np.array(cells.spacing.zyx) if physical else None
    voxel = math.prod(cells.spacing.zyx)
    has_volume = physical and not is_2d
    nucleus = np.where(cells.nucleus_voxels >= 0, cells.nucleus_voxels, np.nan)
    values = {
        "image": cells.image,
        "scene": cells.scene,
        "frame": cells.frame,
        "track": pd.array([pd.NA] * n, dtype="Int64"),
        "label": cells.label,
        "merged_labels": "" if cells.merged_labels is None else cells.merged_labels.astype(object),
        "z_um": unknown if centroid is None or is_2d else centroid[:, 0],
        "y_um": unknown if centroid is None else centroid[:, 1],
        "x_um": unknown if centroid is None else centroid[:, 2],
        "volume_um3": cells.voxels * voxel if has_volume else unknown,
        "nucleus_volume_um3": nucleus * voxel if has_volume else unknown,
        "touches_border": cells.touches_border,
        "z_px": cells.centroid[:, 0],
        "y_px": cells.centroid[:, 1],
        "x_px": cells.centroid[:, 2],
        "volume_px": cells.voxels,
        "nucleus_volume_px": _whole(cells.nucleus_voxels),
    }
    return values, not has_volume


def write_csv(
    table: pd.DataFrame, path: str | os.PathLike[str], *, free_text: Sequence[str] = FREE_TEXT
) -> None:
    """Write a table as CSV, whole or not at all.

    Free text that a spreadsheet would take for a formula gets an apostrophe in front.

    Parameters
    ----------
    table : DataFrame
        Such as of schema 1.
    path : path-like
        The file; one that is there is replaced.
    free_text : sequence of str
        Columns whose text somebody chose.
    """
    safe = safe_text(table, free_text=free_text)
    with replacing(Path(path)) as new:
        safe.to_csv(new, index=False, encoding="utf-8", lineterminator="\n")


def safe_text(table: pd.DataFrame, *, free_text: Sequence[str] = FREE_TEXT) -> pd.DataFrame:
    """Put an apostrophe before free text that a spreadsheet would take for a formula.

    Parameters
    ----------
    table : DataFrame
        Such as of schema 1.
    free_text : sequence of str
        Columns whose text somebody chose.
    """
    return table.assign(
        **{name: _neutral(table[name]) for name in free_text if name in table.columns}
    )


def _neutral(column: pd.Series[Any]) -> pd.Series[Any]:
    """Most columns repeat a few texts: each is looked at once."""
    return column.map({text: neutralise(text) for text in column.unique().tolist()})


def _whole(values: NDArray[np.int64]) -> Any:
    """Whole numbers of which some (below 0) are not known."""
    import pandas as pd

    return pd.arrays.IntegerArray(values.astype(np.int64), values < 0)
