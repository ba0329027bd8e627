"""Predictions along tracks: smoothed as a set of their own, and what cannot be."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellcycle.cells.tracks.course import MINUTES, Course, check_ordered
from napari_cellcycle.cells.tracks.evidence import FEWEST, evidence_of, likely_minutes
from napari_cellcycle.errors import CellCycleWarning, ProjectError
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.project.tracked import STATED
from napari_cellcycle.review.orders import leaves_by_axis
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.project.predictions import PredictionSet

    Floats = NDArray[np.float64]

_ALONG = "along tracks"  # what is added to the name of the model
_MADE = "Made from set "


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """What tracks say of the predictions of an image.

    Parameters
    ----------
    predictions : PredictionSet
        The new set; the one that it was made from is as it was.
    changed : ndarray, ``(m,)``, int64
        Rows whose phase is another one.
    jumps : ndarray, ``(m, 2)``, int64
        Rows before and after a step of the former predictions that cannot be.
    """

    predictions: PredictionSet
    changed: NDArray[np.int64]
    jumps: NDArray[np.int64]


def is_smooth(predictions: PredictionSet) -> bool:
    """Whether predictions were smoothed along tracks."""
    return predictions.model.endswith(_ALONG)


def smooth_predictions(
    review: Review,
    tracks: Tracks,
    *,
    frame_minutes: float | Literal["stated"] | None = STATED,
    minutes: Mapping[str, float] | None = None,
) -> Smoothed:
    """Smooth the predictions that a review shows, and add them as a set of their own.

    Where these are smoothed already, those that they were made from are smoothed anew. Nothing is
    overwritten: :meth:`Review.show` changes between the sets. Cells without a track keep what the
    model said. People's words take no part. All projections count, as
    :func:`~napari_cellcycle.cells.tracks.evidence.evidence_of` weighs them.

    Parameters
    ----------
    review : Review
        Of an image with time.
    tracks : Tracks
        Of its cells.
    frame_minutes : float or None
        Time between two frames. By default what the image states. Where that is nothing, or with
        None, the most likely one if there are enough tracks.
    minutes : mapping of str to float, optional
        How long phases last. Without ``frame_minutes`` it counts where the time is estimated only.

    Warns
    -----
    CellCycleWarning
        If durations were given and do not count.

    Raises
    ------
    ProjectError
        If no predictions are shown, some cells have none, or the project may not be written.
    TrackError
        If the vocabulary has no order.
    """
    shown = review.prediction_set
    if shown is None:
        raise ProjectError(
            f"{review.project.folder.name} shows no predictions of {review.cells.image}, so there "
            "is nothing to smooth. Classify it first."
        )
    if (review.shown.phase < 0).any():
        raise ProjectError(
            f"{int((review.shown.phase < 0).sum())} cells were edited after they had been "
            "classified. Classify them again first, so that tracks see every cell as it is."
        )
    if is_smooth(shown):
        made_from = shown.notes[-1].removeprefix(_MADE).removesuffix(".")
        former = Review(review.project, review.image, predictions=made_from)
        return smooth_predictions(former, tracks, frame_minutes=frame_minutes, minutes=minutes)
    phases = review.project.vocabularies[shown.vocabulary]
    check_ordered(phases)
    frame = review.cells.frame
    votes = leaves_by_axis(review)
    evidence = evidence_of(votes, phases)
    stated = review.project.tracked.stated_minutes(review.image)
    if frame_minutes == STATED:
        frame_minutes = stated
    when = "unknown time between frames"
    if frame_minutes == stated is not None and not minutes and phases.name not in MINUTES:
        frame_minutes, when = None, "unknown how long phases last"
    known = frame_minutes is not None
    if not known:
        frame_minutes = likely_minutes(phases, evidence, frame, tracks, minutes)
    if frame_minutes is None:
        evidence = evidence_of(votes, phases, timed=False)
    course = Course.of(phases, frame_minutes=frame_minutes, minutes=minutes)
    if frame_minutes is None and minutes:
        when += ", so durations did not count"
        warnings.warn(
            f"How long {', '.join(minutes)} lasts did not count: the time between frames is not "
            f"known, and cannot be estimated (that takes {FEWEST} steps on tracks, and phases of a "
            "vocabulary of ours). Say it (--frame-minutes).",
            CellCycleWarning,
            stacklevel=2,
        )
    before = np.asarray(review.shown.column("probabilities", np.nan), np.float64)
    smooth = course.smooth(evidence, frame, tracks)
    after = np.where(tracks.track[:, None] >= 0, smooth, before)
    raw = before.argmax(axis=1)
    level1, level2 = _levels(after, review.shown.column("level2", np.nan).shape[-1])
    if frame_minutes is not None:
        source = ", which is most likely"
        if known:
            source = ", as the image states" if frame_minutes == stated else ""
        when = f"{frame_minutes:g} min a frame{source}"
    added = review.project.predictions.add(
        review.image,
        review.cells,
        decide(level1[:, None], level2[:, None], ("track",)),
        model=f"{shown.model} {_ALONG}",
        model_sha256=shown.model_sha256,
        phases=phases,
        device=shown.device,
        notes=(f"Smoothed along {len(tracks)} tracks; {when}.", f"{_MADE}{shown.id}."),
    )
    changed = np.flatnonzero(after.argmax(axis=1) != raw)
    return Smoothed(added, changed, course.jumps(raw, frame, tracks))


def _levels(leaves: Floats, n_stages: int) -> tuple[Floats, Floats]:
    """Take leaves apart again: the first level, and the stages given that it is the last of it."""
    if not n_stages:
        return leaves, np.empty((len(leaves), 0))
    tops = leaves.shape[1] - n_stages
    branch = leaves[:, tops:].sum(axis=1, keepdims=True)
    stages = np.maximum(leaves[:, tops:], 1e-12)
    return (
        np.concatenate([leaves[:, :tops], branch], axis=1),
        stages / stages.sum(axis=1, keepdims=True),
    )
