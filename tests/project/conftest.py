"""A small project for the tests of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fields import make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_cellcycle.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with make_project(tmp_path) as made:
        yield made
