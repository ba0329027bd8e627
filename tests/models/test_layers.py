from __future__ import annotations

import torch

from napari_cellcycle.models.layers import Layer, describe
from napari_cellcycle.models.networks import build

KEYWORDS = {"n_channels": 1, "n_outputs": 2, "size": 16}


def test_layers_are_those_that_a_real_input_passes():
    network = build("resnet8", **KEYWORDS).eval()
    seen = []
    for name, module in network.named_modules():
        if not list(module.children()):
            module.register_forward_hook(
                lambda module, _, output, name=name: seen.append(
                    Layer(
                        name, tuple(output.shape[1:]), sum(p.numel() for p in module.parameters())
                    )
                )
            )
    network(torch.rand(1, 1, 16, 16))
    assert describe("resnet8", **KEYWORDS, depth=None) == seen


def test_depth_opens_as_many_levels():
    names = {
        depth: [
            layer.name for layer in describe("nagao", **KEYWORDS, params={"depth": 2}, depth=depth)
        ]
        for depth in (1, 2)
    }
    assert names[1] == ["input", "stage1", "stage2", "flatten", "dropout", "output"]
    assert names[2][:5] == ["input.0", "input.1", "stage1.0", "stage1.1", "stage1.2"]


def test_a_layer_that_runs_twice_is_counted_once():
    layers = describe("resnet18-projections", **KEYWORDS, depth=None)
    assert sum(layer.name == "layer1.0.relu" for layer in layers) == 2
    network = build("resnet18-projections", **KEYWORDS)
    total = sum(weight.numel() for weight in network.parameters())
    assert sum(layer.parameters for layer in layers) == total
