"""What can be written from the viewer, in which forms, and under which names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from napari_cellcycle.review.export.export import What


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that can be written.

    Parameters
    ----------
    what : str
        As :func:`napari_cellcycle.review.export.export.export_project` calls it; or ``report`` or
        ``sheets``.
    name : str
        For a person.
    forms : tuple of (ending, name)
        In which forms; an empty ending is a folder.
    only : str
        Which cells at first; empty where there is no choice.
    """

    what: What | Literal["report", "sheets"]
    name: str
    forms: tuple[tuple[str, str], ...]
    only: str = ""

    def file(self, asked: str, ending: str) -> Path:
        """The file that a person asks for.

        Parameters
        ----------
        asked : str
            As typed. An ending of any of the forms stays, also a short one, such as ``.tif`` of
            ``.ome.tif``: it says which form is meant.
        ending : str
            Of the form that is chosen; added to any other name.
        """
        known = {f".{form.rpartition('.')[2]}" for form, _ in self.forms if form}
        if ".tif" in known:
            known.add(".tiff")
        typed = Path(asked)
        return typed if typed.suffix.lower() in known else typed.with_name(typed.name + ending)


_CSV, _PARQUET = (".csv", "CSV"), (".parquet", "Parquet")
KINDS = (
    Kind("cells", "Table of cells", (_CSV, _PARQUET, (".h5ad", "AnnData")), "all"),
    Kind("reviews", "Table of every word", (_CSV, _PARQUET)),
    Kind("crops", "Training data: crop set", ((".npz", "NPZ"),), "reviewed"),
    Kind("folder", "Training data: pictures by phase", (("", "folder"),), "reviewed"),
    Kind(
        "labels",
        "Label image of phases",
        ((".ome.tif", "OME-TIFF"), (".ome.zarr", "OME-Zarr")),
        "all",
    ),
    Kind("agreement", "Agreement of people", ((".json", "JSON"), _CSV, _PARQUET)),
    Kind("report", "Report", ((".html", "HTML"),)),
    Kind("sheets", "Sheets for annotators", ((".pdf", "PDF"), ("", "folder of PNG")), "all"),
)
