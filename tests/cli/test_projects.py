"""``export``, ``import`` and ``classify --project`` in-process, and one line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tifffile
from fields import N_CELLS, decision, field_labels, make_project, write_field

from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project
from napari_cellcycle.review import Merging, Review, read_table
from napari_cellcycle.train.data.cropset import read_crop_set

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A closed project of files, with three words of Ann's."""
    image, labels = write_field(tmp_path)
    with Project.create(tmp_path / "field", who="Ann") as project:
        number = project.images.add(open_image(image), open_labels(labels)).number
        cells = project.segmentations.cells(project.segmentations.current(number))
        project.predictions.add(
            number, cells, decision(N_CELLS), model="m", model_sha256="0", phases=MITOSIS_STAGES
        )
        review = Review(project)
        for row, slug in enumerate(["prophase", "mitotic", "non-mitotic"]):
            review.say(row, slug)
        return project.folder


def test_export_writes_each_kind(run: Run, home: Path, tmp_path: Path) -> None:
    made = {
        "cells": "cells.csv",
        "reviews": "reviews.csv",
        "crops": "crops.npz",
        "folder": "pictures",
        "labels": "phases.ome.tif",
    }
    counts = {"cells": 12, "reviews": 3, "crops": 3, "folder": 3, "labels": 12}
    for what, name in made.items():
        out = tmp_path / name
        code, text, err = run("export", home, "--out", out, "--what", what, "--json")
        assert (code, err) == (0, "")
        found = json.loads(text)
        assert (found["what"], found["n"], found["files"]) == (what, counts[what], [str(out)])
        assert out.exists()
    code, text, _ = run("export", home, "--out", tmp_path / "cells.csv", "--only", "reviewed")
    assert code == 0
    assert text.startswith("3 cells\n")
    assert len(read_table(tmp_path / "cells.csv")) == 3


def test_a_channel_may_be_said_to_be_missing(run: Run, home: Path, tmp_path: Path) -> None:
    out = tmp_path / "crops.npz"
    roles = ("--channel", "dna=0", "--channel", "membrane=none")
    assert run("export", home, "--out", out, "--what", "crops", *roles)[0] == 0
    assert read_crop_set(out).channels == ("dna",)


def test_export_tells_how_far_people_agree(run: Run, home: Path, tmp_path: Path) -> None:
    with Project.open(home, who="Bea") as project:
        Review(project).say([0, 1, 2], "prophase")
    out = tmp_path / "agreement.json"
    code, text, err = run("export", home, "--out", out, "--what", "agreement")
    assert (code, err) == (0, "")
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["3", "cells", "judged", "by", "at", "least", "two", "people"]
    assert ["Ann", "Bea", "3", "33", "%", "0.00"] in lines
    code, text, _ = run("export", home, "--out", out, "--what", "agreement", "--json")
    (found,) = json.loads(text)["agreement"]
    assert (found["conflicts"], found["pairs"][0]["n"]) == (2, 3)
    assert json.loads(out.read_text())["images"][0]["majority"][0]["majority"] == "prophase"


def test_export_only_looks(run: Run, home: Path, tmp_path: Path) -> None:
    with Project.open(home, who="Ann"):
        assert run("export", home, "--out", tmp_path / "cells.csv")[0] == 0


