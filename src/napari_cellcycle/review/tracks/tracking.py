"""Tracks of a reviewed image: steps that cannot be, how long phases last, and words along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.tracks.course import Course
from napari_cellcycle.cells.tracks.timing import time_phases
from napari_cellcycle.errors import TrackError
from napari_cellcycle.review.decision import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.timing import Timing
    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.project.tracked import Tracking
    from napari_cellcycle.review.scribe import Change, Entered
    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]

SOURCE = "track"
"""Source of a word that was spread along a track."""


def tracking_of(review: Review) -> Tracking:
    """Tracks of an image of a project.

    Parameters
    ----------
    review : Review
        Of the image.

    Raises
    ------
    TrackError
        If it has none.
    """
    found = review.project.tracked.get(review.image)
    if found is None:
        raise TrackError(
            f"{review.project.folder.name} has no tracks of {review.cells.image}. Give a table of "
            "label, frame and track (--tracks), or a Tracks layer."
        )
    return found


def find_jumps(review: Review, tracking: Tracking, course: Course | None = None) -> Ints:
    """Steps of the final phases along tracks that cannot be.

    Cells without a final phase, and those of which only the branch is known, are passed over.

    Parameters
    ----------
    review : Review
        Of the image.
    tracking : Tracking
        Its tracks.
    course : Course, optional
        What is possible; that of the vocabulary by default.

    Returns
    -------
    ndarray, ``(m, 2)``, int64
        Rows before and after.
    """
    if course is None:
        course = Course.of(review.phases, frame_minutes=known_minutes(review, tracking))
    codes = review.phases.leaf_codes()[review.final]
    return course.jumps(codes, review.cells.frame, tracking.tracks)


def known_minutes(review: Review, tracking: Tracking) -> float | None:
    """Time between frames, where the durations of all phases are known as well."""
    if tracking.frame_minutes is None:
        return None
    try:
        Course.of(review.phases, frame_minutes=tracking.frame_minutes)
    except TrackError:
        return None
    return tracking.frame_minutes


def timing_of(review: Review, tracking: Tracking) -> Timing:
    """Measure how long final phases last along tracks, and count divisions.

    Parameters
    ----------
    review : Review
        Of the image.
    tracking : Tracking
        Its tracks.
    """
    return time_phases(
        review.phases,
        review.final.astype(np.int64),
        review.cells.frame,
        tracking.tracks,
        frame_minutes=tracking.frame_minutes,
    )


def rows_ahead(review: Review, tracks: Tracks, row: int, *, back: bool = False) -> Ints:
    """Cells along a track from one that was judged up to the next one that somebody judged.

    Parameters
    ----------
    review : Review
        Of the image.
    tracks : Tracks
        Of its cells.
    row : int
        The cell from which to go; it is none of them.
    back : bool
        Towards the first frame.
    """
    track = tracks.track[row]
    if track < 0:
        return np.zeros(0, np.int64)
    frame = review.cells.frame
    rows: Ints = np.flatnonzero(tracks.track == track)
    rows = rows[frame[rows] < frame[row]][::-1] if back else rows[frame[rows] > frame[row]]
    judged = np.flatnonzero((review.words[rows] != NONE).any(axis=1))
    return rows[: judged[0]] if len(judged) else rows


def enter_spread(review: Review, tracks: Tracks, row: int, *, back: bool = False) -> Entered:
    """As :func:`spread_word`, without showing it; see :attr:`Review.scribe`."""
    word = review.word(row)
    if word.kind == "none":
        raise TrackError(
            "You have said nothing of this cell yet: say a phase first, then spread it."
        )
    rows = rows_ahead(review, tracks, row, back=back)
    if not len(rows):
        if tracks.track[row] < 0:
            raise TrackError("This cell is in no track.")
        where = "before" if back else "after"
        raise TrackError(f"No cell {where} this one is left to judge on its track.")
    return review.scribe.repeat(rows, word, source=SOURCE)


def spread_word(review: Review, tracks: Tracks, row: int, *, back: bool = False) -> Change:
    """Say of the cells along a track what one has said of one of them.

    It goes up to the next cell that somebody has judged, and is one action: one undo takes it back.
    The source of each word is ``track``.

    Parameters
    ----------
    review : Review
        Of the image.
    tracks : Tracks
        Of its cells.
    row : int
        The cell whose word is spread.
    back : bool
        Towards the first frame.

    Raises
    ------
    TrackError
        If nothing was said of the cell, or there is no cell ahead.
    """
    return review.take(enter_spread(review, tracks, row, back=back))
