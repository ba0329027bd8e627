"""What an export gives, an import takes: exactly, whatever was said, and never twice."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from fields import layer_field, make_project, predict
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import (
    Review,
    cells_table,
    export_project,
    import_words,
    read_table,
    reviews_table,
    revise,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SLUGS = [phase.slug for phase in MITOSIS_STAGES]
# a carriage return becomes a space in a CSV; SQLite and UTF-8 know no lone surrogates
NOTES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=6
) | st.sampled_from(["=1", "'=1", '"', "a;b, c", "NA", "\n"])
GESTURES = st.lists(
    st.tuples(
        st.sampled_from(["Ann", "Bea", "=Cem; d"]),
        st.sampled_from([*SLUGS, "accept", "exclude", "unsure", "clear", "undo"]),
        st.lists(st.integers(0, 11), min_size=1, max_size=4),
        NOTES,
    ),
    min_size=1,
    max_size=8,
)


def act(folder: Path, gestures: Sequence[tuple[str, str, list[int], str]]) -> Path:
    """A project in which people said things one after the other; its folder."""
    with make_project(folder) as project:
        home = project.folder
    for who, what, rows, note in gestures:
        with Project.open(home, who=who) as project:
            review = Review(project)
            if what in ("exclude", "unsure"):
                getattr(review, what)(rows, note)
            elif what in ("accept", "clear"):
                getattr(review, what)(rows)
            elif what == "undo":
                review.undo()
            else:
                review.say(rows, what, note=note)
    return home


def fresh(folder: Path) -> Project:
    folder.mkdir()
    return make_project(folder, who="Dan")


@settings(max_examples=15, deadline=None)
@given(gestures=GESTURES)
def test_reviews_come_back_event_by_event(gestures: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = act(folder, gestures)
        path = folder / "reviews.csv"
        with Project.open(home, who="Dan", read_only=True) as project:
            n = export_project(project, path, what="reviews").n
            before, cells = reviews_table(project), cells_table(Review(project))
        with fresh(folder / "fresh") as other:
            report = import_words(other, path)
            assert (report.new, report.known) == (n, 0)
            assert not report.unmatched  # type: ignore[union-attr]
            pd.testing.assert_frame_equal(reviews_table(other), before)
            pd.testing.assert_frame_equal(cells_table(Review(other)), cells)
            assert import_words(other, path).new == 0
        with Project.open(home, who="Ann") as project:
            assert import_words(project, path).known == n


@settings(max_examples=15, deadline=None)
@given(gestures=GESTURES)
def test_cells_of_one_person_come_back_row_by_row(gestures: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = act(folder, [("Ann", *rest) for _, *rest in gestures])
        path = folder / "cells.csv"
        with Project.open(home, who="Ann") as project:
            export_project(project, path)
            cells = cells_table(Review(project))
            # in the project that it comes from there is nothing new
            assert import_words(project, path).new == 0
        with fresh(folder / "fresh") as other:
            report = import_words(other, path)
            assert report.new == (cells["annotator"] != "").sum()
            assert import_words(other, path).new == 0
            pd.testing.assert_frame_equal(cells_table(Review(other)), cells)


def test_cells_of_several_people_bring_the_words_that_are_final(tmp_path: Path) -> None:
    home = act(
        tmp_path,
        [
            ("Ann", "prophase", [0, 1, 2], ""),
            ("Bea", "prophase", [0, 1], ""),
            ("=Cem; d", "mitotic", [1, 2], ""),
        ],
    )
    with Project.open(home, who="Ann") as project:
        export_project(project, tmp_path / "cells.csv")
        assert import_words(project, tmp_path / "cells.csv").new == 0
    with fresh(tmp_path / "fresh") as other:
        report = import_words(other, tmp_path / "cells.csv")
        assert report.new == 4
        (line,) = report.unmatched  # type: ignore[union-attr]
        assert "line 4" in line
        assert "reviews" in line
        table = cells_table(Review(other))
    assert table["annotator"].tolist()[:3] == ["Ann; Bea", "Ann; Bea", ""]


def test_every_image_gets_its_own_words(tmp_path: Path) -> None:
    projects = []
    for name in ("one", "two"):
        project = Project.create(tmp_path / name, who="Ann")
        for image, seed in (("a", 1), ("b", 2)):
            number = project.images.add(*layer_field(image, seed)).number
            predict(project, number, seed=seed)
        projects.append(project)
    mine, hers = projects
    Review(mine, 1).say(3, "prophase")
    Review(mine, 2).exclude(4, "debris")
    path = tmp_path / "cells.csv"
    assert export_project(mine, path).n == 24
    assert read_table(path)["image"].value_counts().to_dict() == {"a": 12, "b": 12}
    assert import_words(hers, path).new == 2
    pd.testing.assert_frame_equal(
        cells_table(Review(hers, 2)), cells_table(Review(mine, 2)), check_dtype=False
    )
    only = import_words(hers, path, image=1)
    assert len(only.unmatched) == 1  # type: ignore[union-attr]
    (tmp_path / "plain.csv").write_text("label,phase\n1,prophase\n")
    with pytest.raises(ProjectError, match="2"):
        import_words(hers, tmp_path / "plain.csv")
    for project in projects:
        project.close()


@pytest.mark.parametrize(
    "text",
    ["label;phase\r\n1;prophase\r\n", "label\tphase\n1.0\tprophase\n", "phase,label\nprophase,1"],
)
def test_tables_of_other_programs(project: Project, tmp_path: Path, text: str) -> None:
    (tmp_path / "plain.csv").write_text(text, newline="")
    assert import_words(project, tmp_path / "plain.csv").new == 1
    assert Review(project).final_slugs()[0] == "prophase"


def test_names_of_phases_are_understood_as_well(project: Project, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text("label,phase\n1,early prometaphase\n2,Prophase\n3,phase\n")
    report = import_words(project, tmp_path / "plain.csv")
    assert (report.new, len(report.unmatched)) == (2, 1)  # type: ignore[union-attr]
    assert Review(project).final_slugs()[0] == "early-prometaphase"


def test_a_phase_called_na_comes_back(tmp_path: Path) -> None:
    phases = flat_vocabulary("mine", ["NA", "-1", "=x"])
    with make_project(tmp_path, predicted=False) as project:
        project.vocabularies.add(phases)
        review = Review(project, vocabulary="mine")
        for row, slug in enumerate(phases.slugs):
            review.say(row, slug)
        export_project(project, tmp_path / "cells.csv")
    with fresh(tmp_path / "fresh") as other:
        other.vocabularies.add(phases)
        assert import_words(other, tmp_path / "cells.csv").new == 3
        assert Review(other, vocabulary="mine").final_slugs()[:3] == ["NA", "-1", "=x"]


def test_what_does_not_match_is_told_line_by_line(project: Project, tmp_path: Path) -> None:
    review = Review(project)
    for row in range(6):
        review.say(row, "prophase")
    table = reviews_table(project)
    table.loc[0, "signature"] = "0" * 64
    table.loc[1, "segmentation"] = "0" * 64
    table.loc[2, "vocabulary"] = "other"
    table.loc[3, "phase"] = "happy"
    table.loc[4, "event"] = "xyz"
    path = write_table(table, tmp_path / "reviews.csv")
    with fresh(tmp_path / "fresh") as other:
        report = import_words(other, path)
    assert report.new == 1
    found = report.unmatched  # type: ignore[union-attr]
    assert [text.split(": ")[0] for text in found] == [
        f"reviews.csv, line {i}" for i in range(2, 7)
    ]
    for text, part in zip(found, ["pixels", "version", "other", "happy", "xyz"], strict=True):
        assert part in text


def test_words_on_edited_cells_find_them(project: Project, tmp_path: Path) -> None:
    review = Review(project)
    review.say([0, 1], "prophase")
    path = tmp_path / "reviews.csv"
    export_project(project, path, what="reviews")
    with fresh(tmp_path / "fresh") as other:
        old = other.images.labels(1)
        data = old.data.copy()
        data[data == 1] = 99
        revise(other, 1, old, Segmentation(data, "nucleus", "edited"))
        assert import_words(other, path).new == 2
        review = Review(other)
        assert review.word(review.row_of(0, 99), "Ann").phase == "prophase"


def test_a_part_of_the_table_is_refused(project: Project, tmp_path: Path) -> None:
    Review(project).say(0, "prophase")
    table = reviews_table(project).drop(columns=["signature"])
    path = write_table(table, tmp_path / "reviews.csv")
    with pytest.raises(ProjectError, match="signature"):
        import_words(project, path)
    assert read_table(path)["label"].tolist() == [1]
