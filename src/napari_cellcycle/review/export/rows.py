"""What leaves a project as tables: one row a cell, or one row a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from napari_cellcycle.cells.columns import measured_columns, table_columns
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review.decision import CONFLICT, NONE, STATUS, decide_words
from napari_cellcycle.review.names import join_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]

Only = Literal["all", "reviewed", "corrected", "final"]
ONLY: tuple[str, ...] = get_args(Only)
"""Every cell; those that somebody judged; those that people see otherwise than the model; those
with a final phase."""

REVIEW_COLUMNS = (
    *("event", "action", "image", "scene", "frame", "label", "segmentation", "vocabulary"),
    *("annotator", "time", "old_kind", "old_phase", "old_note", "kind", "phase", "note", "source"),
    *("gesture", "undoes", "made_in", "about", "signature"),
)
"""Columns of the ``reviews`` table."""
REVIEW_TEXT = (
    *("image", "scene", "vocabulary", "annotator", "old_phase", "old_note", "phase", "note"),
    *("source", "about"),
)
"""Those whose text somebody chose."""


def chosen_rows(review: Review, only: Only = "all") -> Ints:
    """Rows of the cells that an export is of.

    Parameters
    ----------
    review : Review
        Of an image.
    only : {"all", "reviewed", "corrected", "final"}
        See :data:`ONLY`.
    """
    masks = {
        "all": np.ones(len(review), bool),
        "reviewed": review.annotator != NONE,
        "corrected": review.status == STATUS["corrected"],
        "final": review.final >= 0,
    }
    if only not in masks:
        raise ProjectError(f"Cells cannot be chosen by {only!r}; choose one of {', '.join(masks)}.")
    return np.flatnonzero(masks[only])


def cells_table(review: Review, *, only: Only = "all") -> pd.DataFrame:
    """Make the ``cells`` table, schema 1, of what a review shows now.

    ``annotator`` names the people whose word is final, or all that spoke where they are in
    conflict; ``note`` is theirs, or that of the prediction where nobody has judged the cell.

    Parameters
    ----------
    review : Review
        Of an image.
    only : {"all", "reviewed", "corrected", "final"}
        Which cells, see :data:`ONLY`.
    """
    import pandas as pd

    cells, shown = review.cells, review.shown
    n = len(cells)
    measured, pixels = measured_columns(cells, is_2d=bool((cells.bbox[:, 1, 0] == 1).all()))
    known = shown.phase >= 0
    first = shown.sets[0] if shown.sets else None
    leaves = review.phases.slugs if first is None else first.phases
    probabilities = (
        np.full((n, len(leaves)), np.nan)
        if first is None
        else shown.column("probabilities", np.nan)
    )
    annotator, note = _speakers(review)
    slug = np.array([*(phase.slug for phase in review.phases), ""], dtype=object)
    final = slug[review.final]
    tracking = review.project.tracked.get(review.image)
    track = np.full(n, -1) if tracking is None else tracking.tracks.track
    values: dict[str, Any] = {
        **measured,
        "track": pd.arrays.IntegerArray(track, track < 0),
        "model": np.where(known, "" if first is None else first.model, ""),
        "model_sha256": np.where(known, "" if first is None else first.model_sha256, ""),
        "vocabulary": review.phases.name,
        "predicted_phase": slug[shown.phase],
        "confidence": shown.confidence,
        "entropy": shown.entropy,
        "deciding_axis": _axes(review, "deciding_axis"),
        "stage_entropy": shown.stage_entropy,
        "stage_deciding_axis": _axes(review, "stage_deciding_axis"),
        **{f"p_{leaf}": probabilities[:, i] for i, leaf in enumerate(leaves)},
        "status": np.array(STATUSES, dtype=object)[review.status],
        "corrected_phase": np.where(_corrected(review), final, ""),
        "final_phase": final,
        "annotator": annotator,
        "reviewed_at": written_times(review.time),
        "note": note,
    }
    columns = table_columns(leaves, pixels=pixels)
    table = pd.DataFrame({column: values[column] for column in columns}, index=range(n))
    return table.iloc[chosen_rows(review, only)].reset_index(drop=True)


def join_tables(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the ``cells`` tables of several images below each other, whatever their vocabularies."""
    import pandas as pd

    if len(tables) == 1:
        return tables[0]
    columns = dict.fromkeys(name for table in tables for name in table.columns)
    probabilities = [name for name in columns if name.startswith("p_")]
    pixels = any("y_px" in table.columns for table in tables)
    order = table_columns([name[2:] for name in probabilities], pixels=pixels)
    # an empty column of text beside one of numbers would change the kind of the latter
    filled = [table for table in tables if len(table)] or [tables[0]]
    joined = pd.concat(filled, ignore_index=True).reindex(columns=list(order))
    return joined.astype({"volume_px": "Int64"}) if pixels else joined


def reviews_table(project: Project, image: int | None = None) -> pd.DataFrame:
    """Make the ``reviews`` table: every word of everybody, in every vocabulary, oldest first.

    Parameters
    ----------
    project : Project
        Open.
    image : int, optional
        Number of an image; all of them by default.
    """
    import pandas as pd

    table = pd.DataFrame(project.journal.told(image), columns=list(REVIEW_COLUMNS))
    for column in ("frame", "label"):
        table[column] = table[column].astype("int64")
    table["time"] = written_times(table["time"].to_numpy(np.int64))
    return table


def written_times(microseconds: Ints) -> NDArray[Any]:
    """ISO 8601 in UTC, with all six digits; empty for 0."""
    found = np.full(len(microseconds), "", dtype=object)
    said = microseconds != 0
    times = microseconds[said].astype("datetime64[us]")
    found[said] = np.datetime_as_string(times, unit="us", timezone="UTC").astype(object)
    return found


def _corrected(review: Review) -> NDArray[np.bool_]:
    """Cells whose final phase is people's and not the model's."""
    spoken = review.annotator != NONE
    kinds = np.isin(review.status, [STATUS["corrected"], STATUS["stale"]])
    return np.asarray(spoken & kinds & (review.final >= 0))


def _axes(review: Review, column: str) -> NDArray[Any]:
    sets = review.shown.sets
    if not sets:
        return np.full(len(review), "", dtype=object)
    names: NDArray[Any] = np.array([*sets[0].axes, ""], dtype=object)
    return np.take(names, review.shown.column(column, -1), mode="wrap")


def _speakers(review: Review) -> tuple[NDArray[Any], NDArray[Any]]:
    """Whose word is final, by name, and what they note."""
    words = review.words
    decided = decide_words(words, len(review.phases.phases))
    agree = (words == decided[:, None]) | (decided == CONFLICT)[:, None]
    speak = agree & (words != NONE)
    spoken = np.flatnonzero(speak.any(axis=1))
    annotator = np.full(len(review), "", dtype=object)
    groups, which = np.unique(speak[spoken], axis=0, return_inverse=True)
    names = [join_names(np.array(review.people, object)[group]) for group in groups]
    annotator[spoken] = np.array(names, dtype=object)[which.reshape(-1)] if len(spoken) else ""
    note = review.shown.notes()
    note[spoken] = ""
    for (row, person), text in sorted(review.people_notes.items()):
        if speak[row, person]:
            note[row] = f"{note[row]}; {text}" if note[row] else text
    return annotator, note
