"""A training in the background: what is asked for, what came out, and how it was before."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.training.asked import IMAGENET
from napari_cellcycle._qt.training.interrupted import alone, keep_asked
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    from napari_cellcycle._qt.training.asked import TrainRun
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.evaluation.assessment import Assessment
    from napari_cellcycle.train.fit.fitting import Progress
    from napari_cellcycle.train.training import TrainingResult

COMPARING = "compare"
"""Stage of the progress while the held-out cells are predicted by both models."""


class Stopped(Exception):
    """Somebody asked the training to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of a training.

    Parameters
    ----------
    run : TrainRun
    result : TrainingResult
    phases : PhaseSet
        Of the new model.
    before : Assessment or None
        The model that it began with (first) and the new one (other) on the same held-out cells.
    note : str
        Why there is no before.
    """

    run: TrainRun
    result: TrainingResult
    phases: PhaseSet
    before: Assessment | None
    note: str = ""


def training(
    run: TrainRun, report: Callable[[Progress], object], stopped: Callable[[], bool]
) -> Generator[None, None, Outcome | None]:
    """Train, and compare with the model at the start.

    Parameters
    ----------
    run : TrainRun
        What to train.
    report : callable of Progress
        Called in this thread, often.
    stopped : callable
        Whether somebody asked to stop; looked at between batches.
    """
    from napari_cellcycle.train.data.others import NOT_STATED
    from napari_cellcycle.train.recipes import find_recipe
    from napari_cellcycle.train.training import train

    def tell(found: Progress) -> None:
        if found.done is not None and found.batches:
            keep_asked(run, found)  # the epoch is kept, whether or not it is the last
        if stopped():
            raise Stopped
        report(found)

    recipe = find_recipe(run.recipe)
    if run.begin:
        recipe = replace(recipe, pretrained=run.begin == IMAGENET, start="")
    run.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with alone(run):
            result = train(
                run.data,
                recipe,
                run.out,
                others=[spelling.read(path) for path, spelling in run.others],
                label_key=run.spelling.label_key,
                channels=dict(run.spelling.channels) or None,
                start=run.start,
                group_key=run.group_key,
                renames=run.renames,
                epochs=run.epochs,
                resume=run.resume,
                finish=run.finish,
                folds=0,
                device=run.device,
                licence=run.licence or NOT_STATED,
                attribution=run.attribution or NOT_STATED,
                progress=tell,
            )
            try:
                before, note = _before(run, result, recipe.labels, tell)
            except CellCycleError as error:  # the model is there, whatever became of the old one
                start = "" if run.start is None else f" with {run.start.name}"
                before, note = None, f"There is no comparison{start}: {error}"
    except Stopped:
        yield  # here the job sees that it was asked to stop
        return None
    return Outcome(run, result, result.card.phase_set, before, note)


def _before(
    run: TrainRun,
    result: TrainingResult,
    labels: Mapping[str, str | tuple[str, ...]],
    tell: Callable[[Progress], None],
) -> tuple[Assessment | None, str]:
    """Both models on the cells that neither has learned from, or why that cannot be."""
    from napari_cellcycle.models.card import read_card
    from napari_cellcycle.train.data.leakage import training_groups
    from napari_cellcycle.train.evaluation.assessment import AssessRequest, assess
    from napari_cellcycle.train.fit.fitting import Progress

    if run.start is None:
        return None, "It began without a model: there is nothing to compare with."

    def report(done: int, total: int) -> None:
        tell(Progress("", 0, 0, done, total, np.nan, stage=COMPARING))

    card, _ = read_card(run.start)
    crops = run.spelling.read(run.data, group_key=run.group_key)
    listed = bool(training_groups(card)) and bool(training_groups(result.card))
    said = dict(labels) | dict(run.renames)
    renames = {
        label: phase if isinstance(phase, str) else ""
        for label, phase in said.items()
        if label in crops.phase
    }
    found = assess(
        AssessRequest(
            run.start,
            crops if listed else _test_part(crops, result),
            renames,
            _branches(card.phase_set, crops, renames),
            other=run.out,
            held_out=listed,
            device=run.device,
        ),
        progress=report,
    )
    if listed:
        return found, ""
    return found, f"The card of {card.name} does not say which groups it has learned from."


def _test_part(crops: CropSet, result: TrainingResult) -> CropSet:
    """The groups that the training has kept apart, as its record lists them."""
    (record,) = (path for path in result.files if path.suffix == ".json")
    parts = json.loads(record.read_text(encoding="utf-8"))["parts"]
    return crops.select(np.isin(crops.group, parts["test"]["groups"]))


def _branches(
    phases: PhaseSet, crops: CropSet, renames: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Phases to put together where people have named a branch only, such as mitotic."""
    said = {renames.get(label, label) for label in np.unique(crops.phase).tolist()}
    return {
        phase.slug: tuple(child.slug for child in phases.children(phase.slug))
        for phase in phases
        if phase.slug in said and phases.children(phase.slug)
    }
