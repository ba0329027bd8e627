"""A model on someone's data set: labels in terms of its classes, predictions, figures, people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError, CropSetError
from napari_cellcycle.models.ensemble import VOTES
from napari_cellcycle.train.data.census import unjudged_note
from napari_cellcycle.train.data.cropset import GROUP, flat_note
from napari_cellcycle.train.data.leakage import (
    beside_learned,
    check_crops,
    check_groups,
    data_groups,
    of_learned_groups,
    trained_on,
    training_groups,
)
from napari_cellcycle.train.data.relabel import DROPPED, check_labels, merge_labels, relabel
from napari_cellcycle.train.evaluation.annotators import (
    Answers,
    People,
    answer_codes,
    judge_people,
    read_annotators,
)
from napari_cellcycle.train.evaluation.compare import Comparison, compare
from napari_cellcycle.train.evaluation.contender import Contender, contenders
from napari_cellcycle.train.evaluation.doubts import doubts
from napari_cellcycle.train.evaluation.evaluate import Evaluation, class_codes, evaluate
from napari_cellcycle.train.evaluation.pairs import PairOfClasses, pairs_of_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.evaluation.contender import Model

    Progress = Callable[[int, int], object]

CELL = "cell"
"""Column of a data set that names its cells for a table of annotators."""


@dataclass(frozen=True, slots=True)
class AssessRequest:
    """What to evaluate, and how.

    Parameters
    ----------
    model : str, path or classifier
        Name or path of a model, or one that is loaded.
    crops : CropSet
        With a label and a group each.
    renames : mapping of str to str
        As from :func:`~napari_cellcycle.train.data.relabel.parse_map`; comes first.
    merge : mapping of str to sequence of str
        As from :func:`~napari_cellcycle.train.data.relabel.parse_merge`; comes second. Only then
        are labels refused that are no class.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide.
    other : str, path or classifier, optional
        A second model, compared on the same cells.
    annotators : path, optional
        Table of what people said of the same cells.
    pairs : bool
        Also tell how well each two classes are told apart.
    held_out : bool
        Leave out groups that a model was trained on; otherwise they are refused.
    device : str
        Where to compute.
    """

    model: Model
    crops: CropSet
    renames: Mapping[str, str] = field(default_factory=dict)
    merge: Mapping[str, Sequence[str]] = field(default_factory=dict)
    vote: str = VOTES[0]
    other: Model | None = None
    annotators: str | Path | None = None
    pairs: bool = False
    held_out: bool = False
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.vote not in VOTES:
            raise CellCycleError(f"There is no vote {self.vote!r}; there are {', '.join(VOTES)}.")


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """How a model does on a data set.

    Parameters
    ----------
    card : ModelCard
    data, vote : str
        Name of the data set, and how projections decided.
    evaluation : Evaluation
    notes : tuple of str
        What to know before believing it.
    other : Evaluation or None
        Of a second model.
    comparison : Comparison or None
        Of the two.
    people : People or None
        Annotators beside the model.
    pairs : tuple of PairOfClasses
        Where they were asked for.
    """

    card: ModelCard
    data: str
    vote: str
    evaluation: Evaluation
    notes: tuple[str, ...]
    other: Evaluation | None = None
    comparison: Comparison | None = None
    people: People | None = None
    pairs: tuple[PairOfClasses, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the documented keys come first."""
        found = {
            "model": self.card.name,
            **self.evaluation.to_dict(),
            "data": self.data,
            "vote": self.vote,
            "notes": list(self.notes),
        }
        if self.comparison is not None and self.other is not None:
            found["comparison"] = self.comparison.to_dict()
            found["other"] = self.other.to_dict()
        if self.people is not None:
            found["people"] = self.people.to_dict()
        if self.pairs:
            found["pairs"] = [pair.to_dict() for pair in self.pairs]
        return found


def assess(request: AssessRequest, *, progress: Progress | None = None) -> Assessment:
    """Evaluate a model on a data set; whatever can be refused is refused before any prediction.

    Parameters
    ----------
    request : AssessRequest
        What to evaluate.
    progress : callable of (done, total), optional
        Called while cells are predicted.

    Raises
    ------
    CropSetError
        If labels are no classes of the model, groups were trained on, or nothing is left.
    ChannelError
        If the channel is missing that the model cannot do without.
    """
    crops = request.crops
    labels = relabel(crops.phase, request.renames)
    kept = labels != DROPPED
    if not kept.any():
        raise CropSetError(
            f"Nothing of {crops.name} is left to evaluate: --map drops every cell, or none has a "
            "label."
        )
    words = _words(request)
    wanted = [request.model] if request.other is None else [request.model, request.other]
    models = contenders(wanted, crops, request.merge, labels[kept], device=request.device)
    model = models[0]
    if request.held_out:
        kept &= _held_out(models, crops)
    group = crops.group[kept]
    truth = merge_labels(labels[kept], request.merge, model.classes)
    for each in models:
        check_labels(truth, each.labels, crops.name)
        check_groups(training_groups(each.card), group, model=each.card.name, data=crops.name)
        if not request.held_out:
            check_crops(each.card, crops.select(kept))
    codes = class_codes(truth, model.labels)
    said = None if words is None else _said(words, request, model, kept)
    answers = [
        each.answer(crops, kept, vote=request.vote, merged=bool(request.merge), progress=progress)
        for each in models
    ]
    evaluations = [
        evaluate(truth, p, each.labels, group, called=called)
        for each, (p, called) in zip(models, answers, strict=True)
    ]
    probabilities, called = answers[0]
    people: People | None = None
    pairs: tuple[PairOfClasses, ...] = ()
    annotators = () if words is None else words.annotators
    if said is not None:
        people = judge_people(
            codes, called, said, annotators=annotators, labels=model.labels, group=group
        )
    if request.pairs:
        pairs = pairs_of_classes(
            codes, called, probabilities, model.labels, answers=said, annotators=annotators
        )
    return Assessment(
        model.card,
        crops.name,
        request.vote,
        evaluations[0],
        tuple(_notes(request, models, labels, kept, evaluations[0])),
        evaluations[1] if len(models) > 1 else None,
        _compare(models, [c for _, c in answers], truth, group) if len(models) > 1 else None,
        people,
        pairs,
    )


