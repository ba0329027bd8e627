"""Recipes of the package and of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.networks import ARCHITECTURES, skeleton
from napari_cellcycle.phases import VOCABULARIES
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.recipes import find_recipe, list_recipes, parse_recipe

NAMES = {
    *("allen-mitotic", "allen-stages", "nagao-g2", "cnncc-d1", "cnncc-d2", "cnncc-d3"),
    *("microtubule", "microtubule-t", "microtubule-ts"),
    *("mitosis-2d", "mitosis-2d-wider", "mitosis-2d-corrections", "g1-s-g2-m", "microtubule-demo"),
}
SMALLEST = 'source = "mine"\n[architecture]\nname = "mlp"\n'


def crops(*channels: str, shape: tuple[int, ...] = (40, 36)) -> CropSet:
    images = np.zeros((2, len(channels), *shape), np.uint8)
    return CropSet(images, channels, np.array(["a", "b"]), np.array(["p", "q"]), "set.npz")


def test_the_recipes_of_the_publications_are_there() -> None:
    assert set(list_recipes()) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_states_its_source_and_fits_its_network(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.source
    known = set(recipe.to_dict()) | {"fit.sets"}
    for key in recipe.published:
        head, _, tail = key.partition(".")
        assert head in known, key
        if tail and tail != "sets":
            part = recipe.to_dict()[head]
            for step in tail.split("."):
                assert step in part, key
                part = part[step]
    phases = recipe.vocabulary
    leaves = VOCABULARIES[phases].slugs if isinstance(phases, str) else phases
    meant = [(p,) if isinstance(p, str) else p for p in recipe.labels.values()]
    assert {slug for slugs in meant for slug in slugs} <= {*leaves, ""}
    skeleton(
        recipe.architecture.name,
        n_channels=len(recipe.views.channels),
        n_outputs=len(leaves),
        size=recipe.views.size,
        params=recipe.architecture.params,
    )


def test_published_hyper_parameters() -> None:
    allen = find_recipe("allen-mitotic")
    assert (allen.fit.learning_rate, allen.fit.batch_size) == (5e-4, 16)
    assert allen.architecture.name == "resnet18-projections"
    assert allen.views.axes == ("x", "y", "z")
    paper = find_recipe("microtubule")
    assert (paper.fit.optimizer, paper.fit.learning_rate) == ("nadam", 0.002)
    assert (paper.fit.batch_size, paper.fit.weight_decay, paper.fit.patience) == (32, 0.01, 2)
    assert (paper.fit.monitor, paper.folds, paper.views.size) == ("accuracy", 10, 300)
    assert paper.architecture.params["dropout"] == 0.5
    turned, sharpened = find_recipe("microtubule-t"), find_recipe("microtubule-ts")
    assert (turned.fit.turned_copies, turned.views.sharpen) == (True, False)
    assert (sharpened.fit.turned_copies, sharpened.views.sharpen) == (True, True)
    assert not paper.fit.turned_copies
    assert find_recipe("cnncc-d3").fit.balance == "upsample"
    assert find_recipe("cnncc-d1").fit.augment == {}


def test_an_architecture_is_a_recipe_that_takes_what_the_data_have() -> None:
    for name in ARCHITECTURES:
        assert find_recipe(name).architecture.name == name
    flat = find_recipe("mlp").for_data(crops("dna", "tubulin"))
    assert flat.views.channels == ("dna", "tubulin")
    assert flat.views.axes == ("z",)
    deep = find_recipe("mlp").for_data(crops("dna", shape=(5, 40, 36)))
    assert deep.views.axes == ("x", "y", "z")
    volume = find_recipe("volume-cnn").for_data(crops("dna", shape=(5, 40, 36)))
    assert volume.views.axes == ("volume",)
    with pytest.raises(TrainingError, match=r"looks at volumes, but the crops of set\.npz are 2D"):
        find_recipe("volume-cnn").for_data(crops("dna"))
    with pytest.raises(TrainingError, match=r"mitosis-2d compares .* set\.npz are stacks"):
        find_recipe("mitosis-2d").for_data(crops("dna", shape=(5, 40, 36)))


def test_channels_that_the_data_lack_are_left_out() -> None:
    recipe = find_recipe("nagao-g2")
    assert recipe.for_data(crops("tubulin", "dna")).views.channels == ("dna", "tubulin")
    with pytest.raises(TrainingError, match=r"looks at dna, golgi, tubulin, but .* actin"):
        recipe.for_data(crops("actin"))


def test_without_an_extent_pixels_are_those_of_the_whole_crop() -> None:
    assert find_recipe("cnncc-d1").for_data(crops("dna")).views.extent == 20
    own = parse_recipe(SMALLEST + '[views]\nunit = "px"\nextent = 11', "own")
    assert own.for_data(crops("dna")).views.extent == 11


def test_g2_or_not_takes_the_labels_of_the_jurkat_set_as_they_are() -> None:
    labels = find_recipe("nagao-g2").labels
    for stage in ("Prophase", "Metaphase", "Anaphase", "Telophase", "M"):
        assert labels[stage] == "", "mitotic cells are neither"
    assert (labels["G1"], labels["S"], labels["G2"]) == ("not-g2", "not-g2", "g2")


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(SMALLEST + "params = { hidden = [8] }\n[fit]\nepochs = 3\n")
    recipe = find_recipe(path)
    assert recipe.name == "own"
    assert recipe.architecture.params == {"hidden": [8], "dropout": 0.0}
    assert recipe.fit.epochs == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "Recipe own is no TOML"),
        ("sauce = 1", "Recipe own has an unknown sauce; did you mean source?"),
        ('[architecture]\nname = "mlp"', "Recipe own needs a source, as text"),
        ('source = "me"', "[architecture] needs a name, as text"),
        ('source = "me"\n[architecture]\nname = "vgg"', "no architecture 'vgg'"),
        (SMALLEST + "params = { depth = 3 }", "mlp has no parameter depth"),
        (SMALLEST + "pretrained = 1", "pretrained is 1, expected true or false"),
        (SMALLEST + "[views]\nsizes = 3", "[views] has an unknown sizes; did you mean size?"),
        (SMALLEST + "[views]\nsize = 3", "size 3 (8 to 1024 pixels)"),
        (SMALLEST + "[fit]\nepochs = 0", "[fit]: epochs is 0"),
        (SMALLEST + "[search]\nwidth = [1, 2]", "[search] has an unknown width"),
        (SMALLEST + "[search]\nhidden = [[8]]", "hidden is [[8]], expected a list of two values"),
        ("vocabulary = 'phases'\n" + SMALLEST, "vocabulary is 'phases', expected one of"),
        ("folds = 2\n" + SMALLEST, "folds is 2, expected 3 or more, or 0"),
        ("labels = 3\n" + SMALLEST, "labels is 3, expected a table [labels]"),
        ("labels = { G1 = 1 }\n" + SMALLEST, "gives G1 as 1, expected a phase, as text, or a list"),
        ("labels = { G1 = ['a'] }\n" + SMALLEST, "gives G1 as ['a'], expected a phase"),
        ("labels = { G1 = ['a', ''] }\n" + SMALLEST, "gives G1 as ['a', ''], expected a phase"),
        ("published = 'all'\n" + SMALLEST, "published is 'all', expected a list"),
    ],
)
def test_a_wrong_recipe(text: str, message: str) -> None:
    with pytest.raises(TrainingError) as caught:
        parse_recipe(text, "own")
    assert message in str(caught.value)


def test_no_such_recipe(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"'microtubles'; did you mean microtubule\? A recipe"):
        find_recipe("microtubles")
    with pytest.raises(TrainingError, match=r"no recipe .*none\.toml"):
        find_recipe(tmp_path / "none.toml")
