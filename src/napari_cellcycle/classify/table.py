"""The ``cells`` table, schema 1: what leaves the program, one row a cell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.files import replacing
from napari_cellcycle.spreadsheet import neutralise

if TYPE_CHECKING:
    import os

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.classify.result import Classification

SCHEMA = 1
FREE_TEXT = ("image", "scene", "note")
_PIXELS = ("z_px", "y_px", "x_px", "volume_px", "nucleus_volume_px")


def table_columns(slugs: tuple[str, ...], *, pixels: bool = False) -> tuple[str, ...]:
    """Name the columns in order.

    Parameters
    ----------
    slugs : tuple of str
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


def to_frame(result: Classification) -> pd.DataFrame:
    """Make the table.

    Unknown values are missing, never guessed: ``track``, and every ``_um`` column where nobody
    knows the micrometres. A 2D image has neither depth nor volume. In both cases columns in pixels
    follow at the end.
    """
    import pandas as pd

    cells, decision, card = result.cells, result.decision, result.card
    n = len(cells)
    is_2d = result.segmentation.grid[1] == 1
    physical = cells.spacing.is_physical
    unknown = np.full(n, np.nan)
    centroid = cells.centroid * np.array(cells.spacing.zyx) if physical else None
    voxel = math.prod(cells.spacing.zyx)
    has_volume = physical and not is_2d
    nucleus = np.where(cells.nucleus_voxels >= 0, cells.nucleus_voxels, np.nan)
    phase = result.predicted_phases()
    values: dict[str, Any] = {
        "image": cells.image,
        "scene": cells.scene,
        "frame": cells.frame,
        "track": pd.array([pd.NA] * n, dtype="Int64"),
        "label": cells.label,
        "merged_labels": "",
        "z_um": unknown if centroid is None or is_2d else centroid[:, 0],
        "y_um": unknown if centroid is None else centroid[:, 1],
        "x_um": unknown if centroid is None else centroid[:, 2],
        "volume_um3": cells.voxels * voxel if has_volume else unknown,
        "nucleus_volume_um3": nucleus * voxel if has_volume else unknown,
        "touches_border": cells.touches_border,
        "model": card.name,
        "model_sha256": result.model_sha256,
        "vocabulary": card.vocabulary,
        "predicted_phase": phase,
        "confidence": decision.confidence,
        "entropy": decision.entropy,
        "deciding_axis": decision.deciding_axis.astype(object),
        "stage_entropy": decision.stage_entropy,
        "stage_deciding_axis": decision.stage_deciding_axis.astype(object),
        **{f"p_{slug}": decision.probabilities[:, i] for i, slug in enumerate(card.phases)},
        "status": "predicted",
        "corrected_phase": "",
        "final_phase": phase,
        "annotator": "",
        "reviewed_at": "",
        "note": list(result.cell_notes),
        "z_px": cells.centroid[:, 0],
        "y_px": cells.centroid[:, 1],
        "x_px": cells.centroid[:, 2],
        "volume_px": cells.voxels,
        "nucleus_volume_px": _whole(cells.nucleus_voxels),
    }
    columns = table_columns(card.phases, pixels=not has_volume)
    return pd.DataFrame({column: values[column] for column in columns}, index=range(n))


def to_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a table into plain rows for JSON: what is missing is ``None``."""
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")
    ]


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table as CSV, whole or not at all.

    Free text that a spreadsheet would take for a formula gets an apostrophe in front.

    Parameters
    ----------
    table : DataFrame
        Columns of schema 1.
    path : path-like
        The file; one that is there is replaced.
    """
    safe = table.assign(**{name: table[name].map(neutralise) for name in FREE_TEXT})
    with replacing(Path(path)) as new:
        safe.to_csv(new, index=False, encoding="utf-8", lineterminator="\n")


def _whole(values: NDArray[np.int64]) -> Any:
    """Whole numbers of which some (below 0) are not known."""
    import pandas as pd

    return pd.array([int(v) if v >= 0 else pd.NA for v in values], dtype="Int64")


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is pd.NA or (isinstance(value, (float, np.floating)) and not math.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