def _held_out(models: Sequence[Contender], crops: CropSet) -> NDArray[np.bool_]:
    """Cells of groups that no model was trained on."""
    groups = {each.card.name: training_groups(each.card) for each in models}
    silent = [name for name, listed in groups.items() if not listed]
    if silent:
        raise CropSetError(
            f"The card of {' and of '.join(silent)} does not list the groups of its training, so "
            "that nothing is known to be held out. Evaluate without --held-out, on data that you "
            "know to be."
        )
    seen = of_learned_groups([hashed for listed in groups.values() for hashed in listed], crops)
    for each in models:
        seen |= beside_learned(each.card, crops)
    if seen.all():
        raise CropSetError(f"Nothing of {crops.name} is held out: all groups were trained on.")
    return ~seen


def _words(request: AssessRequest) -> Answers | None:
    """What people said of every cell of the data set."""
    if request.annotators is None:
        return None
    crops = request.crops
    names = crops.columns.get(CELL, np.arange(len(crops)))
    return read_annotators(request.annotators, np.asarray(names, dtype=str))


def _said(
    words: Answers, request: AssessRequest, model: Contender, kept: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Answers for the cells that are kept, renamed and merged as the truth is."""
    phase = relabel(words.phase.ravel(), request.renames)
    phase = merge_labels(phase, request.merge, model.classes).reshape(words.phase.shape)
    name = Path(str(request.annotators)).name
    return answer_codes(Answers(words.annotators, phase[kept]), model.labels, name)


def _compare(
    models: Sequence[Contender],
    called: Sequence[NDArray[np.int64]],
    truth: NDArray[np.str_],
    group: NDArray[np.str_],
) -> Comparison:
    first, second = (
        answer == class_codes(truth, model.labels)
        for model, answer in zip(models, called, strict=True)
    )
    names = [model.card.name for model in models]
    if names[0] == names[1]:
        names = [f"{m.card.name} ({m.classifier.sha256[:12]})" for m in models]
    return compare(first, second, group, names=(names[0], names[1]))


def _notes(
    request: AssessRequest,
    models: Sequence[Contender],
    labels: NDArray[np.str_],
    kept: NDArray[np.bool_],
    evaluation: Evaluation,
) -> Iterator[str]:
    """What a reader should know before believing the figures."""
    crops = request.crops
    n, dropped = len(labels), int((labels == DROPPED).sum())
    if dropped:
        yield f"{dropped:,} of {n:,} cells are left out: dropped, or without a label."
    if request.held_out:
        seen = n - dropped - evaluation.n
        yield f"{seen:,} of {n:,} cells are left out: their groups were trained on."
    unused = [label for label in request.renames if label not in crops.phase]
    if unused:
        yield f"No cell is labelled {', '.join(unused)}, which --map names."
    for card in (model.card for model in models):
        missing = [role for role in card.recipe.channels if role not in crops.channels]
        if missing:
            yield f"{card.name} goes without {', '.join(missing)}: {card.missing_channels}"
    yield from _learned_by_name(crops, kept, models)
    if note := flat_note(crops.name, crops.flat()[kept], crops.phase[kept]):
        yield note
    if note := unjudged_note(crops, kept):
        yield note
    yield from doubts(evaluation)


def _learned_by_name(
    crops: CropSet, kept: NDArray[np.bool_], models: Sequence[Contender]
) -> Iterator[str]:
    """Tell of cells that the data's own groups, where others are asked for, say were learned."""
    own = data_groups(crops)
    if own is None:
        return
    for card in (model.card for model in models):
        n = int(trained_on(training_groups(card), own[kept]).sum())
        if n:
            yield (
                f"{n:,} of {kept.sum():,} cells are, by the column {GROUP}, of groups that "
                f"{card.name} was trained on: on these the figures are no test. Leave them out "
                "(--held-out)."
            )
