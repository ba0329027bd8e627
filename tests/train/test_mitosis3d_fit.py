from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.viewset import ViewSet
from napari_cellcycle.train.fit.losses import level_loss
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.shipped.mitosis3d_augment import augment
from napari_cellcycle.train.shipped.mitosis3d_data import MITOCHECK
from napari_cellcycle.train.shipped.mitosis3d_fit import FitOptions, Source, fit


@pytest.fixture(scope="module")
def real(data_dir: Path) -> ViewSet:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    crops = crops.select(np.isin(crops.phase, list(MITOCHECK)))
    return set_views(crops, ViewRecipe(), MITOSIS_STAGES.slugs, allowed=MITOCHECK)


def small_network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 12, 5, 4),
        torch.nn.ReLU(),
        torch.nn.Conv2d(12, 24, 3, 2),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(96, 6),
    )


def test_fitting_learns_from_real_crops(real: ViewSet) -> None:
    losses: list[float] = []
    network = small_network()
    options = FitOptions(300, learning_rate=5e-3)
    fit(network, [Source(real, ("z",), 1.0)], options, lambda _, loss: losses.append(loss))
    assert losses[-1] < 0.85 * losses[0]
    given = outputs(network, real.images[:, 0])
    called = given[:, 1] > given[:, 0]
    balanced = (called[real.mitotic == 1].mean() + (~called[real.mitotic == 0]).mean()) / 2
    assert balanced > 0.6


def test_fitting_repeats_itself(real: ViewSet) -> None:
    given = []
    for seed in (0, 0, 1):
        network = small_network()
        fit(network, [Source(real, ("z",), 1.0)], FitOptions(20, learning_rate=5e-3, seed=seed))
        given.append(outputs(network, real.images[:20, 0]))
    assert np.allclose(given[0], given[1], atol=1e-4)
    assert not np.allclose(given[0], given[2], atol=1e-4)


def test_loss_counts_stages_of_mitotic_cells_only() -> None:
    outputs = torch.tensor([[2.0, -1.0, 9.0, 0.0], [0.0, 1.0, 1.0, 3.0]])
    mitotic = torch.tensor([0, 1])
    stages = torch.tensor([[False, False], [True, False]])
    first = -torch.log_softmax(outputs[:, :2], 1)[[0, 1], mitotic].mean()
    second = -torch.log_softmax(outputs[1, 2:], 0)[0]
    # half of the cells have a stage
    assert torch.isclose(level_loss(outputs, mitotic, stages), first + second / 2)


def test_loss_of_a_stage_that_is_known_in_part() -> None:
    outputs = torch.tensor([[0.0, 0.0, 1.0, 2.0, 3.0]])
    stages = torch.tensor([[True, True, False]])
    p = torch.softmax(outputs[0, 2:], 0)
    expected = np.log(2) - torch.log(p[0] + p[1])
    assert torch.isclose(level_loss(outputs, torch.tensor([1]), stages), expected)


def test_augmentation_keeps_range_shape_and_absence(real: ViewSet) -> None:
    images = torch.from_numpy(real.images[:32, 0]).float() / 255
    for axis in "xyz":
        varied = augment(images, axis, torch.Generator().manual_seed(1))
        assert varied.shape == images.shape
        assert varied.min() >= 0
        assert varied.max() <= 1
        assert (varied[:, 1] == 0).all()
        assert not torch.allclose(varied, images)
