from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models.architectures.nagao import NagaoParams
from napari_cellcycle.models.architectures.params import Params
from napari_cellcycle.models.architectures.task import Task
from napari_cellcycle.models.networks import complete_params


def test_what_a_card_leaves_out_has_its_default_and_reads_back_the_same():
    full = complete_params("microtubule", {"filters": [8, 16]})
    assert full == {
        "filters": [8, 16],
        "kernels": [2, 3],
        "dense": [32, 32],
        "pooling": True,
        "dropout": 0.5,
    }
    assert complete_params("microtubule", full) == full
    assert complete_params("logistic-regression") == {}


@pytest.mark.parametrize(
    ("architecture", "values", "message"),
    [
        ("nagao", {"depht": 3}, r"nagao has no parameter depht; it has: depth, width, pool_stride"),
        ("logistic-regression", {"depth": 3}, "has no parameter depth; it has none"),
        ("nagao", {"depth": "deep"}, "nagao: depth is 'deep', expected a whole number from 2 to 5"),
        ("nagao", {"depth": 2.0}, r"depth is 2\.0, expected a whole number"),
        ("nagao", {"depth": True}, "depth is True, expected a whole number"),
        ("nagao", {"depth": 51}, "depth is 51, expected a whole number from 2 to 50"),
        ("nagao", {"dropout": 1}, "dropout is 1, expected a number from 0 to below 1"),
        ("nagao", {"dropout": float("nan")}, "dropout is nan, expected a number"),
        ("resnet8", {"residual": 1}, "residual is 1, expected true or false"),
        ("mlp", {"hidden": []}, r"hidden is \[\], expected a list of 1 to 8 whole numbers from 1"),
        ("mlp", {"hidden": 64}, "hidden is 64, expected a list"),
        ("mlp", {"hidden": "64"}, "hidden is '64', expected a list"),
        ("microtubule", {"kernels": [2, 6]}, r"kernels is \[2, 6\], .* from 2 to 5"),
        ("volume-cnn", {"width": 12}, "volume-cnn: width is 12, expected a multiple of 8"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_expected(architecture, values, message):
    with pytest.raises(ModelError, match=message):
        complete_params(architecture, values)


def test_parameters_check_themselves_and_stay_as_they_are():
    with pytest.raises(ModelError, match="depth is 1, expected"):
        NagaoParams(depth=1)
    with pytest.raises(FrozenInstanceError):
        NagaoParams().depth = 4
    assert Params().to_dict() == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0, 2, 64), "n_channels 0; expected a whole number from 1"),
        ((1, 1, 64), "n_outputs 1; expected a whole number from 2"),
        ((1, 2, 7), "size 7; expected a whole number from 8"),
        ((1, 2, 64.0), r"size 64\.0"),
    ],
)
def test_a_task_that_no_network_can_have_is_refused(values, message):
    with pytest.raises(ModelError, match=message):
        Task(*values)
