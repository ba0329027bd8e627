"""Labels that are one cell: in the project, in tables, and back again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import predict, write_field

from napari_cellcycle.cells.merge import merge_cells, merge_labels
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import ReadOnlyProjectError, SegmentationError
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.project import Project
from napari_cellcycle.review import (
    Review,
    cells_table,
    export_project,
    find_orphans,
    hand_over,
    import_words,
    revise,
    unite,
)
from napari_cellcycle.review.daughters.merging import Merging
from napari_cellcycle.review.relabelling.orphans import orphan_notes

if TYPE_CHECKING:
    from pathlib import Path


def labels_of(review: Review) -> list[int]:
    found: list[int] = review.cells.label.tolist()
    return found


def state(review: Review) -> list[tuple[int, str, str]]:
    return list(zip(labels_of(review), review.statuses(), review.final_slugs(), strict=True))


def test_merged_cells_are_measured_as_if_the_labels_were_merged(data_dir: Path) -> None:
    labels = open_labels(data_dir / "organoid_h2b_membrane_3d_t303_nuclei_labels.ome.tif")
    spacing = labels.spacing
    assert spacing is not None
    apart = cell_table(labels, spacing)
    groups = [(0, (11, 19)), (0, (16, 20))]
    merged = merge_cells(apart, groups)
    derived = merge_labels(labels, groups)
    measured = cell_table(derived, spacing)
    for name in ("frame", "label", "bbox", "centroid", "voxels", "touches_border"):
        assert np.array_equal(getattr(merged, name), getattr(measured, name)), name
    assert merged.merged_labels is not None
    assert {t for t in merged.merged_labels.tolist() if t} == {"11+19", "16+20"}
    lazy = Segmentation(_dask(labels.volume(0)[None]), "nucleus", "lazy")
    assert np.array_equal(merge_labels(lazy, groups).volume(0), derived.volume(0))
    assert 19 in labels.volume(0)
    with pytest.raises(SegmentationError, match="label 999 is not in the segmentation"):
        merge_cells(apart, [(0, (11, 999))])
    with pytest.raises(SegmentationError, match="in two merged cells"):
        merge_cells(apart, [(0, (11, 19)), (0, (11, 20))])


def _dask(data):
    import dask.array as da

    return da.from_array(data, chunks=(1, 9, 50, 50))


def test_an_accepted_pair_is_one_cell_until_it_is_taken_back(tmp_path: Path) -> None:
    image, labels = write_field(tmp_path)
    before = labels.read_bytes()
    with Project.create(tmp_path / "field", who="Ann") as project:
        project.images.add(open_image(image), open_labels(labels))
        predict(project)
        review = Review(project)
        review.say([4, 5], "anaphase-telophase-cytokinesis")
        review.say([1], "prophase")
        review.mark_seen([4])
        apart = state(review)
        merged = Merging(project, 1).merge(0, [6, 5], [12, 11])
        assert merged.about == "merged: 5+6, 11+12"
        assert merged.cells == ((0, 5), (0, 11))
        review.reload()
        assert labels_of(review) == [1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
        assert review.slugs(review.final)[1] == "prophase"
        assert review.keys(review.stale_rows) == [(0, 5), (0, 11)]
        # both parts were said to be in this phase, and nothing was said of the other pair
        assert review.final_slugs()[4] == "anaphase-telophase-cytokinesis"
        assert review.final_slugs()[9] == ""
        assert review.cells.voxels[4] == 72
        shown = project.images.labels(1).volume(0)
        assert set(np.unique(shown)) == {0, *labels_of(review)}
        assert (shown == 5).sum() == 72
        predict(project, seed=0, rows=review.stale_rows, completes=review.prediction_set.id)
        review.reload()
        assert not len(review.stale_rows)
        table = cells_table(review)
        assert table.merged_labels.tolist() == [*[""] * 4, "5+6", *[""] * 4, "11+12"]
        assert table.label.tolist() == labels_of(review)
        now = state(review)
    with Project.open(project.folder, who="Ann") as project:
        merging = Merging(project, 1)
        assert merging.to_undo is not None
        assert merging.to_undo.about == "merged: 5+6, 11+12"
        assert merging.undo().cells == ((0, 5), (0, 6), (0, 11), (0, 12))
        review = Review(project)
        assert state(review) == apart
        assert review.seen.tolist() == [row == 4 for row in range(12)]
    with Project.open(project.folder, who="Ann") as project:
        merging = Merging(project, 1)
        merging.redo()
        assert state(Review(project)) == now
        assert merging.to_redo is None
    assert labels.read_bytes() == before


def test_a_word_on_a_merged_cell_waits_while_it_is_split(project: Project) -> None:
    merging, review = Merging(project, 1), Review(project)
    merging.merge(0, [1, 2])
    review.reload()
    review.say(0, "prophase")
    merging.merge(0, [3, 4])
    merging.split(0, 1)
    review.reload()
    assert labels_of(review) == [1, 2, 3, *range(5, 13)]
    assert review.final_slugs()[0] != "prophase"
    assert review.statuses()[0] == "predicted"
    merging.undo()
    review.reload()
    assert review.final_slugs()[0] == "prophase"
    merging.merge(0, [1, 3])
    assert merging.groups == ((0, (1, 2, 3, 4)),)
    merging.undo()
    assert merging.groups == ((0, (1, 2)), (0, (3, 4)))
    with pytest.raises(SegmentationError, match=r"Cell 7 .* is one label"):
        merging.split(0, 7)
    with pytest.raises(SegmentationError, match="Choose two labels or more"):
        merging.merge(0, [7])
    with pytest.raises(SegmentationError, match="label 99 is not in the segmentation"):
        merging.merge(0, [7, 99])
    assert merging.groups == ((0, (1, 2)), (0, (3, 4)))


def test_different_words_on_the_parts_are_no_word_on_the_cell(project: Project) -> None:
    review = Review(project)
    review.say(0, "prophase")
    review.say(1, "mitotic")
    review.say([2, 3], "prophase")
    review.clear(3)
    Merging(project, 1).merge(0, [1, 2], [3, 4])
    review.reload()
    assert review.statuses()[:2] == ["stale", "stale"]
    assert review.final_slugs()[:2] == ["", ""]


def test_a_rejected_pair_stays_rejected(project: Project) -> None:
    merging = Merging(project, 1)
    merging.reject(0, [2, 1])
    assert merging.rejected == {(0, (1, 2))}
    assert merging.reject(0, [1, 2]).cells == ()  # it is said already
    merging.merge(0, [1, 2])
    assert merging.rejected == frozenset()
    merging.undo()
    assert (merging.rejected, merging.groups) == ({(0, (1, 2))}, ())
    merging.undo()
    assert merging.rejected == frozenset()
    assert merging.to_undo is None


def test_merged_cells_outlive_an_edit_elsewhere(project: Project) -> None:
    merging, review = Merging(project, 1), Review(project)
    review.say(0, "prophase", note="kept")
    merging.merge(0, [5, 6], [7, 8], [9, 10])
    old = project.images.labels(1)
    data = np.array(old.data)
    data[0, 0][data[0, 0] == 12] = 40  # another number, and the same voxels
    data[0, 0, 12:14, 32:38] = 0  # the upper part of 8, which is a part of 7
    data[0, 0, 0, 0] = 10  # a new cell with the number of a part of 9
    revise(project, 1, old, Segmentation(data, "nucleus", "edited"))
    review.reload()
    assert merging.groups == ((0, (5, 6)),)
    assert labels_of(review) == [1, 2, 3, 4, 5, 7, 9, 10, 11, 40]
    assert review.note(0) == "kept"
    assert np.array_equal(project.images.labels(1).volume(0), data[0])
    merging.split(0, 5)
    review.reload()
    assert labels_of(review) == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 40]
    assert review.statuses()[4:6] == ["predicted", "predicted"]
    assert (project.images.labels(1).volume(0) == 6).sum() == 36
    # 7+8 and 9+10 were edited since: nothing of it is left to undo but the split
    merging.undo()
    assert merging.undo().skipped == 2
    assert merging.groups == ()


def test_a_project_that_is_only_looked_at_says_no(project: Project) -> None:
    Merging(project, 1).merge(0, [1, 2])
    project.close()
    with Project.open(project.folder, who="Bob", read_only=True) as looked:
        assert labels_of(Review(looked))[:2] == [1, 3]
        with pytest.raises(ReadOnlyProjectError, match="looked at only"):
            Merging(looked, 1).split(0, 1)


def grown(project: Project) -> tuple[Segmentation, Segmentation]:
    """The present labels, and the same with label 5 grown by a voxel."""
    old = project.images.labels(1)
    data = np.array(old.data)
    y, x = np.argwhere(data[0, 0] == 5)[0]
    data[0, 0, y - 1, x] = 5
    return old, Segmentation(data, "nucleus", "edited")


def test_an_edit_of_the_last_merged_cell_loosens_nothing(project: Project) -> None:
    merging, review = Merging(project, 1), Review(project)
    project.tracked.put(1, Tracks(np.arange(12), {}))
    review.say(range(4), "prophase")
    review.say([4, 5], "mitotic", note="both")
    merging.merge(0, [5, 6])
    review.reload()
    before = dict(zip(labels_of(review), state(review), strict=True))
    revise(project, 1, *grown(project))
    review.reload()
    assert merging.groups == ()
    assert dict(zip(labels_of(review), state(review), strict=True)) == before
    assert before[5] == (5, "stale", "mitotic")
    assert review.note(4) == "both"
    assert find_orphans(review) == ()
    assert review.unplaced == 0
    found = project.tracked.get(1)
    assert found is not None
    assert (found.tracks.lost, found.tracks.track.tolist()) == (0, [0, 1, 2, 3, 4, *range(6, 12)])
    # what is said of the cell now is later
    review.say(4, "prophase")
    review.reload()
    assert review.final_slugs()[4] == "prophase"


def test_words_on_the_parts_go_on_to_other_labels(project: Project) -> None:
    merging, review = Merging(project, 1), Review(project)
    review.say([0, 1, 4, 5], "prophase")
    review.say([8], "mitotic")
    merging.merge(0, [1, 2], [5, 6], [9, 10])
    review.reload()
    # words that do not hold for a merged cell are the only ones without a cell
    assert [str(orphan) for orphan in find_orphans(review)] == ["label 9 (Ann: mitotic)"]
    assert (review.unplaced, len(orphan_notes(review))) == (1, 1)
    exported = project.exports / "cells.csv"
    export_project(project, exported, what="cells")
    found = import_words(project, exported)
    assert (found.new, found.known) == (0, 2)
    data = np.array(project.images.labels(1).data)
    data[data == 5] = 50
    data[0, 0, 2:8, 12:18] = 60  # cell 1 was cut into its parts
    done = hand_over(project, 1, Segmentation(data.astype(np.int32), "nucleus", "other"))
    assert (done.ambiguous, done.n_said(done.moved), done.n_said(done.ambiguous)) == (
        ((0, 1),), 1, 1
    )  # fmt: skip
    review.reload()
    assert review.final_slugs()[review.row_of(0, 50)] == "prophase"
    orphan, other = find_orphans(review)
    assert [str(orphan), str(other)] == ["label 1 (Ann: prophase)", "label 9 (Ann: mitotic)"]
    assert sorted(review.cells.label[list(orphan.rows)].tolist()) == [1, 60]
    assert review.unplaced == 2


def test_words_on_the_parts_come_with_a_colleague_s_project(
    project: Project, tmp_path: Path
) -> None:
    hers = tmp_path / "bea.cellcycle"
    shutil.copytree(project.folder, hers)
    with Project.open(hers, who="Bea") as other:
        Review(other).say([4, 5], "prophase")
        Merging(other, 1).merge(0, [5, 6])
        revise(other, 1, *grown(other))
    Merging(project, 1).merge(0, [5, 6])
    revise(project, 1, *grown(project))
    unite(project, hers)
    review = Review(project)
    assert review.word(4, "Bea").phase == "prophase"
    assert find_orphans(review) == ()


def test_what_a_colleague_merged_further_stays(project: Project) -> None:
    merging = Merging(project, 1)
    merging.merge(0, [1, 2])
    merging.merge(0, [7, 8])
    merging.undo()
    merging.undo()
    project.close()
    with Project.open(project.folder, who="Bea") as project:
        Merging(project, 1).merge(0, [2, 3])
    with Project.open(project.folder, who="Ann") as project:
        merging = Merging(project, 1)
        assert merging.redo().skipped == 1
        assert merging.groups == ((0, (2, 3)),)
        assert merging.redo().cells == ((0, 7),)
        assert merging.groups == ((0, (2, 3)), (0, (7, 8)))
        assert merging.to_redo is None


def test_a_cell_is_not_taken_apart_for_one_that_cannot_be(project: Project) -> None:
    merging = Merging(project, 1)
    merging.merge(0, [1, 2])
    merging.merge(0, [1, 3])
    merging.undo()
    project.close()
    with Project.open(project.folder, who="Bea") as project:
        Merging(project, 1).merge(0, [3, 4])
    with Project.open(project.folder, who="Ann") as project:
        merging = Merging(project, 1)
        assert merging.redo().skipped == 2
        assert merging.groups == ((0, (1, 2)), (0, (3, 4)))
