"""A fitted model is calibrated on validation data and on nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.evaluation.calibration import temperature
from napari_cellcycle.train.fit.passes import outputs
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipes import parse_recipe
from napari_cellcycle.train.trained import fit_model

RECIPE = """
source = "tests"
vocabulary = {vocabulary}
[architecture]
name = "logistic-regression"
[views]
axes = ["z"]
size = 16
[fit]
epochs = 3
learning_rate = 0.01
patience = 0
"""


@pytest.mark.filterwarnings("ignore:.* has no cell of prophase")
@pytest.mark.parametrize(
    ("vocabulary", "names"),
    [
        ('["non-mitotic", "mitotic"]', ["non-mitotic", "mitotic", "mitotic"]),
        (
            f'"{MITOSIS_STAGES.name}"',
            ["non-mitotic", "early-prometaphase", "prometaphase-metaphase"],
        ),
    ],
)
def test_temperatures_are_those_of_the_validation_part(
    vocabulary: str, names: list[str], data_dir: Path
) -> None:
    whole = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    labels = ["Interphase", "Prometaphase", "Metaphase"]
    rows = np.concatenate([np.flatnonzero(whole.phase == label)[:60] for label in labels])
    experiment = new_experiment(
        "calibrated",
        whole.select(rows),
        parse_recipe(RECIPE.format(vocabulary=vocabulary), "small"),
        renames=dict(zip(labels, names, strict=True)),
    )
    i = np.arange(len(rows))
    parts = {"train": i[i % 3 > 0], "validation": i[i % 3 == 0]}
    trained = fit_model(experiment, parts)
    found = trained.classifier.card.temperatures["z"]
    expected = {}
    for part, some in parts.items():
        views = experiment.views.select(some)
        given = outputs(trained.classifier.networks["z"], views.images[:, 0])
        if not experiment.stages:
            expected[part] = {"level1": temperature(given, views.allowed)}
            continue
        mitotic = views.mitotic == 1
        top = np.stack([~mitotic, mitotic], axis=1)
        expected[part] = {
            "level1": temperature(given[:, :2], top),
            "level2": temperature(given[mitotic, 2:], views.stages[mitotic]),
        }
    assert found == pytest.approx(expected["validation"], abs=2e-4)
    assert all(abs(found[level] - expected["train"][level]) > 0.002 for level in found)
