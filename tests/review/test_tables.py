"""Tables as files: what is read again is what was written, and nothing is run by a spreadsheet."""

from __future__ import annotations

import csv
import errno
import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from fields import decision, layer_field

from napari_cellcycle import files
from napari_cellcycle.errors import CellCycleError, MissingExtraError, ProjectError
from napari_cellcycle.phases import MITOSIS_STAGES, flat_vocabulary
from napari_cellcycle.project import Project
from napari_cellcycle.review import (
    Review,
    cells_table,
    export_project,
    read_table,
    reviews_table,
    write_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "''-"]
PHASES = flat_vocabulary("=mine", ["NA", "null", "-x", "1"])


def needs(module: str) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")


@pytest.fixture
def wild(tmp_path: Path) -> Iterator[Project]:
    """A project whose every text is a formula, in a vocabulary with a phase called NA."""
    with Project.create(tmp_path / "wild", who="@Ann") as project:
        stack, labels = layer_field("=cmd")
        project.images.add(stack, labels)
        project.vocabularies.add(PHASES)
        review = Review(project, vocabulary="=mine")
        for row, slug in enumerate(["NA", "null", "-x", "1", "NA", "NA", "NA"]):
            review.say(row, slug, note=FORMULAS[row])
        yield project


def test_a_csv_of_cells_is_the_same_table_again(wild: Project, tmp_path: Path) -> None:
    table = cells_table(Review(wild))
    pd.testing.assert_frame_equal(
        read_table(write_table(table, tmp_path / "cells.csv")), table, check_dtype=False
    )


def test_a_csv_of_words_is_the_same_table_again(wild: Project, tmp_path: Path) -> None:
    table = reviews_table(wild)
    pd.testing.assert_frame_equal(
        read_table(write_table(table, tmp_path / "reviews.csv")), table, check_dtype=False
    )


@pytest.mark.parametrize("what", ["cells", "reviews"])
def test_nothing_in_a_csv_is_a_formula_and_numbers_are_numbers(
    wild: Project, tmp_path: Path, what: Any
) -> None:
    (path,) = export_project(wild, tmp_path / "out.csv", what=what).files
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    texts = [value for row in rows for value in row.values()]
    assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert rows[0]["label"] == "1"
    if what == "cells":
        assert float(rows[0]["y_px"]) == 4.5
        assert [row["final_phase"] for row in rows[:4]] == ["NA", "null", "'-x", "1"]


def test_real_numbers_keep_every_digit(project: Project, tmp_path: Path) -> None:
    table = cells_table(Review(project))
    again = read_table(write_table(table, tmp_path / "cells.csv"))
    np.testing.assert_array_equal(again["confidence"], decision(12).confidence)
    pd.testing.assert_frame_equal(again, table, check_dtype=False, check_exact=True)


def test_parquet_holds_the_same_table(wild: Project, tmp_path: Path) -> None:
    needs("pyarrow")
    for name, table in (("cells", cells_table(Review(wild))), ("reviews", reviews_table(wild))):
        path = write_table(table, tmp_path / f"{name}.parquet")
        again = pd.read_parquet(path, engine="pyarrow")
        pd.testing.assert_frame_equal(again, table, check_dtype=False, check_exact=True)
        assert again["label"].dtype == np.int64


def test_h5ad_holds_probabilities_phases_and_colours(project: Project, tmp_path: Path) -> None:
    needs("h5py")
    import h5py

    review = Review(project)
    review.say(0, "prophase", note="=1")
    table = cells_table(review)
    path = write_table(table, tmp_path / "cells.h5ad", phases=review.phases)
    with h5py.File(path) as file:
        assert file.attrs["encoding-type"] == "anndata"
        np.testing.assert_array_equal(file["X"], review.shown.column("probabilities", np.nan))
        assert tuple(file["var/_index"].asstr()) == MITOSIS_STAGES.slugs
        np.testing.assert_array_equal(file["obs/label"], table["label"])
        final = file["obs/final_phase"]
        names = final["categories"].asstr()[:]
        assert names[final["codes"][:]].tolist() == table["final_phase"].tolist()
        colors = dict(zip(names, file["uns/final_phase_colors"].asstr()[:], strict=True))
        assert colors == {name: MITOSIS_STAGES[name].color for name in names}
        assert file["obs/corrected_phase/codes"][:].tolist() == [0, *[-1] * 11]
        assert file["obs/note"].asstr()[0] == "=1"
        assert file["obs/track/mask"][:].all()
        np.testing.assert_array_equal(file["obsm/spatial"], table[["x_px", "y_px"]])


def test_anndata_itself_reads_it(wild: Project, tmp_path: Path) -> None:
    needs("h5py")
    anndata = pytest.importorskip("anndata")
    table = cells_table(Review(wild))
    found = anndata.read_h5ad(write_table(table, tmp_path / "cells.h5ad", phases=PHASES))
    assert found.obs["final_phase"].tolist()[:4] == ["NA", "null", "-x", "1"]
    assert found.obs["final_phase"].isna().sum() == 5
    assert found.obs_names[0] == "=cmd:0:1"


@pytest.mark.parametrize("name", ["cells.parquet", "cells.h5ad"])
def test_what_is_not_installed_is_named(
    project: Project, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellcycle.review.export.tables.find_spec", lambda module: None)
    with pytest.raises(MissingExtraError, match=r"napari-cellcycle\[tables\]"):
        export_project(project, tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("name", "what"), [("a.xlsx", "cells"), ("a.h5ad", "reviews"), ("a", "cells"), ("a.c", "crops")]
)
def test_other_endings_are_refused(project: Project, tmp_path: Path, name: str, what: Any) -> None:
    with pytest.raises(CellCycleError, match="must end"):
        export_project(project, tmp_path / name, what=what)


def test_a_full_disk_leaves_the_former_table(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("former")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="space"):
        export_project(project, path)
    assert path.read_text() == "former"
    assert [file.name for file in tmp_path.glob("*.csv")] == ["cells.csv"]
    assert not list(tmp_path.glob(".cells*"))


def test_what_is_no_file_or_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"^There is no file .*none\.csv\.$"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "two.csv").write_text('a\n"b', encoding="utf-8")
    with pytest.raises(ProjectError, match=r"two\.csv cannot be read as a CSV table: "):
        read_table(tmp_path / "two.csv")


def test_another_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ProjectError, match="expected a table"):
        read_table(tmp_path / "a.csv")
