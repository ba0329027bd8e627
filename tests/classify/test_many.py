"""Many images into one table: resumed, with failures that stop nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_cellcycle.classify import classify
from napari_cellcycle.classify.jobs import is_many, jobs_of
from napari_cellcycle.classify.parts import inputs_of
from napari_cellcycle.errors import CellCycleError, ImageReadError

Run = Callable[..., tuple[int, str, str]]
STEM = "organoid_h2b_membrane_3d_t30"


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """A folder with four small images and the labels of each."""
    folder = tmp_path / "day 1"
    folder.mkdir()
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:64, :64]
    labels = np.zeros((64, 64), np.uint16)
    for n, (cy, cx) in enumerate([(16, 16), (16, 48), (48, 30)], start=1):
        labels[(y - cy) ** 2 + (x - cx) ** 2 < 90] = n
    for i in range(4):
        dna = rng.poisson(20 + 200 * (labels > 0)).astype(np.uint16)
        tifffile.imwrite(folder / f"f{i}.ome.tif", dna, metadata={"axes": "YX"})
        tifffile.imwrite(folder / f"f{i}_labels.tif", labels)
    return folder


@pytest.fixture
def many(run: Run, tiny_folder: Path, fields: Path, tmp_path: Path) -> Run:
    """``classify`` of the whole folder with the tiny model."""

    def call(*more: object, out: Path = tmp_path / "cells.csv") -> tuple[int, str, str]:
        return run(*words(fields, tiny_folder, out), *more)

    return call


def words(fields: Path, model: Path, out: Path) -> list[str]:
    return [
        *("classify", f"{fields}/*.tif", "--labels", "{folder}/{name}_labels.tif"),
        *("--model", str(model), "--device", "cpu", "--out", str(out)),
    ]


def expected(fields: Path, model: Path, names: list[str], tmp_path: Path) -> pd.DataFrame:
    """The tables of single runs, one after the other."""
    tables = []
    for name in names:
        labels = fields / name.replace(".ome.tif", "_labels.tif")
        classify(fields / name, labels, model=model, device="cpu").to_csv(tmp_path / "one.csv")
        tables.append(pd.read_csv(tmp_path / "one.csv"))
    return pd.concat(tables, ignore_index=True)


NAMES = [f"f{i}.ome.tif" for i in range(4)]


def test_one_table_as_of_single_runs(
    many: Run, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    code, out, err = many("--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [image["image"] for image in told["images"]] == NAMES
    assert (told["failed"], told["cells"], sum(told["counts"].values())) == ([], 12, 12)
    assert all("pixel size" in " ".join(image["notes"]) for image in told["images"])
    whole = expected(fields, tiny_folder, NAMES, tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cells.csv"), whole)
    assert not (tmp_path / "cells.csv.parts").exists()

    assert many(out=tmp_path / "cells.parquet")[0] == 0
    table = pd.read_parquet(tmp_path / "cells.parquet")
    assert list(table.columns) == list(whole.columns)
    np.testing.assert_array_equal(table.confidence, whole.confidence)


def test_one_that_fails_stops_no_other_and_is_tried_again(
    many: Run, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    good = (fields / "f1.ome.tif").read_bytes()
    (fields / "f1.ome.tif").write_bytes(good[:100])
    code, out, err = many()
    assert code == 3
    assert "3 of 4 images are done" in out
    assert "FAILED f1.ome.tif" in err
    assert "the same command tries the others again" in err
    rest = [name for name in NAMES if name != "f1.ome.tif"]
    table = pd.read_csv(tmp_path / "cells.csv")
    pd.testing.assert_frame_equal(table, expected(fields, tiny_folder, rest, tmp_path))

    parts = tmp_path / "cells.csv.parts"
    before = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    assert len(before) == 3
    (fields / "f1.ome.tif").write_bytes(good[:100])
    assert many()[0] == 3
    assert {p.name: p.stat().st_mtime_ns for p in parts.glob("*.parquet")} == before

    # an image that was changed since is done again
    shutil.copy(fields / "f0.ome.tif", fields / "f2.ome.tif")
    assert many()[0] == 3
    after = {path.name: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    assert sum(after[name] != before[name] for name in before) == 1

    code, _, err = many("--vote", "mean")
    assert code == 2
    assert "was begun otherwise (vote)" in err

    (fields / "f1.ome.tif").write_bytes(good)
    assert many()[0] == 0
    assert not parts.exists()
    assert pd.read_csv(tmp_path / "cells.csv").image.unique().tolist() == NAMES


def test_one_that_was_done_and_cannot_be_read_any_more_is_in_no_table(
    many: Run, fields: Path, tmp_path: Path
) -> None:
    (fields / "f0.ome.tif").write_bytes(b"")  # so that the parts stay
    assert many()[0] == 3
    (fields / "f2.ome.tif").write_bytes(b"")
    code, _, err = many()
    assert code == 3
    assert "FAILED f2.ome.tif" in err
    table = pd.read_csv(tmp_path / "cells.csv")
    assert table.image.unique().tolist() == ["f1.ome.tif", "f3.ome.tif"]


def test_a_damaged_part_is_done_again(many: Run, fields: Path, tmp_path: Path) -> None:
    good = (fields / "f0.ome.tif").read_bytes()
    (fields / "f0.ome.tif").write_bytes(b"")
    assert many()[0] == 3
    whole = pd.read_csv(tmp_path / "cells.csv")
    part = sorted((tmp_path / "cells.csv.parts").glob("*.parquet"))[0]
    part.write_bytes(part.read_bytes()[:200])
    assert many()[0] == 3
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cells.csv"), whole)
    (fields / "f0.ome.tif").write_bytes(good)
    assert many()[0] == 0


def test_a_run_of_another_version_is_not_gone_on_with(
    many: Run, fields: Path, tmp_path: Path
) -> None:
    (fields / "f0.ome.tif").write_bytes(b"")
    assert many()[0] == 3
    manifest = tmp_path / "cells.csv.parts" / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**told, "package_version": "0.0.1"}))
    code, _, err = many()
    assert code == 2
    assert "was begun otherwise (package_version)" in err


def test_a_run_may_go_on_with_other_memory_and_not_with_another_vote(
    many: Run, fields: Path
) -> None:
    whole = (fields / "f0.ome.tif").read_bytes()
    (fields / "f0.ome.tif").write_bytes(b"")
    assert many("--memory", "0.5")[0] == 3
    code, _, err = many("--vote", "mean")
    assert code == 2
    assert "was begun otherwise (vote)" in err
    (fields / "f0.ome.tif").write_bytes(whole)
    assert many("--memory", "1")[0] == 0


def test_what_a_worker_wrote_elsewhere_has_failed(tmp_path: Path) -> None:
    from napari_cellcycle.classify.jobs import Job, Settings
    from napari_cellcycle.classify.parts import Done, Parts
    from napari_cellcycle.cli.many import sort_out

    jobs = [Job(name, Path(name)) for name in ("a.tif", "b.tif")]
    parts = Parts(tmp_path / "parts", Settings(), "0" * 64)
    parts.path("b.tif").touch()
    done, failed = sort_out([Done(j.name, {}, (), "cpu", 1.0) for j in jobs[::-1]], jobs, parts)
    assert [one.name for one in done] == ["b.tif"]
    assert [one.name for one in failed] == ["a.tif"]
    assert str(parts.folder) in failed[0].error


def test_a_voxel_that_is_no_number_is_told_with_its_cell(
    run: Run, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    image = tifffile.imread(fields / "f1.ome.tif").astype(np.float32)
    image[48, 30] = np.nan
    tifffile.imwrite(tmp_path / "holes.tif", image, metadata={"axes": "YX"})
    code, _, err = run(
        *("classify", tmp_path / "holes.tif", "--labels", fields / "f1_labels.tif"),
        *("--model", tiny_folder, "--device", "cpu"),
    )
    assert code == 2
    assert "label 3, frame 0" in err
    assert "nan_to_num" in err


def test_images_that_are_all_labels_are_refused(many: Run, fields: Path) -> None:
    with pytest.raises(CellCycleError, match="All 4 images are labels of others"):
        jobs_of([f"{fields}/*_labels.tif"], "{folder}/{name}.tif")


def test_a_pattern_may_match_plates(write_plate: Any, tmp_path: Path) -> None:
    plate = write_plate({"B/2": [np.zeros((1, 8, 8), np.uint8)]})
    jobs = jobs_of([f"{tmp_path}/*.zarr"])
    assert [(job.well.plate, job.well.row) for job in jobs if job.well] == [(plate.name, "B")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_goes_on_where_it_was(
    many: Run, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    arguments = words(fields, tiny_folder, tmp_path / "cells.csv")
    code = f"""
