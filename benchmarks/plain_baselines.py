"""Gradient-boosted trees on pixels and on measured features: what every network must beat.

Run ``uv run python benchmarks/plain_baselines.py [--data DIR] [--task NAME] [--quick]``. All tasks
take about 15 minutes on two cores, with ``--quick`` about one. Trees are fitted here and never
saved; their settings are fixed, not searched.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from plain_features import measurements, pixels
from sklearn.ensemble import HistGradientBoostingClassifier
from tables import data_folder, markdown, with_interval

from napari_cellcycle.simulate import simulate_exposure_set
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.relabel import DROPPED, parse_map, relabel
from napari_cellcycle.train.data.splits import folds
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate

Rows = NDArray[np.int64]
Floats = NDArray[np.floating]

MITOCHECK = parse_map(
    "Interphase=non-mitotic,Large=non-mitotic,Elongated=non-mitotic,Binuclear=non-mitotic,"
    "Polylobed=non-mitotic,SmallIrregular=non-mitotic,Prometaphase=prometaphase,"
    "Metaphase=metaphase,MetaphaseAlignment=metaphase,Anaphase=anaphase,Apoptosis=apoptosis,"
    "OutOfFocus=,Hole=,Folded=,ADCCM=,Grape="
)
JURKAT = parse_map("G1=g1,S=s,G2=g2,Prophase=m,Metaphase=m,Anaphase=m,Telophase=m")
MECHANISM = ("DMSO", "Microtubule stabilizers", "Microtubule destabilizers")

Features = Callable[[CropSet], Floats]


@dataclass(frozen=True, slots=True)
class Task:
    """A data set with its classes and what trees are shown of it.

    Parameters
    ----------
    title : str
        Heading of its tables.
    crops : callable
        Takes the folder of the data and whether to be quick.
    classes : tuple of str
        In order.
    features : mapping of str to callable
        Name of each table row and what the trees get.
    """

    title: str
    crops: Callable[[Path, bool], CropSet]
    classes: tuple[str, ...]
    features: Mapping[str, Features]


def boosted_trees(seed: int = 0) -> HistGradientBoostingClassifier:
    """Trees with settings that stay the same for every task."""
    return HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )


def out_of_fold(
    features: Floats,
    phase: NDArray[np.str_],
    splits: Iterable[Mapping[str, Rows]],
    classes: tuple[str, ...],
    *,
    seed: int = 0,
) -> Floats:
    """Probabilities of each cell by trees that were fitted without its group, ``(n, classes)``.

    Parameters
    ----------
    features : ndarray, ``(n, features)``
        What the trees see.
    phase : ndarray, ``(n,)``, str
        Class of each cell.
    splits : iterable of mapping
        Rows ``train``, ``validation`` and ``test`` of every fold; trees stop by number, and learn
        from the first two.
    classes : tuple of str
        Order of the columns.
    seed : int
        Of the trees.

    Returns
    -------
    ndarray, ``(n, classes)``, float64
        NaN for cells that no fold tests.
    """
    found = np.full((len(phase), len(classes)), np.nan)
    for rows in splits:
        train = np.concatenate([rows["train"], rows["validation"]])
        bins = binned(features, train)
        trees = boosted_trees(seed).fit(bins[train], phase[train])
        column = [classes.index(name) for name in trees.classes_]
        found[rows["test"]] = 0.0
        found[np.ix_(rows["test"], column)] = trees.predict_proba(bins[rows["test"]])
    return found


def binned(features: Floats, train: Rows, bins: int = 64) -> NDArray[np.uint8]:
    """Which of 64 quantiles of the training rows each value falls into.

    Trees bin their input themselves, but scikit-learn 1.8 and 1.9 take minutes for it where cells
    have weights (scikit-learn pull request 34248).
    """
    edges = np.quantile(features[train], np.linspace(0, 1, bins + 1)[1:-1], axis=0)
    columns = (np.searchsorted(e, f) for e, f in zip(edges.T, features.T, strict=True))
    return np.stack(list(columns), axis=1).astype(np.uint8)


def chosen(crops: CropSet, classes: tuple[str, ...]) -> CropSet:
    """Crops of some classes."""
    return crops.select(np.isin(crops.phase, classes))


def thinned(crops: CropSet, most: int, seed: int = 0) -> CropSet:
    """At most so many crops, drawn evenly."""
    if len(crops) <= most:
        return crops
    return crops.select(np.sort(np.random.default_rng(seed).permutation(len(crops))[:most]))


def mitocheck(folder: Path, quick: bool) -> CropSet:
    """Read MitoCheck with the classes of ``mitosis-2d``."""
    crops = read_crop_set(folder / "mitocheck_hela_h2b_64px.npz")
    crops = replace(crops, phase=relabel(crops.phase, MITOCHECK))
    return thinned(crops.select(crops.phase != DROPPED), 500 if quick else len(crops))


def jurkat(folder: Path, quick: bool) -> CropSet:
    """Read Jurkat with the phases g1, s, g2 and m."""
    crops = read_crop_set(folder / "jurkat_ifc_40px.npz")
    return thinned(replace(crops, phase=relabel(crops.phase, JURKAT)), 500 if quick else len(crops))


def _mechanism(folder: Path, quick: bool) -> CropSet:
    return chosen(read_crop_set(folder / "bbbc021_mcf7_68px.npz"), MECHANISM)


def exposure(n: int, *, seed: int = 2024, size: int = 150, dishes: int = 15) -> CropSet:
    """Simulated microtubules as a crop set."""
    arrays = simulate_exposure_set(n, seed, size, dishes=dishes)
    columns = {"response": arrays["response"]}
    return CropSet(
        arrays["images"],
        ("tubulin",),
        arrays["phase"],
        arrays["group"],
        "simulated exposure",
        columns=columns,
    )


def _both(channel: str, *, absolute: bool = False) -> dict[str, Features]:
    return {
        "trees on pixels": lambda crops: pixels(crops, channel, absolute=absolute),
        "trees on features": lambda crops: measurements(crops, channel, absolute=absolute),
    }


TASKS = {
    "mitocheck": Task(
        "MitoCheck, five classes, by plate",
        mitocheck,
        ("non-mitotic", "prometaphase", "metaphase", "anaphase", "apoptosis"),
        _both("dna"),
    ),
    "jurkat": Task(
        "Jurkat, G1/S/G2/M, DNA without absolute intensity",
        jurkat,
        ("g1", "s", "g2", "m"),
        _both("dna"),
    ),
    "jurkat-absolute": Task(
        "Jurkat, G1/S/G2/M, DNA with absolute intensity",
        jurkat,
        ("g1", "s", "g2", "m"),
        _both("dna", absolute=True),
    ),
    "exposure": Task(
        "Simulated exposure, by dish",
        lambda _, quick: exposure(120 if quick else 750, size=100 if quick else 150),
        ("0", "0.1", "1"),
        _both("tubulin"),
    ),
    "mechanism": Task("BBBC021, mechanism, by plate", _mechanism, MECHANISM, _both("tubulin")),
}


def judge(
    task: Task, crops: CropSet, *, k: int = 5, seed: int = 0, draws: int = 2000
) -> dict[str, Evaluation]:
    """Cross-validate the trees of a task by group, each kind on the same folds."""
    splits = list(folds(crops, k, seed))
    return {
        name: evaluate(
            crops.phase,
            out_of_fold(show(crops), crops.phase, splits, task.classes, seed=seed),
            task.classes,
            crops.group,
            draws=draws,
            seed=seed,
        )
        for name, show in task.features.items()
    }


def table(results: Mapping[str, Evaluation]) -> str:
    """Markdown: a row a baseline, with 95 % intervals by group and the F1 of each class."""
    labels = next(iter(results.values())).labels
    metrics = ("accuracy", "balanced_accuracy", "macro_f1", *(f"f1/{name}" for name in labels))
    head = ("accuracy", "balanced accuracy", "macro F1", *(f"F1 {name}" for name in labels))
    return markdown(
        ("", *head),
        [
            (name, *(with_interval(found, metric) for metric in metrics))
            for name, found in results.items()
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--task", choices=TASKS, action="append", help="default: all")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few cells, three folds")
    options = parser.parse_args()
    for name in options.task or TASKS:
        task = TASKS[name]
        crops = task.crops(options.data, options.quick)
        k = 3 if options.quick else options.folds
        results = judge(task, crops, k=k, seed=options.seed, draws=200 if options.quick else 2000)
        found = next(iter(results.values()))
        counts = ", ".join(
            f"{n} {c}" for c, n in zip(task.classes, found.confusion.sum(1), strict=True)
        )
        print(
            f"\n### {task.title}\n\n{found.n} cells ({counts}), {found.groups} groups, {k} folds.\n"
        )
        print(table(results), flush=True)


if __name__ == "__main__":
    main()
