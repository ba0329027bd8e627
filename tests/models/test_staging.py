from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from napari_cellcycle.models import staging
from napari_cellcycle.models.staging import discard, folders, settle, staged, standing, sweep

STOPPED = 9
DYING = """
import os, shutil, sys
from pathlib import Path
from napari_cellcycle.models import staging

moment, todo, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
steps = 0

def dying(step):
    def last(*args, **kwargs):
        global steps
        steps += 1
        if steps == moment:
            os._exit(9)
        return step(*args, **kwargs)
    return last

staging.os.replace, staging.shutil.rmtree = dying(os.replace), dying(shutil.rmtree)
if todo == "replace":
    with staging.staged(folder) as new:
        staging.write_bytes(new / "content", b"new")
else:
    staging.discard(folder)
"""


def stop(moment: int, todo: str, folder) -> int:
    """Do something to a folder in a process that is gone before its n-th step on the disk."""
    code = [sys.executable, "-c", DYING, str(moment), todo, str(folder)]
    return subprocess.run(code, check=False).returncode


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "content").write_bytes(b"old")
    return tmp_path / "alpha"


def contents(place):
    return [(path / "content").read_bytes() for path in folders(place)]


def test_a_replacement_that_is_killed_leaves_the_old_or_the_new(folder):
    seen = []
    for moment in range(1, 20):
        ended = stop(moment, "replace", folder)
        (content,) = contents(folder.parent)
        assert (standing(folder) / "content").read_bytes() == content
        seen.append(content)
        if ended == 0:
            break
        with staged(folder) as new:  # the next one finds its way, whatever was left
            (new / "content").write_bytes(b"old")
        assert contents(folder.parent) == [b"old"]
    assert (ended, seen[0], seen[-1]) == (0, b"old", b"new")
    assert len(seen) == 5  # two moves of the replacement, one and one removal of what was old


def test_a_removal_that_is_killed_leaves_all_or_nothing(folder):
    for moment, left in ((1, [b"old"]), (2, [])):
        assert stop(moment, "discard", folder) == STOPPED
        assert contents(folder.parent) == left
    assert standing(folder) is None


def test_what_a_stopped_replacement_left_does_not_come_back_after_a_removal(folder):
    assert stop(3, "replace", folder) == STOPPED  # both moves are done, the old one is still there
    assert contents(folder.parent) == [b"new"]
    assert (folder.parent / ".alpha.old").is_dir()
    discard(folder)
    assert contents(folder.parent) == []
    assert list(folder.parent.glob(".alpha.old*")) == []


def test_a_folder_that_was_set_aside_goes_back(folder):
    assert stop(2, "replace", folder) == STOPPED
    assert not folder.exists()
    (found,) = folders(folder.parent)
    assert settle(found) == folder
    assert (folder / "content").read_bytes() == b"old"


def test_a_block_that_fails_leaves_nothing_behind(folder):
    with suppress(KeyboardInterrupt), staged(folder) as new:
        (new / "content").touch()
        raise KeyboardInterrupt
    assert [path.name for path in folder.parent.iterdir()] == ["alpha"]
    assert contents(folder.parent) == [b"old"]


def test_a_move_that_fails_brings_the_old_folder_back(folder, monkeypatch):
    real = os.replace

    def fail_on_arrival(source, target):
        if target == folder and source.name != ".alpha.old":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(staging.os, "replace", fail_on_arrival)
    with pytest.raises(OSError, match="No space"), staged(folder):
        pass
    assert [path.name for path in folder.parent.iterdir()] == ["alpha"]
    assert contents(folder.parent) == [b"old"]


def test_what_was_left_behind_goes_after_a_day_and_nothing_else_does(tmp_path):
    yesterday = time.time() - 25 * 3600
    for name in (".a.new-x1y2z3", ".a.gone-0123abcd", ".a.old", ".mine", "a.new-x1y2z3"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (yesterday, yesterday))
    (tmp_path / ".b.new-x1y2z3").mkdir()
    sweep(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        ".a.old",
        ".b.new-x1y2z3",
        ".mine",
        "a.new-x1y2z3",
    ]
    sweep(tmp_path / "nowhere")
