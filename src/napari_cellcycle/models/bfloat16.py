"""Networks that multiply in bfloat16, on processors that can: nearly the same answer, sooner.

The first convolution and the last layer stay in float32: they cost little time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from napari_cellcycle.models.inference import folded

if TYPE_CHECKING:
    from collections.abc import Sequence

ALLOWED = 0.03
"""By which outputs (logits) may differ in the trial, or else the network stays in float32.

The trial refuses networks that bear rounding badly; how far the logits of cells are then taken to
be off is :data:`~napari_cellcycle.models.ensemble.ROUNDED`.
"""
_PICTURES = 8
_BLOB = 9  # pixels that are alike in the pictures of the trial


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for products of bfloat16, and PyTorch uses them."""
    tell = getattr(torch.cpu, "get_capabilities", None)
    if tell is None or not torch._C._has_mkldnn:
        return False
    found = tell()
    return bool(found.get("avx512_bf16") or found.get("amx_bf16"))


def in_bfloat16(network: nn.Module, shape: Sequence[int]) -> nn.Module | None:
    """Let the convolutions of a network, but for the first, multiply in bfloat16.

    Parameters
    ----------
    network : Module
        In evaluation mode, in float32, on the CPU. It stays as it is.
    shape : sequence of int
        ``(channels, y, x)`` of one input.

    Returns
    -------
    Module or None
        Takes and gives float32. None where the network is no plain sequence of layers, or its
        outputs for pictures of blobs differ by more than :data:`ALLOWED`.
    """
    if len(shape) != 3 or not isinstance(network, nn.Sequential):
        return None
    result = folded(network, shape)
    layers = dict(result.named_children())
    deep = [name for name, layer in layers.items() if _convolves(layer)][1:]
    if not deep:
        return None
    names = list(layers)
    first, last = names.index(deep[0]), names.index(deep[-1])
    for name, layer in list(result.named_modules()):
        if type(layer) is nn.Conv2d and name.partition(".")[0] in names[first : last + 1]:
            result.set_submodule(name, _Convolution(layer))
    steps = list(result.children())
    middle = nn.Sequential(_Into(), *steps[first : last + 1], _OutOf())
    result = nn.Sequential(*steps[:first], middle, *steps[last + 1 :])
    pictures = _blobs(shape)
    with torch.inference_mode():
        try:
            differ = (result(pictures) - network(pictures)).abs().max()
        except (NotImplementedError, RuntimeError):  # a layer that knows no such tensors
            return None
    return result if float(differ) <= ALLOWED else None


class _Convolution(nn.Module):
    """A convolution whose weights lie as oneDNN wants them, so that no call lays them anew."""

    def __init__(self, given: nn.Conv2d) -> None:
        super().__init__()
        self._how: Any = (given.padding, given.stride, given.dilation, given.groups)
        weight = given.weight.detach().to_mkldnn(torch.bfloat16)
        lay: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
        self._weight: torch.Tensor = lay(weight, *self._how)
        self._bias = None if given.bias is None else given.bias.detach().to_mkldnn()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.mkldnn_convolution(x, self._weight, self._bias, *self._how)
        return result


class _Into(nn.Module):
    """Float32 into bfloat16, in the layout of oneDNN."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(torch.bfloat16).to_mkldnn()


class _OutOf(nn.Module):
    """And back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.to_dense().float()


def _convolves(layer: nn.Module) -> bool:
    return any(type(module) is nn.Conv2d for module in layer.modules())


def _blobs(shape: Sequence[int]) -> torch.Tensor:
    """Smooth pictures in [0, 1], always the same, ``(n, channels, y, x)``."""
    random = torch.Generator().manual_seed(0)
    coarse = torch.rand(_PICTURES, shape[0], _BLOB, _BLOB, generator=random)
    return nn.functional.interpolate(coarse, tuple(shape[1:]), mode="bilinear")
