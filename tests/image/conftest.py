"""Files that tests write, and the three ways of reading them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_cellcycle.image import formats

if TYPE_CHECKING:
    from collections.abc import Callable

LIBRARIES = ("bioio", "aicsimageio")


@pytest.fixture(params=["bioio", "aicsimageio", "plain"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with one library only, as if the other were not installed."""
    name: str = request.param
    if name != "plain" and not formats.installed(name):
        pytest.skip(f"{name} is not installed")
    hidden = set(LIBRARIES) - {name}
    real = formats.installed
    monkeypatch.setattr(formats, "installed", lambda m: m not in hidden and real(m))
    return name


@pytest.fixture
def zarr_reader(reader: str) -> str:
    """Read OME-Zarr, which needs one of the two libraries."""
    if reader == "plain":
        pytest.skip("OME-Zarr needs bioio or aicsimageio")
    return reader


@pytest.fixture
def pixels() -> Callable[..., Any]:
    """Make reproducible noise."""

    def make(*shape: int, dtype: str = "uint16") -> Any:
        return np.random.default_rng(7).integers(0, 200, shape).astype(dtype)

    return make
