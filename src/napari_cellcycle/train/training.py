"""Train a model on a data set by a recipe: split, fit, calibrate, test, save, and record it all."""

from __future__ import annotations

import math
import shutil
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.classify.device import choose_device
from napari_cellcycle.errors import CellCycleWarning
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.train import record
from napari_cellcycle.train.crossvalidation import CrossValidation, cross_validate
from napari_cellcycle.train.data.cropset import GROUP, LABEL, CropSet
from napari_cellcycle.train.data.dataset import read_data
from napari_cellcycle.train.data.fingerprints import marks, sketch
from napari_cellcycle.train.data.leakage import TRAINING_CROPS, TRAINING_GROUPS, training_crops
from napari_cellcycle.train.data.others import NOT_STATED, all_groups, check_stated, sources
from napari_cellcycle.train.data.ranges import crop_ranges
from napari_cellcycle.train.data.splits import three_parts
from napari_cellcycle.train.evaluation.doubts import doubts
from napari_cellcycle.train.fit.fitting import Progress
from napari_cellcycle.train.places import Places
from napari_cellcycle.train.preparation import new_experiment
from napari_cellcycle.train.recipe import TrainingRecipe
from napari_cellcycle.train.recipes import find_recipe
from napari_cellcycle.train.search import Trial, search
from napari_cellcycle.train.trained import Trained, fit_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.train.evaluation.evaluate import Evaluation
    from napari_cellcycle.train.experiment import Experiment

    Parts = Mapping[str, NDArray[np.int64]]
    Report = Callable[[Progress], None]

VIEWS = "views"
"""Stage of the progress while views are made."""

MOST_GROUPS = 5000
"""A card names no more training groups than this by their hash: it would grow beyond its bounds."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingResult:
    """A trained model, where it is, and how it does.

    Parameters
    ----------
    out : Path
        Model folder or zip file.
    card : ModelCard
        As written.
    data : str
        Names of all data sets.
    parts : mapping of str to int
        Cells to train, validate and test; of further sets, if there are any.
    test : Evaluation
        On groups that neither fitted nor stopped nor calibrated it.
    trained : Trained
        The model itself, and its curves.
    cross_validation : CrossValidation or None
    trials : tuple of Trial
        Of the search, where one was asked for.
    files : tuple of Path
        Everything that was written.
    """

    out: Path
    card: ModelCard
    data: str
    parts: Mapping[str, int]
    test: Evaluation
    trained: Trained
    cross_validation: CrossValidation | None
    trials: tuple[Trial, ...]
    files: tuple[Path, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What limits the figures of the test part, and why settings could not be tried."""
        failed = [trial.why_not() for trial in self.trials if trial.problem]
        limits = [f"Test part: {text[0].lower()}{text[1:]}" for text in doubts(self.test)]
        return (*failed, *limits)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        fits = self.trained.fits
        crossed = None if self.cross_validation is None else self.cross_validation.to_dict()
        return {
            "model": self.card.name,
            "out": str(self.out),
            "architecture": self.card.architecture.name,
            "vocabulary": self.card.vocabulary,
            "phases": list(self.card.phases),
            "cells": dict(self.parts),
            "epochs": {axis: len(fitted.curve) for axis, fitted in fits.items()},
            "best_epoch": {axis: fitted.best_epoch for axis, fitted in fits.items()},
            "temperatures": {axis: dict(t) for axis, t in self.card.temperatures.items()},
            "test": self.test.to_dict(),
            "cross_validation": crossed,
            "search": [trial.to_dict() for trial in self.trials],
            "notes": list(self.notes),
            "files": [str(path) for path in self.files],
        }


