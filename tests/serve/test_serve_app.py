"""The server as a client sees it: uploads, answers, refusals, and nothing left behind."""

from __future__ import annotations

import asyncio
import errno
import io
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_cellcycle.classify import classify, classify_crop
from napari_cellcycle.serve import runs
from napari_cellcycle.serve.app import make_app
from napari_cellcycle.serve.order import read_order

if TYPE_CHECKING:
    import httpx

MIB = 1 << 20  # what the server takes


def send(client: httpx.Client, image: Path, labels: Path | None = None, **fields: Any) -> Any:
    files = {"image": (fields.pop("name", image.name), image.read_bytes())}
    if labels is not None:
        files["labels"] = (labels.name, labels.read_bytes())
    return client.post("runs", files=files, data={"model": "tiny", **fields})


def outcome(client: httpx.Client, sent: httpx.Response) -> httpx.Response:
    """Wait for the end of a run."""
    assert sent.status_code == 202, sent.text
    while True:
        answer = client.get(sent.headers["location"])
        if answer.json()["state"] not in ("waiting", "running"):
            return answer
        time.sleep(0.02)


def test_a_stack_and_its_labels_give_what_classify_gives(
    client: httpx.Client, files: SimpleNamespace, home: Path, spool: Path, tmp_path: Path
) -> None:
    sent = send(client, files.image, files.labels, name="C:\\data\\..\\my field<1>.ome.tif")
    answer = outcome(client, sent)
    run = sent.headers["location"]
    known = answer.json()["answer"]
    expected = classify(files.image, files.labels, model=home / "models" / "tiny", device="cpu")

    assert answer.status_code == 200
    assert known["image"] == "my field_1_.ome.tif"
    assert known["spacing"] == [0.9, 0.3, 0.3]
    assert known["n"] == 4
    assert {phase["slug"]: phase["n"] for phase in known["phases"]} == expected.counts()

    table = client.get(f"{run}/cells.csv")
    expected.to_csv(tmp_path / "expected.csv")
    mine = pd.read_csv(io.BytesIO(table.content)).drop(columns="image")
    theirs = pd.read_csv(tmp_path / "expected.csv").drop(columns="image")
    pd.testing.assert_frame_equal(mine, theirs)
    assert table.headers["content-disposition"] == 'attachment; filename="cells.csv"'

    for cell in known["cells"]:
        row = theirs[theirs.label == cell["label"]].iloc[0]
        assert cell["phase"] == row.predicted_phase
        assert sum(cell["probabilities"]) == pytest.approx(1)
        assert max(cell["probabilities"]) <= 1
    assert sorted(cell["label"] for cell in known["cells"]) == [1, 2, 3, 4]
    picture = iio.imread(client.get(f"{run}/cells/3.png").content)
    assert picture.shape == (16, 2 * 16 + 2, 3)  # two axes of 16 pixels
    assert picture.max() > 100
    assert iio.imread(client.get(f"{run}/overlay.png").content).ndim == 3
    assert client.get(f"{run}/cells/4.png").status_code == 404

    assert list(spool.iterdir()) == []
    assert client.delete(run).status_code == 204
    assert client.get(run).status_code == 404


def test_a_crop_is_one_cell(client: httpx.Client, files: SimpleNamespace, home: Path) -> None:
    sent = send(client, files.crop, shows="crop", channel="dna=0")
    known = outcome(client, sent).json()["answer"]
    expected = classify_crop(files.crop, model=home / "models" / "tiny", device="cpu")
    (cell,) = known["cells"]
    assert cell["phase"] == expected.predicted_phases()[0]
    assert cell["probabilities"] == pytest.approx(expected.decision.probabilities[0])
    assert client.get(f"{sent.headers['location']}/overlay.png").status_code == 404


def test_without_labels_nuclei_are_segmented(client: httpx.Client, files: SimpleNamespace) -> None:
    known = outcome(client, send(client, files.image)).json()["answer"]
    assert known["n"] == 4
    assert any("No segmentation was given" in note for note in known["notes"])


def test_notes_name_the_file_as_it_was_sent(
    client: httpx.Client, files: SimpleNamespace, tmp_path: Path
) -> None:
    with tifffile.TiffWriter(tmp_path / "two.ome.tif", ome=True) as tif:
        for _ in range(2):
            tif.write(tifffile.imread(files.image), metadata={"axes": "ZYX"})
    sent = send(client, tmp_path / "two.ome.tif", spacing="2,0.5,0.5")
    notes = outcome(client, sent).json()["answer"]["notes"]
    assert any(note.startswith("two.ome.tif has 2 scenes, and this is the first") for note in notes)


