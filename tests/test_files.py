"""Files are written whole or not at all, and an error names the file that was asked for."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from napari_cellcycle.files import replacing


def test_a_full_disk_leaves_the_old_file_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("old")

    def write() -> None:
        with replacing(path) as new:
            new.write_text("half of")
            raise OSError(errno.ENOSPC, "Error writing bytes")

    with pytest.raises(OSError, match="No space left") as full:
        write()
    assert full.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_of_that_name_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.mkdir()
    with pytest.raises(OSError, match=r"'[^']*cells\.csv'") as found, replacing(path) as new:
        new.write_text("new")
    assert found.value.filename == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_another_file_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as found, replacing(tmp_path / "cells.csv"):
        (tmp_path / "image.tif").read_bytes()
    assert found.value.filename == str(tmp_path / "image.tif")
