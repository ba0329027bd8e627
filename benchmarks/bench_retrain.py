"""What 200 corrected cells do to mitosis-2d, on other images and on what it knew.

Run ``uv run python benchmarks/bench_retrain.py [--quick] [--out docs/benchmarks.md]``: about five
minutes on one core. The cells are those of RPE-1 (four images) of which the model is least sure;
what is corrected is mitotic or not. The price is measured on MitoCheck plates that were held out.
Each training is done with several seeds, of the parts, the batches and the augmentation.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from plain_baselines import mitocheck
from tables import markdown, note, options, parsed, publish

from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views, measure_crops
from napari_cellcycle.train.data.leakage import trained_on, training_groups
from napari_cellcycle.train.evaluation.predict import decide_views
from napari_cellcycle.train.recipes import find_recipe
from napari_cellcycle.train.training import train

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORRECTED = 200
SEEDS = 3
STAGES = ("prometaphase", "metaphase", "anaphase")
MODEL, RECIPE = "mitosis-2d", "mitosis-2d-corrections"


def typical_radius(crops: CropSet) -> NDArray[np.float64]:
    """Radius of the typical nucleus of each crop's image, pixels: what an exported set states."""
    recipe = find_recipe(MODEL).views
    found = np.zeros(len(crops))
    for group in np.unique(crops.group):
        rows = crops.group == group
        found[rows] = measure_crops(crops.select(rows), recipe).radius
    return found


def is_mitotic(crops: CropSet) -> NDArray[np.bool_]:
    """By label, whichever stage."""
    return np.isin(crops.phase, (*STAGES, "mitotic"))


def right(model: ProjectionClassifier, crops: CropSet) -> NDArray[np.bool_]:
    """Cells that the model calls rightly, mitotic or not."""
    images, axes = crop_views(crops, model.card.recipe)
    stages = [model.card.phases.index(stage) for stage in STAGES]
    found = decide_views(model, images, axes).probabilities[:, stages].sum(axis=1) > 0.5
    return np.asarray(found == is_mitotic(crops))


def doubtful(model: ProjectionClassifier, crops: CropSet, n: int) -> NDArray[np.int64]:
    """Rows of which the model is least sure, as the review's queue orders them."""
    images, axes = crop_views(crops, model.card.recipe)
    return np.sort(np.argsort(-decide_views(model, images, axes).entropy)[:n])


def main() -> None:
    choices = options("retrain", __doc__, seeds=SEEDS)
    choices.add_argument("--familiar", type=float, help="instead of the recipe's")
    given = parsed(choices)
    recipe = find_recipe(RECIPE)
    if given.familiar is not None:
        recipe = replace(recipe, fit=replace(recipe.fit, familiar=given.familiar))
    if given.quick:
        recipe = replace(recipe, fit=replace(recipe.fit, epochs=1))
    model = load_model(MODEL)
    crops = read_crop_set(given.data / "rpe1_h2b_21px.npz")
    crops = replace(crops, columns={"typical_radius": typical_radius(crops)})
    known = mitocheck(given.data, False)
    known = known.select(~trained_on(training_groups(model.card), known.group))
    before, knew = right(model, crops), right(model, known)
    images = np.unique(crops.group)
    rows = []
    for chosen in (images[:2], images[2:])[: 1 if given.quick else 2]:
        pool = np.isin(crops.group, chosen)
        judged = crops.select(pool)
        judged = judged.select(doubtful(model, judged, CORRECTED))
        # parts of an image, as an export states them: two images are too few to split
        parts = np.array([f"{g} #{i % 6}" for i, g in enumerate(judged.group.tolist())])
        note(f"training on {len(judged)} cells of {' and '.join(chosen.tolist())}")
        seconds, errors, knows = [], [], []
        for seed in range(given.seed, given.seed + (1 if given.quick else given.seeds)):
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "mine"
                new = train(replace(judged, group=parts), recipe, out, start=MODEL, seed=seed)
            seconds.append(time.monotonic() - started)
            errors.append(1 - right(new.trained.classifier, crops)[~pool].mean())
            knows.append(right(new.trained.classifier, known).mean())
        rows.append(
            (
                " and ".join(chosen.tolist()),
                str(len(judged)),
                f"{max(seconds):.0f} s",
                f"{1 - before[~pool].mean():.3f}",
                " / ".join(f"{error:.3f}" for error in errors),
                f"{knew.mean():.3f}",
                " / ".join(f"{share:.3f}" for share in knows),
            )
        )
    head = (
        "images corrected",
        "cells",
        "training",
        "error on the others, before",
        "after, a seed each",
        "accuracy on MitoCheck, before",
        "after, a seed each",
    )
    publish(given, markdown(head, rows))


if __name__ == "__main__":
    main()
