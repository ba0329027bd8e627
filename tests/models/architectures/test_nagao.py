from __future__ import annotations

import pytest

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.layers import describe
from napari_cellcycle.models.networks import skeleton


def layers(size: int, **params) -> list:
    return describe("nagao", n_channels=1, n_outputs=2, size=size, params=params)


@pytest.mark.parametrize(("size", "most"), [(8, 2), (40, 4), (63, 4), (64, 5), (68, 5), (300, 7)])
def test_stages_fit_while_two_pixels_are_left(size, most):
    last = layers(size, depth=most)[most]
    assert last.name == f"stage{most}"
    assert min(last.shape[1:]) >= 2
    said = (
        f"depth {most + 1} does not fit into {size} pixels: at most {most}. "
        "Take fewer stages, larger views or pool_stride 1."
    )
    with pytest.raises(ModelError, match=said):
        layers(size, depth=most + 1)


def test_fifty_stages_fit_where_each_takes_one_pixel():
    stages = layers(52, depth=50, pool_stride=1, width=2)
    assert stages[50].shape == (2, 2, 2)
    with pytest.raises(ModelError, match=r"at most 49\. Take fewer stages or larger views\."):
        layers(51, depth=50, pool_stride=1)


def test_a_stage_is_convolution_relu_and_pooling_with_dropout_before_the_classifier():
    network = skeleton("nagao", n_channels=1, n_outputs=2, size=64)
    inside = [type(module).__name__ for module in network.stage1]
    assert inside == ["Conv2d", "ReLU", "MaxPool2d"]
    assert [type(m).__name__ for m in network[-3:]] == ["Flatten", "Dropout", "Linear"]
    assert network.dropout.p == 0.5
