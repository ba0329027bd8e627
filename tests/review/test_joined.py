"""A colleague's merged cells and tracks, taken into one's own project."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fields import field_labels, layer_field, make_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.project.verdicts import Statement, standing
from napari_cellcycle.review import Merging, Review, hand_over, revise, unite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def bea(tmp_path: Path) -> Iterator[Project]:
    """Bea's own project of the same field, open."""
    (tmp_path / "bea").mkdir()
    with make_project(tmp_path / "bea", "Bea") as project:
        yield project


@contextmanager
def again(project: Project) -> Iterator[Project]:
    """The same project opened anew."""
    project.close()
    with Project.open(project.folder, who=project.who) as opened:
        yield opened


def take(project: Project, other: Project) -> Any:
    other.close()
    return unite(project, other.folder)


def counts(found: Any) -> tuple[int, int, int, int]:
    return tuple(found.joined.to_dict().values())  # type: ignore[return-value]


def test_her_merged_cells_come_with_their_words_and_go_with_one_undo(
    project: Project, bea: Project
) -> None:
    mine, hers = Merging(project, 1), Merging(bea, 1)
    mine.merge(0, [1, 2])
    review = Review(bea)
    review.say([8, 9], "prophase")  # 9 and 10
    hers.merge(0, [5, 6], [9, 10])
    review.reload()
    review.say(review.row_of(0, 5), "mitotic", note="both")
    hers.reject(0, [7, 8])
    hers.merge(0, [3, 4])
    hers.undo()
    found = take(project, bea)
    assert (found.new, found.people, found.refused) == (3, ("Bea",), ())
    assert counts(found) == (3, 0, 0, 0)
    assert mine.groups == ((0, (1, 2)), (0, (5, 6)), (0, (9, 10)))
    assert mine.rejected == {(0, (7, 8))}
    review = Review(project)
    assert review.word(review.row_of(0, 5), "Bea").note == "both"
    assert review.final_slugs()[review.row_of(0, 9)] == "prophase"

    once = unite(project, bea.folder)
    assert (once.new, once.known, once.changed) == (0, 3, False)
    assert counts(once) == (0, 3, 0, 0)

    assert mine.to_undo is not None
    assert mine.to_undo.about == "merged cells of Bea"
    undone = mine.undo()
    assert (undone.cells, undone.skipped) == (
        ((0, 5), (0, 6), (0, 7), (0, 8), (0, 9), (0, 10)),
        0,
    )
    assert (mine.groups, mine.rejected) == (((0, (1, 2)),), frozenset())
    assert counts(unite(project, bea.folder)) == (0, 3, 0, 0)
    assert mine.groups == ((0, (1, 2)),)
    with again(project) as project:
        mine = Merging(project, 1)
        assert mine.redo().skipped == 0
        assert mine.groups == ((0, (1, 2)), (0, (5, 6)), (0, (9, 10)))
        mine.undo()
        mine.undo()
        assert (mine.groups, mine.to_undo) == ((), None)


def test_what_was_said_last_holds_and_conflicts_are_told(project: Project, bea: Project) -> None:
    mine, hers = Merging(project, 1), Merging(bea, 1)
    mine.merge(0, [1, 2])
    hers.reject(0, [1, 2])  # hers is newer
    hers.merge(0, [3, 4])
    mine.reject(0, [4, 3])  # Ann's is newer
    mine.merge(0, [5, 6])
    hers.merge(0, [6, 7])  # they share a label
    hers.merge(0, [9, 10, 11])
    mine.reject(0, [9, 10])  # a part of hers
    both = [mine.merge(0, [8, 12]), hers.merge(0, [8, 12])]
    assert all(one.cells for one in both)
    found = take(project, bea)
    assert counts(found) == (3, 1, 4, 0)
    last = "said it last, and it holds"
    assert set(found.notes) == {
        f"field: Bea says that 1+2 are not one cell, Ann says that 1+2 are one cell; Bea {last}",
        f"field: Bea says that 3+4 are one cell, Ann says that 3+4 are not one cell; Ann {last}",
        f"field: Bea says that 6+7 are one cell, Ann says that 5+6 are one cell; Bea {last}",
        "field: Bea says that 9+10+11 are one cell, Ann says that 9+10 are not one cell; "
        f"Ann {last}",
    }
    assert mine.groups == ((0, (6, 7)), (0, (8, 12)))
    assert mine.rejected == {(0, (1, 2)), (0, (3, 4)), (0, (9, 10))}
    with again(bea) as bea:
        # those that she lost; the others are as she knows them
        back = take(bea, project)
        assert len(back.joined.conflicts) == 2
        assert set(back.joined.conflicts) == {
            "field: Ann says that 3+4 are not one cell, Bea says that 3+4 are one cell; "
            f"Ann {last}",
            "field: Ann says that 9+10 are not one cell, Bea says that 9+10+11 are one cell; "
            f"Ann {last}",
        }
    with again(bea) as bea, again(project) as project:
        assert bea.joins.said(1) == project.joins.said(1)
        assert unite(project, bea.folder).joined.conflicts == ()
        # one undo: what held before holds again
        mine = Merging(project, 1)
        mine.undo()
        assert mine.groups == ((0, (1, 2)), (0, (5, 6)), (0, (8, 12)))
        # Bea's own merge of 8 and 12 stays, though Ann takes hers back
        for _ in range(2):
            mine.undo()
        assert mine.to_undo is not None
        assert mine.to_undo.about == "merged: 5+6"


