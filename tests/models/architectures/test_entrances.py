"""Familiar views go through the entrance of their own, all others through the usual one."""

from __future__ import annotations

import pytest
import torch

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.entrances import Entrances, Likeness, response_features
from napari_cellcycle.models.inference import ready as ready_to_predict
from napari_cellcycle.models.layers import describe
from napari_cellcycle.models.networks import build, skeleton

NAME, SIZE = "resnet18-projections", 24
PLAIN = {"groups": 2}
TWO = {"groups": 2, "entrances": 2}


@pytest.fixture
def plain():
    torch.manual_seed(0)
    return build(NAME, n_channels=1, n_outputs=3, size=SIZE, params=PLAIN).eval()


@pytest.fixture
def other():
    torch.manual_seed(1)
    return build(NAME, n_channels=1, n_outputs=3, size=SIZE, params=PLAIN).eval()


def joined(plain, other, centre, reach):
    """A network of two entrances: the layers of ``plain``, and the first ones of ``other``."""
    network = build(NAME, n_channels=1, n_outputs=3, size=SIZE, params=TWO).eval()
    assert isinstance(network.entrance, Entrances)
    network.entrance.usual.load_state_dict(plain[:5].state_dict())
    network.entrance.own[0].load_state_dict(other[:5].state_dict())
    for name in ("layer2", "fc"):
        network.get_submodule(name).load_state_dict(plain.get_submodule(name).state_dict())
    likeness = network.entrance.likeness[0]
    likeness.centre.copy_(centre)
    likeness.whitening.copy_(torch.eye(len(centre)) / reach)
    return network


def test_each_view_takes_its_entrance_whoever_is_beside_it(plain, other):
    dark, bright = torch.rand(3, 1, SIZE, SIZE) * 0.1, torch.rand(2, 1, SIZE, SIZE)
    with torch.inference_mode():
        centre = response_features(plain.conv1(dark)).mean(dim=0)
        network = joined(plain, other, centre, reach=4.0)
        views = torch.cat([dark, bright])[[3, 0, 4, 1, 2]]
        found = network(views)
        through_own = plain[5:](other[:5](views))
        torch.testing.assert_close(found[[1, 3, 4]], through_own[[1, 3, 4]])
        torch.testing.assert_close(found[[0, 2]], plain(views)[[0, 2]])
        assert not torch.allclose(through_own, plain(views), atol=1e-3)
        torch.testing.assert_close(network(views[:1]), found[:1])
        for alone in ([0, 2], [1, 3, 4]):
            torch.testing.assert_close(network(views[alone]), found[alone])
        ready = ready_to_predict(network, (1, SIZE, SIZE))
        torch.testing.assert_close(ready(views), found, atol=1e-5, rtol=1e-5)


def test_the_newest_way_is_taken_of_those_that_know_a_view():
    torch.manual_seed(0)
    four = {"groups": 2, "entrances": 4}
    network = build(NAME, n_channels=1, n_outputs=3, size=SIZE, params=four)
    entrance = network.eval().entrance
    views = torch.rand(6, 1, SIZE, SIZE) * torch.linspace(0.1, 1, 6)[:, None, None, None]
    with torch.inference_mode():
        features = response_features(entrance.usual[0](views))
        for likeness, known in zip(entrance.likeness, ([0, 1, 2], [2, 3], [3, 4]), strict=True):
            for row, feature in enumerate(features):
                if row in known:
                    likeness.centre.add_(feature / len(known))
            far = (features[known] - likeness.centre).square().sum(dim=1).max()
            likeness.whitening.div_(1.001 * far.sqrt())
        taken = entrance.way_of(entrance.usual[0](views)).tolist()
        assert taken == [1, 1, 2, 3, 3, 0]
        found = entrance(views)
        for row, way in enumerate(taken):
            expected = entrance.ways[way](views[row : row + 1])
            torch.testing.assert_close(found[row : row + 1], expected)
        network.train()
        for part in network.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.eval()
        torch.testing.assert_close(entrance(views), found, atol=1e-5, rtol=1e-5)


def test_both_entrances_can_be_trained_on(plain, other):
    views = torch.rand(4, 1, SIZE, SIZE)
    centre = response_features(plain.conv1(views[:1]))[0].detach()
    network = joined(plain, other, centre, reach=0.01).train()
    network(views).sum().backward()
    for layers in network.entrance.ways:
        assert all(p.grad is not None and p.grad.isfinite().all() for p in layers.parameters())
        assert layers.layer1[1].bn2.running_var.isfinite().all()


def test_a_view_is_familiar_within_one_distance_of_the_centre():
    likeness = Likeness(2)
    likeness.centre.copy_(torch.tensor([1.0, 2.0]))
    likeness.whitening.copy_(torch.tensor([[0.5, 0.0], [0.0, 10.0]]))
    views = torch.tensor([[1.0, 2.0], [2.9, 2.0], [3.1, 2.0], [1.0, 2.09], [1.0, 2.11]])
    assert likeness(views).tolist() == [True, True, False, True, False]


def test_it_can_be_listed_and_needs_no_memory_for_that():
    how = {"n_channels": 1, "n_outputs": 3, "size": SIZE}
    layers = describe(NAME, **how, params=TWO)
    assert layers[0].name == "entrance"
    assert layers[0].shape == (64, 6, 6)
    once = {layer.name: layer.parameters for layer in describe(NAME, **how, params=PLAIN)}
    assert layers[0].parameters == 2 * (once["conv1"] + once["bn1"] + once["layer1"])
    assert all(p.is_meta for p in skeleton(NAME, **how, params=TWO).parameters())


def test_imagenet_has_one_entrance_only():
    with pytest.raises(ModelError, match="begins with a model that was trained"):
        build(NAME, n_channels=1, n_outputs=3, size=SIZE, params=TWO, pretrained=True)
