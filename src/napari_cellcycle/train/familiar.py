"""Learning beside what a model knows: new first layers, taken by views like those learned from."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        If it is another network, has learned so too often already, or has other phases.
    """
    card = start.card
    if card.architecture.name != _NETWORK:
        raise TrainingError(
            f"{card.name} is a {card.architecture.name}, but new first layers can stand beside "
            f"those of a {_NETWORK} only: leave familiar out of the recipe."
        )
    from napari_cellcycle.models.architectures.resnet18 import MOST_ENTRANCES

    if (rounds := _entrances(card.architecture) - 1) == MOST_ENTRANCES - 1:
        raise TrainingError(
            f"{card.name} has learned from corrections {rounds} times, as often as it can. Begin "
            "with the model that it came from, and give all corrections together."
        )
    if card.phases != phases.slugs:
        raise TrainingError(
            f"{card.name} tells {', '.join(card.phases)}, but the labels mean "
            f"{', '.join(phases.slugs)}: with familiar, phases stay those of the start."
        )


def one_more_entrance(architecture: Architecture) -> Architecture:
    """Name the architecture of the model that comes of it."""
    entrances = _entrances(architecture) + 1
    return replace(architecture, params={**architecture.params, "entrances": entrances})


def _entrances(architecture: Architecture) -> int:
    return int(architecture.params.get("entrances", 1))


def one_way(network: torch.nn.Module, images: NDArray[np.uint8]) -> torch.nn.Module:
    """Leave of a network's first layers those that most views take.

    Parameters
    ----------
    network : Module
        That of the start.
    images : ndarray, ``(n, channels, size, size)``, uint8
        The views that are learned from.

    Returns
    -------
    Module
        Shares its weights with ``network``.
    """
    import torch
    from torch import nn

    from napari_cellcycle.models.architectures.entrances import Entrances

    entrance = next(network.children())
    if not isinstance(entrance, Entrances):
        return network
    taken = torch.cat([entrance.way_of(part) for part in _responses(network, images)])
    way = entrance.ways[int(taken.bincount().argmax())]
    behind = list(network.named_children())[1:]
    return nn.Sequential(OrderedDict([*way.named_children(), *behind]))


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
    start = experiment.network(axis).eval()
    newest = _entrances(recipe.architecture) - 1
    state = {}
    for key, value in start.state_dict().items():
        first = key.partition(".")[0] in FIRST_LAYERS
        state[f"entrance.usual.{key}" if first else key] = value
    for key, value in fitted.state_dict().items():
        if key.partition(".")[0] in FIRST_LAYERS:
            state[f"entrance.own.{newest}.{key}"] = value.detach().cpu()
    likeness = _likeness(_features(start, images), recipe.fit.familiar)
    state |= {f"entrance.likeness.{newest}.{key}": value for key, value in likeness.items()}
    network = skeleton(
        recipe.architecture.name,
        n_channels=len(recipe.views.channels),
        n_outputs=experiment.n_outputs,
        size=recipe.views.size,
        params=one_more_entrance(recipe.architecture).params,
    )
    network.load_state_dict(state, assign=True)
    return network.eval()


def _responses(network: torch.nn.Module, images: NDArray[np.uint8]) -> Iterator[torch.Tensor]:
    """What the first layer of a network, the usual one, makes of views."""
    import torch

    from napari_cellcycle.models.architectures.entrances import Entrances

    entrance = next(network.children())
    first = entrance.usual[0] if isinstance(entrance, Entrances) else entrance
    for i in range(0, len(images), _BATCH):
        with torch.inference_mode():
            found: torch.Tensor = first(torch.from_numpy(images[i : i + _BATCH]).float() / 255)
        yield found


def _features(network: torch.nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What tells views apart, ``(n, features)``."""
    import torch

    from napari_cellcycle.models.architectures.entrances import response_features

    parts = [response_features(part) for part in _responses(network, images)]
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
