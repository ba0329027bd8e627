"""Architectures by name. A model file never says what to run, only which of these to build."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.params import Params
from napari_cellcycle.models.architectures.task import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

MOST_PARAMETERS = 1 << 28
"""Larger networks are refused: their weights would not fit into a model file."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an architecture is built, and what it takes.

    Parameters
    ----------
    module : str
        Its module, imported when it is built.
    function : str
        Name of the function there that builds it of a ``Task`` and its parameters.
    params : str or None
        Name of the dataclass of its parameters there; None if it has none.
    ndim : {2, 3}
        Whether inputs are ``(n, channels, size, size)`` or ``(n, channels, size, size, size)``.
    pretrained : bool
        Whether it can start from ImageNet weights.
    """

    module: str
    function: str
    params: str | None = None
    ndim: Literal[2, 3] = 2
    pretrained: bool = False


_ROOM = "napari_cellcycle.models.architectures"

ARCHITECTURES: dict[str, Entry] = {
    "resnet18-projections": Entry(
        f"{_ROOM}.resnet18", "resnet18", "ResNet18Params", pretrained=True
    ),
    "nagao": Entry(f"{_ROOM}.nagao", "nagao", "NagaoParams"),
    "resnet8": Entry(f"{_ROOM}.cifar", "resnet8", "CifarParams"),
    "resnet14": Entry(f"{_ROOM}.cifar", "resnet14", "CifarParams"),
    "resnet20": Entry(f"{_ROOM}.cifar", "resnet20", "CifarParams"),
    "mlp": Entry(f"{_ROOM}.plain", "mlp", "MlpParams"),
    "logistic-regression": Entry(f"{_ROOM}.plain", "logistic_regression"),
    "microtubule": Entry(f"{_ROOM}.microtubule", "microtubule", "MicrotubuleParams"),
    "volume-cnn": Entry(f"{_ROOM}.volume", "volume_cnn", "VolumeParams", ndim=3),
}
"""Architectures by the name that stands in a model card."""


def build(
    architecture: str,
    *,
    n_channels: int,
    n_outputs: int,
    size: int,
    pretrained: bool = False,
    params: Mapping[str, Any] | None = None,
) -> torch.nn.Module:
    """Build one network.

    Parameters
    ----------
    architecture : str
        A name in :data:`ARCHITECTURES`.
    n_channels : int
        Input channels; inputs are ``(n, n_channels, size, size)``, or one ``size`` more for a
        network of volumes, float32 in [0, 1].
    n_outputs : int
        Logits: one a phase, or non-mitotic, mitotic, then one a stage.
    size : int
        Edge of the input, pixels.
    pretrained : bool
        Start from ImageNet weights, which torchvision downloads on first use; otherwise from random
        ones.
    params : mapping, optional
        Of the architecture; those left out have their defaults.

    Returns
    -------
    Module
        Gives logits ``(n, n_outputs)``.

    Raises
    ------
    ModelError
        If the architecture or a parameter is unknown, a parameter is out of range or does not fit
        the size, the network is too large to be saved, or the weights cannot be downloaded.
    """
    skeleton(architecture, n_channels=n_channels, n_outputs=n_outputs, size=size, params=params)
    return _made(architecture, Task(n_channels, n_outputs, size), params, pretrained)


def skeleton(
    architecture: str,
    *,
    n_channels: int,
    n_outputs: int,
    size: int,
    params: Mapping[str, Any] | None = None,
) -> torch.nn.Module:
    """Build a network without memory for its weights: it knows their names, shapes and types.

    See :func:`build` for the parameters and errors.
    """
    import torch

    with torch.device("meta"):
        network = _made(architecture, Task(n_channels, n_outputs, size), params, pretrained=False)
    found = sum(parameter.numel() for parameter in network.parameters())
    if found > MOST_PARAMETERS:
        raise ModelError(
            f"{architecture} would have {found:,} parameters for {size} pixels, more than a model "
            f"file may hold ({MOST_PARAMETERS:,}). Take fewer filters or units, pooling, or "
            "smaller views."
        )
    return network


def complete_params(architecture: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Add the defaults of all parameters that are left out, as plain values for a model card.

    Raises
    ------
    ModelError
        If the architecture or a parameter is unknown, or a value is out of range.
    """
    return _params(architecture, params).to_dict()


def entry_of(architecture: str) -> Entry:
    """Find an architecture.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if architecture not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ModelError(f"There is no architecture {architecture!r}; there are: {known}.")
    return ARCHITECTURES[architecture]


def _params(architecture: str, values: Mapping[str, Any] | None) -> Params:
    entry = entry_of(architecture)
    kind: type[Params] = Params
    if entry.params is not None:
        kind = getattr(import_module(entry.module), entry.params)
    return kind.read(architecture, values or {})


def _made(
    architecture: str, task: Task, values: Mapping[str, Any] | None, pretrained: bool
) -> torch.nn.Module:
    entry = entry_of(architecture)
    params = _params(architecture, values)
    make = getattr(import_module(entry.module), entry.function)
    network: torch.nn.Module
    if not pretrained:
        network = make(task, params)
    elif entry.pretrained:
        network = make(task, params, pretrained=True)
    else:
        able = ", ".join(name for name, other in ARCHITECTURES.items() if other.pretrained)
        raise ModelError(
            f"There are no ImageNet weights for {architecture}, only for {able}. Start from random "
            "weights (pretrained=False)."
        )
    return network
