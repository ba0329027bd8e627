"""The networks of ``mitosis-3d`` as a model folder: its card says what it was made of."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.views.contrast import dna_contrast
from napari_cellcycle.models.card import Architecture, ModelCard, TrainingData
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.models.ensemble import VOTES, Decision, decide
from napari_cellcycle.models.folder import save_model
from napari_cellcycle.train.data.ranges import central
from napari_cellcycle.train.evaluation.evaluate import evaluate
from napari_cellcycle.train.evaluation.predict import decide_views

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.data.viewset import ViewSet

SOURCES = {
    "simulated": ("napari_cellcycle.simulate, seed 1", "BSD-3-Clause", "this project"),
    "MitoCheck": (
        "MitoCheck HeLa H2B-GFP nuclei, single-cell crops (z axis only)",
        "CC BY 4.0",
        "MitoCheck consortium (Neumann et al. 2010), through WayScience/phenotypic_profiling_model",
    ),
    "Jurkat": (
        "Jurkat cells, imaging flow cytometry, propidium iodide (z axis only)",
        "BSD-3-Clause",
        "Eulenberg et al. 2017 and Doan et al., through minh-doan/MLCP",
    ),
}
DESCRIPTION = (
    "Mitotic or not, then four stages, of cells in 3D stacks with DNA and, where there is one, "
    "a membrane channel: three ResNet18, one for the maximum projections along each axis; the "
    "prediction that is lowest in entropy counts."
)
LIMITS = (
    "Trained mainly on simulated cells; its z network also on real 2D crops of two cell lines "
    "(HeLa, Jurkat). Prophase and early prometaphase are hard to tell from interphase, and from "
    "each other, where planes are far apart. Lone daughters in telophase look like small "
    "interphase nuclei. Confidence is calibrated on simulated and 2D data, not on your "
    "microscope: look through the doubtful cells, and check a sample of the certain ones."
)
MISSING = (
    "a channel other than DNA that the image lacks is set to zero; three in ten training cells "
    "had none"
)


def ship(
    folder: Path,
    networks: Mapping[str, torch.nn.Module],
    temperatures: Mapping[str, Mapping[str, float]],
    tests: Mapping[str, ViewSet],
    *,
    recipe: ViewRecipe,
    phases: PhaseSet,
    mixture: Mapping[str, float],
    trained_on: Mapping[str, int],
    work: Path,
) -> ModelCard:
    """Evaluate on data held out from training, write the card and the weights.

    Parameters
    ----------
    folder : Path
        The model folder; its name is the model's.
    networks : mapping of axis to Module
        Fitted.
    temperatures : mapping of axis to mapping of level to float
        From validation data.
    tests : mapping of str to ViewSet
        Held out; each by name.
    recipe : ViewRecipe
        How views were made.
    phases : PhaseSet
        The vocabulary.
    mixture : mapping of str to float
        Of the simulated cells, for the ranges that the card states.
    trained_on : mapping of str to int
        Number of cells of each of :data:`SOURCES`.
    work : Path
        Where the full evaluation goes, as ``evaluation.json``.
    """
    card = ModelCard(
        name=folder.name,
        version="1",
        description=DESCRIPTION,
        architecture=Architecture("resnet18-projections"),
        vocabulary=phases.name,
        phases=phases.slugs,
        recipe=recipe,
        temperatures={
            axis: {level: round(value, 4) for level, value in levels.items()}
            for axis, levels in temperatures.items()
        },
        ranges=simulated_ranges(mixture),
        missing_channels=MISSING,
        training_data=tuple(TrainingData(*SOURCES[key], n) for key, n in trained_on.items()),
        metrics={},
        package_version=version("napari-cellcycle"),
        licence="BSD-3-Clause; training data as stated for each",
        limits=LIMITS,
    )
    classifier = ProjectionClassifier(card, networks)
    metrics: dict[str, Any] = {}
    for name, views in tests.items():
        metrics[name] = measure(classifier, views)
    (work / "evaluation.json").write_text(json.dumps(metrics, indent=2))
    card = replace(
        card, metrics={name: values["lowest-entropy"] for name, values in metrics.items()}
    )
    return save_model(folder, card, {axis: n.state_dict() for axis, n in networks.items()})


def measure(classifier: ProjectionClassifier, views: ViewSet) -> dict[str, Any]:
    """Evaluate each vote and each single axis, mitotic or not, and the stages of the mitotic."""
    decision = decide_views(classifier, views.images, views.axes)
    level1, level2 = decision.level1, decision.level2
    votes = VOTES if len(views.axes) > 1 else ("lowest-entropy",)
    result = {vote: _measure(decide(level1, level2, views.axes, vote), views) for vote in votes}
    if len(views.axes) > 1:
        for i, axis in enumerate(views.axes):
            alone = decide(level1[:, i : i + 1], level2[:, i : i + 1], (axis,))
            result[f"{axis} alone"] = _measure(alone, views)
    return result


def _measure(decision: Decision, views: ViewSet) -> dict[str, Any]:
    names = ("non-mitotic", "mitotic")
    rest = decision.probabilities[:, 0]
    truth = np.array(names)[views.mitotic]
    result = evaluate(truth, np.stack([rest, 1 - rest], axis=1), names, views.group).one_class(
        "mitotic"
    )
    told = (views.mitotic == 1) & (decision.phase > 0) & views.stages.any(axis=1)
    if told.any():
        right = views.stages[told, decision.phase[told] - 1]
        result["stage_accuracy_of_called_mitotic"] = round(float(right.mean()), 4)
        confusion = np.zeros((views.stages.shape[1], views.stages.shape[1]), dtype=int)
        sure = views.stages[told].sum(axis=1) == 1
        np.add.at(
            confusion,
            (views.stages[told][sure].argmax(axis=1), decision.phase[told][sure] - 1),
            1,
        )
        result["stage_confusion"] = confusion.tolist()
    return result


def simulated_ranges(mixture: Mapping[str, float], n: int = 300) -> dict[str, tuple[float, float]]:
    """Measure what simulated training cells cover: the central 98 % of each figure."""
    from napari_cellcycle.cells.table import cell_table
    from napari_cellcycle.classify.checks import equivalent_radius
    from napari_cellcycle.image.stack import Segmentation
    from napari_cellcycle.simulate.cell import simulate_cell

    rows: dict[str, list[float]] = {
        "spacing_um": [],
        "cell_radius_um": [],
        "axial_ratio": [],
        "contrast": [],
    }
    for i in range(n):
        rng = np.random.default_rng((1, i))
        slug = str(rng.choice(list(mixture), p=list(mixture.values())))
        cell = simulate_cell(slug, rng)
        z, y, x = cell.spacing.zyx
        rows["spacing_um"].append(max(y, x))
        rows["axial_ratio"].append(z / float(np.sqrt(y * x)))
        labels = Segmentation(cell.nuclei_labels[None], "nucleus", "simulated")
        table = cell_table(labels, cell.spacing)
        table = table.select(table.label == cell.label)
        rows["cell_radius_um"] += equivalent_radius(table, is_2d=False).tolist()
        rows["contrast"] += dna_contrast(cell.image[0], cell.nuclei_labels, table).tolist()
    return {key: central(values) for key, values in rows.items()}
