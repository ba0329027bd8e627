from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fields import layer_field, make_project, predict

from napari_cellcycle.errors import CellCycleError, ProjectError
from napari_cellcycle.phases import flat_vocabulary
from napari_cellcycle.project import STATUSES, Project
from napari_cellcycle.review import Queue, Review, reviews_table, unite
from napari_cellcycle.review.decision import CONFLICT, EXCLUDED, NONE, UNSURE, decide_words
from napari_cellcycle.review.export.phase_image import Legend


def test_predictions_are_shown_until_somebody_speaks(project: Project) -> None:
    review = Review(project)
    (given,) = project.predictions.sets(1)
    leaves = [given.phases[i] for i in given.columns["phase"]]
    assert review.final_slugs() == leaves
    assert review.statuses() == ["predicted"] * 12
    assert review.phase_counts.sum() == 12

    review.accept([0, 1])
    other = next(p for p in given.phases if p != leaves[2])
    review.say(2, other, note="sharp plate")
    review.say(3, "mitotic")
    review.exclude(4, "debris")
    review.unsure(5, "blurred")
    review.say(6, leaves[6])
    assert review.statuses()[:8] == [
        "accepted", "accepted", "corrected", "corrected", "excluded", "unsure", "accepted",
        "predicted",
    ]  # fmt: skip
    assert review.final_slugs()[2:8] == [other, "mitotic", "", "", leaves[6], leaves[7]]
    assert (review.note(2), review.word(5).note) == ("sharp plate", "blurred")
    assert review.annotator.tolist() == [0] * 7 + [-1] * 5
    assert (review.time[:7] > 0).all()
    # the model's word is what it was
    assert review.slugs(review.shown.phase) == leaves
    review.clear(2)
    assert (review.statuses()[2], review.final_slugs()[2]) == ("predicted", leaves[2])
    counted = [review.statuses().count(name) for name in STATUSES]
    assert review.status_counts.tolist() == counted


