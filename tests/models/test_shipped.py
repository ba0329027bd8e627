"""What ships: small enough, with a complete card, and as good as it says on cells held out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.models.catalogue import shipped_models
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.models.networks import complete_params
from napari_cellcycle.simulate import simulate_exposure_set
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.leakage import trained_on, training_groups
from napari_cellcycle.train.data.relabel import relabel
from napari_cellcycle.train.evaluation.evaluate import evaluate
from napari_cellcycle.train.evaluation.predict import predict
from napari_cellcycle.train.recipes import find_recipe

MOST_BYTES = {"g1-s-g2-m": 3_000_000, "microtubule-demo": 3_000_000, "mitosis-2d": 6_000_000}


@pytest.mark.parametrize("name", sorted(MOST_BYTES))
def test_a_flat_model_is_small_and_says_what_it_is(name: str) -> None:
    (entry,) = [entry for entry in shipped_models() if entry.name == name]
    assert entry.size < MOST_BYTES[name]
    card = entry.card
    recipe = find_recipe(name)
    assert card.vocabulary == recipe.vocabulary
    built = card.architecture  # parameters that came after it have their defaults
    params = complete_params(built.name, built.params)
    assert replace(built, params=params) == recipe.architecture
    assert recipe.limits in card.limits
    assert recipe.description in card.description
    for source in card.training_data:
        assert source.n > 1000
        assert "not stated" not in (card.licence, source.licence, source.attribution)
    assert card.metrics["test"]["ece"] < 0.06
    assert {"accuracy", "macro_f1"} <= set(card.metrics["test"]["intervals"])


def test_dna_content_and_texture_tell_phases_on_cells_held_out(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "jurkat_ifc_40px.npz")
    crops = replace(crops, phase=relabel(crops.phase, find_recipe("g1-s-g2-m").labels))
    model = load_model("g1-s-g2-m")
    groups = training_groups(model.card)
    held = crops.select(~trained_on(groups, crops.group))
    assert len(held) == model.card.metrics["test"]["n"]
    probabilities = predict(model, held)
    found = evaluate(held.phase, probabilities, model.card.phases, held.group, draws=200)
    assert found.values["accuracy"] > 0.88
    for phase, floor in {"g1": 0.94, "s": 0.90, "g2": 0.80, "m": 0.80}.items():
        assert found.values[f"f1/{phase}"] > floor, phase


def test_exposure_is_told_on_dishes_held_out() -> None:
    arrays = simulate_exposure_set(90, seed=77, size=100, dishes=30)
    columns = (arrays[key] for key in ("phase", "group"))
    crops = CropSet(arrays["images"], ("tubulin",), *columns, "simulated")
    model = load_model("microtubule-demo")
    right = np.array(model.card.phases)[predict(model, crops).argmax(axis=1)] == crops.phase
    assert right.mean() > 0.55
    ends = crops.phase != "0.1"
    assert right[ends].mean() > 0.6


def test_the_demonstration_says_that_it_is_one() -> None:
    card = load_model("microtubule-demo").card
    assert "demonstration" in card.description.lower()
    assert "simulated" in card.limits


def test_nuclei_of_plates_that_nothing_was_learned_from(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    crops = replace(crops, phase=relabel(crops.phase, find_recipe("mitosis-2d").labels))
    model = load_model("mitosis-2d")
    kept = crops.select(crops.phase != "")
    test = ~trained_on(training_groups(model.card), kept.group)
    before = trained_on(training_groups(load_model("mitosis-3d").card), kept.group)
    assert not (before & test).any(), "its start has seen a plate of the test"
    assert test.sum() == model.card.metrics["test"]["n"]
    probabilities = predict(model, kept)  # all of them: they give the scale
    found = evaluate(
        kept.phase[test], probabilities[test], model.card.phases, kept.group[test], draws=200
    )
    assert found.values["accuracy"] > 0.92
    assert found.values["balanced_accuracy"] > 0.88
