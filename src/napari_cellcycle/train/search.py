"""A small search over depth, width and learning rate, which never sees the test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ModelError, TrainingError
from napari_cellcycle.models.card import Architecture
from napari_cellcycle.models.networks import complete_params, skeleton
from napari_cellcycle.train.data.splits import folds
from napari_cellcycle.train.trained import fit_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_cellcycle.train.experiment import Experiment
    from napari_cellcycle.train.fit.fitting import Progress
    from napari_cellcycle.train.recipe import TrainingRecipe

FOLDS = 3
LEARNING_RATE = "learning_rate"


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting that was tried.

    Parameters
    ----------
    settings : mapping of str to value
        What differs from the recipe.
    score : float
        Balanced accuracy on held-out cells, the mean of the folds; NaN where the network cannot be
        built or training diverges.
    problem : str
        Why, where it is NaN.
    """

    settings: Mapping[str, Any]
    score: float
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found = {"settings": dict(self.settings), "balanced_accuracy": round(self.score, 4)}
        return found | ({"problem": self.problem} if self.problem else {})

    def why_not(self) -> str:
        """Say why these settings could not be trained."""
        return f"{_words(self.settings)} could not be trained: {self.problem}"


def tried_values(recipe: TrainingRecipe) -> dict[str, tuple[Any, ...]]:
    """Values that a search tries: those of the recipe, or a third to three times as usual.

    Parameters
    ----------
    recipe : TrainingRecipe
        Depth and width are tried where its architecture has them.
    """
    if recipe.search:
        return dict(recipe.search)
    rate = recipe.fit.learning_rate
    values: dict[str, tuple[Any, ...]] = {LEARNING_RATE: (rate / 3, rate, 3 * rate)}
    params = recipe.architecture.params
    if "width" in params:
        values["width"] = (params["width"] // 2, params["width"], 2 * params["width"])
    if "depth" in params:
        values["depth"] = (params["depth"] - 1, params["depth"], params["depth"] + 1)
    return values


def search(
    experiment: Experiment,
    rows: NDArray[np.int64],
    *,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[TrainingRecipe, tuple[Trial, ...]]:
    """Try one setting after another, each from the best so far, by cross-validation.

    Of an ensemble the network along z alone is fitted, or that of its first axis.

    Parameters
    ----------
    experiment : Experiment
        What to learn.
    rows : ndarray of int64
        Training and validation cells; no others are looked at.
    progress : callable of Progress, optional
        Called after every batch and every epoch.

    Returns
    -------
    recipe : TrainingRecipe
        With the best settings.
    trials : tuple of Trial
        In the order in which they were made.

    Raises
    ------
    TrainingError
        If no setting could be trained.
    """
    axes = experiment.views.axes
    axis = "z" if "z" in axes else axes[0]
    parts = list(folds(experiment.crops.select(rows), FOLDS, experiment.seed))
    # two of three parts train; the third stops the training and gives the score
    halves = [
        {
            "train": rows[np.sort(np.concatenate([part["train"], part["test"]]))],
            "validation": rows[part["validation"]],
        }
        for part in parts
    ]
    own = {LEARNING_RATE: experiment.recipe.fit.learning_rate}
    own |= experiment.recipe.architecture.params

    def tried(settings: dict[str, Any]) -> Trial:
        stage = f"search, {_words(settings)}"
        try:
            score = _score(experiment, settings, halves, axis, stage, progress)
        except (ModelError, TrainingError) as error:
            return Trial(settings, float("nan"), str(error))
        return Trial(settings, score)

    trials = [tried({})]
    for key, values in tried_values(experiment.recipe).items():
        base = dict(_best(trials).settings)
        for value in values:
            if value != base.get(key, own[key]):
                trials.append(tried(base | {key: value}))
    best = _best(trials)
    if not isfinite(best.score):
        raise TrainingError(
            f"None of the {len(trials)} settings that the search tried could be trained. The "
            f"first, {_words(trials[0].settings)}: {trials[0].problem}"
        )
    return with_settings(experiment.recipe, best.settings), tuple(trials)


def with_settings(recipe: TrainingRecipe, settings: Mapping[str, Any]) -> TrainingRecipe:
    """Change learning rate and parameters of the architecture.

    Where another number of convolutions is tried (``filters``), there are as many ``kernels``:
    those of the recipe from the first on, the last of them again.

    Parameters
    ----------
    recipe : TrainingRecipe
        As it is.
    settings : mapping of str to value
        ``learning_rate``, or names of parameters.
    """
    params = {key: value for key, value in settings.items() if key != LEARNING_RATE}
    name, own = recipe.architecture.name, recipe.architecture.params
    filters = params.get("filters")
    if isinstance(filters, list | tuple) and "kernels" not in params:
        kernels = list(own["kernels"])
        params["kernels"] = [*kernels, *kernels[-1:] * len(filters)][: len(filters)]
    return replace(
        recipe,
        fit=replace(
            recipe.fit, learning_rate=settings.get(LEARNING_RATE, recipe.fit.learning_rate)
        ),
        architecture=Architecture(name, complete_params(name, {**own, **params})),
    )


def _best(trials: list[Trial]) -> Trial:
    """The first of the best; without any that could be trained, the first of all."""
    return max(trials, key=lambda trial: trial.score if isfinite(trial.score) else -1.0)


def _score(
    experiment: Experiment,
    settings: Mapping[str, Any],
    halves: list[dict[str, NDArray[np.int64]]],
    axis: str,
    stage: str,
    progress: Callable[[Progress], None] | None,
) -> float:
    recipe = with_settings(experiment.recipe, settings)
    experiment = replace(experiment, recipe=recipe)
    skeleton(
        recipe.architecture.name,
        n_channels=len(recipe.views.channels),
        n_outputs=experiment.n_outputs,
        size=recipe.views.size,
        params=recipe.architecture.params,
    )
    fits = [
        fit_model(experiment, rows, stage=stage, axes=(axis,), progress=progress).fits[axis]
        for rows in halves
    ]
    return float(np.mean([fitted.best.balanced_accuracy for fitted in fits]))


def _words(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.items()) or "as the recipe has it"