def test_colours_are_kept_in_the_project_and_in_what_leaves_it(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review = Review(project)
        name, made = review.phases.name, review.phases
        review.recolor({"prophase": "#abcdef", "mitotic": made["mitotic"].color})
        assert review.phases["prophase"].color == "#ABCDEF"
        # another run brings the vocabulary again, with its own colours
        predict(project, seed=5)
        for wrong, message in (
            ({"prophase": "red"}, "'red' is no colour for prophase"),
            ({"gone": "#000000"}, "'gone' is no phase"),
        ):
            with pytest.raises(CellCycleError, match=message):
                review.recolor(wrong)
        folder = project.folder
    with Project.open(folder, who="Ann") as project:
        review = Review(project)
        assert [p for p in review.phases if p not in made.phases] == [review.phases["prophase"]]
        legend = Legend.of(review.phases)
        assert dict(zip(legend.names, legend.colors, strict=True))["prophase"] == "#ABCDEF"
        with Project.open(folder, who="Bob") as second:
            looked = Review(second)
            assert looked.phases == review.phases
            with pytest.raises(ProjectError, match="Ann has"):
                looked.recolor({})
        review.recolor({})
        assert review.phases == project.vocabularies[name] == made


def test_a_review_is_the_same_when_it_is_opened_again(tmp_path: Path) -> None:
    with make_project(tmp_path) as project:
        review = Review(project)
        review.say(0, "prophase", note="a")
        review.say([0, 1], "mitotic")
        review.mark_seen([3])
        project_folder = project.folder
    with Project.open(project_folder, who="Ann") as project:
        again = Review(project)
        for name in ("final", "status", "time", "annotator", "words", "seen", "phase_counts"):
            assert (getattr(again, name) == getattr(review, name)).all(), name
        assert again.word(0).note == ""
        assert again.to_undo is not None
        assert again.to_undo.about == "mitotic: 2 cells"


def test_what_changed_is_told_after_it_is_saved(project: Project) -> None:
    review = Review(project)
    told = []

    def listen(rows):
        saved = project.store.database.value("SELECT count(*) FROM event")
        told.append((rows.tolist(), saved, review.status[rows].tolist()))

    review.changed.connect(listen)
    review.say([4, 2, 4], "mitotic")
    review.say([4, 2], "mitotic")
    review.undo()
    corrected, predicted = STATUSES.index("corrected"), STATUSES.index("predicted")
    assert told == [([4, 2], 2, [corrected] * 2), ([4, 2], 4, [predicted] * 2)]


def test_undo_goes_back_one_gesture_and_says_where(project: Project) -> None:
    review = Review(project)
    review.say(7, "prophase", note="n")
    review.say([1, 2, 3], "mitotic")
    review.exclude(7)
    assert review.undo().rows.tolist() == [7]
    assert review.word(7).note == "n"
    assert review.undo().rows.tolist() == [1, 2, 3]
    assert review.redo().rows.tolist() == [1, 2, 3]
    assert review.redo().rows.tolist() == [7]
    assert review.statuses()[7] == "excluded"
    assert len(review.redo().rows) == 0
    review.undo()
    review.say(5, "prophase")
    assert review.to_redo is None
    for _ in range(9):
        review.undo()
    assert review.statuses() == ["predicted"] * 12


def test_undo_is_of_ones_own_words(tmp_path: Path) -> None:
    with make_project(tmp_path, "Ann") as project:
        Review(project).say(0, "prophase")
    with Project.open(project.folder, who="Bob") as project:
        review = Review(project)
        assert review.to_undo is None
        assert len(review.undo().rows) == 0
        review.say(0, "prophase")
        review.undo()
        assert review.words_on(0).keys() == {"Ann"}


def test_several_people_decide_by_majority(tmp_path: Path) -> None:
    said = {"Ann": ["prophase", "prophase", "mitotic"], "Bob": ["prophase", "mitotic", "mitotic"]}
    said["Cem"] = ["mitotic", "non-mitotic", ""]
    make_project(tmp_path).close()
    for who, phases in said.items():
        with Project.open(tmp_path / "field.cellcycle", who=who) as project:
            review = Review(project)
            for row, phase in enumerate(phases):
                if phase:
                    review.say(row, phase)
                else:
                    review.exclude(row)
    assert review.final_slugs()[:3] == ["prophase", "", "mitotic"]
    assert review.statuses()[1] == "conflict"
    assert review.annotator[:3].tolist() == [-2, -2, -2]
    with Project.open(tmp_path / "field.cellcycle", who="Cem") as project:
        review = Review(project)
        review.say(1, "mitotic")
        assert review.statuses()[1] == "corrected"
        blind = Review(project, blind=True)
        assert blind.people == ["Cem"]
        assert blind.statuses()[:4] == ["corrected", "corrected", "excluded", ""]
        with pytest.raises(ProjectError, match="hidden in blind mode"):
            blind.accept(0)


def test_blind_mode_hides_and_is_noted(tmp_path: Path) -> None:
    with make_project(tmp_path, "Ann") as project:
        Review(project).say([0, 1], "prophase", note="sharp")
    with Project.open(project.folder, who="Bob") as project:
        review = Review(project)
        queue = Queue(review, "entropy")
        chosen, by_entropy = review.prediction_set, queue.rows.copy()
        review.look_blind(True)
        assert review.people == ["Bob"]
        assert (review.final == -1).all()
        assert set(review.statuses()) == {""}
        assert np.isnan(review.shown.confidence).all()
        assert review.prediction_set is None
        assert review.chosen_set.id == chosen.id
        # the order tells nothing either, and comes back
        assert (queue.order, queue.wanted) == ("random", "entropy")
        assert (queue.rows == Queue(review, "random").rows).all()
        review.say([0, 3], "mitotic", source="gallery", note="two?")
        assert review.people_notes == {(0, 0): "two?", (3, 0): "two?"}
        review.undo()
        review.redo()
        assert review.statuses()[:4] == ["corrected", "", "", "corrected"]
        review.look_blind(False)
        assert (queue.order, queue.rows.tolist()) == ("entropy", by_entropy.tolist())
        assert review.statuses()[0] == "conflict"
        fresh = Review(project)
        for name in ("words", "final", "status", "annotator", "time", "phase_counts"):
            assert (getattr(review, name) == getattr(fresh, name)).all(), name
        assert review.people_notes == fresh.people_notes
        assert len(fresh.people_notes) == 4
        review.say(4, "mitotic")
        table = reviews_table(project)
    said = table[table["annotator"] == "Bob"]
    assert said["source"].tolist() == (
        ["blind-gallery"] * 2 + ["blind-undo"] * 2 + ["blind-redo"] * 2 + ["key"]
    )


@pytest.mark.parametrize("spoken_since", [False, True])
def test_what_another_thread_has_read_counts_unless_something_was_said_since(
    tmp_path: Path, spoken_since: bool
) -> None:
    (tmp_path / "bea").mkdir()
    with make_project(tmp_path / "bea", "Bea") as hers:
        Review(hers).say([1, 2], "mitotic", note="sure")
    with make_project(tmp_path, "Ann") as project:
        review = Review(project)
        review.say(1, "prophase")
        unite(project, hers.folder)
        read = review.read_anew()
        review.mark_seen(7)
        if spoken_since:
            review.say(3, "prophase")
        review.reload(read)
        assert (review.cells is read.cells) != spoken_since
        fresh = Review(project)
        for name in ("words", "final", "status", "time", "seen", "phase_counts", "status_counts"):
            assert (getattr(review, name) == getattr(fresh, name)).all(), name
        assert (review.people, review.people_notes) == (fresh.people, fresh.people_notes)
        assert review.to_undo == fresh.to_undo
        review.undo()
        assert review.final_slugs() == Review(project).final_slugs()


def test_the_majority_against_counting_by_hand() -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(-3, 4, (500, 4)).astype(np.int16)
    words[0] = NONE
    decided = decide_words(words, 4)
    for row, found in zip(words.tolist(), decided.tolist(), strict=True):
        said = [word for word in row if word != NONE]
        counts = {word: said.count(word) for word in said}
        top = [word for word, n in counts.items() if n == max(counts.values())]
        assert found == (NONE if not said else top[0] if len(top) == 1 else CONFLICT)
    assert {NONE, UNSURE, EXCLUDED, CONFLICT} <= set(decided.tolist())


def test_annotating_without_any_model(tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        with pytest.raises(ProjectError, match="neither predictions nor a vocabulary"):
            Review(project)
        project.vocabularies.add(flat_vocabulary("mine", ["NA", "young", "old"]))
        review = Review(project)
        assert review.statuses() == [""] * 12
        review.say(3, "NA")
        assert (review.final_slugs()[3], review.statuses()[3]) == ("NA", "corrected")
        assert len(review.stale_rows) == 0
        assert len(review.accept(2).rows) == 0
        with pytest.raises(CellCycleError, match="'grey' is no phase"):
            review.say(1, "grey")


def test_words_belong_to_their_vocabulary(project: Project) -> None:
    review = Review(project)
    review.say(0, "prophase")
    project.vocabularies.add(flat_vocabulary("mine", ["a", "b"]))
    mine = Review(project, vocabulary="mine")
    assert mine.statuses() == [""] * 12
    assert mine.to_undo is None
    mine.say(0, "b")
    review.reload()
    assert review.final_slugs()[0] == "prophase"


def test_predicting_again_adds_a_set_and_keeps_words(project: Project) -> None:
    review = Review(project)
    review.say(0, "mitotic")
    first = review.prediction_set
    second = predict(project, seed=5)
    review.reload()
    assert review.prediction_set is not None
    assert review.prediction_set.id == second.id
    assert review.final_slugs()[0] == "mitotic"
    assert first is not None
    review.show(first.id)
    assert review.prediction_set.id == first.id
    assert len(project.predictions.sets(1)) == 2


def test_predictions_of_other_cells_are_refused(project: Project) -> None:
    cells = project.segmentations.cells(1)
    from dataclasses import replace

    from fields import decision

    from napari_cellcycle.phases import MITOSIS_STAGES

    with pytest.raises(ProjectError, match="not those of the segmentation"):
        project.predictions.add(
            1,
            replace(cells, label=cells.label + 1),
            decision(12),
            model="m",
            model_sha256="",
            phases=MITOSIS_STAGES,
        )
    assert len(list((project.folder / "predictions").iterdir())) == 1


def test_confident_cells_are_accepted_as_one_action(project: Project) -> None:
    review = Review(project)
    phase = review.final_slugs()[0]
    review.say(0, phase)
    sure = review.confident(phase, 0.0)
    assert 0 not in sure
    assert {review.final_slugs()[row] for row in sure} <= {phase}
    review.accept(sure)
    assert review.status_counts[STATUSES.index("accepted")] == 1 + len(sure)
    assert len(review.undo().rows) == len(sure)


def test_two_images_have_words_of_their_own(project: Project) -> None:
    other = project.images.add(*layer_field("second", seed=3))
    predict(project, other.number)
    first, second = Review(project, 1), Review(project, other.number)
    first.say(0, "mitotic")
    second.say(1, "prophase")
    second.reload()
    assert second.statuses()[:2] == ["predicted", "corrected"]
    assert first.undo().rows.tolist() == [0]


def test_another_set_of_the_same_phases_is_shown_as_if_all_was_read_again(
    project: Project,
) -> None:
    older = project.predictions.sets(1)[0].id
    predict(project, seed=3)
    review = Review(project)
    review.say([0, 1, 2], "prophase")
    review.exclude(3)
    review.show(older)
    afresh = Review(project, predictions=older)
    for name in ("final", "status", "words", "time", "phase_counts", "status_counts", "stale_rows"):
        np.testing.assert_array_equal(getattr(review, name), getattr(afresh, name))
    np.testing.assert_array_equal(review.shown.phase, afresh.shown.phase)
    review.undo()
    assert review.statuses()[3] == "predicted"
