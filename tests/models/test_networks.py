from __future__ import annotations

import subprocess
import sys

import pytest

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.networks import ARCHITECTURES, build, skeleton


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_skeleton_knows_shapes_without_weights(name):
    keywords = {"n_channels": 2, "n_outputs": 4, "size": 32}
    like = skeleton(name, **keywords).state_dict()
    real = build(name, **keywords).state_dict()
    assert {k: (v.shape, v.dtype) for k, v in like.items()} == {
        k: (v.shape, v.dtype) for k, v in real.items()
    }
    assert all(tensor.is_meta for tensor in like.values())
    assert not any(tensor.is_meta for tensor in real.values())


def test_an_unknown_architecture_is_refused_with_the_known_ones():
    known = ", ".join(ARCHITECTURES)
    with pytest.raises(ModelError, match=f"'vgg'; there are: {known}"):
        build("vgg", n_channels=2, n_outputs=6, size=64)


@pytest.mark.parametrize("name", [n for n, entry in ARCHITECTURES.items() if not entry.pretrained])
def test_only_an_architecture_with_imagenet_weights_can_start_from_them(name):
    said = f"no ImageNet weights for {name}, only for resnet18-projections"
    with pytest.raises(ModelError, match=said):
        build(name, n_channels=1, n_outputs=2, size=32, pretrained=True)


def test_names_are_known_without_torch():
    code = (
        "import sys; from napari_cellcycle.models.networks import entry_of; "
        "assert entry_of('volume-cnn').ndim == 3; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
