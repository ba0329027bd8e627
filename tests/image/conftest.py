"""Files that tests write, and the three ways of reading them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_cellcycle.image import containers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARIES = ("bioio", "aicsimageio")


@pytest.fixture(params=["bioio", "aicsimageio", "plain"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read with one library only, as if the other were not installed."""
    name: str = request.param
    if name != "plain" and not containers.installed(name):
        pytest.skip(f"{name} is not installed")
    hidden = set(LIBRARIES) - {name}
    real = containers.installed
    monkeypatch.setattr(containers, "installed", lambda m: m not in hidden and real(m))
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


@pytest.fixture
def write_ome_zarr() -> Callable[..., Path]:
    """Write an OME-Zarr folder of version 0.4 (zarr 2), one uncompressed chunk a plane."""

    def write(
        folder: Path,
        data: Any,
        axes: str,
        *,
        scale: list[float],
        units: list[str | None],
        labels: tuple[str, ...] = (),
        omit: tuple[str, ...] = (),
    ) -> Path:
        kinds = {"t": "time", "c": "channel"}
        listed = [
            {"name": a, "type": kinds.get(a, "space")} | ({"unit": u} if u else {})
            for a, u in zip(axes, units, strict=True)
        ]
        transforms = [{"type": "scale", "scale": scale}]
        attributes = {
            "multiscales": [
                {
                    "version": "0.4",
                    "name": "cells",
                    "axes": listed,
                    "datasets": [{"path": "0", "coordinateTransformations": transforms}],
                }
            ],
            "omero": {"channels": [{"label": label, "color": "FFFFFF"} for label in labels]},
        }
        for key in omit:
            del attributes[key]
        level = folder / "0"
        level.mkdir(parents=True)
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(attributes))
        chunks = [1] * (data.ndim - 2) + list(data.shape[-2:])
        header = {
            "zarr_format": 2,
            "shape": list(data.shape),
            "chunks": chunks,
            "dtype": data.dtype.str,
            "compressor": None,
            "filters": None,
            "fill_value": 0,
            "order": "C",
            "dimension_separator": "/",
        }
        (level / ".zarray").write_text(json.dumps(header))
        for index in np.ndindex(data.shape[:-2]):
            chunk = level.joinpath(*(str(i) for i in (*index, 0, 0)))
            chunk.parent.mkdir(parents=True, exist_ok=True)
            chunk.write_bytes(np.ascontiguousarray(data[index]).tobytes())
        return folder

    return write
