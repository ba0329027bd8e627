from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from napari_cellcycle.models import load_model
from napari_cellcycle.models.architectures.entrances import Entrances, response_features
from napari_cellcycle.models.inference import ready
from napari_cellcycle.models.networks import build
from napari_cellcycle.models.winograd import WinogradConvolution


@pytest.fixture(scope="module")
def shipped():
    return load_model("mitosis-3d", "cpu")


def of_type(network, kind):
    return [module for module in network.modules() if isinstance(module, kind)]


def test_a_ready_network_says_the_same(shipped):
    torch.manual_seed(0)
    network = shipped.networks["y"]
    recipe = shipped.card.recipe
    shape = (len(recipe.channels), recipe.size, recipe.size)
    quick = ready(network, shape)
    assert len(of_type(quick, WinogradConvolution)) == 9
    assert not of_type(quick, nn.BatchNorm2d)
    assert len(of_type(network, nn.BatchNorm2d)) == 20
    assert not of_type(network, WinogradConvolution)
    views = torch.rand(7, *shape)
    with torch.inference_mode():
        torch.testing.assert_close(quick(views), network(views), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "params"),
    [
        ("resnet18-projections", {"groups": 3}),
        ("resnet18-projections", {"entrances": 2}),
        ("resnet18-projections", {"entrances": 3}),
        ("resnet8", {"width": 32, "content": True, "symmetric": True}),
        ("nagao", {"width": 128}),
    ],
)
def test_every_kind_of_network_says_the_same(architecture, params):
    torch.manual_seed(0)
    network = build(architecture, n_channels=1, n_outputs=3, size=36, params=params)
    views = torch.rand(9, 1, 36, 36)
    for norm in of_type(network, nn.BatchNorm2d):
        norm.momentum = None  # the mean over all that was seen
    with torch.inference_mode():
        network.train()(views)
        network.eval()
        for entrance in of_type(network, Entrances):  # some views are familiar, others are not
            size = response_features(entrance.usual[0](views)).norm(dim=1)
            for number, likeness in enumerate(entrance.likeness, 1):
                likeness.whitening /= size.quantile(1 / (number + 1))
            assert len(entrance.way_of(entrance.usual[0](views)).unique()) == len(entrance.ways)
        quick = ready(network, (1, 36, 36))
        assert quick is not network
        torch.testing.assert_close(quick(views), network(views), atol=1e-4, rtol=1e-4)


def test_what_others_see_of_a_convolution_stays_as_it_is():
    network = build(
        "resnet18-projections", n_channels=1, n_outputs=3, size=64, params={"entrances": 2}
    ).eval()
    quick = ready(network, (1, 64, 64))
    usual, own = quick.get_submodule("entrance.usual"), quick.get_submodule("entrance.own.0")
    assert isinstance(usual.bn1, nn.BatchNorm2d)  # its input also tells which views are familiar
    assert isinstance(own.bn1, nn.Identity)


def test_what_is_not_replaced_is_shared(shipped):
    network = shipped.networks["y"]
    quick = ready(network, (2, 64, 64))
    assert quick.get_submodule("fc").weight is network.get_submodule("fc").weight


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Conv2d(1, 200, 3, padding=1), nn.Flatten()),
        nn.Sequential(nn.Flatten(), nn.Linear(64, 2)),
        nn.Sequential(nn.Conv2d(1, 128, 1), nn.Conv2d(128, 128, 3, padding=2, dilation=2)),
        nn.Sequential(nn.Conv2d(1, 128, 1), nn.Conv2d(128, 128, 3, padding=1, groups=2)),
        nn.Sequential(nn.Upsample(20), nn.Conv2d(1, 128, 1), nn.Conv2d(128, 128, 3, padding=1)),
    ],
    ids=["few channels", "no convolution", "dilated", "groups", "large pictures"],
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
