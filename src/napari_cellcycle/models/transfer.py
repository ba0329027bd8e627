"""Transfer of weights from a trained network to one with other outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.weights import problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch


@dataclass(frozen=True, slots=True)
class Transfer:
    """What was copied.

    Parameters
    ----------
    copied : tuple of str
        Layers that now have the trained weights.
    left : str
        The last layer, which keeps its own.
    """

    copied: tuple[str, ...]
    left: str


def transfer(source: Mapping[str, torch.Tensor], network: torch.nn.Module) -> Transfer:
    """Copy all layers but the last, such as from a G2-or-not network into one of four phases.

    Parameters
    ----------
    source : mapping of str to Tensor
        State of a trained network of the same architecture, parameters, channels and size.
    network : Module
        Changed in place.

    Returns
    -------
    Transfer
        Names of the layers copied, and of the one left as it was.

    Raises
    ------
    ModelError
        If a layer is missing on one side or has another shape, or there is only one; nothing is
        copied then.
    """
    own = network.state_dict()
    layers = list(dict.fromkeys(_layer(key) for key in own))
    left = layers[-1]
    if len(layers) == 1:
        raise ModelError(f"{left} is the only layer of the network: there is nothing to transfer.")
    wanted = {key: value for key, value in own.items() if _layer(key) != left}
    given = {key: value for key, value in source.items() if _layer(key) != left}
    if wrong := problems(given, wanted):
        raise ModelError(
            f"The trained weights do not fit the new network: {wrong}. "
            "Both need the same architecture, parameters, channels and size; only the number of "
            "outputs may differ."
        )
    network.load_state_dict(given, strict=False)
    return Transfer(tuple(layers[:-1]), left)


def borrow(
    source: Mapping[str, torch.Tensor],
    network: torch.nn.Module,
    source_roles: Sequence[str],
    roles: Sequence[str],
) -> Transfer:
    """Begin with the layers of a larger or differently fed network, as far as there are any.

    Parameters
    ----------
    source : mapping of str to Tensor
        State of the trained network.
    network : Module
        Changed in place; layers of another name or shape, and the last, keep their own weights.
    source_roles, roles : sequence of str
        Channels that each is fed with. The first layer takes over the weights of those that both
        have.

    Raises
    ------
    ModelError
        If the trained network is of another architecture.
    """
    import torch

    own = network.state_dict()
    layers = list(dict.fromkeys(_layer(key) for key in own))
    first = next(iter(own))
    given = {key: value for key, value in source.items() if key in own}
    if first not in given:
        raise ModelError(f"The trained network has no {first}: it is of another architecture.")
    if set(roles) <= set(source_roles):
        index = torch.tensor([list(source_roles).index(role) for role in roles])
        given[first] = given[first].index_select(1, index)
    else:
        del given[first]
    fitting = {
        key: value
        for key, value in given.items()
        if value.shape == own[key].shape and _layer(key) != layers[-1]
    }
    whole = [
        layer for layer in layers if all(key in fitting for key in own if _layer(key) == layer)
    ]
    network.load_state_dict(
        {key: value for key, value in fitting.items() if _layer(key) in whole}, strict=False
    )
    return Transfer(tuple(whole), layers[-1])


def _layer(key: str) -> str:
    return key.rpartition(".")[0]
