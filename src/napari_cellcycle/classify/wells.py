"""From images to wells: how many cells, and which share of them is in each phase."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from napari_cellcycle.classify.jobs import Job, Well
    from napari_cellcycle.classify.parts import Done

LEVEL = 0.95


def summarise_wells(
    jobs: Sequence[Job], done: Sequence[Done], phases: Sequence[str]
) -> pd.DataFrame:
    """Count cells well by well.

    The interval of a share is Wilson's: it takes cells for independent, so it is too narrow where
    cells of one field or one well resemble each other.

    Parameters
    ----------
    jobs : sequence of Job
        All images, each with its well.
    done : sequence of Done
        Those that were classified.
    phases : sequence of str
        Slugs.

    Returns
    -------
    DataFrame
        A row a well: ``plate``, ``row``, ``column``, ``images``, ``failed``, ``cells``, and of each
        phase ``n_<slug>``, ``share_<slug>``, ``low_<slug>`` and ``high_<slug>`` (95 %).
    """
    import pandas as pd

    counts = {one.name: one.counts for one in done}
    wells: dict[Well, list[Job]] = {}
    for job in jobs:
        assert job.well is not None
        wells.setdefault(job.well, []).append(job)
    return pd.DataFrame([_row(well, wells[well], counts, phases) for well in sorted_wells(wells)])


def sorted_wells(wells: Mapping[Well, Any]) -> list[Well]:
    """Wells by plate, row and column: ``2`` before ``10``, and ``Z`` before ``AA``."""
    return sorted(wells, key=lambda w: (w.plate, *in_order(w.row), *in_order(w.column)))


def in_order(name: str) -> tuple[int, str]:
    """What names of rows or columns are sorted by."""
    return (int(name), "") if name.isdecimal() else (len(name), name)


def _row(
    well: Well, jobs: Sequence[Job], counts: Mapping[str, Mapping[str, int]], phases: Sequence[str]
) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for job in jobs:
        total.update(counts.get(job.name, {}))
    n = sum(total.values())
    row: dict[str, Any] = {
        "plate": well.plate,
        "row": well.row,
        "column": well.column,
        "images": len(jobs),
        "failed": sum(job.name not in counts for job in jobs),
        "cells": n,
    }
    for slug in phases:
        low, high = share_interval(total[slug], n)
        row |= {
            f"n_{slug}": total[slug],
            f"share_{slug}": total[slug] / n if n else np.nan,
            f"low_{slug}": low,
            f"high_{slug}": high,
        }
    return row


def share_interval(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; NaN without cells."""
    from scipy.stats import binomtest

    if n == 0:
        return np.nan, np.nan
    interval = binomtest(k, n).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)
