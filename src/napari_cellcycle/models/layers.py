"""Layers of a network: the shape of what each gives, and its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.models.networks import entry_of, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import torch


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Parameters
    ----------
    name : str
        Path in the network, such as ``"stage1"`` or ``"stage1.0.conv1"``; names of weights begin
        with it.
    shape : tuple of int
        Of what it gives for one cell: channels, then pixels along each axis.
    parameters : int
        Numbers that training fits.
    """

    name: str
    shape: tuple[int, ...]
    parameters: int


def describe(
    architecture: str,
    *,
    n_channels: int,
    n_outputs: int,
    size: int,
    params: Mapping[str, Any] | None = None,
    depth: int | None = 1,
) -> list[Layer]:
    """List the layers of a network in the order in which they run; no weights are made.

    Parameters
    ----------
    architecture, n_channels, n_outputs, size, params
        As for :func:`napari_cellcycle.models.networks.build`.
    depth : int or None
        Levels of nesting to open: 1 lists stages as one layer each, None every innermost layer. A
        layer that runs twice is listed twice, its parameters once.

    Raises
    ------
    ModelError
        If the network cannot be built.
    """
    import torch

    network = skeleton(
        architecture, n_channels=n_channels, n_outputs=n_outputs, size=size, params=params
    )
    found: list[Layer] = []
    counted: set[str] = set()

    def note(name: str, module: torch.nn.Module, shape: torch.Size) -> None:
        n = 0 if name in counted else sum(p.numel() for p in module.parameters())
        counted.add(name)
        found.append(Layer(name, tuple(shape[1:]), n))

    for name, module in _opened(network, depth):
        module.register_forward_hook(
            lambda module, _, output, name=name: note(name, module, output.shape)
        )
    network.eval()
    edges = (size,) * entry_of(architecture).ndim
    with torch.inference_mode():
        network(torch.zeros(1, n_channels, *edges, device="meta"))
    return found


def _opened(
    network: torch.nn.Module, depth: int | None, prefix: str = ""
) -> Iterator[tuple[str, torch.nn.Module]]:
    for name, module in network.named_children():
        inner = list(module.children())
        if not inner or depth == 1:
            yield prefix + name, module
        else:
            yield from _opened(module, depth and depth - 1, f"{prefix}{name}.")
