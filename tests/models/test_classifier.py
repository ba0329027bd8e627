from __future__ import annotations

import copy
import hashlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import ModelError
from napari_cellcycle.models import bfloat16
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import softmax


class Fixed(torch.nn.Module):
    """Always the same logits, times the mean of the view."""

    def __init__(self, *logits):
        super().__init__()
        self.logits = torch.nn.Parameter(torch.tensor(logits))

    def forward(self, views):
        return views.mean(dim=(1, 2, 3))[:, None] * self.logits


@pytest.fixture
def classifier(model_card):
    temperatures = {
        "x": {"level1": 1.0, "level2": 1.0},
        "y": {"level1": 2.0, "level2": 4.0},
        "z": {"level1": 0.5, "level2": 1.0},
    }
    networks = {axis: Fixed(1.0, 3.0, 0.0, 1.0, 2.0, 3.0) for axis in "xyz"}
    return ProjectionClassifier(replace(model_card, temperatures=temperatures), networks)


def views(n, axes, value=1.0):
    return np.full((n, axes, 2, 64, 64), value, np.float32)


def test_each_axis_and_level_has_its_own_temperature(classifier):
    level1, level2 = classifier.predict(views(3, 3), ("x", "y", "z"))
    assert level1.shape == (3, 3, 2)
    assert level2.shape == (3, 3, 4)
    np.testing.assert_allclose(level1[0, :, 1], 1 / (1 + np.exp([-2, -1, -4])))
    np.testing.assert_allclose(level2[0, 1], softmax(np.array([0, 1, 2, 3]) / 4))


def test_axes_are_matched_by_name(classifier):
    forward, _ = classifier.predict(views(1, 2), ("y", "z"))
    backward, _ = classifier.predict(views(1, 2), ("z", "y"))
    np.testing.assert_array_equal(forward[:, ::-1], backward)


def test_a_plane_has_the_z_network_only(classifier):
    level1, _ = classifier.predict(views(2, 1), ("z",))
    np.testing.assert_allclose(level1[:, 0, 1], 1 / (1 + np.exp(-4)))


def test_no_cells_give_no_rows(classifier):
    level1, level2 = classifier.predict(views(0, 3), ("x", "y", "z"))
    assert level1.shape == (0, 3, 2)
    assert level2.shape == (0, 3, 4)


def test_an_axis_without_a_network_is_refused(classifier):
    with pytest.raises(ModelError, match="no network for projections along t, only for x, y, z"):
        classifier.predict(views(1, 1), ("t",))


def test_outputs_that_are_not_finite_are_an_error(classifier):
    with pytest.raises(ModelError, match="no finite numbers for projections along x"):
        classifier.predict(views(1, 1, np.nan), ("x",))


class Large(Fixed):
    """The same logits, by way of numbers of which bfloat16 holds all but the largest."""

    def forward(self, views):
        return views.mean(dim=(1, 2, 3))[:, None] * 3.4e38 / 1e38 * self.logits


def _half(network, shape):
    """The network with bfloat16 throughout, as any processor can have it, if slowly."""
    half = copy.deepcopy(network).bfloat16()
    return lambda views: half(views.bfloat16()).float()


def test_what_is_not_finite_in_bfloat16_is_computed_in_float32(monkeypatch, model_card):
    monkeypatch.setattr(bfloat16, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(bfloat16, "in_bfloat16", _half)
    logits = (1.0, 3.0, 0.0, 1.0, 2.0, 3.0)
    classifier = ProjectionClassifier(model_card, {axis: Large(*logits) for axis in "xyz"})
    assert not classifier.get_ready("xyz", exact=False)
    dim, bright = views(2, 1, 0.7)[:, 0], views(2, 1)[:, 0]
    half = _half(classifier.networks["x"], ())
    assert not half(torch.from_numpy(bright)).isfinite().any()
    exact = [classifier.logits(images, "x") for images in (dim, bright)]
    quick = [classifier.logits(images, "x", exact=False) for images in (dim, bright)]
    assert 0 < np.abs(quick[0] - exact[0]).max() < 0.1, "as rounded"
    np.testing.assert_array_equal(quick[1], exact[1])
    assert np.isfinite(exact[1]).all()


def test_there_is_a_network_for_every_axis_of_the_recipe(model_card):
    with pytest.raises(ModelError, match="projects along x, y, z, but has networks for z"):
        ProjectionClassifier(model_card, {"z": Fixed(0.0)})


def test_a_model_in_memory_has_the_hash_of_its_card(classifier):
    text = classifier.card.to_json().encode()
    assert classifier.sha256 == hashlib.sha256(text).hexdigest()
