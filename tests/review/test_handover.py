"""A new segmentation in the place of an old one: words that go on, wait, and come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from fields import field_labels, make_project, predict, write_field

from napari_cellcycle.errors import ProjectError, SegmentationMismatchError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, export_project, find_orphans, hand_over, unite
from napari_cellcycle.review.relabelling.orphans import rows_to_check

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def another_segmentation() -> NDArray[np.uint16]:
    """Other numbers; 1 and 2 are one cell, 3 is cut in two, 4 is gone, and 90 is new."""
    data = field_labels()
    plane = data[0, 0]
    plane[plane > 0] += 100
    plane[2:8, 8:12] = 101
    plane[plane == 102] = 101
    plane[2:8, 25:28] = 203
    plane[plane == 104] = 0
    plane[20:22, 38:40] = 90
    plane[14:16, 2:4] = 0  # 5 is smaller
    return data


def labels(data: NDArray[np.uint16], name: str = "cellpose") -> Segmentation:
    return Segmentation(data, "nucleus", name)


def reviewed(project: Project) -> Review:
    review = Review(project)
    for row in range(12):
        review.say(row, "mitotic", note=str(row + 1))
    return review


def notes(review: Review) -> dict[int, str]:
    return {label: review.word(row).note for row, label in enumerate(review.cells.label.tolist())}


def test_words_go_on_wait_or_stay_without_a_cell(project: Project) -> None:
    review = reviewed(project)
    found = hand_over(project, 1, labels(another_segmentation()))
    assert str(found) == (
        "Cells that go on: 8 (8 with words); ambiguous: 3 (3 with words); gone: 1 (1 with words); "
        "new: 1."
    )
    assert found.ambiguous == ((0, 1), (0, 2), (0, 3))
    assert (found.lost, found.new) == (((0, 4),), ((0, 90),))
    review.reload()
    said = {label: note for label, note in notes(review).items() if note}
    assert said == {label + 100: str(label) for label in range(5, 13)}
    # predictions go on where the voxels are the same
    assert review.cells.label[review.stale_rows].tolist() == [90, 101, 103, 105, 203]

    orphans = find_orphans(review)
    names = review.cells.label
    assert [(o.label, [int(names[row]) for row in o.rows]) for o in orphans] == [
        (1, [101]), (2, [101]), (3, [103, 203]), (4, [])
    ]  # fmt: skip
    assert str(orphans[0]) == "label 1 (Ann: mitotic)"
    assert names[rows_to_check(orphans, review)].tolist() == [101, 103, 203]
    review.say(review.row_of(0, 101), "prophase")
    assert names[rows_to_check(find_orphans(review), review)].tolist() == [103, 203]
    review.undo()
    assert names[rows_to_check(orphans, review)].tolist() == [101, 103, 203]


def test_what_did_not_go_on_is_told_by_every_export(project: Project, tmp_path: Path) -> None:
    reviewed(project)
    hand_over(project, 1, labels(another_segmentation()))
    told = export_project(project, tmp_path / "cells.csv")
    assert told.notes == (
        "words on 4 cells that the segmentation of field does not have: label 1 (Ann: mitotic), "
        "label 2 (Ann: mitotic), label 3 (Ann: mitotic), and 1 more",
    )


def test_the_old_labels_can_be_shown_again_with_every_word(project: Project) -> None:
    review = reviewed(project)
    before = notes(review)
    hand_over(project, 1, labels(another_segmentation()))
    review.reload()
    review.say([review.row_of(0, 112), review.row_of(0, 101)], "prophase", note="later")
    first, second = project.segmentations.versions(1)
    project.segmentations.show(1, first.number)
    review.reload()
    assert notes(review) == before | {12: "later"}
    assert len(review.stale_rows) == 0
    # the word on the joined cell may be about either part
    (orphan,) = find_orphans(review)
    assert [int(review.cells.label[row]) for row in orphan.rows] == [1, 2]
    assert orphan.segmentation == second.number
    assert review.cells.label[rows_to_check([orphan], review)].tolist() == [1, 2]
    project.segmentations.show(1, second.number)
    review.reload()
    assert notes(review)[101] == "later"
    assert [o.label for o in find_orphans(review)] == [1, 2, 3, 4]
    with pytest.raises(ProjectError, match="no version 7"):
        project.segmentations.show(1, 7)


def test_everybody_s_words_wait_and_blind_shows_only_one_s_own(project: Project) -> None:
    reviewed(project)
    project.close()
    with Project.open(project.folder, who="Bea") as hers:
        review = Review(hers)
        review.exclude([0, 3], "debris")
        review.say(1, "prophase")
        review.clear(1)
        hand_over(hers, 1, labels(another_segmentation()))
        review.reload()
        told = [str(orphan) for orphan in find_orphans(review)]
        assert told == [
            "label 1 (Ann: mitotic; Bea: excluded)", "label 2 (Ann: mitotic)",
            "label 3 (Ann: mitotic)", "label 4 (Ann: mitotic; Bea: excluded)",
        ]  # fmt: skip
        review.look_blind(True)
        assert [str(o) for o in find_orphans(review)] == [
            "label 1 (Bea: excluded)", "label 4 (Bea: excluded)"
        ]  # fmt: skip
    with Project.open(project.folder, who="Ann", read_only=True) as again:
        assert len(find_orphans(Review(again))) == 4


def test_a_colleague_s_words_wait_here_as_they_do_there(project: Project, tmp_path: Path) -> None:
    (tmp_path / "bea").mkdir()
    with make_project(tmp_path / "bea", "Bea") as hers:
        Review(hers).say([0, 1, 6], "prophase")
        hand_over(hers, 1, labels(another_segmentation()))
        review = Review(hers)
        review.say(review.row_of(0, 101), "mitotic")
        folder = hers.folder
    unite(project, folder)
    review = Review(project)
    assert review.words_on(6)["Bea"].phase == "prophase"
    # of her word on the joined cell it is not clear here which of the two it is about
    (orphan,) = (o for o in find_orphans(review) if o.label == 101)
    assert [int(review.cells.label[row]) for row in orphan.rows] == [1, 2]
    # with her labels, her words on the parts wait
    (newest,) = (v for v in project.segmentations.versions(1) if v.number != review.segmentation)
    project.segmentations.show(1, newest.number)
    review.reload()
    assert [str(o) for o in find_orphans(review)] == [
        "label 1 (Bea: prophase)", "label 2 (Bea: prophase)"
    ]  # fmt: skip
    assert review.words_on(review.row_of(0, 101))["Bea"].phase == "mitotic"


def test_an_edit_after_it_and_another_segmentation_after_that(project: Project) -> None:
    review = reviewed(project)
    hand_over(project, 1, labels(another_segmentation()))
    third = another_segmentation()
    third[third > 0] += 1000
    found = hand_over(project, 1, labels(third))
    assert (len(found.moved), found.n_said(found.moved), len(found.lost)) == (12, 8, 0)
    review.reload()
    orphans = find_orphans(review)
    assert review.cells.label[rows_to_check(orphans, review)].tolist() == [1101, 1103, 1203]
    same = hand_over(project, 1, labels(third))
    assert (len(same.moved), len(same.new)) == (12, 0)
    assert len(project.segmentations.versions(1)) == 3


def test_a_file_that_another_program_wrote_over(tmp_path: Path) -> None:
    image, file = write_field(tmp_path)
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(open_image(image), open_labels(file))
        predict(project)
        reviewed(project)
        tifffile.imwrite(file, another_segmentation()[0, 0])
        found = hand_over(project, 1, open_labels(file))
        # nobody has the old voxels: only cells that are the same go on
        assert [len(found.moved), len(found.ambiguous), len(found.lost)] == [7, 0, 5]
        assert {n for n in notes(Review(project)).values() if n} == set(map(str, range(6, 13)))
        assert (project.images.labels(1).volume(0)[0] == another_segmentation()[0, 0]).all()


def test_labels_of_another_image_change_nothing(project: Project) -> None:
    with pytest.raises(SegmentationMismatchError, match="of the same image"):
        hand_over(project, 1, labels(np.ones((1, 1, 5, 5), np.uint16)))
    assert len(project.segmentations.versions(1)) == 1


def test_a_film_in_three_dimensions_with_other_numbers_in_each_frame(
    data_dir: Path, tmp_path: Path
) -> None:
    """Real nuclei of an embryo: each frame is compared by itself, and every word goes on."""
    image = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    old = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    data = np.array(old.data)
    new = data.copy()
    for frame in range(len(data)):
        names = np.unique(data[frame])[1:]
        numbers = np.concatenate([[0], np.roll(names, frame + 1)])
        new[frame] = numbers[np.searchsorted(np.unique(data[frame]), data[frame])]
    with Project.create(tmp_path / "embryo", who="Ann") as project:
        project.images.add(image, old)
        project.vocabularies.add(MITOSIS_STAGES)
        review = Review(project)
        cells = review.cells
        for row in range(len(review)):
            review.say(row, "prophase", note=f"{cells.frame[row]} {cells.voxels[row]}")
        found = hand_over(project, 1, labels(new))
        assert (len(found.moved), len(found.ambiguous), len(found.lost)) == (len(cells), 0, 0)
        review.reload()
        cells = review.cells
        for row in range(len(review)):
            assert review.word(row).note == f"{cells.frame[row]} {cells.voxels[row]}"