def test_taking_back_ones_own_leaves_what_others_say(project: Project, bea: Project) -> None:
    mine, hers = Merging(project, 1), Merging(bea, 1)
    mine.merge(0, [1, 2])
    hers.merge(0, [1, 2])
    mine.merge(0, [3, 4])
    hers.merge(0, [3, 4])
    hers.undo()  # later than Ann's word, and not about it
    assert counts(take(project, bea)) == (0, 1, 0, 0)
    assert mine.groups == ((0, (1, 2)), (0, (3, 4)))
    mine.undo()
    assert mine.groups == ((0, (1, 2)),)
    assert mine.undo().skipped == 1  # Bea says it too
    assert mine.groups == ((0, (1, 2)),)
    mine.split(0, 1)  # whoever said it
    assert mine.groups == ()
    mine.undo()
    assert mine.groups == ((0, (1, 2)),)


def test_labels_that_are_not_here_are_counted_and_named(project: Project, bea: Project) -> None:
    Merging(bea, 1).merge(0, [1, 2], [3, 4], [5, 6])
    review = Review(bea)
    review.say(review.row_of(0, 5), "prophase")
    old = project.images.labels(1)
    data = np.array(old.data)
    data[data == 1] = 0
    data[data == 3] = 30  # another number, and the same voxels
    data[0, 0, 2, 12:14] = 0  # a bit of 2
    hand_over(project, 1, Segmentation(data, "nucleus", "better"))
    found = take(project, bea)
    assert counts(found) == (2, 0, 0, 1)
    assert found.refused == (
        "field: what was said of labels that are not here, or have other voxels, has no effect, "
        "and words on such cells wait: 1+2",
    )
    assert project.joins.groups(1) == ((0, (4, 30)), (0, (5, 6)))
    review = Review(project)
    assert review.final_slugs()[review.row_of(0, 5)] == "prophase"


def test_words_on_merged_cells_of_other_numbers_find_them(project: Project, tmp_path: Path) -> None:
    numbers = np.where(field_labels() > 0, field_labels() + 100, 0).astype(np.uint16)
    (tmp_path / "bea").mkdir()
    with Project.create(tmp_path / "bea" / "field", who="Bea") as bea:
        bea.images.add(layer_field()[0], Segmentation(numbers, "nucleus", "hers"))
        merging, review = Merging(bea, 1), Review(bea, vocabulary="mitosis-stages")
        merging.merge(0, [105, 106])
        review.reload()
        review.say(review.row_of(0, 105), "prophase")
        merging.merge(0, [107, 108])
        review.reload()
        review.say(review.row_of(0, 101), "mitotic")
        found = take(project, bea)
    assert counts(found) == (2, 0, 0, 0)
    review = Review(project)
    assert review.unplaced == 0
    said = {row: review.words_on(row) for row in range(len(review)) if review.words_on(row)}
    keys = {review.keys([row])[0]: words["Bea"].phase for row, words in said.items()}
    assert keys == {(0, 1): "mitotic", (0, 5): "prophase"}
    Merging(project, 1).undo()
    assert Review(project).unplaced == 1


def test_words_follow_when_the_labels_are_others_after_a_merge(project: Project) -> None:
    review, merging = Review(project), Merging(project, 1)
    review.say(8, "prophase")
    merging.merge(0, [5, 6])
    review.reload()
    review.say(0, "mitotic")
    merging.merge(0, [2, 3])
    data = np.array(field_labels())
    data[data == 12] = 0
    hand_over(project, 1, Segmentation(data, "nucleus", "better"))
    review.reload()
    said = [review.final_slugs()[review.row_of(0, label)] for label in (1, 9)]
    assert said == ["mitotic", "prophase"]
    assert [review.word(review.row_of(0, label)).kind for label in (1, 9)] == ["phase", "phase"]


def test_an_earlier_version_stays_apart_until_something_is_said(project: Project) -> None:
    merging = Merging(project, 1)
    merging.merge(0, [5, 6])
    old = project.images.labels(1)
    project.segmentations.show(1, 1)
    assert merging.groups == ()
    merging.merge(0, [1, 2])
    assert merging.groups == ((0, (1, 2)),)
    merging.merge(0, [5, 6])
    assert merging.groups == ((0, (1, 2)), (0, (5, 6)))
    edited = np.array(project.images.labels(1).data)
    edited[edited == 12] = 0
    revise(project, 1, project.images.labels(1), Segmentation(edited, "nucleus", "edited"))
    assert merging.groups == ((0, (1, 2)), (0, (5, 6)))
    assert old.grid == (1, 1, 30, 40)