def test_import_takes_what_was_exported(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with make_project(tmp_path / "other", who="Bea") as other:
        pass
    for what in ("cells", "reviews"):
        run("export", home, "--out", tmp_path / f"{what}.csv", "--what", what)
    # the image has another name there, and the same pixels
    code, text, err = run("import", other.folder, tmp_path / "reviews.csv", "--json")
    assert (code, err) == (0, "")
    assert json.loads(text) == {"new": 3, "known": 0, "silent": 0, "unmatched": []}
    plain = tmp_path / "plain.csv"
    plain.write_text("label,phase\n1,prophase\n99,prophase\n,\n")
    code, text, err = run("import", other.folder, plain, "--who", "Cem")
    assert code == 0
    assert text == "words: 1 new, 0 known; rows without a word: 1; rows that do not match: 1\n"
    assert err.startswith("note: plain.csv, line 3: there is no cell 99")
    with Project.open(other.folder, who="Bea") as project:
        words = Review(project).words_on(0)
        assert {who: word.phase for who, word in words.items()} == dict.fromkeys(
            ["Ann", "Cem"], "prophase"
        )
    code, text, _ = run("import", home, tmp_path / "cells.csv", "--json")
    assert (code, json.loads(text)["known"]) == (0, 3)
    code, text, _ = run("import", home, other.folder)
    assert code == 0


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_file_of_which_no_row_matches_is_a_mistake(
    run: Run, home: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    foreign = tmp_path / "foreign.csv"
    foreign.write_text("label,phase\n98,prophase\n99,prophase\n")
    code, _, err = run("import", home, foreign, *flags)
    assert code == 2
    assert err.splitlines()[-1].endswith("foreign.csv matches; nothing was taken.")
    foreign.write_text("label,phase\n")  # nothing to take is no mistake
    assert run("import", home, foreign, *flags)[0] == 0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "There is no file {}."),
        ("label,phase\n1,prophase\n".encode("utf-16"), "{} is no text in UTF-8; save it as"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_sentence(
    run: Run, home: Path, tmp_path: Path, data: bytes | None, says: str
) -> None:
    table = tmp_path / "words.csv"
    if data is not None:
        table.write_bytes(data)
    code, out, err = run("import", home, table)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert says.format(table) in err


def test_import_of_a_project_tells_of_merged_cells(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with make_project(tmp_path / "other", who="Bea") as other:
        Merging(other, 1).merge(0, [1, 2], [5, 6])
    with Project.open(home, who="Ann") as project:
        Merging(project, 1).reject(0, [1, 2])
    code, text, err = run("import", home, other.folder, "--who", "Ann")
    assert code == 0
    assert text.splitlines() == [
        "words: 0 new, 0 known, 0 left out",
        "Labels that are one cell or not: 1 taken, 0 known, 1 in conflict, 0 impossible",
    ]
    assert err.startswith("note: ")
    assert "Bea says that 1+2 are one cell, Ann says that 1+2 are not one cell; Ann said it" in err
    code, text, err = run("import", home, other.folder, "--json")
    assert (code, err) == (0, "")
    found = json.loads(text)
    assert found["joined"] == {"taken": 0, "known": 2, "conflicts": [], "impossible": 0}
    assert found["tracks"] == found["unmatched"] == []


def test_import_takes_a_new_segmentation(run: Run, home: Path, tmp_path: Path) -> None:
    new = field_labels()[0, 0] + 20 * (field_labels()[0, 0] > 0)
    new[new == 23] = 22
    new[2:8, 18:22] = 22
    new[new == 21] = 0
    tifffile.imwrite(tmp_path / "new.tif", new)
    code, text, err = run("import", home, "--labels", tmp_path / "new.tif", "--who", "Ann")
    assert code == 0
    assert text.split("; ") == [
        "Cells that go on: 9 (0 with words)", "ambiguous: 2 (2 with words)",
        "gone: 1 (1 with words)", "new: 0.\n",
    ]  # fmt: skip
    assert "words on 3 cells that the segmentation of field.tif does not have" in err
    code, text, _ = run("import", home, "--labels", tmp_path / "field_labels.tif", "--json")
    found = json.loads(text)
    assert (found["moved"]["cells"], found["segmentation"]) == (9, 1)
    with Project.open(home, who="Ann", read_only=True) as project:
        assert Review(project).words_on(1)["Ann"].phase == "mitotic"
    for more in ((), (tmp_path / "x.csv", "--labels", tmp_path / "new.tif")):
        code, _, err = run("import", home, *more)
        assert (code, "Give one thing to import" in err) == (2, True)


TWICE = ("--channel", "dna=0", "--channel", "dna=1")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "nowhere", "--out", "a.csv"], "There is no project"),
        (["export", "HOME", "--out", "a.xlsx"], "must end in"),
        (["export", "HOME", "--out", "a.csv", "--image", "other"], "1=field.tif"),
        (["export", "HOME", "--out", "a.csv", "--vocabulary", "other"], "no vocabulary"),
        (["export", "HOME", "--out", "field.tif", "--what", "labels"], "belongs to the project"),
        (["export", "HOME", "--out", "a.npz", "--what", "crops", "--channel", "dna"], "dna=0"),
        (["export", "HOME", "--out", "a.npz", "--what", "crops", *TWICE], "given twice"),
        (["export", "HOME", "--out", "a.csv", "--what", "reviews", "--only", "final"], "leave out"),
        (["import", "HOME", "nothing.csv"], "There is no file"),
        (["import", "HOME", "field.tif"], "is no text in UTF-8"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    run: Run, home: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home.parent)
    code, out, err = run(*(home if word == "HOME" else word for word in words))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert told in err
    assert not Path("a.csv").exists()


def test_export_leaves_the_journal_alone(run: Run, home: Path) -> None:
    before = (home / "journal.sqlite").read_bytes()
    code, _, err = run("export", home, "--out", home / "journal.sqlite", "--what", "folder")
    assert (code, err.count("\n")) == (2, 1)
    assert (home / "journal.sqlite").read_bytes() == before


def test_classify_keeps_its_result_in_a_project(
    run: Run, data_dir: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    words = ["classify", f"{stem}.ome.tif", "--labels", f"{stem}_nuclei_labels.ome.tif"]
    words += ["--model", str(tiny_folder), "--project", str(tmp_path / "mine")]
    for sets in (1, 2):
        code, text, err = run(*words, "--who", "Ann")
        assert code == 0, err
        assert "mine.cellcycle" in text
        with Project.open(tmp_path / "mine.cellcycle", who="Ann", read_only=True) as project:
            (image,) = project.images.all()
            assert image.settings["channels"] == {"dna": 0, "membrane": 1}
            assert len(project.predictions.sets(image.number)) == sets
    code, _, err = run("classify", f"{stem}.ome.tif", "--crop", "--project", tmp_path / "mine")
    assert code == 2


def test_a_project_that_somebody_has_open_is_told_before_the_work(
    run: Run, home: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    image, labels = (tmp_path / name for name in ("field.tif", "field_labels.tif"))
    words = ("classify", image, "--labels", labels, "--isotropic", "--model", tiny_folder)
    words = (*words, "--project", home, "--out", tmp_path / "new.csv")
    with Project.open(home, who="Ann"):
        code, _, err = run(*words)
    assert code == 2
    assert "Ann has " in err
    assert not (tmp_path / "new.csv").exists()
