from __future__ import annotations

from urllib.error import URLError

import pytest
import torch
from torchvision.models import ResNet18_Weights, resnet18

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.resnet18 import spread_colours
from napari_cellcycle.models.networks import build

NAME = "resnet18-projections"


@pytest.fixture
def imagenet(tmp_path, monkeypatch):
    """A state-dict file where torchvision would have put its download."""
    torch.manual_seed(1)
    state = resnet18(weights=None).state_dict()
    place = tmp_path / "hub" / "checkpoints"
    place.mkdir(parents=True)
    torch.save(state, place / ResNet18_Weights.IMAGENET1K_V1.url.rpartition("/")[2])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return state


@pytest.mark.parametrize("size", [64, 65, 224])
def test_it_computes_what_torchvision_computes(size):
    torch.manual_seed(2)
    theirs = resnet18(weights=None, num_classes=6)
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.uniform_(module.bias, -0.5, 0.5)
    ours = build(NAME, n_channels=3, n_outputs=6, size=size)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(2, 3, size, size)
    for mode in (True, False):
        torch.testing.assert_close(ours.train(mode)(images), theirs.train(mode)(images))


def test_an_imagenet_start_keeps_all_but_the_first_and_the_last_layer(imagenet):
    network = build(NAME, n_channels=2, n_outputs=6, size=64, pretrained=True)
    state = network.state_dict()
    for key, value in imagenet.items():
        if not key.startswith(("conv1.", "fc.")):
            assert torch.equal(state[key], value), key
    assert torch.equal(state["conv1.weight"], spread_colours(imagenet["conv1.weight"], 2))
    assert state["fc.weight"].shape == (6, 512)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_grey_in_every_channel_gives_what_grey_gave_in_colour(channels):
    torch.manual_seed(0)
    weight = torch.randn(8, 3, 7, 7)
    spread = spread_colours(weight, channels)
    grey = torch.rand(1, 1, 20, 20)
    torch.testing.assert_close(
        torch.conv2d(grey.repeat(1, channels, 1, 1), spread),
        torch.conv2d(grey.repeat(1, 3, 1, 1), weight),
        rtol=1e-4,
        atol=1e-4,
    )


def test_an_imagenet_start_without_a_network_says_so(tmp_path, monkeypatch):
    def offline(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(ModelError, match=r"cannot be downloaded \(no route to host\)"):
        build(NAME, n_channels=2, n_outputs=6, size=64, pretrained=True)


def test_fewer_groups_are_a_quarter_of_the_weights():
    import torch

    from napari_cellcycle.models.networks import build

    short = build("resnet18-projections", n_channels=1, n_outputs=5, size=72, params={"groups": 3})
    # conv1 and bn1, layer1 to layer3, fc
    assert sum(p.numel() for p in short.parameters()) == (
        7 * 7 * 64 + 128 + 147_968 + 525_568 + 2_099_712 + 256 * 5 + 5
    )
    assert short(torch.zeros(2, 1, 72, 72)).shape == (2, 5)
