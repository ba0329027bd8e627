from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from napari_cellcycle.models import load_model
from napari_cellcycle.models.inference import DenseConvolution, ready


@pytest.mark.parametrize(("height", "width"), [(2, 2), (1, 4), (3, 2)])
@pytest.mark.parametrize(
    ("stride", "padding"), [((1, 1), (1, 1)), ((2, 1), (0, 1)), ((1, 2), (2, 2))]
)
@pytest.mark.parametrize("bias", [True, False])
def test_a_dense_convolution_gives_what_the_convolution_gives(height, width, stride, padding, bias):
    torch.manual_seed(0)
    kernel = (3, 3) if padding[0] else (1, 3)
    convolution = nn.Conv2d(4, 5, kernel, stride=stride, padding=padding, bias=bias)
    x = torch.rand(3, 4, height, width)
    with torch.inference_mode():
        dense = DenseConvolution(convolution, height, width)
        torch.testing.assert_close(dense(x), convolution(x))


@pytest.fixture(scope="module")
def shipped():
    return load_model("mitosis-3d", "cpu")


def test_a_ready_network_says_the_same(shipped):
    torch.manual_seed(0)
    network = shipped.networks["y"]
    recipe = shipped.card.recipe
    shape = (len(recipe.channels), recipe.size, recipe.size)
    quick = ready(network, shape)
    dense = [m for m in quick.modules() if isinstance(m, DenseConvolution)]
    assert len(dense) == 3
    assert not any(isinstance(m, DenseConvolution) for m in network.modules())
    views = torch.rand(7, *shape)
    with torch.inference_mode():
        torch.testing.assert_close(quick(views), network(views), atol=1e-5, rtol=1e-5)


def test_what_is_not_replaced_is_shared(shipped):
    network = shipped.networks["y"]
    quick = ready(network, (2, 64, 64))
    assert quick.get_submodule("conv1").weight is network.get_submodule("conv1").weight


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten()),
        nn.Sequential(nn.Flatten(), nn.Linear(64, 2)),
        nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Conv2d(1, 2, 3, padding=1, groups=1, dilation=2)),
    ],
    ids=["large pictures", "no convolution", "dilated"],
)
def test_others_stay_as_they_are(network):
    assert ready(network.eval(), (1, 8, 8)) is network


def test_volumes_stay_as_they_are():
    network = nn.Sequential(nn.Conv3d(1, 2, 3, padding=1)).eval()
    assert ready(network, (1, 2, 2, 2)) is network


def test_a_network_is_made_ready_once(monkeypatch):
    made = []
    monkeypatch.setattr(
        "napari_cellcycle.models.inference.ready", lambda network, shape: made.append(1) or network
    )
    model = load_model("mitosis-2d", "cpu")
    edge = model.card.recipe.size
    views = np.zeros((1, 1, 1, edge, edge), np.float32)
    for _ in range(3):
        model.to("cpu").predict(views, ("z",))
    assert len(made) == 1
