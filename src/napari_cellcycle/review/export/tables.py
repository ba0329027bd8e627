"""Tables as files, whole or not at all: CSV, Parquet and AnnData; and our CSV read again."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cells.columns import FREE_TEXT, write_csv
from napari_cellcycle.errors import MissingExtraError, ProjectError
from napari_cellcycle.files import reading, replacing
from napari_cellcycle.review.export.rows import REVIEW_TEXT
from napari_cellcycle.spreadsheet import restore

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd

    from napari_cellcycle.phases import PhaseSet

ENDINGS = (".csv", ".parquet", ".h5ad")
_NEEDED = {".parquet": "pyarrow", ".h5ad": "h5py"}
_GAPS = ("track", "nucleus_volume_px")
_TEXT = (*FREE_TEXT, "merged_labels", "model_sha256", "deciding_axis", "stage_deciding_axis")


def check_table_path(path: str | os.PathLike[str], endings: Sequence[str] = ENDINGS) -> Path:
    """Refuse a name of which no table can be written, before any work is done.

    Raises
    ------
    ProjectError
        Naming the endings that work.
    MissingExtraError
        If what writes this kind of file is not installed.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in endings:
        raise ProjectError(f"The name {path.name} must end in {' or '.join(endings)}.")
    module = _NEEDED.get(ending)
    if module is not None and find_spec(module) is None:
        raise MissingExtraError(
            f"Writing {path.name} needs {module}, which is not installed; install it with "
            'pip install "napari-cellcycle[tables]", or write a .csv.'
        )
    return path


def write_table(
    table: pd.DataFrame, path: str | os.PathLike[str], *, phases: PhaseSet | None = None
) -> Path:
    """Write a ``cells`` or ``reviews`` table, whole or not at all.

    Parameters
    ----------
    table : DataFrame
        As of :mod:`napari_cellcycle.review.export.rows`.
    path : path-like
        Ends in ``.csv``, ``.parquet`` or (only cells) ``.h5ad``; a file that is there is replaced.
    phases : PhaseSet, optional
        Gives an ``.h5ad`` the order and the colours of its phases.

    Raises
    ------
    ProjectError
        If the ending is none of these.
    MissingExtraError
        If the extra ``tables`` is not installed.
    """
    is_reviews = "event" in table.columns
    path = check_table_path(path, ENDINGS[:2] if is_reviews else ENDINGS)
    ending = path.suffix.lower()
    if ending == ".csv":
        write_csv(table, path, free_text=REVIEW_TEXT if is_reviews else FREE_TEXT)
    elif ending == ".parquet":
        with replacing(path) as new:
            table.to_parquet(new, engine="pyarrow", index=False)
    else:
        from napari_cellcycle.review.export.h5ad import write_h5ad

        write_h5ad(table, path, phases=phases)
    return path


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV of ours as it was before it was written: a phase called ``NA`` is no gap.

    Parameters
    ----------
    path : path-like
        A ``cells`` or ``reviews`` table.

    Raises
    ------
    ProjectError
        If it is another table.
    """
    import pandas as pd

    with reading(path, ProjectError, "a CSV table"):
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    is_reviews = "event" in raw.columns
    if not is_reviews and not {"label", "status", "final_phase"} <= set(raw.columns):
        raise ProjectError(
            f"{path} has the columns {', '.join(raw.columns)}; expected a table cells or reviews."
        )
    free = set(REVIEW_TEXT if is_reviews else FREE_TEXT)
    for name in raw.columns:
        column = raw[name]
        if name in free:
            raw[name] = column.map({text: restore(text) for text in column.unique().tolist()})
        elif name in ("frame", "label"):
            raw[name] = column.astype("int64")
        elif is_reviews:
            continue
        elif name in _GAPS or (name == "volume_px" and (column == "").any()):
            raw[name] = pd.array([int(text) if text else pd.NA for text in column], dtype="Int64")
        elif name == "volume_px":
            raw[name] = column.astype("int64")
        elif name == "touches_border":
            raw[name] = column == "True"
        elif name not in (*_TEXT, "reviewed_at"):
            raw[name] = column.replace("", "nan").astype(float)
    return raw
