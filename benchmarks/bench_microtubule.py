"""The table of the microtubule paper on simulated cells: networks, trees and people, as Markdown.

Three exposures and the three pairs of them, each learned by itself, in ten-fold cross-validation by
dish; rotated copies stay on their original's side. Run ``uv run python
benchmarks/bench_microtubule.py [--quick] [--device cuda]``.

With all defaults (300 pixels, as published) it takes most of a day on two cores, and well under an
hour on a GPU; ``--size 100`` takes about two hours on two cores, ``--size 64 --cells 240 --folds 4
--epochs 8`` about ten minutes on one, ``--quick`` a minute or two, and says nothing but that it
runs. ``--crops FILE.npz`` takes cells of your own, ``--annotators FILE.csv`` (cell, annotator,
phase) puts people beside the networks, ``--task mechanism`` learns the mechanism on BBBC021 by
plate, ``--out docs/benchmarks.md`` replaces the table there. Nothing that is fitted here is saved.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from plain_baselines import MECHANISM, chosen, exposure, out_of_fold
from plain_features import measurements, pixels
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from tables import markdown, minutes, note, options, parsed, publish, with_interval

from napari_cellcycle.phases import EXPOSURE
from napari_cellcycle.review.kappa import NO_ANSWER
from napari_cellcycle.train.crossvalidation import cross_validate
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.splits import folds
from napari_cellcycle.train.evaluation.annotators import (
    answer_codes,
    majority_vote,
    read_annotators,
)
from napari_cellcycle.train.evaluation.compare import paired_t
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipes import find_recipe

RECIPES = {"CNN": "microtubule", "CNN+T": "microtubule-t", "CNN+T+S": "microtubule-ts"}
Classes = tuple[str, ...]
Floats = np.ndarray[tuple[int, int], np.dtype[np.floating]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What all rows of a table share."""

    k: int
    size: int
    epochs: int | None
    seed: int
    device: str
    draws: int


@dataclass(frozen=True, slots=True)
class Row:
    """One judge of one set of classes: all cells out of fold, and the accuracy of each fold."""

    found: Evaluation
    per_fold: tuple[float, ...]


def judged(crops: CropSet, probabilities: Floats, classes: Classes, settings: Settings) -> Row:
    """Compare out-of-fold probabilities with the truth."""
    right = np.array(classes)[probabilities.argmax(axis=1)] == crops.phase
    tested = [rows["test"] for rows in folds(crops, settings.k, settings.seed)]
    found = evaluate(
        crops.phase, probabilities, classes, crops.group, draws=settings.draws, seed=settings.seed
    )
    return Row(found, tuple(float(right[rows].mean()) for rows in tested))


def network(
    name: str, crops: CropSet, classes: Classes, settings: Settings, *, balance: str = ""
) -> Row:
    """Cross-validate a recipe of the package.

    Parameters
    ----------
    name : str
        Of the recipe.
    crops : CropSet
        Of the classes, and no others.
    classes : tuple of str
        In order.
    settings : Settings
        Folds, size of the views, epochs at most, seed and device.
    balance : str
        Overrides what the recipe does about rare classes.
    """
    recipe = find_recipe(name)
    fit = replace(recipe.fit, epochs=settings.epochs or recipe.fit.epochs)
    recipe = replace(
        recipe,
        vocabulary=classes,
        views=replace(recipe.views, size=settings.size),
        fit=replace(fit, balance=balance or fit.balance),
    )
    experiment = new_experiment(name, crops, recipe, seed=settings.seed, device=settings.device)
    crossed = cross_validate(experiment, settings.k)
    return judged(crops, crossed.probabilities, classes, settings)


def trees(features: Floats, crops: CropSet, classes: Classes, s: Settings) -> Row:
    """Cross-validate boosted trees on the folds of the networks."""
    splits = folds(crops, s.k, s.seed)
    return judged(crops, out_of_fold(features, crops.phase, splits, classes), classes, s)