def train(
    data: str | Path | CropSet,
    model: str | Path | TrainingRecipe,
    out: str | Path,
    *,
    others: Sequence[str | Path | CropSet] = (),
    start: str | Path | None = None,
    label_key: str = LABEL,
    group_key: str = GROUP,
    channels: Mapping[str, int] | None = None,
    renames: Mapping[str, str] | None = None,
    merge: Mapping[str, Sequence[str]] | None = None,
    vocabulary: str = "",
    epochs: int | None = None,
    seed: int = 0,
    resume: bool = False,
    finish: bool = False,
    overwrite: bool = False,
    folds: int | None = None,
    find_settings: bool = False,
    device: str = "auto",
    licence: str | Sequence[str] = NOT_STATED,
    attribution: str | Sequence[str] = NOT_STATED,
    limits: str = "",
    progress: Report | None = None,
) -> TrainingResult:
    """Train a model.

    Cells are split by group into parts to train, to validate (stopping, the best epoch,
    temperatures) and to test (looked at once, at the end). One network is fitted for each axis of
    the recipe's views.

    Parameters
    ----------
    data : path or CropSet
        As :func:`~napari_cellcycle.train.data.dataset.read_data` takes it.
    model : str, path or TrainingRecipe
        A recipe of the package, a path of a ``.toml`` file, or an architecture.
    out : path-like
        Model folder, or a zip file. ``.run.json``, ``.curves.png`` and, until it is finished, a
        folder ``.checkpoints`` of the same name are written beside it.
    others : sequence of path or CropSet
        Further data sets that are only learned from: all their cells join the part to train. How
        often they are shown is ``others`` of the recipe's plan. Files are read by their usual keys
        (``phase``, ``group``, ``channels``); renames and merges are the same for all sets.
    start : str or path, optional
        Model whose weights training begins with; its architecture and views are taken over. With
        other phases, all layers but the last are.
    label_key, group_key, channels
        See :func:`~napari_cellcycle.train.data.dataset.read_data`.
    renames : mapping of str to str, optional
        Labels of the data, and the phase that each means; an empty one drops the cell.
    merge : mapping of str to sequence of str, optional
        After renaming, phases to put together under a new name.
    vocabulary : str
        Name of the vocabulary, for the card: a built-in one, or one of your own. By default that of
        the recipe, of the start if it has all phases, or of the project that the crops come from;
        else the phases are its name.
    epochs : int, optional
        At most; the recipe's by default.
    seed : int
        Of the split, the weights, batches and augmentation.
    resume : bool
        Go on from the checkpoints of the same training that was interrupted.
    finish : bool
        With ``resume``, be content with the best of the epochs that it came to.
    overwrite : bool
        Whether an older model at ``out`` gives way, with its record and curves, once the new one is
        done, and whether checkpoints of an interrupted training do at once. Not asked with
        ``resume``.
    folds : int, optional
        Of a cross-validation beforehand; the recipe's by default, 0 for none.
    find_settings : bool
        Search depth, width and learning rate first, on training and validation cells only.
    device : str
        Where to compute.
    licence, attribution : str or sequence of str
        Of the data, then of each further set, for the card; the model takes over the first licence.
    limits : str
        What these data cannot teach, for the card, in place of the sentence that nothing is known.
    progress : callable of Progress, optional
        Called after every batch and every epoch, and while views are made (stage ``views``). An
        exception that it raises ends the training; ``resume`` goes on from the last whole epoch.

    Raises
    ------
    CropSetError
        If a data set is wrong, or cannot be split, or a further one has the same crops.
    TrainingError
        If the recipe is wrong, or does not go with the data; if an older model or an
        interrupted training would be lost; if there is nothing to finish.
    """
    started, began = time.strftime("%Y-%m-%dT%H:%M:%S%z"), time.monotonic()
    places = Places.of(Path(out))
    places.check(overwrite=overwrite, resume=resume, finish=finish)
    recipe = model if isinstance(model, TrainingRecipe) else find_recipe(model)
    if epochs is not None:
        recipe = replace(recipe, fit=replace(recipe.fit, epochs=epochs))
    crops = (
        data
        if isinstance(data, CropSet)
        else read_data(data, label_key=label_key, group_key=group_key, channels=channels)
    )
    licences, attributions = (
        (text,) if isinstance(text, str) else tuple(text) or (NOT_STATED,)
        for text in (licence, attribution)
    )
    check_stated(1 + len(others), licences, attributions)
    experiment = new_experiment(
        places.name,
        crops,
        recipe,
        others=[other if isinstance(other, CropSet) else read_data(other) for other in others],
        renames=renames,
        merge=merge,
        vocabulary=vocabulary,
        start=None if start is None else load_model(start),
        seed=seed,
        device=choose_device(device),
        progress=_of_views(progress),
    )
    parts = three_parts(experiment.crops, seed, seen=experiment.seen)
    if not resume:
        shutil.rmtree(places.checkpoints, ignore_errors=True)
    trials: tuple[Trial, ...] = ()
    if find_settings:
        rows = np.sort(np.concatenate([parts["train"], parts["validation"]]))
        recipe, trials = search(experiment, rows, progress=progress)
        experiment = replace(experiment, recipe=recipe)
    how: dict[str, Any] = {"resume": resume, "progress": progress}
    k = recipe.folds if folds is None else folds
    crossed = cross_validate(experiment, k, checkpoints=places.checkpoints, **how) if k else None
    trained = fit_model(experiment, parts, checkpoints=places.checkpoints, finish=finish, **how)
    test = trained.evaluate(experiment, parts["test"])
    if test.n < len(parts["test"]):
        warnings.warn(
            f"{len(parts['test']) - test.n:,} of {len(parts['test']):,} test cells are not tested "
            "on: their labels leave the phase open.",
            CellCycleWarning,
            stacklevel=2,
        )
    learned = [(crops.name, len(parts["train"]))]
    learned += [(other.crops.name, len(other.crops)) for other in experiment.others]
    card = replace(
        trained.classifier.card,
        training_data=(*sources(learned, licences, attributions), *experiment.learned_before),
        ranges=crop_ranges(experiment.crops.select(parts["train"])),
        licence=licences[0],
        limits=experiment.limits(limits),
        metrics=_metrics(experiment, parts, test, crossed),
    )
    card = places.save(card, trained)
    written = record.write_record(
        places.record,
        {
            "model": card.name,
            "started": started,
            "seconds": round(time.monotonic() - began, 1),
            "versions": record.versions(),
            **record.describe(experiment, parts, trained, crossed, data=(data, *others)),
            "options": {
                "label_key": label_key,
                "group_key": group_key,
                "channels": None if channels is None else dict(channels),
                "renames": dict(renames or {}),
                "merge": {name: list(members) for name, members in (merge or {}).items()},
                "vocabulary": vocabulary,
                "epochs": epochs,
                "folds": k,
                "search": find_settings,
                "start": None if start is None else str(start),
                "start_sha256": None if experiment.start is None else experiment.start.sha256,
            },
            "temperatures": card.temperatures,
            "search": [trial.to_dict() for trial in trials],
            "test": test.to_dict(),
        },
    )
    n = sum(cells for _, cells in learned)
    picture = places.draw(trained, f"{recipe.name} on {experiment.learned_from}, {n:,} cells")
    counted = {part: len(rows) for part, rows in parts.items()}
    if experiment.others:
        counted["others"] = n - counted["train"]
    shutil.rmtree(places.checkpoints, ignore_errors=True)
    return TrainingResult(
        places.out,
        card,
        experiment.learned_from,
        counted,
        test,
        trained,
        crossed,
        trials,
        (places.out, written, picture),
    )


