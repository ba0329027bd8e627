"""The 3D network of the table of votes: trained on simulated cells, as the projections were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from tables import note

from napari_cellcycle.models.card import Architecture, ModelCard
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.levels import stages_of
from napari_cellcycle.models.networks import build
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.viewset import ViewSet, simulated_views
from napari_cellcycle.train.evaluation.calibration import temperature
from napari_cellcycle.train.fit.fitting import Progress, fit_epochs
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.fit.plan import FitPlan
from napari_cellcycle.train.shipped.mitosis3d_data import MIXTURE

SEED = 80_000
"""Of training cells; neither those of mitosis-3d nor those that the table tests on."""
VOXELS = 24
PLAN = FitPlan(
    learning_rate=2e-3,
    schedule="cosine",
    weight_decay=0.02,
    patience=0,
    average=0.99,
    augment={
        "rotate90": 1,
        "rotate": 180,
        "scale": 0.18,
        "shift": 0.05,
        "flip": 1,
        "blur": 0.8,
        "gamma": 0.5,
        "brightness-contrast": 0.2,
        "noise": 0.05,
    },
)


def volume_network(
    card: ModelCard, cells: int, epochs: int, seed: int, workers: int
) -> ProjectionClassifier:
    """Train ``volume-cnn`` on fresh simulated cells, with the masks and channels of a model.

    Parameters
    ----------
    card : ModelCard
        Of the model that it is compared with.
    cells : int
        For training; an eighth as many more validate.
    epochs : int
        All are run; the best on validation data is kept.
    seed : int
        Of cells, weights and batches.
    workers : int
        Processes that simulate.
    """
    recipe = replace(card.recipe, axes=("volume",), size=VOXELS)

    def simulated(n: int, part: int) -> ViewSet:
        return simulated_views(
            n,
            recipe=recipe,
            phases=MITOSIS_STAGES,
            mixture=MIXTURE,
            seed=SEED + 2 * seed + part,
            cut=0.2,
            workers=workers,
        )

    note(f"simulating {cells} cells for the 3D network")
    train, validation = simulated(cells, 0), simulated(max(24, cells // 8), 1)
    torch.manual_seed(seed)
    network = build(
        "volume-cnn",
        n_channels=len(recipe.channels),
        n_outputs=2 + len(stages_of(MITOSIS_STAGES)),
        size=recipe.size,
    )

    def report(found: Progress) -> None:
        if found.done is not None:
            note(
                f"epoch {found.epoch} of {epochs}: loss {found.done.train_loss:.3f}, validation "
                f"{found.done.validation_loss:.3f}, {found.done.seconds:.0f} s"
            )

    plan = replace(PLAN, epochs=epochs)
    fit_epochs(
        *(network, train, validation, "volume", plan), two_level=True, seed=seed, progress=report
    )
    given = outputs(network, validation.images[:, 0])
    mitotic = validation.mitotic == 1
    warm = {
        "level1": temperature(given[:, :2], np.eye(2, dtype=bool)[validation.mitotic]),
        "level2": temperature(given[mitotic, 2:], validation.stages[mitotic]),
    }
    card = replace(
        card,
        name="volume-cnn",
        architecture=Architecture("volume-cnn"),
        recipe=recipe,
        temperatures={"volume": warm},
        training_data=(),
        weights={},
    )
    return ProjectionClassifier(card, {"volume": network})
