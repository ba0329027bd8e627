"""A model of the user with a very small network and random weights."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from types import SimpleNamespace

import pytest


@contextmanager
def tiny_model(home):
    """Install it in a home of its own, as long as that lasts; tells its name."""
    import torch

    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.models import networks
    from napari_cellcycle.models.card import Architecture, ModelCard
    from napari_cellcycle.models.folder import save_model
    from napari_cellcycle.phases import MITOSIS_STAGES

    def tiny(task, params):
        return torch.nn.Sequential(
            torch.nn.Conv2d(task.n_channels, 4, 5, stride=4),
            torch.nn.ReLU(),
            torch.nn.AdaptiveMaxPool2d(2),
            torch.nn.Flatten(),
            torch.nn.Linear(16, task.n_outputs),
        )

    recipe = ViewRecipe()
    card = ModelCard(
        name="tiny",
        version="1",
        description="Random weights.",
        architecture=Architecture("tiny"),
        vocabulary="mitosis-stages",
        phases=MITOSIS_STAGES.slugs,
        recipe=recipe,
        temperatures={axis: {"level1": 1.0, "level2": 1.0} for axis in recipe.axes},
        ranges={"spacing_um": (0.0001, 0.001)},
        missing_channels="filled with zeros",
        training_data=(),
        metrics={},
        package_version="0.1.0",
        licence="BSD-3-Clause",
        limits="Knows nothing.",
    )
    torch.manual_seed(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tiny_network", SimpleNamespace(tiny=tiny))
        patch.setitem(networks.ARCHITECTURES, "tiny", networks.Entry("tiny_network", "tiny"))
        patch.setenv("NAPARI_CELLCYCLE_HOME", str(home))
        like = {"n_channels": 2, "n_outputs": 6, "size": recipe.size}
        states = {axis: networks.build("tiny", **like).state_dict() for axis in recipe.axes}
        save_model(home / "models" / "tiny", card, states)
        yield card.name