def forest(features: Floats, crops: CropSet, classes: Classes, s: Settings) -> Row:
    """Cross-validate a random forest on the folds of the networks."""
    probabilities = np.zeros((len(crops), len(classes)))
    for rows in folds(crops, s.k, s.seed):
        learned = np.concatenate([rows["train"], rows["validation"]])
        trees = RandomForestClassifier(
            500, min_samples_leaf=3, class_weight="balanced_subsample", random_state=s.seed
        ).fit(features[learned], crops.phase[learned])
        columns = [classes.index(name) for name in trees.classes_]
        probabilities[np.ix_(rows["test"], columns)] = trees.predict_proba(features[rows["test"]])
    return judged(crops, probabilities, classes, s)


def ideal(crops: CropSet, classes: Classes, settings: Settings) -> Row:
    """An observer who reads the hidden response of each simulated cell without error."""
    response = crops.columns["response"][:, None]
    probabilities = np.zeros((len(crops), len(classes)))
    for rows in folds(crops, settings.k, settings.seed):
        learned = np.concatenate([rows["train"], rows["validation"]])
        rule = QuadraticDiscriminantAnalysis().fit(response[learned], crops.phase[learned])
        order = [list(rule.classes_).index(name) for name in classes]
        probabilities[rows["test"]] = rule.predict_proba(response[rows["test"]])[:, order]
    return judged(crops, probabilities, classes, settings)


def people(path: Path, crops: CropSet, tasks: Sequence[Classes]) -> dict[str, list[str]]:
    """Accuracy of annotators in each task; in a pair, answers outside of it are ignored."""
    names = crops.columns.get("cell", np.arange(len(crops)).astype(str))
    answers = read_annotators(path, names)
    labels = max(tasks, key=len)
    codes = answer_codes(answers, labels, path.name)
    truth = np.array([labels.index(phase) for phase in crops.phase])
    rows: dict[str, list[str]] = {name: [] for name in (*answers.annotators, "majority")}
    for classes in tasks:
        inside = [labels.index(name) for name in classes]
        here = np.isin(truth, inside)
        said = np.where(np.isin(codes, inside), codes, NO_ANSWER)[here]
        said = np.column_stack([said, majority_vote(said, len(labels))[0]])
        for name, column in zip(rows, said.T, strict=True):
            given = column >= 0
            share = (column == truth[here])[given].mean() if given.any() else np.nan
            rows[name].append(f"{share:.3f} of {given.sum()}")
    return rows


def table(tasks: Sequence[Classes], results: Mapping[str, Sequence[str]]) -> str:
    """Markdown: a row a judge, a column a task."""
    heads = ["three classes" if len(t) > 2 else " or ".join(t) for t in tasks]
    return markdown(("accuracy", *heads), [(name, *cells) for name, cells in results.items()])


def effect(first: str, second: str, rows: Mapping[str, Row], k: int) -> str:
    """What came of a step, tested on folds as in the paper."""
    test = paired_t(rows[second].per_fold, rows[first].per_fold)
    return f"{second} against {first} {test.mean:+.3f} (paired t over {k} folds, p = {test.p:.2g})"


