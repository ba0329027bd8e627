"""Many images on workers: deaths, failures, and what each well has."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_cellcycle.classify.cluster import classify_on, connected, device_of
from napari_cellcycle.classify.jobs import Job, Settings, Well, jobs_of, with_wells
from napari_cellcycle.classify.many import Failed, classify_many
from napari_cellcycle.classify.parts import Done, Parts
from napari_cellcycle.classify.wells import share_interval, summarise_wells
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.models.folder import load_model, read_model_card

pytest.importorskip("distributed", reason='needs pip install "napari-cellcycle[cluster]"')

Run = Callable[..., tuple[int, str, str]]
NAMES = [f"{row}{column:02}.tif" for row in "AB" for column in (1, 2, 10)]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers."""
    with connected(workers=2, device="cpu") as client:
        yield client


@pytest.fixture
def fields(tmp_path: Path) -> Path:
    """Six images, named by their wells, of three cells each."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:64, :64]
    disc = np.zeros((64, 64), bool)
    for cy, cx in [(16, 16), (16, 48), (48, 30)]:
        disc |= (y - cy) ** 2 + (x - cx) ** 2 < 90
    folder = tmp_path / "fields"
    folder.mkdir()
    for name in NAMES:
        tifffile.imwrite(folder / name, rng.poisson(20 + 200 * disc).astype(np.uint16))
    return folder


def killing(log: str, deadly: str, hopeless: str) -> Callable[[], None]:
    """On a worker: note each image that is begun, die at one the first time, give up another.

    Returns what ends this.
    """
    from distributed import KilledWorker

    from napari_cellcycle.classify import cluster, many

    real = many.classify_job

    def classify_job(job: Any, *rest: Any) -> Any:
        with open(log, "a") as file:
            file.write(f"{job.name}\n")
        with open(log) as file:
            begun = file.read().split().count(job.name)
        if job.name == deadly and begun == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(job, *rest)

    def give_up(job: Any, *rest: Any) -> Any:
        if job.name == hopeless:  # as the scheduler does once several workers have died at it
            raise KilledWorker(job.name, SimpleNamespace(address="tcp://a"), 3)
        return real_do(job, *rest)

    def undo() -> None:
        many.classify_job, cluster.do_job = real, real_do

    many.classify_job = classify_job
    real_do, cluster.do_job = cluster.do_job, give_up
    return undo


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_worker_that_dies_costs_its_image_only(
    cluster: Any, fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    import cloudpickle
    from distributed import WorkerPlugin

    class Killing(WorkerPlugin):  # set up again in every worker that takes a dead one's place
        name = "killing"

        def setup(self, worker: Any) -> None:
            self.undo = killing(log, "A02.tif", "B01.tif")

        def teardown(self, worker: Any) -> None:
            self.undo()

    log = str(tmp_path / "begun.txt")
    jobs = jobs_of([f"{fields}/*.tif"])
    sha256 = read_model_card(tiny_folder)[1]
    parts = Parts(tmp_path / "parts", Settings(), sha256)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    try:
        cluster.register_plugin(Killing())
        arguments = (jobs, Settings(), tiny_folder, sha256, "cpu", parts)
        outcomes = list(classify_on(cluster, *arguments))
    finally:
        cluster.unregister_worker_plugin("killing")
        cloudpickle.unregister_pickle_by_value(sys.modules[__name__])

    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    assert [one.name for one in failed] == ["B01.tif"]
    assert "workers that were at it died" in failed[0].error
    assert sorted(one.name for one in outcomes) == NAMES
    done_names = [name for name in NAMES if name != "B01.tif"]
    begun = Counter(Path(log).read_text().split())
    assert begun == dict.fromkeys(done_names, 1) | {"A02.tif": 2}
    # each image is one task: its reads are not handed round the cluster
    assert set(cluster.cluster.scheduler.task_prefixes) == {"do"}

    # the same as one after the other; what is done is only reported
    alone = Parts(tmp_path / "alone", Settings(), sha256)
    model = load_model(tiny_folder)
    for one in classify_many(jobs, Settings(), model, alone):
        assert isinstance(one, Done)
    done = [job for job in jobs if job.name != "B01.tif"]
    parts.join([one.name for one in done], tmp_path / "many.csv")
    alone.join([one.name for one in done], tmp_path / "alone.csv")
    assert (tmp_path / "many.csv").read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_a_plate_from_the_command_line(
    cluster: Any, run: Run, data_dir: Path, write_plate: Any, tiny_folder: Path, tmp_path: Path
) -> None:
    image = [tifffile.imread(data_dir / f"h2b_field_2d_t{t}.ome.tif")[None] for t in (1, 70)]
    plate = write_plate(
        {"A/1": image, "B/2": image[:1], "B/3": image[1:]}, columns=("1", "2", "3", "4")
    )
    (plate / "B" / "3" / "0" / "0" / ".zarray").write_text("{}")
    out = tmp_path / "out"
    words = ["plate", plate, "--model", tiny_folder, "--device", "cpu", "--out", out]
    address = cluster.scheduler.address
    code, told, _err = run(*words, "--scheduler", address, "--json")
    assert code == 3
    told = json.loads(told)
    assert [one["image"] for one in told["failed"]] == ["plate.zarr/B/3/0"]
    table, wells = pd.read_parquet(out / "cells.parquet"), pd.read_csv(out / "wells.csv")
    assert told["cells"] == len(table) == wells.cells.sum()
    assert wells[["row", "column"]].to_numpy().tolist() == [["A", 1], ["B", 2], ["B", 3]]
    assert wells.images.tolist() == [2, 1, 1]
    assert wells.failed.tolist() == [0, 0, 1]
    first = table[table.image.str.startswith("plate.zarr/A/1/")]
    for slug in table.predicted_phase.unique():
        n = (first.predicted_phase == slug).sum()
        assert wells[f"n_{slug}"][0] == n
        assert wells[f"share_{slug}"][0] == pytest.approx(n / len(first))
        assert wells[f"low_{slug}"][0] <= n / len(first) <= wells[f"high_{slug}"][0]
    assert (out / "plate.png").stat().st_size > 10_000

    before = {path: path.stat().st_mtime_ns for path in (out / "parts").glob("*.parquet")}
    assert len(before) == 3
    assert run(*words, "--scheduler", address)[0] == 3
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "--workers is for a cluster on"),
        ([], "A01.tif is in no plate, so its well is unknown. Say how names tell the well"),
        (["--well", "(?P<row>x"], "is no regular expression"),
        (["--well", "x"], "must have the groups row and column"),
        (["--well", r"(?P<row>A)(?P<column>\d\d)"], "B01.tif does not match"),
        (["--well", r"(?P<row>A)(?P<column>\d\d)"], r"(?P<column>\d\d)'."),
    ],
)
def test_what_is_wrong_is_told_before_the_work(
    run: Run, fields: Path, tiny_folder: Path, tmp_path: Path, more: list[str], says: str
) -> None:
    code, _, err = run(
        "plate", f"{fields}/*.tif", "--model", tiny_folder, "--out", tmp_path / "out", *more
    )
    assert (code, says in err) == (2, True), err


def test_a_plate_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, out, err = run("plate", "nowhere.zarr", "--out", tmp_path / "out")
    assert (code, out, err) == (2, "", "napari-cellcycle: There is no file nowhere.zarr.\n")


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_cellcycle.classify.cluster._LONGEST_WAIT", "200ms")
    with (
        pytest.raises(CellCycleError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:1"),
        connected("tcp://127.0.0.1:1"),
    ):
        pass


def test_wells_of_names() -> None:
    jobs = [Job(name, Path(name)) for name in NAMES]
    found = with_wells(jobs, r"(?P<row>[A-P])(?P<column>\d+)")
    assert [job.well for job in found][:3] == [Well("", "A", c) for c in ("01", "02", "10")]


def test_the_summary_of_wells() -> None:
    wells = [Well("p", "B", "10"), Well("p", "B", "2"), Well("p", "AA", "1"), Well("p", "B", "2")]
    jobs = [Job(f"{i}", Path(f"{i}"), well=well) for i, well in enumerate(wells)]
    done = [
        Done("1", {"m": 3, "n": 1}, (), "cpu", 1.0),
        Done("3", {"m": 0, "n": 6}, (), "cpu", 1.0),
        Done("2", {"m": 0, "n": 0}, (), "cpu", 1.0),
    ]
    table = summarise_wells(jobs, done, ("m", "n"))
    assert table[["row", "column"]].to_numpy().tolist() == [["B", "2"], ["B", "10"], ["AA", "1"]]
    assert table.images.tolist() == [2, 1, 1]
    assert table.failed.tolist() == [0, 1, 0]
    assert table.cells.tolist() == [10, 0, 0]
    assert table.n_m.tolist() == [3, 0, 0]
    assert table.share_m[0] == pytest.approx(0.3)
    assert np.isnan(table.share_m[1:]).all()
    # Wilson, 3 of 10, as in Newcombe (1998)
    assert (table.low_m[0], table.high_m[0]) == pytest.approx((0.1078, 0.6032), abs=1e-4)
    assert np.isnan(share_interval(0, 0)).all()


@pytest.mark.parametrize(
    ("wanted", "worker", "n", "expected"),
    [
        ("auto", 0, 4, "cuda:0"),
        ("cuda", 5, 4, "cuda:1"),
        ("auto", 1, 1, "auto"),
        ("auto", "tcp://10.0.0.1:1", 4, "auto"),
        ("cuda:2", 1, 4, "cuda:2"),
        ("cpu", 1, 4, "cpu"),
    ],
)
def test_each_worker_has_its_graphics_card(
    wanted: str, worker: object, n: int, expected: str
) -> None:
    assert device_of(wanted, worker, n) == expected


def test_a_scheduler_without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", processes=False) as empty:
        monkeypatch.setattr("napari_cellcycle.classify.cluster._LONGEST_WAIT", "1s")
        with (
            pytest.raises(CellCycleError, match="has no workers"),
            connected(empty.scheduler_address),
        ):
            raise AssertionError("nobody works there")


def test_workers_that_go_while_there_is_work_to_do(
    fields: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client, LocalCluster

    monkeypatch.setattr("napari_cellcycle.classify.cluster._LONGEST_WAIT", "1s")
    monkeypatch.setattr("napari_cellcycle.classify.cluster._LOOK_EVERY_S", 0.2)
    parts = Parts(tmp_path / "parts", Settings(), "0")
    arguments = (jobs_of([f"{fields}/*.tif"]), Settings(), tiny_folder, "0", "cpu", parts)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", processes=False) as empty,
        Client(empty, set_as_default=False) as client,
        pytest.raises(CellCycleError, match=r"has no workers.* the same command goes on"),
    ):
        list(classify_on(client, *arguments))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "classify.cluster.version",
            lambda _: "9.9",
            r"needs napari-cellcycle 9\.9, as here, but tcp://\S+ has \d",
        ),
        ("classify.cluster._VERSION", "no_cellcycle:__version__", r"tcp://\S+ lacks it \(No mod"),
    ],
)
def test_workers_of_another_version_or_without_this_program(
    cluster: Any, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, says: str
) -> None:
    monkeypatch.setattr(f"napari_cellcycle.{name}", value)
    with pytest.raises(CellCycleError, match=says), connected(cluster.scheduler.address):
        raise AssertionError("they would do it")


def test_images_whose_scheduler_was_lost_are_named(
    fields: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    class Lost:
        """A task of a client that has lost its scheduler, and found it again."""

        def add_done_callback(self, call: Callable[[Any], None]) -> None:
            call(self)

        def result(self) -> None:
            raise FutureCancelledError("_do-1", "scheduler-connection-lost")

        def release(self) -> None:
            pass

    from distributed.client import FutureCancelledError

    client = SimpleNamespace(submit=lambda *_, **__: Lost(), nthreads=lambda: {"a": 1})
    parts = Parts(tmp_path / "parts", Settings(), "0")
    jobs = jobs_of([f"{fields}/*.tif"])
    found = list(classify_on(client, jobs, Settings(), tiny_folder, "0", "cpu", parts))
    assert [one.name for one in found] == NAMES
    assert {one.error for one in found if isinstance(one, Failed)} == {
        "The Dask scheduler was lost while a worker was at it."
    }
