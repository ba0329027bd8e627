"""The ``cells`` table as AnnData on the disk (``.h5ad``), for scanpy, squidpy and their like.

Written with h5py by the published on-disk format (anndata 0.1.0, dataframe 0.2.0): the package
anndata itself allows only older versions of pandas.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.columns import SCHEMA
from napari_cellcycle.files import replacing
from napari_cellcycle.phases import UNCLASSIFIED

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

_PHASES = ("predicted_phase", "corrected_phase", "final_phase")
_CATEGORIES = (
    *("image", "scene", "model", "model_sha256", "vocabulary", *_PHASES, "deciding_axis"),
    *("stage_deciding_axis", "status", "annotator"),
)


def write_h5ad(
    table: pd.DataFrame, path: str | os.PathLike[str], *, phases: PhaseSet | None = None
) -> None:
    """Write a ``cells`` table as AnnData, whole or not at all.

    ``X`` holds the probabilities, one variable a phase; ``obs`` all other columns; ``obsm`` the
    centroids as ``spatial``, ``(x, y[, z])``, in micrometres where these are known for all cells,
    else in pixels; ``uns`` the colours of phases, as scanpy looks for them. A missing phase or name
    is a missing category.

    Parameters
    ----------
    table : DataFrame
        Of schema 1.
    path : path-like
        The file; one that is there is replaced.
    phases : PhaseSet, optional
        Order and colours of the phases.
    """
    import h5py

    variables = [name for name in table.columns if name.startswith("p_")]
    centroid, unit = _centroids(table)
    with replacing(Path(path)) as new, h5py.File(new, "w") as file:
        _mark(file, "anndata", "0.1.0")
        _array(file, "X", table[variables].to_numpy(np.float64))
        index = [
            ":".join(str(part) for part in key if part != "")
            for key in zip(
                *(table[name].tolist() for name in ("image", "scene", "frame", "label")),
                strict=True,
            )
        ]
        obs = _frame(file, "obs", index, [n for n in table.columns if n not in variables])
        for name in obs.attrs["column-order"]:
            _column(obs, name, table[name], phases)
        var = _frame(file, "var", [name[2:] for name in variables], [])
        del var
        for name in ("layers", "varm", "obsp", "varp"):
            _mark(file.create_group(name), "dict", "0.1.0")
        obsm = file.create_group("obsm")
        _mark(obsm, "dict", "0.1.0")
        _array(obsm, "spatial", centroid)
        uns = file.create_group("uns")
        _mark(uns, "dict", "0.1.0")
        _text(uns, "spatial_unit", unit)
        _text(uns, "schema", str(SCHEMA))
        for name in _PHASES:
            _texts(uns, f"{name}_colors", _colors(_categories(table[name], phases), phases))


def _centroids(table: pd.DataFrame) -> tuple[NDArray[np.float64], str]:
    unit = "px" if table["y_um"].isna().any() and "y_px" in table.columns else "um"
    columns = [f"{axis}_{unit}" for axis in "xyz"]
    if table[columns[-1]].isna().any() or (unit == "px" and (table["z_px"] == 0).all()):
        columns.pop()
    return table[columns].to_numpy(np.float64), unit


def _categories(column: pd.Series[Any], phases: PhaseSet | None) -> list[str]:
    """Those that occur; phases in the order of their vocabulary."""
    found = {str(text) for text in column.unique().tolist()} - {""}
    known = [] if phases is None else [phase.slug for phase in phases if phase.slug in found]
    return [*known, *sorted(found - {*known})]


def _colors(categories: Sequence[str], phases: PhaseSet | None) -> list[str]:
    known = {} if phases is None else {phase.slug: phase.color for phase in phases}
    return [known.get(name, UNCLASSIFIED) for name in categories]


def _column(group: Any, name: str, column: pd.Series[Any], phases: PhaseSet | None) -> None:
    if name in _CATEGORIES:
        categories = _categories(column, phases if name in _PHASES else None)
        code = {text: i for i, text in enumerate(categories)}
        made = group.create_group(name)
        _mark(made, "categorical", "0.2.0")
        made.attrs["ordered"] = False
        codes = np.array([code.get(text, -1) for text in column.tolist()], np.int32)
        _array(made, "codes", codes)
        _texts(made, "categories", categories)
    elif str(column.dtype) == "Int64":
        made = group.create_group(name)
        _mark(made, "nullable-integer", "0.1.0")
        _array(made, "values", column.fillna(0).to_numpy(np.int64))
        _array(made, "mask", column.isna().to_numpy(bool))
    elif column.dtype.kind in "biuf":
        _array(group, name, column.to_numpy())
    else:
        _texts(group, name, column.tolist())


def _frame(file: Any, name: str, index: Sequence[str], columns: Sequence[str]) -> Any:
    import h5py

    group = file.create_group(name)
    _mark(group, "dataframe", "0.2.0")
    group.attrs["_index"] = "_index"
    kind = h5py.string_dtype()
    group.attrs.create("column-order", np.array(columns, dtype=object), dtype=kind)
    _texts(group, "_index", index)
    return group


def _array(group: Any, name: str, values: NDArray[Any]) -> None:
    _mark(group.create_dataset(name, data=values), "array", "0.2.0")


def _texts(group: Any, name: str, values: Sequence[str]) -> None:
    import h5py

    data = np.array([str(value) for value in values], dtype=object)
    _mark(group.create_dataset(name, data=data, dtype=h5py.string_dtype()), "string-array", "0.2.0")


def _text(group: Any, name: str, value: str) -> None:
    import h5py

    made = group.create_dataset(name, data=value, dtype=h5py.string_dtype())
    _mark(made, "string", "0.2.0")


def _mark(item: Any, kind: str, version: str) -> None:
    item.attrs["encoding-type"] = kind
    item.attrs["encoding-version"] = version
