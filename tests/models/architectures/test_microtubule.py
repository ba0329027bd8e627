from __future__ import annotations

import pytest

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.layers import describe
from napari_cellcycle.models.networks import skeleton


def layers(size: int, **params) -> list:
    return describe("microtubule", n_channels=1, n_outputs=3, size=size, params=params)


def test_the_layers_of_the_publication_in_their_order():
    network = skeleton("microtubule", n_channels=1, n_outputs=3, size=300)
    first, second = network.conv1[0], network.conv2[0]
    assert (first.kernel_size, first.stride, first.out_channels) == ((2, 2), (1, 1), 16)
    assert (second.kernel_size, second.out_channels) == ((3, 3), 64)
    assert [type(m).__name__ for m in network.dense1] == ["Linear", "ReLU", "Dropout"]
    assert network.dense2[2].p == 0.5


@pytest.mark.parametrize(
    ("size", "n", "pooling", "left"),
    [(100, 1, False, 96), (300, 1, True, 148), (300, 5, True, 5), (100, 5, False, 80)],
)
def test_the_ends_of_the_searched_space_can_be_built(size, n, pooling, left):
    found = layers(size, filters=[8] * n, kernels=[5] * n, dense=[16] * 4, pooling=pooling)
    assert found[-6].name == "flatten"
    assert found[-6].shape == (8 * left**2,)
    assert [layer.name for layer in found[-5:]] == [*(f"dense{i}" for i in (1, 2, 3, 4)), "output"]


def test_too_small_a_view_is_refused_with_what_is_left_of_it():
    with pytest.raises(ModelError, match="convolution 3 of 3 needs 6 pixels, but of 35 only 5"):
        layers(35, filters=[8] * 3, kernels=[5] * 3)


def test_filters_and_kernels_must_be_as_many():
    with pytest.raises(ModelError, match=r"filters \[8\] and kernels \[2, 3\] must be as many"):
        layers(100, filters=[8])


def test_a_network_too_large_for_a_file_is_refused():
    with pytest.raises(ModelError, match=r"would have 10,282,607,618 parameters for 300 pixels"):
        describe(
            "microtubule",
            n_channels=1,
            n_outputs=2,
            size=300,
            params={"filters": [256] * 5, "kernels": [5] * 5, "dense": [512], "pooling": False},
        )
