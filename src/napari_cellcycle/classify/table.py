"""The ``cells`` table, schema 1: what leaves the program, one row a cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.columns import measured_columns, table_columns

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellcycle.classify.result import Classification


def to_frame(result: Classification) -> pd.DataFrame:
    """Make the table.

    Unknown values are missing, never guessed: ``track``, and every ``_um`` column where nobody
    knows the micrometres. A 2D image has neither depth nor volume. In both cases columns in pixels
    follow at the end.
    """
    import pandas as pd

    cells, decision, card = result.cells, result.decision, result.card
    measured, pixels = measured_columns(cells, is_2d=result.segmentation.grid[1] == 1)
    phase = result.predicted_phases()
    values: dict[str, Any] = {
        **measured,
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
    }
    columns = table_columns(card.phases, pixels=pixels)
    return pd.DataFrame({column: values[column] for column in columns}, index=range(len(cells)))


def to_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn a table into plain rows for JSON: what is missing is ``None``."""
    return [
        {str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is pd.NA or (isinstance(value, (float, np.floating)) and not math.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