def exposures(crops: CropSet, settings: Settings, annotators: Path | None) -> list[str]:
    """Give the table of exposures and what each step brings."""
    labels = tuple(slug for slug in EXPOSURE.slugs if slug in crops.phase)
    tasks: list[Classes] = [labels, *combinations(labels, 2)]
    shown = {
        "boosted trees on pixels": pixels(crops, "tubulin"),
        "boosted trees on features": measurements(crops, "tubulin"),
    }
    cells: dict[str, list[str]] = {}
    steps = []
    for classes in tasks:
        here = np.isin(crops.phase, classes)
        some = crops.select(here)
        started = time.monotonic()
        rows = {name: network(r, some, classes, settings) for name, r in RECIPES.items()}
        seconds = time.monotonic() - started
        rows |= {name: trees(f[here], some, classes, settings) for name, f in shown.items()}
        if "response" in crops.columns:
            rows["an observer who knows each cell's response"] = ideal(some, classes, settings)
        for name, row in rows.items():
            cells.setdefault(name, []).append(with_interval(row.found, "accuracy"))
        names = list(RECIPES)
        compared = [*pairwise(names), (list(shown)[1], names[-1])]
        tested = "; ".join(effect(a, b, rows, settings.k) for a, b in compared)
        steps.append(f"- {', '.join(classes)}: {tested}.")
        note(f"{', '.join(classes)}: networks took {minutes(seconds)}")
    if annotators is not None:
        cells |= people(annotators, crops, tasks)
    groups = len(np.unique(crops.group))
    about = (
        f"{len(crops)} cells, {groups} dishes, {settings.k} folds by dish, views of "
        f"{settings.size} pixels; 95 % intervals by bootstrap over dishes."
    )
    return [about, table(tasks, cells), "\n".join(steps)]


def mechanism(folder: Path, settings: Settings) -> list[str]:
    """Tell how networks and trees tell mechanisms apart on BBBC021, by plate.

    The file's own ``phase`` is the mechanism of each compound; three of its thirteen are taken.
    """
    crops = chosen(read_crop_set(folder / "bbbc021_mcf7_68px.npz"), MECHANISM)
    metrics = ("accuracy", "balanced_accuracy", "macro_f1", *(f"f1/{name}" for name in MECHANISM))
    shown = measurements(crops, "tubulin")
    rows = {
        "microtubule-ts": network("microtubule-ts", crops, MECHANISM, settings),
        "microtubule-ts, balanced": network(
            "microtubule-ts", crops, MECHANISM, settings, balance="upsample"
        ),
        "boosted trees on features": trees(shown, crops, MECHANISM, settings),
        "random forest on features": forest(shown, crops, MECHANISM, settings),
    }
    counts = ", ".join(f"{(crops.phase == name).sum()} {name}" for name in MECHANISM)
    plates = len(np.unique(crops.group))
    about = f"{len(crops)} cells ({counts}), {plates} plates, {settings.k} folds by plate."
    heads = ("", "accuracy", "balanced accuracy", "macro F1", *(f"F1 {m}" for m in MECHANISM))
    shares = (
        (name, *(with_interval(row.found, metric) for metric in metrics))
        for name, row in rows.items()
    )
    compounds = crops.columns["compound"]
    members = []
    for name in MECHANISM:
        those, counted = np.unique(compounds[crops.phase == name], return_counts=True)
        listed = ", ".join(f"{c} ({n})" for c, n in zip(those, counted, strict=True))
        members.append(f"- {name}: {listed}")
    return [about, markdown(heads, shares), "\n".join(members)]


def main() -> None:
    parser = options("microtubule", __doc__, cells=750, folds=10, size=None, epochs=None)
    choices = ("microtubule", "mechanism")
    parser.add_argument("--task", dest="table", choices=choices, default=choices[0])
    parser.add_argument("--crops", type=Path, help="cells with exposures, instead of simulated")
    parser.add_argument("--annotators", type=Path, help="CSV: cell, annotator, phase")
    given = parsed(parser)
    exposed = given.table == "microtubule"
    settings = Settings(
        k=3 if given.quick else given.folds,
        size=given.size or (64 if given.quick else 300 if exposed else 100),
        epochs=2 if given.quick and given.epochs is None else given.epochs,
        seed=given.seed,
        device=given.device,
        draws=200 if given.quick else 2000,
    )
    if not exposed:
        publish(given, *mechanism(given.data, settings))
        return
    if given.crops is not None:
        crops = read_crop_set(given.crops)
    else:
        cells = min(given.cells, 90) if given.quick else given.cells
        crops = exposure(cells, seed=2025 + given.seed, size=settings.size)
    publish(given, *exposures(crops, settings, given.annotators))


if __name__ == "__main__":
    main()
