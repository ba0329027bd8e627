"""What tracks tell of an image, as tables and a picture in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cells.columns import write_csv
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import save_figure
from napari_cellcycle.figures.timing import draw_timing
from napari_cellcycle.review.tracks.tracking import find_jumps, timing_of

if TYPE_CHECKING:
    import os

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.timing import Timing
    from napari_cellcycle.project.tracked import Tracking
    from napari_cellcycle.review.state import Review


def write_timing(
    review: Review, tracking: Tracking, folder: str | os.PathLike[str]
) -> tuple[Path, ...]:
    """Write ``durations.csv``, ``stays.csv``, ``frames.csv``, ``jumps.csv`` and ``timing.png``.

    Parameters
    ----------
    review : Review
        Of an image; final phases count.
    tracking : Tracking
        Its tracks.
    folder : path-like
        Made where it is missing; files of these names are replaced.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    CellCycleError
        If no cell of a track has a phase, or the folder cannot be written.
    """
    place = Path(folder)
    timing = timing_of(review, tracking)
    picture = draw_timing(timing, title=review.cells.image, subtitle=subtitle(tracking, timing))
    tables = {
        "durations": timing.durations_table(),
        "stays": timing.stays_table(),
        "frames": timing.frames_table(),
        "jumps": jumps_table(review, tracking, find_jumps(review, tracking)),
    }
    try:
        for name, table in tables.items():
            write_csv(table, place / f"{name}.csv", free_text=("phase", "next_phase", "what"))
        save_figure(picture, place / "timing.png")
    except OSError as error:
        raise CellCycleError(
            f"{place} cannot be written: {error.strerror or error}. Choose another folder."
        ) from error
    return (*(place / f"{name}.csv" for name in tables), place / "timing.png")


def jumps_table(review: Review, tracking: Tracking, jumps: NDArray[np.int64]) -> pd.DataFrame:
    """One row a step that cannot be: track, both frames, labels and phases."""
    import pandas as pd

    slugs = review.final_slugs()
    before, after = jumps.T.tolist() if len(jumps) else ([], [])
    cells = review.cells
    return pd.DataFrame(
        {
            "track": tracking.tracks.track[before],
            "frame": cells.frame[before],
            "label": cells.label[before],
            "phase": [slugs[row] for row in before],
            "next_frame": cells.frame[after],
            "next_label": cells.label[after],
            "next_phase": [slugs[row] for row in after],
        }
    )


def subtitle(tracking: Tracking, timing: Timing) -> str:
    """Name of the tracks, how many there are, and what they show, in one line."""
    n, k, divided = len(tracking.tracks), len(timing.cells), len(timing.divisions)
    every = "" if timing.frame_minutes is None else f", {timing.frame_minutes:g} min each"
    if tracking.is_stated:
        every += " (as the image states)"
    parts = (
        tracking.name,
        counted(n, "track"),
        counted(k, "frame") + every,
        counted(divided, "division"),
    )
    return " · ".join(filter(None, parts))
