"""Fixtures that every room shares."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_cellcycle.models.card import ModelCard

DATA_VARIABLE = "NAPARI_CELLCYCLE_DATA"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real images: ``$NAPARI_CELLCYCLE_DATA``, or ``../shared/data``."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get(DATA_VARIABLE, default))
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; point ${DATA_VARIABLE} to a folder that has them")
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Call the command line: its exit status, what it prints, and its errors."""
    from napari_cellcycle import cli

    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        return (cli.main([str(word) for word in words]), *capsys.readouterr())

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
    from napari_cellcycle.cells.recipe import ViewRecipe
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
