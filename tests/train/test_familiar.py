"""What is learned from a few cells stands beside what the model knew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.cropset import CropSet
from napari_cellcycle.train.predict import predict
from napari_cellcycle.train.recipe import TrainingRecipe, parse_recipe
from napari_cellcycle.train.training import train

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


OLD, NEW = 3.0, 30.0


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("start") / "start"
    train(cells(60, 0, OLD), recipe(False), out)
    return out


def test_what_was_known_is_answered_as_before(start: Path, tmp_path: Path) -> None:
    old, new = load_model(start), tmp_path / "mine"
    result = train(cells(60, 1, NEW), recipe(True), new, start=start)
    learned = load_model(new)
    assert learned.card.architecture.params["entrances"] == 2
    assert learned.card.temperatures == old.card.temperatures
    known = cells(40, 2, OLD)
    np.testing.assert_allclose(predict(learned, known), predict(old, known), atol=1e-5)
    like_new = cells(100, 3, NEW)
    own = np.abs(predict(learned, like_new) - predict(old, like_new)).max(axis=1) > 1e-4
    assert 0.5 < own.mean() < 1
    unsaved = predict(result.trained.classifier, like_new)
    np.testing.assert_allclose(predict(learned, like_new), unsaved, atol=1e-4)
    before, after = old.networks["z"].state_dict(), learned.networks["z"].state_dict()
    for key, value in before.items():
        kept = after[key if key in after else f"entrance.usual.{key}"]
        assert torch.equal(kept, value), key
    assert not torch.equal(after["entrance.own.conv1.weight"], before["conv1.weight"])
    with pytest.raises(TrainingError, match="mine has learned from corrections already"):
        train(cells(60, 4, NEW), recipe(True), tmp_path / "again", start=new)


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
