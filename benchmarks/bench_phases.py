"""Architectures by data sets D1, D2 and D3: G1, S, G2 or M of Jurkat cells.

DNA without absolute intensity: each crop is scaled by its own bright DNA, so that shape, size and
texture must tell the phases; the last row is given the DNA content. Run ``uv run python
benchmarks/bench_phases.py [--quick] [--epochs N] [--out docs/benchmarks.md]``. With the recipes' 60
epochs it takes some three hours on two cores, with ``--epochs 8 --size 24`` about ten minutes on
one, with ``--quick`` a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

from plain_baselines import JURKAT, jurkat, out_of_fold
from plain_features import measurements, pixels
from tables import (
    learn,
    markdown,
    minutes,
    note,
    options,
    parsed,
    prepare,
    publish,
    recall_and_f1,
    row_of,
    with_interval,
)

from napari_cellcycle.models.card import Architecture
from napari_cellcycle.models.networks import complete_params
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.data.splits import three_parts
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate
from napari_cellcycle.train.recipe import TrainingRecipe
from napari_cellcycle.train.recipes import find_recipe

NETWORKS = ("nagao", "resnet8", "resnet14", "resnet20", "mlp", "logistic-regression")
SETS = {"D1": "raw", "D2": "augmented", "D3": "balanced, augmented"}
PHASES = tuple(dict.fromkeys(JURKAT.values()))
SIZE = 40
"""Pixels of the views: those of the crops."""
PUBLISHED = ("published: cnncc (own images)", "", "0.74", "0.71", *[""] * len(PHASES))


def recipe_of(network: str, data: str, size: int = SIZE, **params: object) -> TrainingRecipe:
    """Give cnncc's recipe for a data set with another network, and views of some pixels."""
    recipe = find_recipe(f"cnncc-{data.lower()}")
    usual = recipe.architecture.params if network == recipe.architecture.name else {}
    return replace(
        recipe,
        name=f"{network}-{data}",
        architecture=Architecture(network, complete_params(network, {**usual, **params})),
        views=replace(recipe.views, size=size),
    )


def trees(crops: CropSet, seed: int) -> Iterator[tuple[str, Evaluation]]:
    """Fit boosted trees on the cells that networks train and stop on, and test on the same."""
    parts = three_parts(crops, seed)
    test = parts["test"]
    for name, show in (("pixels", pixels), ("features", measurements)):
        note(f"boosted trees on {name} begin")
        found = out_of_fold(show(crops, "dna"), crops.phase, [parts], PHASES, seed=seed)
        yield (
            f"boosted trees on {name}",
            evaluate(crops.phase[test], found[test], PHASES, crops.group[test]),
        )


def row(name: str, data: str, found: Evaluation) -> tuple[str, ...]:
    """Figures of one model."""
    figures = (with_interval(found, metric) for metric in ("accuracy", "macro_f1"))
    return (name, data, *figures, *(recall_and_f1(found, phase) for phase in PHASES))


def rows_of(crops: CropSet, given: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """Fit and test one after another."""
    epochs = 1 if given.quick else given.epochs
    how = {"seed": given.seed, "device": given.device}
    for name, found in trees(crops, given.seed):
        yield row(name, "raw, balanced by weights", found)
    experiment, parts = prepare(crops, recipe_of(NETWORKS[0], "D1", given.size), **how)
    for network in NETWORKS:
        for data, words in SETS.items():
            recipe = recipe_of(network, data, given.size)
            learned = learn(experiment, parts, recipe=recipe, epochs=epochs)
            made = row(network, f"{data} ({words})", learned.score("test"))
            note(f"{row_of(made)} {minutes(learned.seconds)}")
            yield made
    learned = learn(*prepare(crops, find_recipe("g1-s-g2-m"), **how), epochs=epochs)
    name = f"{learned.experiment.recipe.architecture.name} **with absolute intensity**"
    yield row(name, "recipe g1-s-g2-m", learned.score("test"))


def main() -> None:
    given = parsed(options("phases", __doc__, epochs=None, size=SIZE))
    crops = jurkat(given.data, given.quick)
    parts = three_parts(crops, given.seed)
    counts = ", ".join(f"{len(rows)} to {part}" for part, rows in parts.items())
    phases = ", ".join(f"{(crops.phase == phase).sum()} {phase}" for phase in PHASES)
    head = ("network", "data set", "accuracy", "macro F1", *(f"{p}: recall / F1" for p in PHASES))
    body = markdown(head, [PUBLISHED, *rows_of(crops, given)])
    publish(given, f"{len(crops)} cells ({phases}): {counts}.", body)


if __name__ == "__main__":
    main()
