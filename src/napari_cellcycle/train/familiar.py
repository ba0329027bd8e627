"""Learning beside what a model knows: new first layers, taken by views like those learned from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import TrainingError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.models.card import Architecture
    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.experiment import Experiment

_NETWORK = "resnet18-projections"
_FOLDS = 5
_LEAST_SPREAD = 1e-3
_BATCH = 256


def check_start(start: ProjectionClassifier, phases: PhaseSet) -> None:
    """Refuse a model beside whose first layers no others can be put.

    Raises
    ------
    TrainingError
        If it is another network, has two entrances already, or other phases.
    """
    card = start.card
    if card.architecture.name != _NETWORK:
        raise TrainingError(
            f"{card.name} is a {card.architecture.name}, but new first layers can stand beside "
            f"those of a {_NETWORK} only: leave familiar out of the recipe."
        )
    if card.architecture.params.get("entrances", 1) != 1:
        raise TrainingError(
            f"{card.name} has learned from corrections already, and has room for one such "
            "training. Begin with the model that it came from, and give all corrections together."
        )
    if card.phases != phases.slugs:
        raise TrainingError(
            f"{card.name} tells {', '.join(card.phases)}, but the labels mean "
            f"{', '.join(phases.slugs)}: with familiar, phases stay those of the start."
        )


def two_entrances(architecture: Architecture) -> Architecture:
    """Name the architecture of the model that comes of it."""
    return replace(architecture, params={**architecture.params, "entrances": 2})


def learn_first_layers(network: torch.nn.Module) -> None:
    """Let training change the first layers alone."""
    from napari_cellcycle.models.architectures.resnet18 import FIRST_LAYERS

    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.partition(".")[0] in FIRST_LAYERS)


def join_entrances(
    experiment: Experiment, axis: str, fitted: torch.nn.Module, images: NDArray[np.uint8]
) -> torch.nn.Module:
    """Put the first layers of a fitted network beside those of the start.

    Parameters
    ----------
    experiment : Experiment
        Its plan says which share of the cells is familiar.
    axis : str
        Whose network it is.
    fitted : Module
        Differs from the start in its first layers.
    images : ndarray, ``(n, channels, size, size)``, uint8
        Views of the cells that were learned from, and of those that validated.

    Returns
    -------
    Module
        On the CPU.
    """
    from napari_cellcycle.models.architectures.resnet18 import FIRST_LAYERS
    from napari_cellcycle.models.networks import skeleton

    recipe = experiment.recipe
    usual = experiment.network(axis).eval()
    new = fitted.state_dict()
    state = {}
    for key, value in usual.state_dict().items():
        if key.partition(".")[0] in FIRST_LAYERS:
            state[f"entrance.usual.{key}"] = value
            state[f"entrance.own.{key}"] = new[key].detach().cpu()
        else:
            state[key] = value
    likeness = _likeness(_features(usual, images), recipe.fit.familiar)
    state |= {f"entrance.likeness.{key}": value for key, value in likeness.items()}
    network = skeleton(
        recipe.architecture.name,
        n_channels=len(recipe.views.channels),
        n_outputs=experiment.n_outputs,
        size=recipe.views.size,
        params=two_entrances(recipe.architecture).params,
    )
    network.load_state_dict(state, assign=True)
    return network.eval()


def _features(network: torch.nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What tells views apart, ``(n, features)``."""
    import torch

    from napari_cellcycle.models.architectures.entrances import response_features

    first = network.get_submodule("conv1")
    with torch.inference_mode():
        parts = [
            response_features(first(torch.from_numpy(images[i : i + _BATCH]).float() / 255))
            for i in range(0, len(images), _BATCH)
        ]
    return torch.cat(parts).double().numpy()


def _likeness(features: NDArray[np.float64], share: float) -> dict[str, torch.Tensor]:
    """Centre and whitening by which ``share`` of views that were not measured is familiar.

    The covariance is shrunk (Ledoit and Wolf 2004): there are few views and many features. How far
    away a view of the same kind may be is learned from views that were left out in turn.
    """
    import torch
    from sklearn.covariance import LedoitWolf

    if len(features) < 2 * _FOLDS:
        raise TrainingError(
            f"There are {len(features)} cells to train and validate, too few to tell which others "
            f"are like them: {2 * _FOLDS} or more are needed with familiar."
        )
    centre = features.mean(axis=0)
    spread = np.maximum(features.std(axis=0), _LEAST_SPREAD)
    scaled = (features - centre) / spread
    fold = np.arange(len(scaled)) % _FOLDS
    left_out = np.concatenate(
        [LedoitWolf().fit(scaled[fold != i]).mahalanobis(scaled[fold == i]) for i in range(_FOLDS)]
    )
    found = LedoitWolf().fit(scaled)
    root = np.linalg.cholesky(found.precision_).T / np.sqrt(np.quantile(left_out, share))
    # in half precision, as they will be read from the model's file
    return {
        "centre": torch.from_numpy(centre).half().float(),
        "whitening": torch.from_numpy(root / spread).half().float(),
    }
