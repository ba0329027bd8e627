"""Fixtures that every room shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DATA_VARIABLE = "NAPARI_CELLCYCLE_DATA"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real images: ``$NAPARI_CELLCYCLE_DATA``, or ``../shared/data``."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, default))
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; point ${DATA_VARIABLE} to a folder that has them")
    return folder
