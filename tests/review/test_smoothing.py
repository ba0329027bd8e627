"""Predictions smoothed along tracks, as a set beside the one that they were made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.cells.tracks import tracks_of_labels
from napari_cellcycle.errors import ProjectError, TrackError
from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import EXPOSURE, MITOSIS_2D, MITOSIS_STAGES, PhaseSet
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, revise
from napari_cellcycle.review.smoothing import smooth_predictions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMES = 8
SLIP = 3
"""Frame in which the model takes a resting cell for one in anaphase."""
BACK = (5, 6)
"""Frames between which the other cell goes from anaphase to metaphase."""


def film_labels() -> np.ndarray:
    labels = np.zeros((FRAMES, 1, 20, 40), np.uint16)
    labels[:, 0, 5:15, 5:15], labels[:, 0, 5:15, 25:35] = 1, 2
    return labels


def said() -> np.ndarray:
    """Leaf of each row: cell 1 and cell 2 in turn, frame by frame."""
    leaves = np.zeros((FRAMES, 2), np.int64)
    leaves[SLIP, 0] = 4
    leaves[3:, 1] = [3, 3, 4, 3, 4]
    return leaves.ravel()


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "film", who="Ann") as project:
        image = Stack(np.zeros((FRAMES, 1, 1, 20, 40), np.uint8), ("dna",), None, "film")
        project.images.add(image, Segmentation(film_labels(), "nucleus", "film labels"))
        yield project


def predict(project: Project, phases: PhaseSet = MITOSIS_STAGES) -> Review:
    cells = project.segmentations.cells(1)
    k = len(phases.leaves)
    leaves = np.full((len(cells), k), 0.1 / (k - 1))
    leaves[np.arange(len(cells)), np.minimum(said(), k - 1)] = 0.9
    if phases is MITOSIS_STAGES:
        mitotic = leaves[:, 1:].sum(axis=1)
        level1 = np.stack([leaves[:, 0], mitotic], axis=1)
        decision = decide(level1[:, None], (leaves[:, 1:] / mitotic[:, None])[:, None], ("z",))
    else:
        decision = decide(leaves[:, None], np.empty((len(cells), 1, 0)), ("z",))
    project.predictions.add(1, cells, decision, model="m", model_sha256="7", phases=phases)
    return Review(project)


def test_a_slip_is_smoothed_in_a_set_of_its_own(film: Project) -> None:
    review = predict(film)
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
    review.show(first.id)
    np.testing.assert_array_equal(review.shown.column("probabilities", np.nan), before)


def test_one_level_is_smoothed_too_and_time_is_said(film: Project) -> None:
    review = predict(film, MITOSIS_2D)
    cells = review.cells
    one = cells.select(cells.label == 1)
    tracks = tracks_of_labels(cells, one.frame, one.label, one.label)
    found = smooth_predictions(review, tracks, frame_minutes=7.5)
    assert set(cells.label[found.changed].tolist()) <= {1}
    assert found.predictions.notes[0] == "Smoothed along 1 tracks; 7.5 min a frame."
    assert found.predictions.phases == MITOSIS_2D.slugs


def test_what_cannot_be_smoothed_is_told(film: Project) -> None:
    film.vocabularies.add(MITOSIS_STAGES)
    empty = Review(film)
    cells = empty.cells
    tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    with pytest.raises(ProjectError, match="no predictions of film"):
        smooth_predictions(empty, tracks)
    review = predict(film)
    edited = film_labels()
    edited[0, 0, 5:8, 5:15] = 0
    labels = Segmentation(film_labels(), "nucleus", "film labels")
    revise(film, 1, labels, Segmentation(edited, "nucleus", "edited"))
    review.reload()
    with pytest.raises(ProjectError, match="1 cells were edited after they had been classified"):
        smooth_predictions(review, tracks)


def test_phases_without_an_order_are_refused(film: Project) -> None:
    review = predict(film, EXPOSURE)
    cells = review.cells
    tracks = tracks_of_labels(cells, cells.frame, cells.label, cells.label)
    with pytest.raises(TrackError, match="exposure do not follow one another"):
        smooth_predictions(review, tracks)
