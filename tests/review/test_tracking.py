"""Steps that cannot be among final phases, and words that are spread along a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from films import BACK, FRAMES, SLIP, make_film, predict_film

from napari_cellcycle.cells.tracks.tracks import tracks_of_labels
from napari_cellcycle.errors import TrackError
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.review import Review, find_jumps, spread_word, timing_of, tracking_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGES = MITOSIS_STAGES.slugs


@pytest.fixture
def review(tmp_path: Path) -> Iterator[Review]:
    with make_film(tmp_path) as project:
        review = predict_film(project)
        cells = review.cells
        project.tracked.put(1, tracks_of_labels(cells, cells.frame, cells.label, cells.label))
        yield review


def row(review: Review, frame: int, label: int) -> int:
    return review.row_of(frame, label)


def test_steps_follow_the_words(review: Review) -> None:
    tracking = tracking_of(review)
    before, after = (row(review, frame, 2) for frame in BACK)
    assert [before, after] in find_jumps(review, tracking).tolist()
    review.say(before, "prometaphase-metaphase")
    assert [before, after] not in find_jumps(review, tracking).tolist()
    review.say(after, "prophase")
    assert [before, after] in find_jumps(review, tracking).tolist()
    review.say(after, "mitotic")  # a branch: the stage is not known
    review.exclude(row(review, 4, 2))
    assert len(find_jumps(review, tracking)) == 0


def test_time_is_measured_of_final_phases(review: Review) -> None:
    tracking = tracking_of(review)
    raw = timing_of(review, tracking)
    review.say(row(review, SLIP, 1), "non-mitotic")
    mended = timing_of(review, tracking)
    assert (raw.cells[SLIP].tolist(), mended.cells[SLIP].tolist()) == (
        [0, 0, 0, 0, 1, 1],
        [1, 0, 0, 0, 1, 0],
    )
    assert len(raw.divisions) == 1
    assert len(mended.divisions) == 0


def test_a_word_is_spread_up_to_the_next_one_and_undone_as_one(review: Review) -> None:
    tracks = tracking_of(review).tracks
    review.say(row(review, 2, 1), "prophase")
    review.say(row(review, 6, 1), "non-mitotic")
    change = spread_word(review, tracks, row(review, 2, 1))
    assert review.cells.frame[change.rows].tolist() == [3, 4, 5]
    assert set(review.cells.label[change.rows].tolist()) == {1}
    of_first = review.cells.label == 1
    finals = [slug for slug, mine in zip(review.final_slugs(), of_first, strict=True) if mine]
    assert finals[2:7] == ["prophase"] * 4 + ["non-mitotic"]
    action = review.to_undo
    assert action is not None
    assert action.about == "prophase: 3 cells"
    assert {event.source for event in review.project.journal.events_of(action.id)} == {"track"}
    assert sorted(review.undo().rows.tolist()) == sorted(change.rows.tolist())
    assert review.word(row(review, 3, 1)).kind == "none"
    assert review.word(row(review, 2, 1)).phase == "prophase"

    back = spread_word(review, tracks, row(review, 6, 1), back=True)
    assert review.cells.frame[back.rows].tolist() == [5, 4, 3]


def test_other_words_and_other_people_stop_it(review: Review) -> None:
    tracks = tracking_of(review).tracks
    review.exclude(row(review, 1, 2), "debris")
    review.unsure(row(review, 3, 2))
    change = spread_word(review, tracks, row(review, 1, 2))
    assert review.cells.frame[change.rows].tolist() == [2]
    assert review.statuses()[row(review, 2, 2)] == "excluded"
    assert review.note(row(review, 2, 2)) == "debris"
    with pytest.raises(TrackError, match="said nothing of this cell"):
        spread_word(review, tracks, row(review, 5, 2))
    review.say(row(review, FRAMES - 1, 2), STAGES[0])
    with pytest.raises(TrackError, match="No cell after this one"):
        spread_word(review, tracks, row(review, FRAMES - 1, 2))


def test_without_tracks_it_is_said(tmp_path: Path) -> None:
    with make_film(tmp_path) as project:
        project.vocabularies.add(flat_vocabulary("mine", ["a", "b"]))
        review = Review(project)
        with pytest.raises(TrackError, match="has no tracks of film"):
            tracking_of(review)
        one = review.cells.select(review.cells.label == 1)
        tracks = tracks_of_labels(review.cells, one.frame, one.label, one.label)
        tracking = project.tracked.put(1, tracks, frame_minutes=5)
        # nobody knows how long these phases last, so only their order counts
        review.say(row(review, 0, 1), "a")
        review.say(row(review, 1, 1), "b")
        assert len(find_jumps(review, tracking)) == 0
        review.say(row(review, 0, 2), "a")
        with pytest.raises(TrackError, match="in no track"):
            spread_word(review, tracks, row(review, 0, 2))
