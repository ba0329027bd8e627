from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from fields import SIDE, field_labels, predict, write_field

from napari_cellcycle.errors import InputChangedError, SegmentationMismatchError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, hand_over, revise, unite
from napari_cellcycle.review.daughters.merging import Merging

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_cellcycle.review.relabelling.transfer import Revision


def edit(project: Project, change: Callable[[NDArray[np.uint16]], None]) -> Revision:
    old = project.images.labels(1)
    data = np.array(old.data)
    change(data[0, 0])
    return revise(project, 1, old, Segmentation(data, "nucleus", "edited"))


def reviewed(project: Project) -> Review:
    review = Review(project)
    for row in range(12):
        review.say(row, "mitotic", note=str(row + 1))
    return review


def notes(review: Review) -> dict[int, str]:
    labels = review.cells.label.tolist()
    return {label: review.word(row).note for row, label in enumerate(labels)}


def grow(plane):
    plane[2:8, 1] = 1


def shrink(plane):
    plane[2:4, 2:8] = 0


def erase(plane):
    plane[plane == 2] = 0


def merge(plane):
    plane[4:6, 18:22] = 2
    plane[plane == 3] = 2


def split(plane):
    plane[2:4, 2:8] = 40


def renumber(plane):
    plane[plane == 12] = 500


def swap(plane):
    one, two = plane == 1, plane == 2
    plane[one], plane[two] = 2, 1


def paint(plane):
    plane[28:30, 38:40] = 77


@pytest.mark.parametrize(
    ("change", "touched", "follow"),
    [
        (grow, [1], {}),
        (shrink, [1], {}),
        (erase, [], {2: None}),
        (merge, [2], {3: None}),
        (split, [1, 40], {40: ""}),
        (renumber, [500], {12: None, 500: "12"}),
        (swap, [1, 2], {1: "2", 2: "1"}),
        (paint, [77], {77: ""}),
    ],
)
def test_touched_cells_are_stale_and_words_follow(project, change, touched, follow) -> None:
    review = reviewed(project)
    before = notes(review)
    report = edit(project, change)
    review.reload()
    assert [label for _, label in report.touched] == touched
    expected = {label: before.get(label, "") for label in review.cells.label.tolist()}
    expected |= {label: note for label, note in follow.items() if note is not None}
    gone = [label for label, note in follow.items() if note is None]
    assert notes(review) == expected
    assert not set(gone) & set(review.cells.label.tolist())
    assert review.cells.label[review.stale_rows].tolist() == touched
    stale = {review.statuses()[row] for row in review.stale_rows}
    assert stale <= {"stale"}
    assert (review.shown.phase >= 0).sum() == len(review) - len(touched)


def test_stale_cells_alone_are_classified_again(project: Project) -> None:
    review = reviewed(project)
    (first,) = project.predictions.sets(1)
    before = review.shown.confidence.copy()
    edit(project, split)
    review.reload()
    rows = review.stale_rows
    again = predict(
        project, seed=0, rows=rows, completes=first.id, model=first.model,
        model_sha256=first.model_sha256,
    )  # fmt: skip
    review.reload()
    assert again.n_cells == 2
    assert len(review.stale_rows) == 0
    assert review.prediction_set is not None
    assert review.prediction_set.id == first.id
    untouched = [row for row in range(13) if row not in rows.tolist()]
    assert (review.shown.confidence[untouched] == before[1:]).all()
    assert review.statuses() == ["corrected"] * 12 + ["predicted"]


def test_an_edit_that_is_taken_back_leaves_no_trace(project: Project) -> None:
    review = reviewed(project)
    before = review.final.copy()
    original = project.images.labels(1)
    edit(project, merge)
    review.reload()
    row = review.row_of(0, 2)
    review.say(row, "prophase")
    edited = project.images.labels(1)
    revise(project, 1, edited, original)
    review.reload()
    assert len(review.stale_rows) == 0
    assert review.final_slugs()[1] == "prophase"
    assert (np.delete(review.final, 1) == np.delete(before, 1)).all()
    # undo knows the cell that it was said of
    assert review.undo().rows.tolist() == [1]
    assert notes(review)[2] == "2"