def _of_views(progress: Report | None) -> Callable[[int, int], None] | None:
    """Report views as a stage of the training."""
    if progress is None:
        return None

    def report(done: int, total: int) -> None:
        progress(Progress("", 0, 0, done, total, math.nan, stage=VIEWS))

    return report


def _metrics(
    experiment: Experiment, parts: Parts, test: Evaluation, crossed: CrossValidation | None
) -> dict[str, Any]:
    """What the card says of how it does, and of the groups that it must not be tested on."""
    metrics: dict[str, Any] = {"test": test.to_dict()}
    if crossed is not None:
        metrics["cross_validation"] = crossed.to_dict()
    learned = np.concatenate([parts["train"], parts["validation"]])
    own = experiment.crops.group[learned]
    before = set(experiment.seen)
    most = MOST_GROUPS - len(before)
    groups = all_groups([own, *(other.crops.group for other in experiment.others)], most)
    if before.union(groups):
        metrics[TRAINING_GROUPS] = sorted(before.union(groups))
    reference = experiment.recipe.views.reference
    own_marks = np.array(marks(experiment.crops, reference))[learned]
    of_others = (marks(other.crops, reference) for other in experiment.others)
    known = map(training_crops, experiment.cards_before)
    metrics[TRAINING_CROPS] = sketch([own_marks.tolist(), *of_others], known)
    return metrics
