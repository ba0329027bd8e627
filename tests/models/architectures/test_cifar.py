from __future__ import annotations

import pytest
import torch

from napari_cellcycle.models.architectures.cifar import Block
from napari_cellcycle.models.networks import build


@pytest.mark.parametrize(("name", "n_layers"), [("resnet8", 8), ("resnet14", 14), ("resnet20", 20)])
@pytest.mark.parametrize("residual", [True, False])
def test_the_name_counts_the_layers_with_weights(name, n_layers, residual):
    network = build(
        name, n_channels=1, n_outputs=4, size=32, params={"residual": residual, "width": 4}
    )
    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    assert sum(isinstance(module, kinds) for module in network.modules()) == n_layers


@pytest.mark.parametrize(("n_out", "stride", "size"), [(4, 1, 6), (8, 2, 6), (8, 2, 7)])
def test_a_shortcut_takes_every_second_pixel_and_fills_new_channels_with_zeros(n_out, stride, size):
    torch.manual_seed(0)
    x = torch.rand(2, 4, size, size)
    block = Block(4, n_out, stride, residual=True)
    torch.nn.init.zeros_(block.conv2.weight)  # nothing but the shortcut is left
    out = block(x)
    assert torch.equal(out[:, :4], x[:, :, ::stride, ::stride])
    assert not out[:, 4:].any()
    block.residual = False
    assert not block(x).any()