def test_undo_after_an_edit_finds_the_cell_or_leaves_it(project: Project) -> None:
    review = Review(project)
    review.say([0, 1, 11], "prophase")
    edit(project, erase)
    edit(project, renumber)
    review.reload()
    assert review.unplaced == 1
    change = review.undo()
    assert (change.rows.tolist(), change.skipped) == ([0, 10], 1)
    assert review.words_on(review.row_of(0, 500)) == {}


def test_everything_is_there_after_opening_again(project: Project) -> None:
    reviewed(project)
    edit(project, split)
    project.close()
    with Project.open(project.folder, who="Bob") as again:
        review = Review(again)
        assert len(review) == 13
        assert review.cells.label[review.stale_rows].tolist() == [1, 40]
        assert (again.images.labels(1).data == 40).sum() == 2 * SIDE


def test_labels_that_another_program_changed(tmp_path: Path) -> None:
    image, labels = write_field(tmp_path)
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(open_image(image), open_labels(labels))
        predict(project)
        reviewed(project)
    changed = field_labels()[0, 0]
    split(changed)
    renumber(changed)
    swap_two_and_three = changed.copy()
    swap_two_and_three[changed == 2], swap_two_and_three[changed == 3] = 3, 2
    tifffile.imwrite(labels, swap_two_and_three)
    with Project.open(tmp_path / "field.cellcycle", who="Ann") as project:
        with pytest.raises(InputChangedError, match="as an edit"):
            project.images.labels(1)
        report = revise(project, 1, None, open_labels(labels))
        review = Review(project)
        assert report.touched == ((0, 1), (0, 40))
        found = notes(review)
        assert [found[label] for label in (1, 2, 3, 4, 40, 500)] == ["", "3", "2", "4", "", "12"]
        assert review.cells.label[review.stale_rows].tolist() == [1, 40]
        assert (project.images.labels(1).volume(0)[0] == swap_two_and_three).all()


def test_another_grid_is_no_edit(project: Project) -> None:
    wrong = Segmentation(np.ones((1, 1, 5, 5), np.uint8), "nucleus", "other.tif")
    with pytest.raises(SegmentationMismatchError, match=r"other\.tif is .* not two versions"):
        revise(project, 1, project.images.labels(1), wrong)


@pytest.mark.parametrize("merged", [False, True])
def test_labels_that_only_their_voxels_tell_apart(
    project: Project, tmp_path: Path, merged: bool
) -> None:
    """Corners of a cell are cut: box, size and centre do not say which."""

    def cut(upper: slice, lower: slice) -> Callable[[NDArray[np.uint16]], None]:
        def change(plane: NDArray[np.uint16]) -> None:
            plane[2:8, 2:8] = 1
            plane[2:4, upper] = plane[6:8, lower] = 0

        return change

    left, right = slice(2, 4), slice(6, 8)
    if merged:
        Merging(project, 1).merge(0, [5, 6])
    edit(project, cut(left, right))
    first = np.array(project.images.labels(1).data)
    shutil.copytree(project.folder, tmp_path / "bea.cellcycle")
    predict(project)
    Review(project).say(0, "prophase")
    done = edit(project, cut(right, left))
    assert done.touched == ((0, 1),)
    review, second = Review(project), np.array(project.images.labels(1).data)
    assert (first != second).sum() == 16
    assert second[0, 0, 2, 2:8].tolist() == [1, 1, 1, 1, 0, 0]
    assert (review.statuses()[0], review.final_slugs()[0]) == ("stale", "prophase")
    assert review.statuses()[7] == "predicted"
    assert len(Merging(project, 1).groups) == merged
    version = project.segmentations.current(1)
    hand_over(project, 1, Segmentation(second, "nucleus", "the same"))
    revise(project, 1, project.images.labels(1), Segmentation(second, "nucleus", "the same"))
    assert merged or project.segmentations.current(1) == version
    assert (np.array(project.images.labels(1).data) == second).all()
    if not merged:
        with Project.open(tmp_path / "bea.cellcycle", who="Bea") as other:
            Review(other).say(3, "prophase")
        unite(project, tmp_path / "bea.cellcycle")
        united = Review(project)
        assert (united.word(3, "Bea").phase, united.word(0, "Ann").phase) == ("prophase",) * 2
        assert (np.array(project.images.labels(1).data) == second).all()
