"""Training from a data set to a model folder, on real crops, small and short."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import (
    CellCycleWarning,
    CropSetError,
    ModelError,
    TrainingError,
)
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.crossvalidation import cross_validate
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.leakage import hash_groups
from napari_cellcycle.train.data.ranges import crop_ranges
from napari_cellcycle.train.data.splits import three_parts
from napari_cellcycle.train.evaluation.predict import predict
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipes import find_recipe, parse_recipe
from napari_cellcycle.train.record import data_sha256
from napari_cellcycle.train.search import search, tried_values, with_settings
from napari_cellcycle.train.training import VIEWS, train

if TYPE_CHECKING:
    from napari_cellcycle.train.fit.fitting import Progress
    from napari_cellcycle.train.recipe import TrainingRecipe

SMALL = """
source = "tests"
[architecture]
name = "{name}"
[views]
size = 16
[fit]
epochs = {epochs}
learning_rate = 0.01
patience = 0
augment = ["flip"]
balance = "upsample"
"""


def recipe(name: str = "logistic-regression", epochs: int = 2) -> TrainingRecipe:
    return parse_recipe(SMALL.format(name=name, epochs=epochs), "small")


@pytest.fixture(scope="module")
def crops(data_dir: Path) -> CropSet:
    """HeLa nuclei of three phenotypes from the plates that have most of them."""
    whole = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    rows = np.concatenate(
        [
            np.flatnonzero(whole.phase == phase)[:n]
            for phase, n in (("Interphase", 80), ("Metaphase", 40), ("Prometaphase", 60))
        ]
    )
    return whole.select(rows)


@pytest.fixture(scope="module")
def stacks(crops: CropSet) -> CropSet:
    """Stacks of five planes made of the same nuclei, brightest in the middle."""
    planes = np.array([0.3, 0.8, 1.0, 0.8, 0.3])[None, None, :, None, None]
    images = (crops.images[:90, :, None] * planes).astype(np.uint8)
    return replace(crops.select(np.arange(90)), images=images, spacing_um=(1.0, 0.4, 0.4))


def test_a_model_of_the_users_own_phases(crops: CropSet, tmp_path: Path) -> None:
    seen: list[Progress] = []
    result = train(
        crops,
        recipe(epochs=6),
        tmp_path / "mine",
        renames={"Interphase": "non-mitotic"},
        merge={"mitotic": ("Metaphase", "Prometaphase")},
        seed=3,
        licence="CC BY 4.0",
        limits="HeLa cells only.",
        progress=seen.append,
    )
    assert {path.name for path in tmp_path.iterdir()} == {
        *("mine", "mine.run.json", "mine.curves.png")
    }
    model = load_model(tmp_path / "mine")
    assert model.card.phases == ("mitotic", "non-mitotic")
    assert model.card.vocabulary == "mitotic-non-mitotic"
    assert model.card.training_data[0].licence == model.card.licence == "CC BY 4.0"
    assert model.card.limits == "HeLa cells only."
    low, high = model.card.ranges["contrast"]
    assert 1 < low < high
    assert set(model.card.ranges) == {"contrast"}  # MitoCheck does not state its pixels
    assert result.test.values["accuracy"] > 0.6

    run = json.loads((tmp_path / "mine.run.json").read_text())
    groups = {part: set(found["groups"]) for part, found in run["parts"].items()}
    assert not groups["test"] & (groups["train"] | groups["validation"])
    assert not groups["train"] & groups["validation"]
    assert sum(found["cells"] for found in run["parts"].values()) == len(crops)
    assert run["data"]["phases"] == {"mitotic": 100, "non-mitotic": 80}
    assert run["data"]["sha256"] == data_sha256(crops)
    assert run["seed"] == 3
    assert run["recipe"]["fit"]["epochs"] == 6
    assert len(run["fits"]["z"]["curve"]) == 6
    assert model.card.metrics["training_groups"] == hash_groups(
        sorted(groups["train"] | groups["validation"])
    )
    learned = crops.select(np.isin(crops.group, sorted(groups["train"])))
    assert model.card.ranges == crop_ranges(learned) != crop_ranges(crops)
    # what the card says of the test comes out again from the files
    held = crops.select(np.isin(crops.group, sorted(groups["test"])))
    called = predict(model, held).argmax(axis=1)
    truth = np.where(held.phase == "Interphase", 1, 0)
    assert (called == truth).mean() == pytest.approx(
        model.card.metrics["test"]["accuracy"], abs=0.03
    )
    assert any("Test part: there are" in note and "groups only" in note for note in result.notes)
    assert {p.stage for p in seen} == {VIEWS, ""}
    assert seen[-1].done is not None


def vocabulary_of(crops: CropSet, name: str = "", **options: Any) -> tuple[str, tuple[str, ...]]:
    phases = new_experiment(
        "mine", crops, options.pop("recipe", recipe()), vocabulary=name, **options
    )
    return phases.phases.name, phases.phases.slugs


def test_a_vocabulary_of_ones_own_has_a_name_of_its_own(crops: CropSet, tmp_path: Path) -> None:
    labels = ("Interphase", "Metaphase", "Prometaphase")
    assert vocabulary_of(crops) == ("Interphase-Metaphase-Prometaphase", labels)
    assert vocabulary_of(crops, " hela ") == ("hela", labels)
    built_in = {
        "Interphase": "non-mitotic",
        "Metaphase": "metaphase",
        "Prometaphase": "prometaphase",
    }
    with pytest.warns(CellCycleWarning, match="no cell of anaphase, apoptosis"):
        assert vocabulary_of(crops, "mitosis-2d", renames=built_in)[0] == "mitosis-2d"
    listed = parse_recipe(
        'vocabulary = ["Interphase", "Metaphase", "Prometaphase"]'
        + SMALL.format(name="logistic-regression", epochs=1),
        "lab",
    )
    assert vocabulary_of(crops, recipe=listed)[0] == "lab"
    assert vocabulary_of(crops, "hela", recipe=listed)[0] == "hela"
    fixed = replace(recipe(), vocabulary="mitosis-2d")
    with pytest.raises(TrainingError, match="trains the phases of mitosis-2d, not of hela: leave"):
        vocabulary_of(crops, "hela", recipe=fixed)

    train(crops, recipe(epochs=1), tmp_path / "mine", vocabulary="hela", folds=0)
    start = load_model(tmp_path / "mine")
    assert (start.card.vocabulary, start.card.phases) == ("hela", labels)
    assert json.loads((tmp_path / "mine.run.json").read_text())["options"]["vocabulary"] == "hela"
    few = crops.select(crops.phase != "Metaphase")
    for name, expected in (("", "hela"), ("hela", "hela"), ("rpe", "rpe")):
        with pytest.warns(CellCycleWarning, match="no cell of Metaphase"):
            assert vocabulary_of(few, name, start=start) == (expected, labels)


def test_crops_of_a_project_bring_the_name_of_its_vocabulary(crops: CropSet) -> None:
    def named(name: str, one: CropSet = crops) -> CropSet:
        return replace(one, columns={"vocabulary": np.full(len(one), name)})

    assert vocabulary_of(named("hela"))[0] == "hela"
    assert vocabulary_of(named("hela"), "mine")[0] == "mine"
    assert vocabulary_of(named("mitosis-2d"))[0] == "Interphase-Metaphase-Prometaphase"
    # other phases than those of the project have another name
    merge = {"mitotic": ("Metaphase", "Prometaphase")}
    assert vocabulary_of(named("hela"), merge=merge)[0] == "Interphase-mitotic"
    mixed = named("hela")
    mixed.columns["vocabulary"][:3] = "rpe1"
    assert vocabulary_of(mixed)[0] == "Interphase-Metaphase-Prometaphase"

    other = replace(crops.select(np.arange(5)), images=255 - crops.images[:5], name="other.npz")
    vocabulary_of(named("hela"), others=[named("hela", other)])
    told = r"Interphase is of the vocabulary hela in mitocheck.*, and of mine in other.npz: it is"
    with pytest.warns(CellCycleWarning, match=told):
        vocabulary_of(named("hela"), others=[named("mine", other)])


class Cut(Exception):
    """A training was stopped."""


def cut(progress: Progress) -> None:
    if progress.epoch == 2 and not progress.stage:
        raise Cut


def test_the_same_seed_gives_the_same_model_and_resuming_too(
    crops: CropSet, tmp_path: Path
) -> None:
    whole = train(crops, recipe(), tmp_path / "a", seed=1)
    with pytest.raises(Cut):
        train(crops, recipe(), tmp_path / "b", seed=1, progress=cut)
    assert (tmp_path / "b.checkpoints" / "axis-z.pt").is_file()
    assert not (tmp_path / "b").exists()
    rest: list[Progress] = []
    again = train(crops, recipe(), tmp_path / "b", seed=1, resume=True, progress=rest.append)
    assert not any(p.epoch == 1 and p.batches for p in rest)
    assert not (tmp_path / "b.checkpoints").exists()
    assert whole.trained.fits == again.trained.fits
    assert whole.card.weights == again.card.weights
    assert whole.card.temperatures == again.card.temperatures


def test_a_training_goes_on_from_the_model_that_it_began_with_only(
    crops: CropSet, tmp_path: Path
) -> None:
    for seed, name in enumerate(("mine", "hers")):
        train(crops, recipe("mlp", epochs=1), tmp_path / name, seed=seed)
    start, out = tmp_path / "mine", tmp_path / "more"
    with pytest.raises(Cut):
        train(crops, recipe("mlp"), out, start=start, progress=cut)
    for other in (tmp_path / "hers", None):
        with pytest.raises(TrainingError, match=r"axis-z\.pt was made with .* another start"):
            train(crops, recipe("mlp"), out, start=other, resume=True)
    assert train(crops, recipe("mlp"), out, start=start, resume=True).out == out


def test_a_vocabulary_of_two_levels_and_a_zip_file(crops: CropSet, tmp_path: Path) -> None:
    two = replace(recipe("mlp"), vocabulary="mitosis-stages")
    with pytest.warns(CellCycleWarning, match=r"no cell of prophase|cannot learn"):
        result = train(
            crops,
            two,
            tmp_path / "stages.zip",
            renames={
                "Interphase": "non-mitotic",
                "Metaphase": "prometaphase-metaphase",
                "Prometaphase": "early-prometaphase",
            },
        )
    model = load_model(tmp_path / "stages.zip")
    assert model.card.n_outputs == 6
    assert set(model.card.temperatures["z"]) == {"level1", "level2"}
    assert result.test.values["accuracy"] > 0.4


def test_stacks_are_seen_along_three_axes_or_as_they_are(stacks: CropSet, tmp_path: Path) -> None:
    options = {"epochs": 1}
    result = train(stacks, recipe(), tmp_path / "three", **options)
    assert tuple(result.trained.fits) == ("x", "y", "z")
    assert load_model(tmp_path / "three").card.ranges["spacing_um"] == (0.4, 0.4)
    volume = train(stacks, recipe("volume-cnn"), tmp_path / "volume", **options)
    assert tuple(volume.trained.fits) == ("volume",)
    assert predict(load_model(tmp_path / "volume"), stacks.select(np.arange(4))).shape == (4, 2)


def test_cross_validation_tests_every_cell_once(crops: CropSet, tmp_path: Path) -> None:
    result = train(crops, recipe(epochs=1), tmp_path / "m", folds=4)
    found = result.cross_validation
    assert found is not None
    assert len(found.folds) == 4
    assert sum(fold.evaluation.n for fold in found.folds) == len(crops)
    assert np.allclose(found.probabilities.sum(axis=1), 1)
    values = found.values("accuracy")
    low, high = found.interval("accuracy")
    assert low < values.mean() < high
    half = 3.182446305 * values.std(ddof=1) / 2  # Student's t, three degrees of freedom
    assert high - values.mean() == pytest.approx(half)
    assert result.card.metrics["cross_validation"]["folds"] == 4


def test_search_looks_at_training_and_validation_only(crops: CropSet) -> None:
    small = replace(
        recipe("mlp", epochs=1), search={"hidden": ([4], [8, 8]), "dropout": (0.0, 2.0)}
    )
    experiment = new_experiment("m", crops, small)
    parts = three_parts(experiment.crops, 0)
    learned = np.concatenate([parts["train"], parts["validation"]])
    blind = replace(
        experiment, views=replace(experiment.views, images=experiment.views.images.copy())
    )
    blind.views.images[parts["test"]] = 77
    best, trials = search(experiment, learned)
    assert [dict(trial.settings) for trial in trials[:3]] == [
        {},
        {"hidden": [4]},
        {"hidden": [8, 8]},
    ]
    assert len(trials) == 4
    assert not np.isfinite(trials[3].score)
    assert "dropout 2.0 could not be trained: mlp: dropout is 2.0" in trials[3].why_not()
    assert (
        max(trials, key=lambda t: np.nan_to_num(t.score)).settings.items()
        <= {**best.architecture.params}.items()
    )
    again, same = search(blind, learned)
    assert [t.score for t in same[:3]] == [t.score for t in trials[:3]]
    assert again == best


def test_a_search_that_comes_to_nothing_says_why(crops: CropSet) -> None:
    experiment = new_experiment("m", crops, recipe("mlp", epochs=1))
    never = replace(
        experiment.recipe,
        architecture=replace(experiment.recipe.architecture, params={"dropout": 2.0}),
        search={"dropout": (3.0, 4.0)},
    )
    parts = three_parts(experiment.crops, 0)
    learned = np.concatenate([parts["train"], parts["validation"]])
    why = r"None of the 3 settings .* The first, as the recipe has it: mlp: dropout is 2\.0"
    with pytest.raises(TrainingError, match=why):
        search(replace(experiment, recipe=never), learned)


def test_a_search_may_try_another_number_of_convolutions() -> None:
    paper = find_recipe("microtubule")
    for filters, kernels in (([8], [2]), ([8, 16, 32], [2, 3, 3]), ([8, 8], [2, 3])):
        params = with_settings(paper, {"filters": filters}).architecture.params
        assert (params["filters"], params["kernels"]) == (filters, kernels)
    both = with_settings(paper, {"filters": [8], "kernels": [5]}).architecture.params
    assert both["kernels"] == [5]


def test_what_a_search_tries_by_itself() -> None:
    usual = recipe("nagao")
    tried = tried_values(usual)
    assert tried["depth"] == (2, 3, 4)
    assert tried["width"] == (16, 32, 64)
    assert tried["learning_rate"] == pytest.approx((0.01 / 3, 0.01, 0.03))
    other = with_settings(usual, {"depth": 2, "learning_rate": 0.5})
    assert (other.architecture.params["depth"], other.fit.learning_rate) == (2, 0.5)
    assert other.architecture.params["width"] == 32


def test_training_goes_on_from_a_model(crops: CropSet, tmp_path: Path) -> None:
    two = {"Prometaphase": "Metaphase"}
    train(crops, recipe("mlp"), tmp_path / "g2", renames=two)
    more = train(
        crops, recipe("mlp"), tmp_path / "more", renames=two, start=tmp_path / "g2", epochs=1
    )
    before = load_model(tmp_path / "g2").networks["z"].state_dict()
    experiment = new_experiment(
        "m", crops, recipe("mlp"), start=load_model(tmp_path / "g2"), seed=9
    )
    fresh = new_experiment("m", crops, recipe("mlp"), seed=9).network("z").state_dict()
    moved = experiment.network("z").state_dict()
    last = list(moved)[-2:]
    assert all(torch.equal(moved[key], before[key]) for key in moved if key not in last)
    assert moved[last[1]].shape == (3,)
    assert not any(torch.equal(moved[key], fresh[key]) for key in moved if key not in last)
    assert more.card.phases == ("Interphase", "Metaphase")
    for setting in ({"keep": 0.5}, {"freeze_norms": True}):
        keeping = replace(recipe("mlp"), fit=replace(recipe("mlp").fit, **setting))
        with pytest.raises(TrainingError, match=r"keeps a part .* has none. Name a model .*--from"):
            train(crops, keeping, tmp_path / "no")
    with pytest.raises(TrainingError, match="g2 is a mlp, but small trains a logistic-regression"):
        train(crops, recipe(), tmp_path / "no", start=tmp_path / "g2")


def test_what_cannot_be_trained(crops: CropSet, tmp_path: Path) -> None:
    one = {"Prometaphase": "Interphase", "Metaphase": ""}
    with pytest.raises(TrainingError, match=r"one phase only, Interphase \(140\)"):
        train(crops, recipe(), tmp_path / "a", renames=one)
    with pytest.raises(TrainingError, match="every label is dropped"):
        train(crops, recipe(), tmp_path / "a", renames=dict.fromkeys(set(crops.phase), ""))
    with pytest.raises(CropSetError, match="No phase for the label"):
        train(crops, replace(recipe(), vocabulary="mitosis-2d"), tmp_path / "a")
    with pytest.raises(TrainingError, match=r"looks at tubulin, but .* has dna"):
        train(crops, "microtubule", tmp_path / "a")
    few = replace(crops, group=np.where(np.arange(len(crops)) % 2, "p", "q"))
    with pytest.raises(CropSetError, match=r"2 group\(s\) of crops"):
        train(few, recipe(), tmp_path / "a")
    (tmp_path / "busy").mkdir()
    (tmp_path / "busy" / "thesis.txt").write_text("all of it")
    with pytest.raises(ModelError, match=r"thesis\.txt"):
        train(crops, recipe(), tmp_path / "busy")
    assert [path.name for path in tmp_path.iterdir()] == ["busy"]


def test_a_recipe_starts_from_a_model_and_tests_on_plates_new_to_it(
    crops: CropSet, tmp_path: Path
) -> None:
    first = train(crops, recipe("resnet8"), tmp_path / "first", seed=1)
    text = SMALL.format(name="resnet8", epochs=1).replace(
        "[views]", f'start = "{tmp_path / "first"}"\n[views]'
    )
    second = train(crops, parse_recipe(text, "second"), tmp_path / "second", seed=2)
    learned = set(first.card.metrics["training_groups"])
    record = json.loads((tmp_path / "second.run.json").read_text())
    assert set(second.card.metrics["training_groups"]) <= learned
    assert second.parts["test"] == first.parts["test"]
    assert record["recipe"]["start"] == str(tmp_path / "first")
    experiment = new_experiment("third", crops, parse_recipe(text, "third"), seed=2)
    folds = cross_validate(experiment, 3)
    tested = folds.called >= 0
    assert tested.sum() == second.parts["test"]
    assert not set(hash_groups(crops.group[tested])) & learned
    assert np.isnan(folds.probabilities[~tested]).all()
    assert np.isfinite(folds.probabilities[tested]).all()


def test_both_daughters_are_also_shown_as_one_cell(data_dir: Path) -> None:
    whole = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    some = whole.select(np.isin(whole.phase, ["Anaphase", "Metaphase"]))
    text = SMALL.format(name="logistic-regression", epochs=1).replace(
        "[architecture]", 'both = ["Anaphase"]\n[architecture]'
    )
    experiment = new_experiment("both", some, parse_recipe(text, "both"))
    anaphases = np.flatnonzero(some.phase == "Anaphase")
    every = experiment.training_views(np.arange(len(some)))
    assert len(every) == len(some) + len(anaphases)
    assert len(experiment.views) == len(some), "what is tested on is shown once"
    assert len(experiment.training_views(anaphases[:5])) == 10
    joined = every.images[len(some) :, 0, 0]
    single = experiment.views.images[anaphases, 0, 0]
    assert (joined != single).any(axis=(1, 2)).mean() > 0.3, "a sister was in the crop"