import os, signal
from napari_cellcycle import cli
from napari_cellcycle.classify import many
real = many.classify_job
def classify_job(job, *rest):
    if job.name == "f2.ome.tif":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(job, *rest)
many.classify_job = classify_job
cli.main({arguments!r})
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ})
    assert killed.returncode == -signal.SIGKILL
    parts = tmp_path / "cells.csv.parts"
    before = {path: path.read_bytes() for path in parts.glob("*.parquet")}
    assert len(before) == 2
    assert not (tmp_path / "cells.csv").exists()

    broken = (fields / "f3.ome.tif").read_bytes()
    (fields / "f3.ome.tif").write_bytes(b"")  # so that the parts stay to be looked at
    assert many()[0] == 3
    assert {path: path.read_bytes() for path in before} == before
    (fields / "f3.ome.tif").write_bytes(broken)
    assert many()[0] == 0
    whole = expected(fields, tiny_folder, NAMES, tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cells.csv"), whole)


def test_real_images_of_any_kind(
    run: Run, data_dir: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    """3D with and 2D without a known spacing: the columns of both."""
    code, _, _ = run(
        *("classify", data_dir / f"{STEM}1.ome.tif", data_dir / f"{STEM}2.ome.tif"),
        *(data_dir / "h2b_field_2d_t1.ome.tif", data_dir / "h2b_field_2d_t70.ome.tif"),
        *("--model", tiny_folder, "--device", "cpu", "--out", tmp_path / "cells.parquet"),
    )
    assert code == 0
    table = pd.read_parquet(tmp_path / "cells.parquet")
    assert table.image.nunique() == 4
    flat = table.image.str.startswith("h2b_field")
    assert table.z_um[flat].isna().all()
    assert table.y_px[flat].notna().all()
    assert table.volume_um3[~flat].notna().all()
    assert table.volume_px[~flat].isna().all()


def test_a_plate_with_labels_in_it(
    run: Run, data_dir: Path, write_plate: Any, tiny_folder: Path, tmp_path: Path
) -> None:
    images = [tifffile.imread(data_dir / f"h2b_field_2d_t{t}.ome.tif") for t in (1, 70)]
    labels = [
        tifffile.imread(data_dir / f"h2b_field_2d_t{t}_labels.ome.tif").astype(np.uint16)
        for t in (1, 70)
    ]
    plate = write_plate(
        {"A/1": [images[0][None], images[1][None]], "B/2": [images[1][None]]},
        {"A/1": labels, "B/2": labels[1:]},
    )
    code, out, _ = run(
        *("classify", plate, "--labels", "nuclei", "--model", tiny_folder, "--device", "cpu"),
        *("--out", tmp_path / "cells.csv", "--json"),
    )
    assert code == 0
    table = pd.read_csv(tmp_path / "cells.csv")
    n = {name: len(rows) for name, rows in table.groupby("image")}
    first, second = (len(np.unique(image)) - 1 for image in labels)
    assert n == {
        "plate.zarr/A/1/0": first,
        "plate.zarr/A/1/1": second,
        "plate.zarr/B/2/0": second,
    }
    assert json.loads(out)["cells"] == len(table)
    alone = table[table.image == "plate.zarr/A/1/1"].drop(columns="image")
    again = table[table.image == "plate.zarr/B/2/0"].drop(columns="image")
    pd.testing.assert_frame_equal(alone.reset_index(drop=True), again.reset_index(drop=True))

    out = tmp_path / "no.csv"
    code, _, err = run("classify", plate, "--labels", "cells", "--model", tiny_folder, "--out", out)
    assert code == 2
    assert err == (
        "napari-cellcycle: No field of plate.zarr has a label image called cells; the plate has "
        "nuclei.\n"
    )


def test_what_arguments_mean(fields: Path, tmp_path: Path) -> None:
    assert is_many([f"{fields}/*.tif"])
    assert is_many(["a.tif", "b.tif"])
    assert not is_many([str(fields / "f0.ome.tif")])
    odd = fields / "f[1].tif"
    shutil.copy(fields / "f0.ome.tif", odd)
    assert not is_many([str(odd)])  # a file of that name is no pattern
    odd.unlink()

    pattern = "{folder}/{name}_labels.tif"
    jobs = jobs_of([f"{fields}/*.tif", str(fields / "f0.ome.tif")], pattern)
    assert [job.name for job in jobs] == NAMES
    assert [job.labels for job in jobs] == [fields / f"f{i}_labels.tif" for i in range(4)]

    other = tmp_path / "day 2"
    shutil.copytree(fields, other)
    names = [job.name for job in jobs_of([f"{tmp_path}/day*/f?.ome.tif"], pattern)]
    assert names[:2] == ["day 1/f0.ome.tif", "day 1/f1.ome.tif"]
    assert len(set(names)) == 8

    with pytest.raises(CellCycleError, match=r"would be the labels of all 4 images"):
        jobs_of([f"{fields}/f?.ome.tif"], str(fields / "f0_labels.tif"))
    with pytest.raises(ImageReadError, match="no file that matches"):
        jobs_of([f"{fields}/*.czi"])


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--view"], "--view is for one image"),
        (["--gallery", "g.png"], "--gallery is for one image"),
        (["--spacing", "1,a"], "Spacing '1,a' is not understood"),
    ],
)
def test_what_is_for_one_image_is_refused(many: Run, more: list[str], says: str) -> None:
    code, out, err = many(*more)
    assert (code, out) == (2, "")
    assert says in err


