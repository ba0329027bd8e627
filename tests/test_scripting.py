"""The few names that a script imports; one of them is also the name of a room."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import napari_cellcycle


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_name_is_there():
    for name in napari_cellcycle.__all__:
        assert getattr(napari_cellcycle, name) is not None
    assert dir(napari_cellcycle) == napari_cellcycle.__all__


def test_the_version_is_that_of_the_distribution():
    assert napari_cellcycle.__version__ == version("napari-cellcycle")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        _ = napari_cellcycle.clasify


@pytest.mark.parametrize("first", ["", "import napari_cellcycle.classify.run\n"])
def test_classify_can_be_called_whatever_was_imported_before(first):
    code = (
        f"{first}from napari_cellcycle import classify\n"
        "import napari_cellcycle as ncc, napari_cellcycle.classify.run as run\n"
        "assert ncc.classify is classify and callable(run.classify)\n"
        "from napari_cellcycle.errors import ImageReadError\n"
        "for call in (classify, ncc.classify):\n"
        "    try:\n"
        "        call('missing.tif')\n"
        "    except ImageReadError as error:\n"
        "        print(error)\n"
    )
    assert run(code).splitlines() == ["There is no file missing.tif."] * 2