def test_spacing_of_the_sender_counts(client: httpx.Client, files: SimpleNamespace) -> None:
    sent = send(client, files.image, files.labels, spacing="2,0.5,0.5")
    assert outcome(client, sent).json()["answer"]["spacing"] == [2, 0.5, 0.5]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"model": "/etc"}, "There is no model '/etc' here; there are:"),
        ({"spacing": "1,a"}, "Spacing '1,a' is not understood"),
        ({"shows": "stars"}, "An image shows 'crop' or 'cells', not 'stars'."),
        ({"labels_are": "blobs"}, "Labels are 'nucleus' or 'cell', not 'blobs'."),
        ({"isotropic": "perhaps"}, "isotropic is 1 or 0, not 'perhaps'."),
        ({"spacings": "2,1,1"}, "There is no field 'spacings'; there are image, labels, model,"),
        ({"name": "run.py"}, "run.py is no kind of image that can be sent"),
        ({"shows": "crop"}, "leave out the labels"),
    ],
)
def test_a_wrong_field_is_one_sentence(
    client: httpx.Client, files: SimpleNamespace, spool: Path, fields: dict[str, str], says: str
) -> None:
    answer = send(client, files.image, files.labels, **fields)
    assert answer.status_code == 422
    assert says in answer.json()["error"]
    assert list(spool.iterdir()) == []


def test_a_file_that_was_sent_as_text_is_not_left_out_in_silence(
    client: httpx.Client, files: SimpleNamespace
) -> None:
    with files.image.open("rb") as image:
        answer = client.post("runs", data={"labels": "cells.tif"}, files={"image": image})
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        "labels is text, not a file; with curl, write labels=@FILE.",
    )


@pytest.mark.parametrize(("text", "meant"), [("0", False), ("false", False), ("1", True)])
def test_isotropic_may_be_denied(tmp_path: Path, text: str, meant: bool) -> None:
    fields = {"model": "mitosis-3d", "isotropic": text}
    assert read_order(fields, (), {"image": ("a.tif", io.BytesIO())}, tmp_path).isotropic is meant


def test_no_image_is_an_error(client: httpx.Client) -> None:
    answer = client.post("runs", data={"model": "tiny"})
    assert (answer.status_code, answer.json()["error"]) == (
        422,
        "No image was sent; choose a file.",
    )


