"""The table that leaves a project: what each row says, and for whom it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from fields import make_project, predict

from napari_cellcycle.cells.columns import table_columns
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.review import Review, cells_table, reviews_table, unite
from napari_cellcycle.review.export.rows import chosen_rows, join_tables
from napari_cellcycle.review.names import join_names, split_names

if TYPE_CHECKING:
    from pathlib import Path

    from napari_cellcycle.project import Project


def other_than(review: Review, row: int) -> str:
    return "prophase" if review.final_slugs()[row] != "prophase" else "non-mitotic"


def of_two(folder: Path) -> Project:
    """Ann and Bea agree on cell 0, disagree on cell 1; Bea alone judges cell 2."""
    (folder / "bea").mkdir()
    with make_project(folder / "bea", who="Bea") as hers:
        review = Review(hers)
        for row, phase in enumerate(["prophase", "prophase", "mitotic"]):
            review.say(row, phase, note=f"hers {row}")
    project = make_project(folder)
    review = Review(project)
    review.say(0, "prophase", note="mine")
    review.say(1, "non-mitotic")
    unite(project, hers.folder)
    return project


def test_each_column_says_what_the_review_shows(project: Project) -> None:
    review = Review(project)
    review.say(0, other_than(review, 0), note="=1")
    review.accept(1)
    review.exclude(2, "debris")
    review.unsure(3)
    table = cells_table(review)
    assert tuple(table.columns) == table_columns(MITOSIS_STAGES.slugs, pixels=True)
    assert table["status"].tolist() == review.statuses()
    assert table["final_phase"].tolist() == review.final_slugs()
    assert table["label"].tolist() == review.cells.label.tolist()
    np.testing.assert_array_equal(table["confidence"], review.shown.confidence)
    leaves = table[[f"p_{slug}" for slug in MITOSIS_STAGES.slugs]].to_numpy()
    np.testing.assert_array_equal(leaves, review.shown.column("probabilities", np.nan))
    assert table["corrected_phase"].tolist()[:5] == [review.final_slugs()[0], "", "", "", ""]
    assert table["annotator"].tolist()[:5] == ["Ann"] * 4 + [""]
    assert table["note"].tolist()[:4] == ["=1", "", "debris", ""]
    assert (table["reviewed_at"] != "").tolist() == [True] * 4 + [False] * 8
    assert set(table["model"]) == {"model-0"}
    assert set(table["deciding_axis"]) <= {"x", "y", "z"}
    assert table["y_um"].isna().all()


def test_scopes_are_the_judged_the_corrected_and_the_decided(project: Project) -> None:
    review = Review(project)
    review.say(0, other_than(review, 0))
    review.accept(1)
    review.exclude(2)
    assert chosen_rows(review, "reviewed").tolist() == [0, 1, 2]
    assert chosen_rows(review, "corrected").tolist() == [0]
    assert chosen_rows(review, "final").tolist() == [0, 1, *range(3, 12)]
    assert cells_table(review, only="corrected")["label"].tolist() == [1]
    with pytest.raises(ProjectError, match="reviewed"):
        chosen_rows(review, "some")  # type: ignore[arg-type]


def test_several_people_are_named_where_their_word_is_final(tmp_path: Path) -> None:
    with of_two(tmp_path) as project:
        table = cells_table(Review(project))
    assert table["annotator"].tolist()[:4] == ["Ann; Bea", "Ann; Bea", "Bea", ""]
    assert table["status"].tolist()[1] == "conflict"
    assert table["final_phase"].tolist()[1:3] == ["", "mitotic"]
    assert table["note"].tolist()[:3] == ["mine; hers 0", "hers 1", "hers 2"]


def test_without_a_model_the_columns_are_the_same(tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(MITOSIS_STAGES)
        review = Review(project)
        review.say(0, "prophase")
        table = cells_table(review)
    assert tuple(table.columns) == table_columns(MITOSIS_STAGES.slugs, pixels=True)
    assert table["status"].tolist() == ["corrected", *[""] * 11]
    assert table["corrected_phase"].tolist()[0] == "prophase"
    assert table["confidence"].isna().all()


def test_notes_of_a_run_stay_with_cells_that_nobody_has_judged(tmp_path: Path) -> None:
    with make_project(tmp_path, predicted=False) as project:
        predict(project, cell_notes=["at the border"] * 12)
        review = Review(project)
        review.accept(0)
        assert cells_table(review)["note"].tolist() == ["", *["at the border"] * 11]


def test_tables_of_two_vocabularies_are_joined_by_name(project: Project) -> None:
    table = cells_table(Review(project))
    other = table.drop(columns=[n for n in table if n.startswith("p_")]).assign(p_g1=0.5)
    joined = join_tables([table, other])
    assert list(joined.columns) == list(table_columns([*MITOSIS_STAGES.slugs, "g1"], pixels=True))
    assert joined["p_g1"].isna().sum() == 12
    assert joined["label"].dtype == np.int64


def test_reviews_hold_every_word_of_everybody(tmp_path: Path) -> None:
    with of_two(tmp_path) as project:
        Review(project).undo()
        table = reviews_table(project)
    assert table["annotator"].value_counts().to_dict() == {"Ann": 3, "Bea": 3}
    assert table["gesture"].tolist().count("undo") == 1
    undone = table[table["gesture"] == "undo"].iloc[0]
    assert undone["undoes"] in set(table["action"])
    assert (undone["kind"], undone["old_phase"]) == ("none", "non-mitotic")
    assert table["time"].is_monotonic_increasing
    assert table["time"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z").all()


@pytest.mark.parametrize(
    "names", [[], ["Ann"], ["Ann", "Bea"], ["a; b", "c"], [";", ";;"], ["a;", "; b", "c;d"]]
)
def test_names_are_the_same_after_joining(names: list[str]) -> None:
    assert split_names(join_names(names)) == names
