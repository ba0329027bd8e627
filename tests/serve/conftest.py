"""A real server in a thread, with a tiny model, and images to send."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import tifffile

pytest.importorskip("starlette", reason='needs pip install "napari-cellcycle[serve]"')

from napari_cellcycle.serve.server import address_of, make_server


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """On the disk: a stack of four discs with its labels, and a picture of one."""
    import imageio.v3 as iio

    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    z, y, x = np.ogrid[:9, :64, :64]
    labels = np.zeros((9, 64, 64), np.uint16)
    for n, (cy, cx) in enumerate([(16, 16), (16, 48), (48, 16), (48, 46)], start=1):
        labels[((z - 4) * 3) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 < 90] = n
    dna = rng.poisson(20 + 200 * (labels > 0)).astype(np.uint16)
    found = SimpleNamespace(
        image=folder / "field.ome.tif",
        labels=folder / "field_labels.tif",
        crop=folder / "one.png",
    )
    pixels = {"PhysicalSizeZ": 0.9, "PhysicalSizeY": 0.3, "PhysicalSizeX": 0.3}
    units = {f"{name}Unit": "µm" for name in pixels}
    tifffile.imwrite(
        found.image,
        dna,
        metadata={"axes": "ZYX", "Channel": {"Name": ["DAPI"]}, **pixels, **units},
        compression="zlib",
    )
    tifffile.imwrite(found.labels, labels, compression="zlib")
    iio.imwrite(found.crop, (dna[4, :32, :32] // 2).clip(0, 255).astype(np.uint8))
    return found


@pytest.fixture(scope="session")
def home(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose one model of the user is ``tiny``."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copytree(tiny_folder, folder / "models" / "tiny")
    return folder


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files: the tests see what is left there."""
    import tempfile

    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextmanager
def serving(**settings: Any) -> Iterator[str]:
    """Serve on a free port; gives the address."""
    server, listening = make_server(**settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture
def serves() -> Any:
    """Serve for as long as a ``with`` lasts."""
    return serving


@pytest.fixture
def address(home: Path, spool: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a server that takes 1 MiB."""
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(home))
    with serving(device="cpu", most_bytes=1 << 20) as found:
        yield found


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """Speaks to this server."""
    with httpx.Client(base_url=address, timeout=60) as found:
        yield found


@pytest.fixture
def client_of_real(home: Path, spool: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Speaks to a server that takes real images."""
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(home))
    with (
        serving(device="cpu") as found,
        httpx.Client(base_url=found, timeout=60) as client,
    ):
        yield client
