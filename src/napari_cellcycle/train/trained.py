"""A model fitted on some rows of an experiment, calibrated, and judged on others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.classifier import ProjectionClassifier
from napari_cellcycle.train.evaluation.calibration import temperature
from napari_cellcycle.train.evaluation.evaluate import Evaluation, evaluate
from napari_cellcycle.train.evaluation.predict import decide_views
from napari_cellcycle.train.familiar import (
    join_entrances,
    learn_first_layers,
    one_more_entrance,
    one_way,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.models.ensemble import Decision
    from napari_cellcycle.train.data.viewset import ViewSet
    from napari_cellcycle.train.experiment import Experiment
    from napari_cellcycle.train.fit.fitting import Fitted, Progress

    Rows = Mapping[str, NDArray[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A fitted model.

    Parameters
    ----------
    classifier : ProjectionClassifier
        With calibrated temperatures.
    fits : mapping of axis to Fitted
    """

    classifier: ProjectionClassifier
    fits: Mapping[str, Fitted]

    def evaluate(self, experiment: Experiment, rows: NDArray[np.int64]) -> Evaluation:
        """Compare with the truth on rows whose phase is fully known."""
        views = experiment.views.select(rows)
        decision = decide_views(self.classifier, views.images, views.axes)
        return judge(experiment, rows, decision)


def judge(experiment: Experiment, rows: NDArray[np.int64], decision: Decision) -> Evaluation:
    """Compare a decision on some rows with the truth, where that is one phase.

    Raises
    ------
    TrainingError
        If no cell's phase is fully known.
    """
    allowed = experiment.views.allowed[rows]
    known = allowed.sum(axis=1) == 1
    if not known.any():
        raise TrainingError(f"No cell of {experiment.crops.name} to test on has a full phase.")
    slugs = experiment.phases.slugs
    return evaluate(
        np.array(slugs)[allowed[known].argmax(axis=1)],
        decision.probabilities[known],
        slugs,
        experiment.crops.group[rows[known]],
        called=decision.phase[known],
    )


def fit_model(
    experiment: Experiment,
    rows: Rows,
    *,
    checkpoints: Path | None = None,
    resume: bool = False,
    finish: bool = False,
    stage: str = "",
    axes: Sequence[str] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Fit a network for each axis, and its temperatures on validation data.

    With a plan in which some cells are familiar, the first layers alone are fitted, and put beside
    those of the start, whose temperatures stay.

    Parameters
    ----------
    experiment : Experiment
        What to learn.
    rows : mapping of str to ndarray
        Of ``train`` and ``validation``.
    checkpoints : Path, optional
        Folder for one file an axis.
    resume : bool
        Go on from these.
    finish : bool
        Be content with the epochs that they have, at least one an axis.
    stage : str
        What progress calls this fit.
    axes : sequence of str, optional
        Some of the axes only; the result is then a model of these.
    progress : callable of Progress, optional
        Called after every batch and every epoch.
    """
    from napari_cellcycle.train.fit.fitting import fit_epochs
    from napari_cellcycle.train.fit.passes import outputs

    def report(found: Progress) -> None:
        if progress is not None:
            progress(replace(found, stage=stage))

    if axes is not None:
        kept = tuple(axis for axis in experiment.recipe.views.axes if axis in axes)
        views = replace(experiment.recipe.views, axes=kept)
        experiment = replace(experiment, recipe=replace(experiment.recipe, views=views))
    plan = experiment.recipe.fit
    train = experiment.training_views(rows["train"])
    validation = experiment.views.select(rows["validation"])
    networks: dict[str, torch.nn.Module] = {}
    fits: dict[str, Fitted] = {}
    temperatures: dict[str, dict[str, float]] = {}
    for axis in experiment.recipe.views.axes:
        network = experiment.network(axis)
        shown = train.images[:, train.axes.index(axis)]
        if plan.familiar:
            network = one_way(network, shown)
            learn_first_layers(network)
        fits[axis] = fit_epochs(
            *(network, train, validation, axis, plan),
            two_level=bool(experiment.stages),
            seed=experiment.seed,
            device=experiment.device,
            checkpoint=None if checkpoints is None else checkpoints / f"axis-{axis}.pt",
            resume=resume,
            finish=finish,
            progress=report,
        )
        images = validation.images[:, validation.axes.index(axis)]
        if plan.familiar and experiment.start is not None:
            learned = np.concatenate([shown, images])
            networks[axis] = join_entrances(experiment, axis, network, learned)
            temperatures[axis] = dict(experiment.start.card.temperatures[axis])
            continue
        given = outputs(network, images, device=experiment.device)
        temperatures[axis] = _temperatures(given, validation, bool(experiment.stages))
        networks[axis] = network
    card = experiment.card(temperatures)
    if plan.familiar:
        card = replace(card, architecture=one_more_entrance(card.architecture))
    return Trained(ProjectionClassifier(card, networks, experiment.device), fits)


def _temperatures(
    outputs: NDArray[np.float32], views: ViewSet, two_level: bool
) -> dict[str, float]:
    if not two_level:
        return {"level1": _temperature(outputs, views.allowed)}
    top = np.stack([views.allowed[:, 0], views.allowed[:, 1:].any(axis=1)], axis=1)
    mitotic = views.mitotic == 1
    return {
        "level1": _temperature(outputs[:, :2], top),
        "level2": _temperature(outputs[mitotic, 2:], views.stages[mitotic]),
    }


def _temperature(outputs: NDArray[np.float32], allowed: NDArray[np.bool_]) -> float:
    """Temperature of one level, rounded for the card; 1 where validation data tell nothing."""
    if not len(allowed) or allowed.all(axis=1).all():
        return 1.0
    return round(temperature(outputs, allowed), 4)
