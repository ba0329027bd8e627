"""Fixtures that every room shares."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cellcycle.models.card import ModelCard

os.environ["NAPARI_CONFIG"] = ""  # napari neither reads nor writes the person's own settings

DATA_VARIABLE = "NAPARI_CELLCYCLE_DATA"


@pytest.fixture(autouse=True)
def only_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Views are made by NumPy, however many cells the tests before have seen."""
    from napari_cellcycle.cells.views import compiled

    monkeypatch.setattr(compiled, "WORTH", 10**9)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real images: ``$NAPARI_CELLCYCLE_DATA``, or ``../shared/data``."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, default))
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; point ${DATA_VARIABLE} to a folder that has them")
    return folder


class Outcome(NamedTuple):
    """Exit status and both streams of one call of the command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def refused(self) -> str:
        """The one line of a mistake: exit code 2 and nothing on stdout."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert self.out == ""
        complaints = [x for x in self.err.splitlines() if x.startswith("napari-cellcycle")]
        assert len(complaints) == 1, self.err
        assert "Traceback" not in self.err
        return complaints[0]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Call the command line."""
    from napari_cellcycle import cli

    def call(*words: object, **more: Any) -> Outcome:
        capsys.readouterr()
        code = cli.main([str(word) for word in words], **more)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def browser() -> Iterator[Any]:
    """Headless Chromium: of the system, or of playwright."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            found = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error as error:
            reason = str(error).splitlines()[0]
            pytest.skip(f"no Chromium (apt install chromium, or playwright install): {reason}")
        yield found
        found.close()


@pytest.fixture(scope="session")
def model_card() -> ModelCard:
    """Card of a model that knows nothing, not saved yet."""
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.models.card import Architecture, ModelCard, TrainingData
    from napari_cellcycle.phases import MITOSIS_STAGES

    return ModelCard(
        name="untrained",
        version="1",
        description="Random weights.",
        architecture=Architecture("resnet18-projections"),
        vocabulary="mitosis-stages",
        phases=MITOSIS_STAGES.slugs,
        recipe=ViewRecipe(),
        temperatures={axis: {"level1": 1.0, "level2": 1.5} for axis in "xyz"},
        ranges={"spacing_um": (0.05, 1.0), "cell_radius_um": (1.5, 15.0)},
        missing_channels="it is filled with zeros, as in a part of the training data.",
        training_data=(TrainingData("none", "none", "nobody", 0),),
        metrics={"accuracy": 0.5},
        package_version="0.1.0",
        licence="BSD-3-Clause",
        limits="Everything.",
    )


@pytest.fixture(scope="session")
def model_folder(model_card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model with three real networks of random weights, called ``untrained``."""
    import torch

    from napari_cellcycle.models.folder import save_model
    from napari_cellcycle.models.networks import build

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / model_card.name
    states = {
        axis: build("resnet18-projections", n_channels=2, n_outputs=6, size=64).state_dict()
        for axis in model_card.recipe.axes
    }
    save_model(folder, model_card, states)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(model_card: ModelCard, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of a few kilobytes, called ``tiny``: two axes, logistic regression."""
    from dataclasses import replace

    import torch

    from napari_cellcycle.models.card import Architecture
    from napari_cellcycle.models.folder import save_model
    from napari_cellcycle.models.networks import build

    torch.manual_seed(0)
    card = replace(
        model_card,
        name="tiny",
        architecture=Architecture("logistic-regression"),
        recipe=replace(model_card.recipe, size=16, axes=("y", "z")),
        temperatures={axis: model_card.temperatures[axis] for axis in ("y", "z")},
    )
    folder = tmp_path_factory.mktemp("models") / card.name
    states = {
        axis: build("logistic-regression", n_channels=2, n_outputs=6, size=16).state_dict()
        for axis in card.recipe.axes
    }
    save_model(folder, card, states)
    return folder


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


@pytest.fixture
def write_plate(tmp_path: Path, write_ome_zarr: Callable[..., Path]) -> Callable[..., Path]:
    """Write an OME-Zarr plate (HCS 0.4) of fields ``(c, y, x)``, with labels if there are any."""

    def write(
        wells: dict[str, list[Any]],
        labels: dict[str, list[Any]] | None = None,
        *,
        columns: tuple[str, ...] | None = None,
        um: float | None = 0.5,
    ) -> Path:
        plate = tmp_path / "plate.zarr"

        def group(folder: Path, attributes: Any) -> None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / ".zgroup").write_text('{"zarr_format": 2}')
            (folder / ".zattrs").write_text(json.dumps(attributes))

        def image(folder: Path, data: Any, axes: str, names: tuple[str, ...]) -> None:
            units = [None if a == "c" or um is None else "micrometer" for a in axes]
            scale = [1.0 if a == "c" else um or 1.0 for a in axes]
            omit = () if names else ("omero",)
            write_ome_zarr(folder, data, axes, scale=scale, units=units, labels=names, omit=omit)

        rows = sorted({path.split("/")[0] for path in wells})
        found = sorted({path.split("/")[1] for path in wells})
        listed = {
            "rows": [{"name": name} for name in rows],
            "columns": [{"name": name} for name in columns or found],
            "wells": [{"path": path} for path in wells],
            "version": "0.4",
        }
        group(plate, {"plate": listed})
        for path, fields in wells.items():
            images = [{"path": str(i)} for i in range(len(fields))]
            group(plate / path.split("/")[0], {})
            group(plate / path, {"well": {"images": images, "version": "0.4"}})
            for i, data in enumerate(fields):
                image(plate / path / str(i), data, "cyx", ("DAPI",) * len(data))
                if labels is not None:
                    group(plate / path / str(i) / "labels", {"labels": ["nuclei"]})
                    image(plate / path / str(i) / "labels" / "nuclei", labels[path][i], "yx", ())
        return plate

    return write
