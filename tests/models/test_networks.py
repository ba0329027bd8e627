from __future__ import annotations

from urllib.error import URLError

import pytest
import torch
from torchvision.models import ResNet18_Weights, resnet18

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.networks import build, skeleton, spread_colours

NAME = "resnet18-projections"


@pytest.mark.parametrize(("channels", "outputs"), [(1, 4), (2, 6), (5, 3)])
def test_a_network_takes_its_channels_and_gives_its_outputs(channels, outputs):
    network = build(NAME, n_channels=channels, n_outputs=outputs).eval()
    with torch.inference_mode():
        result = network(torch.zeros(2, channels, 64, 64))
    assert result.shape == (2, outputs)


def test_a_skeleton_knows_shapes_without_weights():
    like = skeleton(NAME, n_channels=2, n_outputs=6).state_dict()
    real = build(NAME, n_channels=2, n_outputs=6).state_dict()
    assert {k: (v.shape, v.dtype) for k, v in like.items()} == {
        k: (v.shape, v.dtype) for k, v in real.items()
    }
    assert all(tensor.is_meta for tensor in like.values())


def test_an_unknown_architecture_is_refused_with_the_known_ones():
    with pytest.raises(ModelError, match=f"'vgg'; there are: {NAME}"):
        build("vgg", n_channels=2, n_outputs=6)


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


def test_an_imagenet_start_keeps_all_but_the_first_and_the_last_layer(imagenet):
    state = build(NAME, n_channels=2, n_outputs=6, pretrained=True).state_dict()
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
        build(NAME, n_channels=2, n_outputs=6, pretrained=True)