def test_a_table_is_needed_and_is_no_input(
    run: Run, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    images = [fields / name for name in NAMES]
    code, _, err = run("classify", *images, "--model", tiny_folder)
    assert (code, "say where (--out cells.csv)" in err) == (2, True)
    trap = tmp_path / "x.csv"
    shutil.copy(images[0], trap)
    code, _, err = run("classify", *images, trap, "--model", tiny_folder, "--out", trap)
    assert (code, "is an image of this run" in err) == (2, True)
    folder = tmp_path / "mine.csv.parts"
    folder.mkdir()
    (folder / "thesis.txt").write_text("mine")
    code, _, err = run("classify", *images, "--model", tiny_folder, "--out", tmp_path / "mine.csv")
    assert (code, "holds something else" in err) == (2, True)
    for image in images:
        image.write_bytes(b"")
    code, _, err = run("classify", *images, "--model", tiny_folder, "--out", tmp_path / "no.csv")
    assert (code, "None of the 4 images could be classified" in err) == (2, True)
    assert not (tmp_path / "no.csv").exists()
    assert not (tmp_path / "no.csv.parts").exists()  # nothing to go on from


def test_two_runs_do_not_work_in_one_folder(
    many: Run, fields: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the one that ends first takes away what the other has done."""
    from napari_cellcycle.classify import many as module

    real, others = module.classify_job, []

    def classify_job(job: Any, *rest: Any) -> Any:
        if not others:
            other = [sys.executable, "-m", "napari_cellcycle"]
            other += words(fields, tiny_folder, tmp_path / "cells.csv")
            others.append(subprocess.run(other, check=False, capture_output=True, text=True))
        return real(job, *rest)

    monkeypatch.setattr(module, "classify_job", classify_job)
    assert many()[0] == 0
    assert others[0].returncode == 2
    assert "Another run is at work in" in others[0].stderr
    whole = expected(fields, tiny_folder, NAMES, tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cells.csv"), whole)
    assert many()[0] == 0


def test_a_folder_in_place_of_the_table_is_told_before_the_work(many: Run, tmp_path: Path) -> None:
    (tmp_path / "cells.csv").mkdir()
    code, _, err = many()
    assert (code, "is a folder; give the name of a file" in err) == (2, True)
    assert not (tmp_path / "cells.csv.parts").exists()


def test_a_file_that_is_given_twice_is_one_image(fields: Path) -> None:
    one = fields / "f0.ome.tif"
    jobs = jobs_of([str(one), str(fields / ".." / fields.name / one.name)])
    assert [job.image for job in jobs] == [one]


def test_pixels_of_an_ome_zarr_that_were_written_anew_are_another_input(
    write_ome_zarr: Any, tmp_path: Path
) -> None:
    """The metadata, which say nothing of it, may stay as they were."""
    data = np.arange(64, dtype=np.uint16).reshape(8, 8)
    path = write_ome_zarr(tmp_path / "a.ome.zarr", data, "yx", scale=[1, 1], units=[None, None])
    (job,) = jobs_of([str(path)])
    before = inputs_of(job)
    (path / "labels").mkdir()
    (path / "labels" / "new").write_text("labels")
    assert inputs_of(job) == before
    *_, chunk = sorted(file for file in (path / "0").rglob("*") if file.is_file())
    os.utime(chunk, ns=(0, before[0][2] + 10**9))
    assert inputs_of(job) != before
