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


def test_a_symmetric_network_does_not_mind_how_a_view_is_turned():
    torch.manual_seed(0)
    views = torch.rand(3, 1, 16, 16)
    copies = [torch.rot90(views, 1, (2, 3)), views.flip(2), torch.rot90(views.flip(3), 2, (2, 3))]
    for symmetric in (True, False):
        network = build(
            "resnet8",
            n_channels=1,
            n_outputs=4,
            size=16,
            params={"width": 4, "symmetric": symmetric, "content": True},
        ).eval()
        for copy in copies:
            same = torch.allclose(network(views), network(copy), atol=1e-5)
            assert same == symmetric
    trained_on = network.train()(views)
    assert torch.equal(trained_on, network(views))


def test_content_tells_what_a_pattern_does_not():
    network = build(
        "resnet8",
        n_channels=1,
        n_outputs=2,
        size=8,
        params={"width": 4, "content": True},
    )
    network.eval().requires_grad_(False)
    n_features = network.output.in_features
    torch.nn.init.zeros_(network.output.weight)
    torch.nn.init.zeros_(network.output.bias)
    network.output.weight.data[1, n_features - 240 :] = torch.linspace(0, 1, 240)
    dim = torch.full((1, 1, 8, 8), 0.1)
    assert network(1.3 * dim)[0, 1] != pytest.approx(float(network(dim)[0, 1]), rel=0.01)
    assert torch.isfinite(network(torch.zeros(1, 1, 8, 8))).all()
