from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cli import console
from napari_cellcycle.errors import CellCycleError, CellCycleWarning


def run(error: BaseException) -> int:
    def work() -> None:
        raise error

    return console.guarded(work)


def test_a_mistake_of_the_user_is_one_line_and_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(CellCycleError("No such\n  thing.")) == 2
    assert capsys.readouterr().err == "napari-cellcycle: No such thing.\n"


def test_an_unwritable_file_is_a_mistake_of_the_user(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(PermissionError(13, "Permission denied", "cells.csv")) == 2
    assert capsys.readouterr().err == "napari-cellcycle: cells.csv: Permission denied.\n"


def test_interrupting_is_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


def test_our_warnings_are_notes_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in range(2):  # it is said once
            warnings.warn("Batch halved.", CellCycleWarning, stacklevel=1)

    assert console.guarded(work) == 0
    assert capsys.readouterr() == ("", "note: Batch halved.\n")


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    code = (
        "from napari_cellcycle.cli.console import guarded\n"
        "def work():\n"
        "    for i in range(100_000):\n"
        "        print('x' * 100)\n"
        "raise SystemExit(guarded(work))"
    )
    reading, writing = os.pipe()
    with subprocess.Popen([sys.executable, "-c", code], stdout=writing, stderr=-1) as process:
        os.close(writing)
        os.read(reading, 10)
        os.close(reading)
        _, err = process.communicate()
    assert (process.returncode, err) == (console.BROKEN_PIPE, b"")


def test_json_is_strict(capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    console.print_json(
        {
            "path": Path("a/µ.csv"),
            "nan": [math.nan, np.float32(np.inf), pd.NA, None],
            "numbers": (np.int64(3), np.float64(0.5), True, np.array([1, 2])),
        }
    )
    out = capsys.readouterr().out
    assert json.loads(out) == {
        "path": str(Path("a/µ.csv")),
        "nan": [None] * 4,
        "numbers": [3, 0.5, True, [1, 2]],
    }


def test_no_progress_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress("classify", "cells") as report:
        assert report is None
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with console.progress("classify", "cells") as report:
        assert report is not None
        report(3, 10)
        report(10, 10)
    out, err = capsys.readouterr()
    assert out == ""
    assert "classify" in err


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table([("phase", "cells"), ("G1", "9"), ("S", "12345")], right=(1,))
    assert capsys.readouterr().out.splitlines() == [
        "phase  cells",
        "-----  -----",
        "G1         9",
        "S      12345",
    ]


def test_a_full_disk_is_one_line() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    code = "raise SystemExit(console.guarded(lambda: print('x' * 100_000)))"
    words = [sys.executable, "-c", f"from napari_cellcycle.cli import console; {code}"]
    if Path("/dev/full").exists():
        with open("/dev/full", "w") as out:
            done = subprocess.run(words, stdout=out, stderr=-1, check=False, text=True)
        assert done.returncode == 2
        assert done.stderr == (
            f"napari-cellcycle: The output cannot be written: {full.strerror}.\n"
        )
    with pytest.raises(OSError, match="nameless"):
        run(OSError("nameless"))


def test_letters_that_a_pipe_has_none_for_are_escaped() -> None:
    code = (
        "from napari_cellcycle.cli import console\n"
        "def work():\n"
        "    console.print_json({'image': 'ü 細'})\n"
        "    print('µm')\n"
        "    console.note('≥')\n"
        "raise SystemExit(console.guarded(work))"
    )
    words = [sys.executable, "-c", code]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(words, env=ascii_only, capture_output=True, check=False, text=True)
    assert done.returncode == 0
    *lines, last = done.stdout.splitlines()
    assert json.loads("".join(lines)) == {"image": "ü 細"}
    assert (last, done.stderr) == ("\\xb5m", "note: \\u2265\n")
