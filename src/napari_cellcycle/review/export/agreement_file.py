"""How far people agree, as a file: pairs and confusions as JSON, the cells as a table."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.columns import write_csv
from napari_cellcycle.files import replacing
from napari_cellcycle.review.agreement.agreement import confusion, measure_agreement
from napari_cellcycle.review.decision import CONFLICT, EXCLUDED, NONE, UNSURE
from napari_cellcycle.review.export.tables import check_table_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.review.state import Review

AGREEMENT_ENDINGS = (".json", ".csv", ".parquet")
COLUMNS = (
    *("image", "scene", "vocabulary", "frame", "label", "people", "alike", "outcome"),
    *("majority", "words"),
)
"""Columns of the table: one row for each cell that at least two people judged."""
_TEXT = ("image", "scene", "vocabulary", "majority", "words")
_OUTCOMES = {UNSURE: "unsure", EXCLUDED: "excluded", CONFLICT: "conflict"}


def agreement_of(review: Review) -> dict[str, Any]:
    """Say how far the people of an image agree, in what JSON knows.

    Parameters
    ----------
    review : Review
        With the words of everybody.

    Returns
    -------
    dict
        ``image``, ``scene``, ``vocabulary``, ``people`` (``name`` and ``cells`` that each judged),
        ``cells`` with a phase by at least two, ``conflicts``, ``fleiss_kappa``, and ``pairs``:
        ``first``, ``second``, ``n``, ``agreement``, ``kappa`` and ``confusion``, whose rows are the
        first person's. A kappa that is undefined is None.
    """
    found, slugs = measure_agreement(review), [phase.slug for phase in review.phases]
    return {
        "image": review.cells.image,
        "scene": review.cells.scene,
        "vocabulary": review.phases.name,
        "people": [
            {"name": who, "cells": n} for who, n in zip(found.people, found.words, strict=True)
        ],
        "cells": found.shared,
        "conflicts": found.conflicts,
        "fleiss_kappa": _number(found.fleiss),
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "n": pair.n,
                "agreement": _number(pair.agreement),
                "kappa": _number(pair.kappa),
                "confusion": {
                    "labels": slugs,
                    "matrix": confusion(review, pair.first, pair.second).tolist(),
                },
            }
            for pair in found.pairs
        ],
    }


def agreement_table(review: Review) -> pd.DataFrame:
    """Make the table of the cells that at least two people judged, see :data:`COLUMNS`.

    ``people`` says how many judged the cell, ``alike`` how many of them say what most say,
    ``outcome`` is ``phase``, ``unsure``, ``excluded`` or ``conflict``, ``majority`` the slug of the
    phase, and ``words`` what each person says.
    """
    import pandas as pd

    spoke = (review.words != NONE).sum(axis=1)
    rows = np.flatnonzero(spoke > 1)
    words = review.words[rows]
    majority = measure_agreement(review).majority[rows]
    values = {
        "image": review.cells.image,
        "scene": review.cells.scene,
        "vocabulary": review.phases.name,
        "frame": review.cells.frame[rows],
        "label": review.cells.label[rows],
        "people": spoke[rows],
        "alike": _most(words),
        "outcome": [_OUTCOMES.get(code, "phase") for code in majority.tolist()],
        "majority": review.slugs(majority),
        "words": _said(review, words),
    }
    return pd.DataFrame(values, columns=list(COLUMNS), index=range(len(rows)))


def write_agreement(reviews: Sequence[Review], path: Path) -> tuple[int, list[dict[str, Any]]]:
    """Write the agreement on the images of a project, whole or not at all.

    Parameters
    ----------
    reviews : sequence of Review
        One an image.
    path : Path
        A ``.json`` has everything, each image with its ``majority``, the rows of the table; a
        ``.csv`` or ``.parquet`` the table.

    Returns
    -------
    n : int
        Cells that at least two people judged.
    found : list of dict
        :func:`agreement_of` of each image.

    Raises
    ------
    ProjectError
        If the ending is none of these.
    """
    import pandas as pd

    check_table_path(path, AGREEMENT_ENDINGS)
    found = [agreement_of(review) for review in reviews]
    tables = [agreement_table(review) for review in reviews]
    ending = path.suffix.lower()
    if ending == ".json":
        images = [
            {**one, "majority": table.drop(columns=["image", "scene", "vocabulary"])}
            for one, table in zip(found, tables, strict=True)
        ]
        with replacing(path) as new:
            text = json.dumps({"images": images}, indent=1, ensure_ascii=False, default=_records)
            new.write_text(text + "\n", encoding="utf-8")
    else:
        joined = pd.concat([table for table in tables if len(table)] or tables[:1])
        if ending == ".csv":
            write_csv(joined, path, free_text=_TEXT)
        else:
            with replacing(path) as new:
                joined.to_parquet(new, engine="pyarrow", index=False)
    return sum(len(table) for table in tables), found


def _most(words: NDArray[np.int16]) -> NDArray[np.int64]:
    """How many people say what most say of each cell."""
    alike = (words[:, :, None] == words[:, None, :]).sum(axis=2)
    most: NDArray[np.int64] = np.where(words != NONE, alike, 0).max(axis=1, initial=0)
    return most


def _said(review: Review, words: NDArray[np.int16]) -> list[str]:
    """What each person says of each cell, such as ``Ann: prophase; Bea: unsure``."""
    names = {code: phase.slug for code, phase in enumerate(review.phases)} | _OUTCOMES
    people = review.people
    return [
        "; ".join(
            f"{who}: {names[code]}" for who, code in zip(people, row, strict=True) if code != NONE
        )
        for row in words.tolist()
    ]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _records(table: pd.DataFrame) -> list[dict[Any, Any]]:
    return table.to_dict("records")
