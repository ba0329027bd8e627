"""Networks made ready to predict on a CPU: the same answers, sooner."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from napari_cellcycle.models.winograd import WinogradConvolution

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY_CHANNELS = 128
"""From this many in and out, products of matrices are quicker than a convolution."""
SMALL_EDGE = 16
"""Up to this many pixels along y and x."""


@dataclass(slots=True)
class _Seen:
    """What a network does with one picture.

    Parameters
    ----------
    edges : dict
        Height and width of what each convolution is given.
    given : dict
        What each convolution gives.
    norms : dict
        Convolution, by the batch normalisation that it is given to.
    called : set
        Modules that run as a whole.
    """

    edges: dict[str, tuple[int, int]] = field(default_factory=dict)
    given: dict[str, torch.Tensor] = field(default_factory=dict)
    norms: dict[str, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)

    def note(self, name: str, module: nn.Module, x: torch.Tensor, y: Any) -> None:
        """Take down a call."""
        self.called.add(name)
        if type(module) is nn.Conv2d:
            self.edges[name] = (int(x.shape[-2]), int(x.shape[-1]))
            self.given[name] = y
        elif type(module) is nn.BatchNorm2d:
            for source, given in self.given.items():
                if given is x:
                    self.norms[name] = source

    @property
    def folds(self) -> dict[str, str]:
        """Norms and the convolutions that nothing else sees what they give."""
        return {
            norm: convolution
            for norm, convolution in self.norms.items()
            if _parent(norm) == _parent(convolution) and _parent(norm) in self.called
        }


def ready(network: nn.Module, shape: Sequence[int]) -> nn.Module:
    """Make a network ready to predict on a CPU.

    Batch normalisation becomes part of the convolution before it, and a convolution of many
    channels on a small picture becomes a
    :class:`~napari_cellcycle.models.winograd.WinogradConvolution`.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU. It stays as it is.
    shape : sequence of int
        ``(channels, y, x)`` of one input; anything else is left alone.

    Returns
    -------
    Module
        Shares all other weights with ``network``; ``network`` itself where there is nothing to do.
    """
    if len(shape) != 3 or not any(type(module) is nn.Conv2d for module in network.modules()):
        return network
    seen = _look(network, shape)
    quick = {name: edges for name, edges in seen.edges.items() if _gains(network, name, *edges)}
    if not (seen.folds or quick):
        return network
    result = _folded(network, seen)
    for name, edges in quick.items():
        result.set_submodule(name, WinogradConvolution(_convolution(result, name), *edges))
    return result


def folded(network: nn.Module, shape: Sequence[int]) -> nn.Module:
    """Make batch normalisation part of the convolution before it, and change nothing else.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU. It stays as it is.
    shape : sequence of int
        ``(channels, y, x)`` of one input.

    Returns
    -------
    Module
        A copy that shares all other weights with ``network``.
    """
    return _folded(network, _look(network, shape))


def _folded(network: nn.Module, seen: _Seen) -> nn.Module:
    shared = [*network.parameters(), *network.buffers()]
    result = copy.deepcopy(network, {id(tensor): tensor for tensor in shared})
    for norm, name in seen.folds.items():
        normalisation = result.get_submodule(norm)
        assert isinstance(normalisation, nn.BatchNorm2d)
        result.set_submodule(name, fuse_conv_bn_eval(_convolution(result, name), normalisation))
        result.set_submodule(norm, nn.Identity())
    return result.eval().requires_grad_(False)


def _look(network: nn.Module, shape: Sequence[int]) -> _Seen:
    seen = _Seen()

    def hook_of(name: str) -> Any:
        return lambda module, inputs, output: seen.note(name, module, inputs[0], output)

    hooks = [
        module.register_forward_hook(hook_of(name)) for name, module in network.named_modules()
    ]
    try:
        with torch.inference_mode():
            network(torch.zeros(1, *shape))
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _gains(network: nn.Module, name: str, height: int, width: int) -> bool:
    convolution = _convolution(network, name)
    return (
        convolution.kernel_size == (3, 3)
        and convolution.stride == convolution.padding == convolution.dilation == (1, 1)
        and convolution.groups == 1
        and convolution.padding_mode == "zeros"
        and min(convolution.in_channels, convolution.out_channels) >= MANY_CHANNELS
        and max(height, width) <= SMALL_EDGE
    )


def _convolution(network: nn.Module, name: str) -> nn.Conv2d:
    found = network.get_submodule(name)
    assert isinstance(found, nn.Conv2d)
    return found


def _parent(name: str) -> str:
    return name.rpartition(".")[0]