def test_what_does_not_fit_is_told_without_our_paths(
    client: httpx.Client,
    files: SimpleNamespace,
    spool: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG no more")
    answer = outcome(client, send(client, broken))
    assert answer.status_code == 422
    assert answer.json()["error"] == "broken.png is no readable picture: truncated or corrupt."

    answer = outcome(client, send(client, files.image, files.crop))
    assert answer.status_code == 422
    assert "one.png does not lie on field.ome.tif" in answer.json()["error"]

    # a name that ends as a name of ours might
    shutil.copy(files.crop, tmp_path / "cells_labels.png")
    answer = outcome(client, send(client, files.image, tmp_path / "cells_labels.png"))
    assert answer.json()["error"].startswith("cells_labels.png does not lie on field.ome.tif")

    monkeypatch.setattr("napari_cellcycle.serve.answer.MOST_UNPACKED", 1000)
    answer = outcome(client, send(client, files.image))
    assert "Once it is unpacked, field.ome.tif is larger than the 0 GiB" in answer.json()["error"]
    assert list(spool.iterdir()) == []


def test_labels_that_are_too_large_are_not_read(
    client: httpx.Client, files: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_cellcycle.serve.answer.MOST_UNPACKED", 100_000)
    monkeypatch.setattr("napari_cellcycle.serve.answer.open_labels", None)
    tifffile.imwrite(tmp_path / "deep.tif", np.zeros((9, 200, 200), np.uint8), compression="zlib")
    answer = outcome(client, send(client, files.image, tmp_path / "deep.tif"))
    assert "Once it is unpacked, deep.tif is larger than" in answer.json()["error"]


def test_our_own_mistakes_stay_in_the_terminal(
    client: httpx.Client,
    files: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(runs, "work_off", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        answer = outcome(client, send(client, files.image))
    assert answer.status_code == 422
    assert "An error of the program" in answer.json()["error"]
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_too_much_is_refused(client: httpx.Client, spool: Path) -> None:
    big = {"image": ("big.tif", bytes(MIB + 1))}
    told = client.post("runs", files=big, data={"model": "tiny"})
    assert told.status_code == 413
    assert "larger than the 1 MiB" in told.json()["error"]

    def untold() -> Iterator[bytes]:  # no content-length: counted as it comes
        yield b'--x\r\nContent-Disposition: form-data; name="image"; filename="big.tif"\r\n\r\n'
        for _ in range(20):
            yield bytes(MIB // 16)
        yield b"\r\n--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    counted = client.post("runs", content=untold(), headers=kind)
    assert counted.status_code == 413
    assert "larger than the 1 MiB" in counted.json()["error"]
    assert list(spool.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_nothing(
    client: httpx.Client, files: SimpleNamespace, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("napari_cellcycle.serve.order.shutil.copyfileobj", full)
    told = send(client, files.image)
    assert told.status_code == 507
    assert "is full where temporary files go. Make room" in told.json()["error"]
    assert list(spool.iterdir()) == []
    monkeypatch.undo()
    assert client.get("about").status_code == 200


def test_a_visitor_who_goes_away_while_sending_is_no_error(spool: Path) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.tif"\r\n\r\n'
    heard = iter(
        [
            {"type": "http.request", "body": head + bytes(2 * MIB), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    answers: list[Any] = []

    async def receive() -> Any:
        return next(heard)

    async def send_on(message: Any) -> None:
        answers.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "POST", "path": "/runs", "headers": headers}
    more = {"scheme": "http", "query_string": b"", "root_path": "", "http_version": "1.1"}
    asyncio.run(make_app(device="cpu")(scope | more, receive, send_on))
    assert answers[0]["status"] == 400
    assert list(spool.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("GET", {"Host": "localhost:1"}, 200),
        ("GET", {"Host": "10.0.0.7"}, 200),
        ("GET", {"Host": "[::1]:80"}, 200),
        ("GET", {"Host": "rebound.example"}, 400),
        ("GET", {"Host": "127.0.0.1.rebound.example"}, 400),
        ("GET", {"Host": "[nonsense"}, 400),
        ("POST", {}, 422),
        ("POST", {"Origin": "http://localhost:1", "Host": "localhost:1"}, 422),
        ("POST", {"Origin": "http://stranger.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("POST", {"Sec-Fetch-Site": "same-site"}, 403),
        ("DELETE", {"Origin": "http://stranger.example"}, 403),
    ],
)
def test_only_its_own_page_is_let_in(
    client: httpx.Client, method: str, headers: dict[str, str], status: int
) -> None:
    path = {"GET": "about", "POST": "runs", "DELETE": "runs/x"}[method]
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_the_page_names_no_other_host(client: httpx.Client) -> None:
    for path in ("", "page/page.js", "page/style.css", "page/icon.svg"):
        text = client.get(path).text.replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", ""), path
    assert client.get("page/../app.py").status_code == 404
    assert client.get("page/%2e%2e/app.py").status_code == 404


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let runs go on step by step: each waits until somebody opens."""
    steps = threading.Semaphore(0)
    real = runs.work_off

    def slow(*arguments: Any) -> Iterator[tuple[int, int]]:
        work = real(*arguments)
        while True:
            steps.acquire()
            try:
                step = next(work)
            except StopIteration as end:
                return end.value
            yield step

    monkeypatch.setattr(runs, "work_off", slow)
    return steps.release


def test_what_is_still_being_sent_has_a_place() -> None:
    from contextlib import ExitStack

    waiting = runs.Runs("cpu")
    with ExitStack() as sending:
        for _ in range(runs.MOST_WAITING + 1):
            sending.enter_context(waiting.place())
        with pytest.raises(runs.FullError, match="Too many"), waiting.place():
            raise AssertionError("nobody more can wait")
    with waiting.place():
        pass
    waiting.close()


def test_one_at_a_time_and_cancelled(
    client: httpx.Client, files: SimpleNamespace, spool: Path, gate: Callable[[], None]
) -> None:
    first = send(client, files.image, files.labels)
    second = send(client, files.image, files.labels)
    a, b = first.headers["location"], second.headers["location"]
    gate()
    gate()
    while client.get(a).json()["total"] != 4:
        time.sleep(0.02)
    assert client.get(a).json()["state"] == "running"
    assert (client.get(b).json()["state"], client.get(b).json()["before"]) == ("waiting", 1)
    assert client.get(f"{a}/cells.csv").status_code == 409
    others = [send(client, files.image) for _ in range(3)]
    assert [answer.status_code for answer in others] == [202, 202, 202]
    full = send(client, files.image)
    assert full.status_code == 503
    assert "Too many images wait" in full.json()["error"]

    assert len(list(spool.iterdir())) == 5
    for other in others:
        client.delete(other.headers["location"])
    assert len(list(spool.iterdir())) == 2
    client.delete(a)
    gate()
    for _ in range(8):
        gate()
    assert outcome(client, second).json()["answer"]["n"] == 4
    assert list(spool.iterdir()) == []


def test_the_oldest_results_are_forgotten(
    client: httpx.Client, files: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "MOST_KEPT", 2)
    sent = []
    for _ in range(4):
        sent.append(send(client, files.crop, shows="crop"))
        outcome(client, sent[-1])
    found = [client.get(answer.headers["location"]).status_code for answer in sent]
    assert found == [404, 404, 200, 200]
    message = client.get(sent[0].headers["location"]).json()
    assert message == {"error": "This result is not kept any more. Send the image again."}


def test_real_stacks(client_of_real: httpx.Client, data_dir: Path) -> None:
    stem = "organoid_h2b_membrane_3d_t301"
    sent = send(
        client_of_real,
        data_dir / f"{stem}.ome.tif",
        data_dir / f"{stem}_nuclei_labels.ome.tif",
    )
    known = outcome(client_of_real, sent).json()["answer"]
    assert known["n"] == 20
    assert known["roles"] == ["dna", "membrane"]
    assert known["size"] == "27 × 182 × 175"
