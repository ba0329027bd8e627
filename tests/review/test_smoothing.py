"""Predictions smoothed along tracks, as a set beside the one that they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from films import BACK, SLIP, film_labels, make_film, predict_film, said

from napari_cellcycle.cells.tracks.tracks import tracks_of_labels
from napari_cellcycle.errors import ProjectError, TrackError
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.phases import EXPOSURE, MITOSIS_2D, MITOSIS_STAGES, own_vocabulary
from napari_cellcycle.review import Review, revise
from napari_cellcycle.review.tracks.smoothing import smooth_predictions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellcycle.project import Project


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Project]:
    with make_film(tmp_path) as project:
        yield project


def test_a_slip_is_smoothed_in_a_set_of_its_own(film: Project) -> None:
    review = predict_film(film)
    cells = review.cells
    tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    before = review.shown.column("probabilities", np.nan).copy()
    found = smooth_predictions(review, tracks)
    slip = review.row_of(SLIP, 1)
    assert slip in found.changed
    rows = [review.row_of(frame, 2) for frame in BACK]
    assert rows in found.jumps.tolist()
    first, second = film.predictions.sets(1)
    assert (second.model, second.model_sha256) == ("m along tracks", "7")
    assert second.notes[0] == "Smoothed along 2 tracks; unknown time between frames."
    assert first.id in second.notes[1]

    review.say(slip, "prophase")
    review.show(second.id)
    assert review.slugs(review.shown.phase[[slip]]) == ["non-mitotic"]
    assert review.statuses()[slip] == "corrected"
    again = review.shown.column("probabilities", np.nan)
    np.testing.assert_allclose(again.sum(axis=1), 1)
    assert set(np.flatnonzero(again.argmax(axis=1) != said()).tolist()) == set(found.changed)

    # what is smoothed is the model's own set, also where a smoothed one is shown
    anew = smooth_predictions(review, tracks)
    assert anew.predictions.model == "m along tracks"
    assert first.id in anew.predictions.notes[1]
    np.testing.assert_array_equal(anew.changed, found.changed)
    review.show(anew.predictions.id)
    np.testing.assert_array_equal(review.shown.column("probabilities", np.nan), again)
    review.show(first.id)
    np.testing.assert_array_equal(review.shown.column("probabilities", np.nan), before)


def test_one_level_is_smoothed_too_and_time_is_said(film: Project) -> None:
    review = predict_film(film, MITOSIS_2D)
    cells = review.cells
    one = cells.select(cells.label == 1)
    tracks = tracks_of_labels(cells, one.frame, one.label, one.label)
    found = smooth_predictions(review, tracks, frame_minutes=7.5)
    assert set(cells.label[found.changed].tolist()) <= {1}
    assert found.predictions.notes[0] == "Smoothed along 1 tracks; 7.5 min a frame."
    assert found.predictions.phases == MITOSIS_2D.slugs


def test_the_time_that_an_image_states_is_taken(tmp_path: Path) -> None:
    with make_film(tmp_path, minutes=7.5) as film:
        review = predict_film(film)
        cells = review.cells
        tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
        for said, note in (
            ({}, "7.5 min a frame, as the image states."),
            ({"frame_minutes": 4.0}, "4 min a frame."),
            ({"frame_minutes": None}, "unknown time between frames."),
        ):
            found = smooth_predictions(review, tracks, **said)
            assert found.predictions.notes[0] == f"Smoothed along 2 tracks; {note}"
        # of phases of one's own nobody knows how long they last: then the time says nothing
        own = own_vocabulary(("rest", "early", "late"))
        review = predict_film(film, own)
        found = smooth_predictions(review, tracks)
        assert found.predictions.notes[0].endswith("tracks; unknown how long phases last.")
        with pytest.raises(TrackError, match=r"Say how long a frame \(4.0 min\)"):
            smooth_predictions(review, tracks, frame_minutes=4.0)


def test_what_cannot_be_smoothed_is_told(film: Project) -> None:
    film.vocabularies.add(MITOSIS_STAGES)
    empty = Review(film)
    cells = empty.cells
    tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    with pytest.raises(ProjectError, match="no predictions of film"):
        smooth_predictions(empty, tracks)
    review = predict_film(film)
    edited = film_labels()
    edited[0, 0, 5:8, 5:15] = 0
    labels = Segmentation(film_labels(), "nucleus", "film labels")
    revise(film, 1, labels, Segmentation(edited, "nucleus", "edited"))
    review.reload()
    with pytest.raises(ProjectError, match="1 cells were edited after they had been classified"):
        smooth_predictions(review, tracks)


def test_phases_without_an_order_are_refused(film: Project) -> None:
    review = predict_film(film, EXPOSURE)
    cells = review.cells
    tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    with pytest.raises(TrackError, match="exposure do not follow one another"):
        smooth_predictions(review, tracks)
