"""Networks that multiply in bfloat16."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_cellcycle.models import bfloat16, load_model
from napari_cellcycle.models.bfloat16 import in_bfloat16, multiplies_bfloat16
from napari_cellcycle.models.networks import build

can = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    reason="PyTorch has no products of bfloat16 on this processor",
)


@pytest.fixture(scope="module")
def shipped():
    return load_model("mitosis-3d", "cpu")


def _network(n_outputs=3, **params):
    torch.manual_seed(0)
    return build(
        "resnet18-projections", n_channels=1, n_outputs=n_outputs, size=32, params=params
    ).eval()


@can
@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_nearly_the_same_answer_of_the_shipped_model(shipped, axis):
    network, recipe = shipped.networks[axis], shipped.card.recipe
    shape = (len(recipe.channels), recipe.size, recipe.size)
    half = in_bfloat16(network, shape)
    assert half is not None
    views = torch.rand(7, *shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        differ = (half(views) - network(views)).abs().max()
    assert 1e-5 < differ < 0.05, "as far as rounding to eight bits takes it"
    assert half(views).dtype == torch.float32


@can
def test_the_network_stays_as_it_is():
    network = _network(groups=3)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    assert in_bfloat16(network, (1, 32, 32)) is not None
    after = network.state_dict()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


@can
def test_with_several_entrances():
    """These hold the first convolutions, which stay in float32."""
    network = _network(groups=3, entrances=2)
    half = in_bfloat16(network, (1, 32, 32))
    assert half is not None
    views = torch.rand(5, 1, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(half(views), network(views), atol=0.03, rtol=0)


@can
def test_not_where_answers_differ_too_much(monkeypatch):
    network = _network()
    assert in_bfloat16(network, (1, 32, 32)) is not None
    monkeypatch.setattr(bfloat16, "ALLOWED", 1e-7)
    assert in_bfloat16(network, (1, 32, 32)) is None


def test_not_for_other_kinds_of_networks():
    class Other(nn.Module):
        def forward(self, x):
            return x

    assert in_bfloat16(Other(), (1, 32, 32)) is None
    one = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten())
    assert in_bfloat16(one, (1, 8, 8)) is None, "only the first convolution"
    assert in_bfloat16(_network(), (1, 8, 8, 8)) is None, "volumes"


@pytest.mark.parametrize(
    ("found", "can"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx512_f": True}, False),
        ({}, False),
    ],
)
def test_only_processors_with_the_instructions(monkeypatch, found, can):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found, raising=False)
    assert multiplies_bfloat16() is (can and torch._C._has_mkldnn)


def test_an_older_torch_tells_nothing(monkeypatch):
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert not multiplies_bfloat16()
