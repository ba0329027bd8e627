"""``classify`` in-process, on real images, with a model of random weights."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from napari_cellcycle.phases import MITOSIS_STAGES

Run = Callable[..., Any]


@pytest.fixture
def model(model_folder: Path) -> Path:
    """A model with random weights: it answers, and nobody should believe it."""
    return model_folder


@pytest.fixture
def organoid(data_dir: Path) -> tuple[Path, Path]:
    """A real 3D image with DNA and membrane, and its nuclei."""
    name = "organoid_h2b_membrane_3d_t301"
    return data_dir / f"{name}.ome.tif", data_dir / f"{name}_nuclei_labels.ome.tif"


@pytest.fixture
def classify(run: Run, organoid: tuple[Path, Path], model: Path) -> Run:
    """``classify`` of the organoid with the random model, and what a test adds."""
    image, labels = organoid

    def call(*more: object, image: Path = image, labels: Path | None = labels) -> Any:
        given = [] if labels is None else ["--labels", labels]
        return run("classify", image, *given, "--model", model, "--device", "cpu", *more)

    return call


def columns(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames is not None
    return list(reader.fieldnames), rows


def test_classify_prints_counts(classify: Run) -> None:
    done = classify()
    assert done.code == 0, done.err
    assert "2 × 0.26 × 0.26 µm" in done.out
    assert "untrained 1" in done.out
    for phase in MITOSIS_STAGES.leaves:
        assert phase.name in done.out


def test_classify_prints_json_of_the_documented_form(classify: Run) -> None:
    found = classify("--json").json
    assert list(found) == ["model", "device", "cells", "counts"]
    assert (found["model"], found["device"]) == ("untrained", "cpu")
    assert list(found["counts"]) == list(MITOSIS_STAGES.slugs)
    assert sum(found["counts"].values()) == len(found["cells"]) == 20
    for row in found["cells"]:
        assert row["image"] == "organoid_h2b_membrane_3d_t301.ome.tif"
        assert row["status"] == "predicted"
        assert row["predicted_phase"] in MITOSIS_STAGES.slugs
        assert row["deciding_axis"] in ("x", "y", "z")
        assert row["corrected_phase"] is None or row["corrected_phase"] == ""
        leaves = [row[f"p_{slug}"] for slug in MITOSIS_STAGES.slugs]
        assert sum(leaves) == pytest.approx(1, abs=1e-3)
        assert isinstance(row["label"], int)


def test_classify_writes_what_it_is_asked_to(classify: Run, tmp_path: Path) -> None:
    table, gallery, overlay = (tmp_path / n for n in ("out/c.csv", "g.png", "o.png"))
    done = classify("--out", table, "--gallery", gallery, "--overlay", overlay)
    assert done.code == 0, done.err
    assert all(str(path) in done.out for path in (table, gallery, overlay))
    names, rows = columns(table)
    assert names[:5] == ["image", "scene", "frame", "track", "label"]
    assert len(rows) == 20
    for picture in (gallery, overlay):
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.rglob("*") if p.is_file()) == [
        "c.csv",
        "g.png",
        "o.png",
    ]


def test_a_table_and_json_say_the_same(classify: Run, tmp_path: Path) -> None:
    found = classify("--json", "--out", tmp_path / "cells.csv").json
    names, rows = columns(tmp_path / "cells.csv")
    assert [list(row) for row in found["cells"]] == [names] * len(rows)
    assert [str(row["label"]) for row in found["cells"]] == [row["label"] for row in rows]
    assert [r["predicted_phase"] for r in found["cells"]] == [r["predicted_phase"] for r in rows]


def test_two_runs_give_the_same(classify: Run) -> None:
    assert classify("--json").out == classify("--json").out


@pytest.mark.parametrize("vote", ["majority", "mean"])
def test_other_votes(classify: Run, vote: str) -> None:
    rows = classify("--vote", vote, "--json").json["cells"]
    assert {bool(row["deciding_axis"]) for row in rows} == {vote == "majority"}


def test_membrane_may_be_left_out(classify: Run) -> None:
    done = classify("--channel", "dna=0", "--channel", "membrane=none", "--json")
    assert len(done.json["cells"]) == 20
    assert "membrane" in done.err


def test_cells_with_their_nuclei(
    run: Run, organoid: tuple[Path, Path], model: Path, data_dir: Path
) -> None:
    image, nuclei = organoid
    cells = data_dir / "organoid_h2b_membrane_3d_t301_cells_labels.ome.tif"
    labels = ["--labels", cells, "--labels-are", "cell", "--nuclei-labels", nuclei]
    found = run("classify", image, *labels, "--model", model, "--device", "cpu", "--json").json
    assert any(row["nucleus_volume_um3"] for row in found["cells"])


def test_a_time_series_keeps_frames_apart(run: Run, data_dir: Path, model: Path) -> None:
    image = data_dir / "embryo_timelapse_3d.ome.tif"
    labels = data_dir / "embryo_timelapse_3d_labels.ome.tif"
    found = run(
        *("classify", image, "--labels", labels, "--model", model, "--json"),
        *("--isotropic", "--channel", "dna=0", "--device", "cpu"),
    ).json
    assert {row["frame"] for row in found["cells"]} == {0, 1, 2, 3}
    assert all(row["volume_um3"] is None for row in found["cells"])


def test_2d_fields_fall_back_to_the_size_of_the_cell(
    run: Run, data_dir: Path, model: Path, tmp_path: Path
) -> None:
    image = data_dir / "h2b_field_2d_t70.ome.tif"
    labels = data_dir / "h2b_field_2d_t70_labels.ome.tif"
    pictures = ["--gallery", tmp_path / "g.png", "--overlay", tmp_path / "o.png"]
    done = run("classify", image, "--labels", labels, "--model", model, "--json", *pictures)
    assert {row["deciding_axis"] for row in done.json["cells"]} == {"z"}
    assert (tmp_path / "g.png").exists()


def test_an_image_without_labels_is_segmented_and_says_so(
    run: Run, data_dir: Path, model: Path
) -> None:
    image = data_dir / "h2b_field_2d_t70.ome.tif"
    done = run("classify", image, "--model", model, "--device", "cpu", "--json")
    assert done.json["cells"]
    assert "segment" in done.err.lower()


def test_inputs_are_not_touched(classify: Run, organoid: tuple[Path, Path]) -> None:
    before = [(path.stat().st_mtime_ns, path.stat().st_size) for path in organoid]
    assert classify().code == 0
    assert [(path.stat().st_mtime_ns, path.stat().st_size) for path in organoid] == before


# --- one cell ----------------------------------------------------------------------------------


@pytest.fixture
def crop(data_dir: Path, tmp_path: Path) -> Path:
    """A real single nucleus as a PNG."""
    import imageio.v3 as iio

    with np.load(data_dir / "mitocheck_hela_h2b_64px.npz", allow_pickle=False) as crops:
        image = crops["images"][0, 0]
    path = tmp_path / "nucleus.png"
    iio.imwrite(path, image)
    return path


def test_a_crop_prints_model_phase_and_probabilities(run: Run, crop: Path, model: Path) -> None:
    done = run("classify", crop, "--crop", "--model", model, "--device", "cpu")
    assert done.code == 0, done.err
    assert "untrained 1" in done.out
    *_, rows = done.out.split("-----------\n")
    table = dict(line.rsplit(maxsplit=1) for line in rows.splitlines())
    assert {p.name for p in MITOSIS_STAGES.leaves} == {name.strip() for name in table}
    assert sum(map(float, table.values())) == pytest.approx(1, abs=1e-3)


def test_a_crop_is_one_cell_in_json(run: Run, crop: Path, model: Path) -> None:
    found = run("classify", crop, "--crop", "--model", model, "--json").json
    assert len(found["cells"]) == 1
    assert sum(found["counts"].values()) == 1


def test_a_crop_in_3d_is_refused(classify: Run, organoid: tuple[Path, Path]) -> None:
    assert "2D" in classify("--crop", labels=None).refused()


def test_a_crop_takes_no_labels(classify: Run) -> None:
    assert "labels" in classify("--crop").refused()


# --- mistakes ----------------------------------------------------------------------------------


def test_a_missing_image(classify: Run, tmp_path: Path) -> None:
    assert "missing.tif" in classify(image=tmp_path / "missing.tif").refused()


def test_missing_labels(classify: Run, tmp_path: Path) -> None:
    assert "missing.tif" in classify(labels=tmp_path / "missing.tif").refused()


def test_labels_of_another_shape(classify: Run, data_dir: Path) -> None:
    line = classify(labels=data_dir / "crowded_nuclei_3d_labels.ome.tif").refused()
    assert "(1, 27, 182, 175)" in line
    assert "(1, 31, 61, 57)" in line


def test_a_channel_that_does_not_exist(classify: Run) -> None:
    line = classify("--channel", "dna=7").refused()
    assert "'7'" in line
    assert "0=" in line


def test_unknown_spacing_in_3d(run: Run, data_dir: Path, model: Path) -> None:
    image = data_dir / "nuclei_cells_3d.ome.tif"
    labels = data_dir / "nuclei_cells_3d_nuclei_labels.ome.tif"
    channels = ["--channel", "dna=0", "--channel", "membrane=1"]
    call = ["classify", image, "--labels", labels, "--model", model, *channels]
    line = run(*call).refused()
    assert "--spacing" in line
    assert "--isotropic" in line
    assert run(*call, "--isotropic").code == 0


def test_spacing_that_is_none(classify: Run) -> None:
    assert "0.3,x" in classify("--spacing", "0.3,x").refused()


def test_an_unknown_model(run: Run, organoid: tuple[Path, Path]) -> None:
    image, labels = organoid
    line = run("classify", image, "--labels", labels, "--model", "mitosis-9d").refused()
    assert "mitosis-9d" in line


def test_labels_that_are_no_whole_numbers(
    classify: Run, organoid: tuple[Path, Path], tmp_path: Path
) -> None:
    path = tmp_path / "labels.ome.tif"
    labels = tifffile.imread(organoid[1]).astype(np.float32) / 2
    tifffile.imwrite(path, labels, metadata={"axes": "ZYX"})
    line = classify(labels=path).refused()
    assert "labels are whole numbers" in line


def test_labels_that_are_empty(classify: Run, organoid: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "labels.ome.tif"
    empty = np.zeros_like(tifffile.imread(organoid[1]))
    tifffile.imwrite(path, empty, metadata={"axes": "ZYX"})
    line = classify(labels=path).refused()
    assert "labels.ome.tif" in line
    assert "is empty" in line


def test_a_truncated_image(classify: Run, organoid: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "cut.ome.tif"
    path.write_bytes(organoid[0].read_bytes()[: organoid[0].stat().st_size // 2])
    assert "cut.ome.tif" in classify(image=path).refused()


def test_a_table_over_its_own_input(classify: Run, tmp_path: Path) -> None:
    picture = tmp_path / "same.png"
    assert "same.png" in classify("--gallery", picture, "--overlay", picture).refused()


def test_a_table_that_is_no_csv(classify: Run, tmp_path: Path) -> None:
    assert ".csv" in classify("--out", tmp_path / "cells.xlsx").refused()


def test_viewing_without_the_program(classify: Run) -> None:
    assert "--view" in classify("--view").refused()


def test_viewing_hands_over_the_image_and_its_classification(
    run: Run, organoid: tuple[Path, Path], model: Path
) -> None:
    seen = []

    def viewer(*shown: object) -> None:
        seen.append(shown)

    image, labels = organoid
    call = ["classify", image, "--labels", labels, "--model", model, "--view", "--device", "cpu"]
    assert run(*call, viewer=viewer).code == 0
    ((stack, classification),) = seen
    assert stack.name == image.name
    assert len(classification.cells) == 20
