"""Further data sets in training: real HeLa crops are split, Jurkat cells only learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleWarning, CropSetError, TrainingError
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.leakage import hash_groups
from napari_cellcycle.train.data.others import all_groups, apart, check_stated, sources
from napari_cellcycle.train.experiment import TESTED_ON_ONE
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipes import parse_recipe
from napari_cellcycle.train.training import train

if TYPE_CHECKING:
    from napari_cellcycle.train.fit.fitting import Progress

RECIPE = parse_recipe(
    """
source = "tests"
vocabulary = "mitosis-2d"
both = ["anaphase"]
[labels]
Interphase = "non-mitotic"
G1 = "non-mitotic"
Metaphase = "metaphase"
Anaphase = "anaphase"
Prophase = ["non-mitotic", "prometaphase"]
Early = ["prometaphase", "metaphase"]
G2 = ""
[architecture]
name = "logistic-regression"
[views]
channels = ["dna"]
size = 16
unit = "population"
[fit]
epochs = 2
learning_rate = 0.01
patience = 0
others = 0.5
""",
    "small",
)


def few(crops: CropSet, **cells: int) -> CropSet:
    return crops.select(
        np.concatenate([np.flatnonzero(crops.phase == p)[:n] for p, n in cells.items()])
    )


@pytest.fixture(scope="module")
def hela(data_dir: Path) -> CropSet:
    whole = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    return few(whole, Interphase=80, Metaphase=40, Anaphase=40)


@pytest.fixture(scope="module")
def jurkat(data_dir: Path) -> CropSet:
    whole = read_crop_set(data_dir / "jurkat_ifc_40px.npz")
    return few(whole, G1=40, G2=10, Prophase=20, Metaphase=10, Anaphase=5)


def as_file(crops: CropSet, path: Path) -> Path:
    np.savez(
        path,
        images=crops.images,
        channels=np.array(crops.channels),
        phase=crops.phase,
        group=crops.group,
    )
    return path


@pytest.mark.filterwarnings("ignore:.*cannot learn it")
def test_every_cell_of_a_further_set_is_learned_from_and_none_tested_on(
    hela: CropSet, jurkat: CropSet, tmp_path: Path
) -> None:
    alone = train(hela, RECIPE, tmp_path / "alone", seed=1)
    result = train(
        hela,
        RECIPE,
        tmp_path / "with",
        others=[as_file(jurkat, tmp_path / "jurkat.npz")],
        seed=1,
        licence=["CC BY 4.0", "BSD-3-Clause"],
        attribution="MitoCheck",
    )
    assert result.parts == {**alone.parts, "others": 75}
    assert result.test.n == alone.test.n
    assert result.card.temperatures != alone.card.temperatures, "they were learned from"
    card = load_model(tmp_path / "with").card
    assert [(s.licence, s.attribution, s.n) for s in card.training_data] == [
        ("CC BY 4.0", "MitoCheck", result.parts["train"]),
        ("BSD-3-Clause", "not stated", 75),
    ]
    assert card.licence == "CC BY 4.0"
    assert card.limits == TESTED_ON_ONE
    assert f"trained on {hela.name} and jurkat.npz by the recipe small" in card.description
    run = json.loads((tmp_path / "with.run.json").read_text())
    before = json.loads((tmp_path / "alone.run.json").read_text())
    assert run["parts"] == before["parts"]
    assert before["others"] == []
    (other,) = run["others"]
    assert other["phases"]["non-mitotic or prometaphase"] == 20
    assert (other["name"], other["cells"], len(other["sha256"])) == ("jurkat.npz", 75, 64)
    hashes = set(card.metrics["training_groups"])
    kept = jurkat.group[jurkat.phase != "G2"]
    assert hashes == set(hash_groups(kept)) | set(alone.card.metrics["training_groups"])


@pytest.mark.filterwarnings("ignore:.*cannot learn it")
def test_resuming_shows_the_same_cells(hela: CropSet, jurkat: CropSet, tmp_path: Path) -> None:
    class Cut(Exception):
        pass

    def cut(progress: Progress) -> None:
        if progress.epoch == 2 and not progress.stage:
            raise Cut

    whole = train(hela, RECIPE, tmp_path / "a", others=[jurkat])
    with pytest.raises(Cut):
        train(hela, RECIPE, tmp_path / "b", others=[jurkat], progress=cut)
    again = train(hela, RECIPE, tmp_path / "b", others=[jurkat], resume=True)
    assert again.trained.fits == whole.trained.fits
    assert again.card.weights == whole.card.weights
    with pytest.raises(Cut):
        train(hela, RECIPE, tmp_path / "c", others=[jurkat], progress=cut)
    with pytest.raises(TrainingError, match="made with other data"):
        train(hela, RECIPE, tmp_path / "c", resume=True)


@pytest.mark.filterwarnings("ignore:.*cannot learn it")
def test_views_are_on_each_sets_own_scale(hela: CropSet, jurkat: CropSet) -> None:
    seen: list[tuple[int, int]] = []
    experiment = new_experiment(
        "m", hela, RECIPE, others=[jurkat], progress=lambda *found: seen.append(found)
    )
    assert seen == [(i, len(hela) + 75) for i in range(1, len(hela) + 76)]
    rows = np.arange(100)
    views = experiment.training_views(rows)
    both = int((hela.phase[rows] == "Anaphase").sum())
    assert np.bincount(views.source).tolist() == [100 + both, 75 + 5]
    (other,) = experiment.others
    by_itself = set_views(
        other.crops,
        experiment.recipe.views,
        experiment.phases.slugs,
        allowed={"non-mitotic or prometaphase": ["non-mitotic", "prometaphase"]},
    )
    assert (other.views.images[:75] == by_itself.images).all()
    prophase = other.views.allowed[:75][other.crops.phase == "non-mitotic or prometaphase"]
    assert (prophase == [True, True, False, False, False]).all()


@pytest.mark.filterwarnings("ignore:.*cannot learn it")
def test_a_label_of_several_phases_is_learned_from_and_not_tested_on(
    hela: CropSet, tmp_path: Path
) -> None:
    phase = hela.phase.copy()
    phase[phase == "Metaphase"] = np.array(["Metaphase", "Early"] * 20)
    with pytest.warns(CellCycleWarning, match=r"test cells are not tested on: their labels leave"):
        result = train(replace(hela, phase=phase), RECIPE, tmp_path / "m", epochs=1)
    run = json.loads((tmp_path / "m.run.json").read_text())
    tested = np.isin(hela.group, run["parts"]["test"]["groups"])
    assert result.parts["test"] == tested.sum()
    assert result.test.n == (tested & (phase != "Early")).sum() < tested.sum()


def test_the_same_cells_are_refused_and_shared_groups_left_out(
    hela: CropSet, jurkat: CropSet
) -> None:
    for given in ([hela], [jurkat, jurkat]):
        with pytest.raises(CropSetError, match=r"Every group of .*given twice"):
            new_experiment("m", hela, RECIPE, others=given)
    # the same nuclei turned, under other labels and other names of their groups
    turned = replace(
        hela,
        images=np.rot90(hela.images, axes=(2, 3)),
        phase=np.full(len(hela), "G1"),
        group=np.array([f"x{i}" for i in range(len(hela))]),
        name="turned.npz",
    )
    with pytest.raises(CropSetError, match=r"Every group of turned\.npz"):
        apart(hela, [turned], "dna")
    grey = replace(jurkat, channels=("dna",), images=np.ascontiguousarray(jurkat.images[:, [1]]))
    with pytest.raises(CropSetError, match="Every group"):
        apart(grey, [jurkat], "dna")
    mixed = replace(
        turned.select(np.arange(30)),
        images=np.concatenate([hela.images[:1], hela.images[1:30] // 2]),
        group=np.array(["a", "a", "b"] * 10),
    )
    with pytest.warns(CellCycleWarning, match=r"20 of 30 crops of turned\.npz are left out"):
        (rest,) = apart(hela, [mixed], "dna")
    assert rest.group.tolist() == ["b"] * 10


def test_a_further_set_that_does_not_fit_is_named(hela: CropSet, jurkat: CropSet) -> None:
    strange = replace(jurkat, phase=np.where(jurkat.phase == "G1", "G0", jurkat.phase))
    with pytest.raises(CropSetError, match=rf"{jurkat.name}: No phase for the label G0"):
        new_experiment("m", hela, RECIPE, others=[strange])
    dark = replace(jurkat, channels=("brightfield", "x", "side_scatter"))
    with pytest.raises(CropSetError, match=f"{jurkat.name} has no dna channel"):
        new_experiment("m", hela, RECIPE, others=[dark])
    stacks = replace(jurkat, images=jurkat.images[:, :, None])
    with pytest.raises(CropSetError, match=f"{jurkat.name} holds stacks, but {hela.name} pictures"):
        new_experiment("m", hela, RECIPE, others=[stacks])
    with pytest.raises(TrainingError, match=f"Nothing of {jurkat.name} is left"):
        new_experiment("m", hela, RECIPE, others=[replace(jurkat, phase=np.full(85, "G2"))])


@pytest.mark.filterwarnings("ignore:.*cannot learn it")
def test_two_levels_cannot_leave_open_whether_a_cell_is_mitotic(
    hela: CropSet, jurkat: CropSet
) -> None:
    labels = {
        "Interphase": "non-mitotic",
        "G1": "non-mitotic",
        "G2": "",
        "Metaphase": "prometaphase-metaphase",
        "Anaphase": ("prometaphase-metaphase", "anaphase-telophase-cytokinesis"),
        "Prophase": ("non-mitotic", "prophase"),
    }
    two = replace(RECIPE, vocabulary="mitosis-stages", labels=labels, both=())
    new_experiment("m", hela, two)
    with pytest.raises(TrainingError, match="mitosis-stages decides between these first"):
        new_experiment("m", hela, two, others=[jurkat])
    new_experiment("m", hela, two, others=[jurkat], renames={"Prophase": "prophase"})


def test_what_the_card_says_of_several_sets() -> None:
    found = sources([("a", 3), ("b", 4), ("c", 5)], ["x", "y"], [])
    assert [(s.name, s.licence, s.attribution, s.n) for s in found] == [
        ("a", "x", "not stated", 3),
        ("b", "y", "not stated", 4),
        ("c", "not stated", "not stated", 5),
    ]
    check_stated(2, ["x", "y"], [])
    with pytest.raises(CropSetError, match="--attribution is given 2 times, but there is 1 data"):
        check_stated(1, [], ["x", "y"])
    many = np.array([f"simulated-{i}" for i in range(9)])
    own, other = np.array(["p", "q", "q"]), np.array(["r"])
    assert all_groups([own, many, other], 5) == hash_groups(["p", "q", "r"])
    assert len(all_groups([own, many, other], 12)) == 12
    assert all_groups([many], 8) == []
