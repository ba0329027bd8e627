"""The command line in-process: how it is called, and its small verbs."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_cellcycle import cli
from napari_cellcycle.cli.program import parse

Run = Callable[..., Any]


def test_an_unknown_verb(run: Run) -> None:
    assert "'clasify'" in run("clasify", "image.tif").refused()


def test_an_unknown_option_names_the_help_of_its_verb(run: Run) -> None:
    said = run("segment", "a.tif", "--out", "b.tif", "--sigma", "2").refused()
    assert said == (
        "napari-cellcycle segment: unrecognized arguments: --sigma 2 "
        "(see napari-cellcycle segment --help)"
    )


def test_options_may_stand_before_between_and_behind_what_has_no_name() -> None:
    for words in (
        ["import", "p.cellcycle", "--who", "Bo", "words.csv"],
        ["import", "--who", "Bo", "p.cellcycle", "words.csv"],
        ["import", "p.cellcycle", "words.csv", "--who", "Bo"],
    ):
        given = parse(words)
        assert (given.project, given.source) == ("p.cellcycle", "words.csv"), words
        assert given.who == "Bo"
    many = parse(["classify", "a.tif", "--model", "mitosis-2d", "b.tif", "--out", "t.csv", "c.tif"])
    assert [str(image) for image in many.image] == ["a.tif", "b.tif", "c.tif"]
    odd = parse(["classify", "--model", "mitosis-2d", "--", "-a.tif"])
    assert [str(image) for image in odd.image] == ["-a.tif"]
    assert parse(["import", "p.cellcycle", "--labels", "new.tif"]).source is None


def test_no_verb(run: Run) -> None:
    assert "--help" in run().refused()


@pytest.mark.parametrize(
    "option",
    ["--cells=0", "--cells=many", "--seed=-1", "--seed=1.5"],
)
def test_numbers_that_are_none(run: Run, tmp_path: Path, option: str) -> None:
    assert option.partition("=")[2] in run("simulate", "--out", tmp_path, option).refused()


def test_lengths_are_positive(run: Run, tmp_path: Path) -> None:
    for value in ("0", "-1", "nan", "wide"):
        option = f"--smoothing={value}"
        assert value in run("segment", "image.tif", "--out", tmp_path / "a.tif", option).refused()


@pytest.mark.parametrize("verb", [verb.name for verb in cli.VERBS])
def test_every_verb_has_help_and_json(run: Run, verb: str) -> None:
    done = run(verb, "--help")
    assert done.code == 0
    assert "--json" in done.out


# --- verbs -------------------------------------------------------------------------------------


def test_segment_writes_labels_with_micrometres(run: Run, data_dir: Path, tmp_path: Path) -> None:
    from napari_cellcycle.image import open_labels

    image = data_dir / "organoid_h2b_membrane_3d_t301.ome.tif"
    out = tmp_path / "labels.tif"
    found = run("segment", image, "--channel", "dna=0", "--out", out, "--json").json
    labels = open_labels(out)
    assert found["cells"] == len(np.unique(np.asarray(labels.data))) - 1 > 5
    assert labels.spacing is not None
    assert labels.spacing.zyx == pytest.approx((2, 0.26, 0.26))


def test_segment_needs_a_tiff(run: Run, data_dir: Path, tmp_path: Path) -> None:
    image = data_dir / "h2b_field_2d_t70.ome.tif"
    assert ".tif" in run("segment", image, "--out", tmp_path / "labels.png").refused()


def test_segment_never_writes_over_its_image(run: Run, data_dir: Path, tmp_path: Path) -> None:
    image = tmp_path / "field.ome.tif"
    shutil.copy(data_dir / "h2b_field_2d_t70.ome.tif", image)
    before = image.read_bytes()
    run("segment", image, "--out", image).refused()
    assert image.read_bytes() == before


def test_the_demo(run: Run, model_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "demo"
    done = run("demo", "--out", out, "--cells", "6", "--model", model_folder, "--json")
    assert done.code == 0, done.err
    found = done.json
    assert list(found) == ["out", "cells", "counts", "agreement", "files"]
    assert found["out"] == str(out)
    assert sum(found["counts"].values()) == found["cells"] <= 6
    assert 0 <= found["agreement"] <= 1
    assert sorted(Path(path).name for path in found["files"]) == sorted(
        p.name for p in out.iterdir()
    )
    tables = [
        csv.DictReader((out / f).read_text().splitlines()) for f in ("truth.csv", "cells.csv")
    ]
    truth = {row["label"]: row["phase"] for row in tables[0]}
    cells = {row["label"]: row["predicted_phase"] for row in tables[1]}
    right = sum(truth[label] == phase for label, phase in cells.items())
    assert found["agreement"] == pytest.approx(right / len(cells))


def test_simulate_writes_the_same_field_for_the_same_seed(run: Run, tmp_path: Path) -> None:
    first = run("simulate", "--out", tmp_path / "a", "--cells", "3", "--seed", "5", "--json").json
    assert list(first) == ["out", "cells", "counts", "files"]
    assert first["cells"] == sum(first["counts"].values()) == 3
    assert run("simulate", "--out", tmp_path / "b", "--cells", "3", "--seed", "5").code == 0
    a, b = (tifffile.imread(tmp_path / name / "image.ome.tif") for name in "ab")
    np.testing.assert_array_equal(a, b)


def test_models_lists_cards(
    run: Run, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path))
    shutil.copytree(model_folder, tmp_path / "models" / "untrained")
    cards = run("models", "--json").json
    assert "untrained" in [card["name"] for card in cards]
    assert all(card["vocabulary"] for card in cards)
    listing = run("models").out
    assert "BSD-3-Clause" in listing
    card = run("models", "untrained").out
    assert "Everything." in card
    assert "accuracy: 0.5" in card
    assert "mitosis-9d" in run("models", "mitosis-9d").refused()


def test_info(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path))
    found = run("info", "--json").json
    assert list(found) == ["versions", "device", "data_folder"]
    assert found["data_folder"] == str(tmp_path)
    assert found["device"] in ("cuda", "mps", "cpu")
    assert {"napari-cellcycle", "torch", "napari", "python"} <= set(found["versions"])
    assert str(tmp_path) in run("info").out


def test_the_program_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "napari_cellcycle", "classify", "missing.tif"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("napari-cellcycle: ")
    assert len(done.stderr.splitlines()) == 1


def test_choices_that_are_named_without_loading_anything_are_those_of_the_rooms() -> None:
    from napari_cellcycle.cli import arguments, projects
    from napari_cellcycle.models import catalogue, ensemble
    from napari_cellcycle.review.export import export, rows

    assert arguments.VOTES == ensemble.VOTES
    assert arguments.DEFAULT_MODEL == catalogue.DEFAULT_MODEL
    assert projects._WHAT == export.WHAT
    assert projects._ONLY == rows.ONLY