def test_tracks_come_where_there_are_none(project: Project, bea: Project) -> None:
    bea.tracked.put(1, Tracks(np.arange(12) // 2, {1: 0}), name="hers.csv", frame_minutes=5)
    Merging(bea, 1).merge(0, [5, 6])
    found = take(project, bea)
    assert found.tracked == ("Tracks of field that Bea gave (hers.csv): 6 tracks came",)
    tracking = project.tracked.get(1)
    assert tracking is not None
    assert (tracking.name, tracking.who, tracking.frame_minutes) == ("hers.csv", "Bea", 5)
    assert tracking.tracks.track.tolist() == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5]
    assert tracking.tracks.parents == {1: 0}
    once = unite(project, bea.folder)
    assert (once.tracked, once.refused, once.changed) == ((), (), False)
    project.tracked.put(1, Tracks(np.zeros(11, int), {}), name="mine.csv")
    kept = unite(project, bea.folder)
    assert kept.refused == (
        "Tracks of field that Bea gave (hers.csv) were left out: this project has tracks of it",
    )
    tracking = project.tracked.get(1)
    assert tracking is not None
    assert tracking.name == "mine.csv"
    files = len(list((project.folder / "tracks").iterdir()))
    assert files == 2


def test_tracks_that_cannot_be_taken_are_named(project: Project, bea: Project) -> None:
    bea.tracked.put(1, Tracks(np.arange(12), {}), name="hers.csv")
    (file,) = (bea.folder / "tracks").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    Review(bea).say(0, "prophase")
    found = take(project, bea)
    assert found.new == 1
    assert found.refused[0].startswith("Tracks of field that Bea gave (hers.csv) were left out: ")
    assert project.tracked.get(1) is None
    file.unlink()
    assert "cannot be copied" in unite(project, bea.folder).refused[0]
    file.write_bytes(whole)
    assert len(unite(project, bea.folder).tracked) == 1


LABELS = st.sampled_from([(1, 2), (2, 3), (1, 2, 3), (3, 4), (5, 6)])
GESTURE = st.tuples(
    st.integers(0, 2),
    st.one_of(
        st.tuples(st.sampled_from(["merge", "merge", "reject"]), LABELS),
        st.tuples(st.just("split"), st.integers(1, 5)),
        st.tuples(st.sampled_from(["undo", "undo", "redo"]), st.none()),
        st.tuples(st.just("import"), st.integers(0, 2)),
    ),
)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Projects of three people of the same field."""
    found = []
    for who in ("Ann", "Bea", "Cem"):
        folder = tmp_path_factory.mktemp(who)
        with make_project(folder, who, predicted=False) as project:
            found.append(project.folder)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(GESTURE, min_size=4, max_size=14))
def test_any_way_of_importing_ends_in_the_same(three: list[Path], gestures: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = [
            shutil.copytree(source, Path(folder) / who / source.name)
            for source, who in zip(three, ("Ann", "Bea", "Cem"), strict=True)
        ]
        with (
            Project.open(places[0], who="Ann") as ann,
            Project.open(places[1], who="Bea") as bea,
            Project.open(places[2], who="Cem") as cem,
        ):
            projects = [ann, bea, cem]
            for number, (name, value) in gestures:
                merging = Merging(projects[number], 1)
                try:
                    if name in ("merge", "reject"):
                        getattr(merging, name)(0, value)
                    elif name == "split":
                        merging.split(0, value)
                    elif name == "import":
                        unite(projects[number], places[value])
                    else:
                        getattr(merging, name)()
                except SegmentationError:
                    continue  # it is no merged cell, or one that has these labels already
            for into, sources in ((0, (1, 2)), (1, (2, 0)), (2, (0, 1))):
                for source in sources:
                    unite(projects[into], places[source])
                said = projects[into].joins.said(1)
                for source in sources:
                    assert not unite(projects[into], places[source]).changed
                assert projects[into].joins.said(1) == said
            assert ann.joins.said(1) == bea.joins.said(1) == cem.joins.said(1)
            assert ann.joins.groups(1) == bea.joins.groups(1) == cem.joins.groups(1)
            used = [label for _, labels in ann.joins.groups(1) for label in labels]
            assert len(used) == len(set(used))


def test_what_stands() -> None:
    def said(verdict: Any, *labels: int) -> Statement:
        return Statement(b"", (0, labels), verdict, "Ann")

    def held(*statements: Statement) -> dict[tuple[int, ...], str]:
        return {group[1]: one.verdict for group, one in standing(statements).items()}

    one, bigger = said("one", 1, 2), said("one", 1, 2, 3)
    assert held(one, bigger) == {(1, 2, 3): "one"}
    assert held(bigger, one) == {(1, 2): "one"}
    assert held(one, bigger, said("none", 1, 2, 3)) == {(1, 2): "one"}
    assert held(bigger, said("apart", 1, 3)) == {(1, 3): "apart"}
    assert held(said("apart", 1, 3), bigger) == {(1, 3): "apart", (1, 2, 3): "one"}
    assert held(one, said("none", 1, 2)) == {}
