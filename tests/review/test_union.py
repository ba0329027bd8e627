from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import field_labels, layer_field, make_project

from napari_cellcycle.errors import CellCycleWarning
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.phases import Phase, PhaseSet, flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review, revise, unite

if TYPE_CHECKING:
    from collections.abc import Callable


def hers(folder: Path, work: Callable[[Project], object], **more) -> Path:
    """Bea's project of the same field, made on her own."""
    folder.mkdir()
    with make_project(folder, "Bea", **more) as project:
        work(project)
        return project.folder


def test_a_colleagues_words_come_once(project: Project, tmp_path: Path) -> None:
    review = Review(project)
    review.say([0, 1], "prophase")

    def work(theirs: Project) -> None:
        Review(theirs).say([1, 2], "mitotic", note="sure")
        Review(theirs).undo()
        Review(theirs).redo()

    path = hers(tmp_path / "bea", work)
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    report = unite(project, path)
    assert (report.new, report.known, report.people, report.refused) == (6, 0, ("Bea",), ())
    review.reload()
    assert review.statuses()[:4] == ["corrected", "conflict", "corrected", "predicted"]
    assert review.word(2, "Bea").note == "sure"
    again = unite(project, path)
    assert (again.new, again.known) == (0, 6)
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
    # what she did cannot be undone here, what was done here can
    assert review.undo().rows.tolist() == [0, 1]


def test_it_goes_in_both_directions(project: Project, tmp_path: Path) -> None:
    Review(project).say(0, "prophase")
    path = hers(tmp_path / "bea", lambda theirs: Review(theirs).say(0, "mitotic"))
    unite(project, path)
    with Project.open(path, who="Bea") as theirs:
        assert unite(theirs, project.folder).new == 1
        one, two = Review(project), Review(theirs)
        assert (one.final == two.final).all()
        assert (one.status == two.status).all()
        assert one.words_on(0) == two.words_on(0)


def test_two_copies_of_one_project_grow_together_again(project: Project, tmp_path: Path) -> None:
    Review(project).say(0, "prophase")
    project.close()
    copy = tmp_path / "copy.cellcycle"
    shutil.copytree(project.folder, copy)
    with Project.open(copy, who="Ann") as second:
        Review(second).say(0, "mitotic")
        Review(second).say(1, "mitotic")
    with Project.open(project.folder, who="Ann") as first:
        review = Review(first)
        review.say(2, "prophase")
        report = unite(first, copy)
        assert (report.new, report.known) == (2, 1)
        review.reload()
        assert review.final_slugs()[:3] == ["mitotic", "mitotic", "prophase"]
        for _ in range(4):
            review.undo()
        assert review.statuses()[:3] == ["predicted"] * 3


def test_what_does_not_fit_is_left_out_and_named(project: Project, tmp_path: Path) -> None:
    project.vocabularies.add(flat_vocabulary("mine", ["a"]))

    def work(theirs: Project) -> None:
        branch, leaf = Phase("b", "b", "#000000"), Phase("a", "a", "#FFFFFF", "b")
        theirs.vocabularies.add(PhaseSet("mine", (branch, leaf)))
        Review(theirs, vocabulary="mine").say(0, "a")
        other = theirs.images.add(*layer_field("second", seed=4))
        Review(theirs, other.number, vocabulary="mitosis-stages").say(0, "mitotic")
        Review(theirs, 1, vocabulary="mitosis-stages").say(3, "mitotic")

    report = unite(project, hers(tmp_path / "bea", work))
    assert report.new == 1
    assert "second were left out: it is not in this project" in str(report)
    assert "in the vocabulary mine were left out: here a belongs to another branch" in str(report)
    assert project.vocabularies["mine"].slugs == ("a",)


@pytest.mark.parametrize("labels_at_hand", [True, False])
def test_words_on_her_segmentation_find_their_cells_here(
    project: Project, tmp_path: Path, labels_at_hand: bool
) -> None:
    other = field_labels()
    renamed = np.where(other > 0, other + 100, 0).astype(np.uint16)
    renamed[0, 0, 2, 2:8] = 0
    folder = tmp_path / "bea"
    folder.mkdir()
    stack, _ = layer_field()
    with Project.create(folder / "field", who="Bea") as theirs:
        theirs.images.add(stack, Segmentation(renamed, "nucleus", "hers"))
        review = Review(theirs, vocabulary="mitosis-stages")
        review.say([0, 1], "mitotic")
        path = theirs.folder
    if not labels_at_hand:
        (file,) = path.glob("segmentations/*-labels.npz")
        from napari_cellcycle.project.project import Project as Opened

        with Opened.open(path, who="Bea") as theirs, theirs.store.transaction() as changes:
            changes.run("UPDATE segmentation SET labels = NULL")
        file.unlink()
    unite(project, path)
    mine = Review(project)
    # the edited cell is found by its voxels only
    assert mine.words_on(0).keys() == ({"Bea"} if labels_at_hand else set())
    assert mine.words_on(1).keys() == {"Bea"}
    assert mine.unplaced == (0 if labels_at_hand else 1)


def test_her_edits_come_along(project: Project, tmp_path: Path) -> None:
    def work(theirs: Project) -> None:
        Review(theirs).say(3, "mitotic")
        old = theirs.images.labels(1)
        data = np.array(old.data)
        data[data == 1] = 0
        data[data == 6] = 60
        revise(theirs, 1, old, Segmentation(data, "nucleus", "edited"))
        review = Review(theirs)
        review.say(review.row_of(0, 60), "prophase")

    unite(project, hers(tmp_path / "bea", work))
    review = Review(project)
    assert len(review) == 12
    assert review.words_on(3)["Bea"].phase == "mitotic"
    assert review.words_on(5)["Bea"].phase == "prophase"


def test_words_in_phases_of_her_own_come_with_their_phases(tmp_path: Path) -> None:
    for name, slugs in (("ann", ["g1", "s"]), ("bea", ["g1", "m"])):
        (tmp_path / name).mkdir()
        with make_project(tmp_path / name, name.title(), predicted=False) as project:
            project.vocabularies.add(flat_vocabulary("own", slugs))
            Review(project, vocabulary="own").say(0 if name == "ann" else 1, slugs[1])
            folder = project.folder
    with Project.open(tmp_path / "ann" / folder.name, who="Ann") as ours:
        with pytest.warns(CellCycleWarning, match="Two vocabularies are called own"):
            unite(ours, folder)
        assert ours.vocabularies["own"].slugs == ("g1", "s", "m")
        assert Review(ours, vocabulary="own").final_slugs()[:2] == ["s", "m"]
