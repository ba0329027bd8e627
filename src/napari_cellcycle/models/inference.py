"""Networks made ready to predict on a CPU: the same answers, sooner."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FEW_PIXELS = 4
"""Up to this many pixels at either end, a convolution is quicker as one product of matrices: most
of a 3 x 3 kernel lies outside of a picture of 2 x 2."""


class DenseConvolution(nn.Module):
    """A 2D convolution on pictures of one size, as a linear layer.

    Parameters
    ----------
    convolution : Conv2d
        Without groups, with zeros around its input.
    height, width : int
        Of its input, pixels.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None

    def __init__(self, convolution: nn.Conv2d, height: int, width: int) -> None:
        super().__init__()
        self.rows, self.columns = _edges(convolution, height, width)
        up, left = (int(pad) for pad in convolution.padding)
        down, right = convolution.stride
        kernel = convolution.weight.detach()
        n_out, n_in = kernel.shape[:2]
        weight = kernel.new_zeros(self.rows, self.columns, n_out, height, width, n_in)
        for row in range(self.rows):
            for column in range(self.columns):
                for y in range(height):
                    for x in range(width):
                        ky, kx = y - row * down + up, x - column * right + left
                        if 0 <= ky < kernel.shape[2] and 0 <= kx < kernel.shape[3]:
                            weight[row, column, :, y, x] = kernel[:, :, ky, kx]
        self.register_buffer("weight", weight.flatten(3).flatten(0, 2))
        bias = convolution.bias
        shared = None if bias is None else bias.detach().repeat(self.rows * self.columns)
        self.register_buffer("bias", shared)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve ``(n, channels, height, width)``."""
        flat = x.permute(0, 2, 3, 1).reshape(len(x), -1)
        y = F.linear(flat, self.weight, self.bias)
        return y.view(len(x), self.rows, self.columns, -1).permute(0, 3, 1, 2)


def ready(network: nn.Module, shape: Sequence[int]) -> nn.Module:
    """Make a network ready to predict on a CPU.

    Parameters
    ----------
    network : Module
        In evaluation mode, on the CPU. It stays as it is.
    shape : sequence of int
        ``(channels, y, x)`` of one input; anything else is left alone.

    Returns
    -------
    Module
        Shares all weights with ``network`` but those of convolutions on pictures of
        :data:`FEW_PIXELS`; ``network`` itself where it has none.
    """
    if len(shape) != 3:
        return network
    found: dict[str, tuple[int, int]] = {}
    hooks = [
        module.register_forward_pre_hook(_note(found, name))
        for name, module in network.named_modules()
        if type(module) is nn.Conv2d and _is_plain(module)
    ]
    if not hooks:
        return network
    try:
        with torch.inference_mode():
            network(torch.zeros(1, *shape))
    finally:
        for hook in hooks:
            hook.remove()
    dense = {
        name: edges
        for name, edges in found.items()
        if _gains(network.get_submodule(name), *edges)  # type: ignore[arg-type]
    }
    if not dense:
        return network
    shared = [*network.parameters(), *network.buffers()]
    result = copy.deepcopy(network, {id(tensor): tensor for tensor in shared})
    for name, edges in dense.items():
        convolution = network.get_submodule(name)
        assert isinstance(convolution, nn.Conv2d)
        result.set_submodule(name, DenseConvolution(convolution, *edges))
    return result.eval()


def _note(found: dict[str, tuple[int, int]], name: str) -> Callable[..., None]:
    """Remember the size of a module's input."""

    def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        found[name] = (int(inputs[0].shape[-2]), int(inputs[0].shape[-1]))

    return hook


def _is_plain(convolution: nn.Conv2d) -> bool:
    return (
        convolution.groups == 1
        and convolution.dilation == (1, 1)
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
        and max(convolution.kernel_size) > 1
    )


def _gains(convolution: nn.Conv2d, height: int, width: int) -> bool:
    """Whether few pixels come in and go out."""
    rows, columns = _edges(convolution, height, width)
    return max(height * width, rows * columns) <= FEW_PIXELS


def _edges(convolution: nn.Conv2d, height: int, width: int) -> tuple[int, int]:
    """Size of what it gives."""
    up, left = (int(pad) for pad in convolution.padding)
    tall, wide = convolution.kernel_size
    down, right = convolution.stride
    return (height + 2 * up - tall) // down + 1, (width + 2 * left - wide) // right + 1
