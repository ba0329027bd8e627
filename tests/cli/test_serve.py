"""The verb ``serve``: it says where the page is, and ends when it is told to."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

pytest.importorskip("starlette", reason='needs pip install "napari-cellcycle[serve]"')

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for one process on Windows")
def test_the_page_is_there_until_interrupted() -> None:
    command = [sys.executable, "-m", "napari_cellcycle", "serve", "--port", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            answer = httpx.get(told["url"], timeout=60)
        finally:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert told["url"].startswith("http://127.0.0.1:")
    assert "<title>Cell cycle</title>" in answer.text
    assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_one_line(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = run("serve", "--port", port, "--device", "cpu")
    assert (code, out) == (2, "")
    assert f"port {port}, cannot be had" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--port", 99999), "There is no port 99999; choose one up to 65535 (--port)."),
        (("--host", "999.1.1.1"), "999.1.1.1 is no address of this computer (--host)."),
        (("--port", -1), "'-1' is not a whole number from 0 on"),
    ],
)
def test_where_it_cannot_listen_is_one_sentence(
    run: Run, options: tuple[object, ...], says: str
) -> None:
    code, out, err = run("serve", "--device", "cpu", *options)
    assert (code, out) == (2, "")
    assert says in err.splitlines()[-1]


def test_other_computers_are_let_in_with_a_warning_only(run: Run) -> None:
    code, _, err = run("serve", "--host", "192.0.2.1", "--device", "cpu")  # nobody has this address
    assert code == 2
    assert "note: Everybody who can reach 192.0.2.1 can use this computer" in err
    assert "cannot be had" in err


def test_a_missing_extra_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "napari_cellcycle.cli.serve.find_spec", lambda name: name != "uvicorn" or None
    )
    code, _, err = run("serve")
    assert code == 2
    assert 'not installed: uvicorn. Install it with pip install "napari-cellcycle[serve]"' in err
