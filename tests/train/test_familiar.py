"""What is learned from a few cells stands beside what the model knew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.architectures.resnet18 import MOST_ENTRANCES
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.leakage import training_groups
from napari_cellcycle.train.evaluation.predict import predict
from napari_cellcycle.train.familiar import check_start, one_way
from napari_cellcycle.train.recipes import parse_recipe
from napari_cellcycle.train.training import TrainingResult, train

if TYPE_CHECKING:
    from napari_cellcycle.train.recipe import TrainingRecipe

RECIPE = """
source = "tests"
[architecture]
name = "{name}"
{params}
[views]
size = 16
unit = "px"
[fit]
epochs = 2
learning_rate = 0.01
patience = 0
{beside}
"""


def recipe(beside: bool, name: str = "resnet18-projections") -> TrainingRecipe:
    values = {
        "name": name,
        "params": "params = { groups = 2 }" if name.startswith("resnet18") else "",
        "beside": "freeze_norms = true\nfamiliar = 0.8" if beside else "",
    }
    return parse_recipe(RECIPE.format(**values), "small")


def cells(n: int, seed: int, noise: float) -> CropSet:
    """Half of them with a bright left half; microscopes differ in noise."""
    rng = np.random.default_rng(seed)
    images = rng.normal(100, noise, (n, 1, 20, 20)).clip(0, 195)
    phase = np.array(["left", "right"])[np.arange(n) % 2]
    images[phase == "left", :, :, :10] += 60
    images[phase == "right", :, :, 10:] += 60
    group = np.array([f"{seed} image {i // 2 % 6}" for i in range(n)])
    return CropSet(images.astype(np.uint8), ("dna",), phase, group, name=f"set {seed}")


OLD, NEW, THIRD = 3.0, 30.0, 12.0


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("start") / "start"
    train(cells(60, 0, OLD), recipe(False), out)
    return out


@pytest.fixture(scope="module")
def mine(start: Path, tmp_path_factory) -> TrainingResult:
    out = tmp_path_factory.mktemp("mine") / "mine"
    return train(cells(60, 1, NEW), recipe(True), out, start=start)


def test_what_was_known_is_answered_as_before(start: Path, mine: TrainingResult) -> None:
    old, learned = load_model(start), load_model(mine.out)
    assert learned.card.architecture.params["entrances"] == 2
    assert learned.card.temperatures == old.card.temperatures
    known = cells(40, 2, OLD)
    np.testing.assert_allclose(predict(learned, known), predict(old, known), atol=1e-5)
    like_new = cells(100, 3, NEW)
    own = np.abs(predict(learned, like_new) - predict(old, like_new)).max(axis=1) > 1e-4
    assert 0.5 < own.mean() < 1
    unsaved = predict(mine.trained.classifier, like_new)
    np.testing.assert_allclose(predict(learned, like_new), unsaved, atol=1e-4)
    before, after = old.networks["z"].state_dict(), learned.networks["z"].state_dict()
    for key, value in before.items():
        kept = after[key if key in after else f"entrance.usual.{key}"]
        assert torch.equal(kept, value), key
    assert not torch.equal(after["entrance.own.0.conv1.weight"], before["conv1.weight"])


def test_each_later_round_of_corrections_keeps_what_was_learned_before(
    start: Path, mine: TrainingResult, tmp_path: Path
) -> None:
    old, once, out = load_model(start), load_model(mine.out), tmp_path / "again"
    train(cells(60, 4, THIRD), recipe(True), out, start=mine.out)
    twice = load_model(out)
    assert twice.card.architecture.params["entrances"] == 3
    known, like_new = cells(40, 2, OLD), cells(100, 3, NEW)
    np.testing.assert_allclose(predict(twice, known), predict(old, known), atol=1e-5)
    np.testing.assert_allclose(predict(twice, like_new), predict(once, like_new), atol=1e-5)
    like_third = cells(100, 5, THIRD)
    own = np.abs(predict(twice, like_third) - predict(once, like_third)).max(axis=1) > 1e-4
    assert 0.5 < own.mean() < 1
    assert set(training_groups(once.card)) < set(training_groups(twice.card))


def test_a_later_round_goes_on_from_the_first_layers_that_its_cells_take(
    mine: TrainingResult,
) -> None:
    learned = load_model(mine.out)
    network, way = learned.networks["z"], learned.networks["z"].state_dict()
    for noise, taken in ((OLD, "usual"), (NEW, "own.0")):
        views = set_views(cells(20, 6, noise), learned.card.recipe, learned.card.phases)
        left = one_way(network, views.images[:, 0]).state_dict()
        for key, value in left.items():
            assert torch.equal(value, way.get(key, way.get(f"entrance.{taken}.{key}"))), key


def test_what_new_layers_cannot_stand_beside(start: Path, tmp_path: Path) -> None:
    other = cells(60, 1, NEW)
    with pytest.raises(TrainingError, match=r"keeps a part of the model .* has none"):
        train(other, recipe(True), tmp_path / "no")
    third = replace(other, phase=np.where(np.arange(60) < 12, "top", other.phase))
    with pytest.raises(TrainingError, match="start tells left, right, but the labels mean"):
        train(third, recipe(True), tmp_path / "no", start=start)
    train(other, recipe(False, "mlp"), tmp_path / "mlp", epochs=1)
    with pytest.raises(TrainingError, match="mlp is a mlp, but new first layers"):
        train(other, recipe(True, "mlp"), tmp_path / "no", start=tmp_path / "mlp")
    with pytest.raises(TrainingError, match="There are 8 cells to train and validate, too few"):
        train(cells(10, 5, NEW), recipe(True), tmp_path / "no", start=start)
    card = load_model(start).card
    full = replace(card.architecture, params={"groups": 2, "entrances": MOST_ENTRANCES})
    with pytest.raises(TrainingError, match="start has learned from corrections 8 times, as often"):
        check_start(SimpleNamespace(card=replace(card, architecture=full)), card.phase_set)
