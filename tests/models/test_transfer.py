from __future__ import annotations

import pytest
import torch

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.networks import ARCHITECTURES, build
from napari_cellcycle.models.transfer import borrow, transfer


def network(name: str = "nagao", n_outputs: int = 2, size: int = 32, **params) -> torch.nn.Module:
    return build(name, n_channels=1, n_outputs=n_outputs, size=size, params=params)


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n != "logistic-regression"])
def test_all_layers_but_the_last_are_copied(name):
    torch.manual_seed(0)
    trained, fresh = network(name), network(name, n_outputs=4)
    before = {key: value.clone() for key, value in fresh.state_dict().items()}
    result = transfer(trained.state_dict(), fresh)
    assert result.left in ("output", "fc")
    for key, value in fresh.state_dict().items():
        layer = key.rpartition(".")[0]
        assert (layer in result.copied) != (layer == result.left), key
        from_whom = before if layer == result.left else trained.state_dict()
        assert torch.equal(value, from_whom[key]), key


def test_what_was_copied_is_said_by_name():
    result = transfer(network(depth=2).state_dict(), network(n_outputs=4, depth=2))
    assert result.copied == ("input.0", "stage1.0", "stage2.0")
    assert result.left == "output"


def test_the_last_layer_is_new_even_where_it_would_fit():
    trained, fresh = network(), network()
    transfer(trained.state_dict(), fresh)
    assert not torch.equal(trained.output.weight, fresh.output.weight)


def test_a_network_of_one_layer_has_nothing_to_copy():
    with pytest.raises(ModelError, match="output is the only layer"):
        transfer(network("logistic-regression").state_dict(), network("logistic-regression"))


@pytest.mark.parametrize(
    ("trained", "message"),
    [
        ({"width": 8}, r"input\.0\.weight is \(8, 1, 3, 3\), expected \(32, 1, 3, 3\)"),
        ({"depth": 2}, r"stage3\.0\.weight is missing"),
        ({"depth": 4}, r"stage4\.0\.weight is unknown"),
        ({"name": "resnet8"}, r"missing; .* \(and \d+ more\)"),
    ],
)
def test_other_networks_are_refused_and_change_nothing(trained, message):
    fresh = network(n_outputs=4)
    before = fresh.input[0].weight.clone()
    with pytest.raises(ModelError, match=message):
        transfer(network(**trained).state_dict(), fresh)
    assert torch.equal(fresh.input[0].weight, before)


def test_a_short_network_of_one_channel_borrows_from_a_whole_one_of_two():
    torch.manual_seed(0)
    whole = build("resnet18-projections", n_channels=2, n_outputs=6, size=64).state_dict()
    short = build("resnet18-projections", n_channels=1, n_outputs=5, size=72, params={"groups": 3})
    result = borrow(whole, short, ("membrane", "dna"), ("dna",))
    own = short.state_dict()
    assert "layer3.1.conv2" in result.copied
    assert result.left == "fc"
    assert torch.equal(own["conv1.weight"], whole["conv1.weight"][:, 1:])
    assert all(
        torch.equal(value, whole[key])
        for key, value in own.items()
        if not key.startswith(("fc", "conv1"))
    )


def test_a_first_layer_for_other_channels_keeps_its_own_weights():
    torch.manual_seed(0)
    source = network("resnet8").state_dict()
    fresh = network("resnet8", n_outputs=4)
    before = next(iter(fresh.state_dict().values())).clone()
    result = borrow(source, fresh, ("tubulin",), ("dna",))
    assert torch.equal(next(iter(fresh.state_dict().values())), before)
    assert "input.0" not in result.copied
    assert "stage1.0.conv1" in result.copied


def test_nothing_to_borrow_is_refused():
    with pytest.raises(ModelError, match="another architecture"):
        borrow(
            network("resnet18-projections", size=64).state_dict(),
            network("resnet8"),
            ("dna",),
            ("dna",),
        )
