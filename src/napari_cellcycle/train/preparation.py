"""A data set and a recipe brought together: an experiment."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleWarning, TrainingError
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.models.levels import stages_of
from napari_cellcycle.phases import VOCABULARIES, PhaseSet, flat_vocabulary, own_vocabulary
from napari_cellcycle.phases import vocabulary as built_in
from napari_cellcycle.train.data.census import unjudged_note
from napari_cellcycle.train.data.cropset import flat_note
from napari_cellcycle.train.data.cropviews import set_views
from napari_cellcycle.train.data.meaning import Meaning
from napari_cellcycle.train.data.others import Other, apart
from napari_cellcycle.train.data.viewset import join
from napari_cellcycle.train.experiment import Experiment
from napari_cellcycle.train.familiar import check_start
from napari_cellcycle.train.fit.plan import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.data.viewset import ViewSet
    from napari_cellcycle.train.recipe import TrainingRecipe


def new_experiment(
    name: str,
    crops: CropSet,
    recipe: TrainingRecipe,
    *,
    others: Sequence[CropSet] = (),
    renames: Mapping[str, str] | None = None,
    merge: Mapping[str, Sequence[str]] | None = None,
    vocabulary: str = "",
    start: ProjectionClassifier | None = None,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[int, int], object] | None = None,
) -> Experiment:
    """Bring a data set and a recipe together; makes the views.

    Parameters
    ----------
    name : str
        Of the model.
    crops : CropSet
        As read.
    recipe : TrainingRecipe
        As found. With a start, its views and architecture are those of the start.
    others : sequence of CropSet
        Further sets, as read, to learn from and not to test on. Channels, phases and the size of
        views are those of ``crops``; the typical cell is each set's own.
    renames : mapping of str to str
        Theirs to ours; outweighs the recipe's own labels. An empty one drops the cell.
    merge : mapping of str to sequence of str
        After renaming, labels to put together under a new name.
    vocabulary : str
        Name of the vocabulary, see :func:`~napari_cellcycle.train.training.train`.
    start : ProjectionClassifier, optional
        Model whose weights training begins with.
    seed : int
        Of weights, batches, augmentation and splits.
    device : str
        A device of torch.
    progress : callable of (done, total), optional
        Called for every crop whose views are made.

    Raises
    ------
    CropSetError
        If labels mean no phase, a channel is missing, or a further set has the same crops.
    TrainingError
        If fewer than two phases are left, the start is of another kind, or the recipe has another
        vocabulary than the one that is named.

    Warns
    -----
    CellCycleWarning
        Of labels without a cell, cells without a label, crops that show nothing, and sets whose
        labels are of two vocabularies.
    """
    if start is not None:
        recipe = _as_start(recipe, start)
    elif recipe.fit.keeps_start:
        raise TrainingError(
            f"{recipe.name} keeps a part of the model that it begins with, but has none. Name a "
            "model to begin with (--from)."
        )
    recipe = recipe.for_data(crops)
    new = apart(crops, others, recipe.views.reference)
    _tell_of_labels((crops, *others), renames or {})
    meaning = Meaning.of(recipe.labels, renames, merge)
    stated = _stated(crops, new)
    crops, further = meaning.apply(crops), [meaning.apply(each) for each in new]
    for each in (crops, *further):
        flat = flat_note(each.name, each.flat(recipe.views.channels), each.phase)
        for note in filter(None, (flat, unjudged_note(each))):
            warnings.warn(CellCycleWarning(note), stacklevel=2)
    if start is not None:  # its networks take all their channels; those that the data lack are zero
        views = replace(recipe.views, channels=start.card.recipe.channels)
        recipe = replace(recipe, views=views)
    phases = _phases(recipe, crops, start, meaning, vocabulary.strip(), stated)
    if start is not None and recipe.fit.familiar:
        check_start(start, phases)
    made, total = 0, len(crops) + sum(map(len, further))
    sets = []
    for each in (crops, *further):
        sets.append(_views_of(each, recipe, phases, meaning, _from(made, total, progress)))
        made += len(each)
    (found, both, both_rows), *rest = sets
    all_others = []
    for i, (each, (single, parts, _)) in enumerate(zip(further, rest, strict=True), 1):
        whole = single if parts is None else join([single, parts])
        all_others.append(Other(each, replace(whole, source=np.full(len(whole), i))))
    _check_phases(crops, phases, found, [other.views for other in all_others])
    if start is not None and not set(found.axes) <= set(start.networks):
        raise TrainingError(
            f"{start.card.name} has no network for the axes {', '.join(found.axes)}, only for "
            f"{', '.join(start.networks)}."
        )
    begun = load_model(recipe.start) if recipe.start and start is None else None
    return Experiment(
        *(name, crops, recipe, phases, found, start, begun, both, both_rows),
        others=tuple(all_others),
        seed=seed,
        device=device,
    )


def _tell_of_labels(sets: Sequence[CropSet], renames: Mapping[str, str]) -> None:
    """Warn of labels that no cell has, which may be misspelt, and of cells without any."""
    labels = Counter(label for each in sets for label in each.phase.tolist())
    unused = [label for label in renames if label not in labels]
    told = [f"No cell is labelled {', '.join(unused)}, which --map names."] if unused else []
    if labels[""]:
        told.append(f"{labels['']:,} of {labels.total():,} cells are left out: without a label.")
    for text in told:
        warnings.warn(CellCycleWarning(text), stacklevel=3)


def _stated(crops: CropSet, others: Sequence[CropSet]) -> Mapping[str, str]:
    """Vocabulary of each label as a project stated it; warn where further sets state another."""
    found = {label: _names(crops, label) for label in np.unique(crops.phase).tolist()}
    for other in others:
        for label, names in found.items():
            theirs = _names(other, label)
            if names and theirs and names != theirs:
                warnings.warn(
                    CellCycleWarning(
                        f"{label} is of the vocabulary {one_of(sorted(names), 'and')} in "
                        f"{crops.name}, and of {one_of(sorted(theirs), 'and')} in {other.name}: it "
                        "is taken for the same phase."
                    ),
                    stacklevel=3,
                )
                break
    return {label: names.pop() for label, names in found.items() if len(names) == 1}


def _names(crops: CropSet, label: str) -> set[str]:
    column = crops.columns.get("vocabulary")
    if column is None:
        return set()
    return set(column[crops.phase == label].astype(np.str_).tolist()) - {""}


def _phases(
    recipe: TrainingRecipe,
    crops: CropSet,
    start: ProjectionClassifier | None,
    meaning: Meaning,
    name: str,
    stated: Mapping[str, str],
) -> PhaseSet:
    """The phases to learn, under the name that a person, the recipe, the start or the data say."""
    if isinstance(recipe.vocabulary, str):
        if name not in ("", recipe.vocabulary):
            raise TrainingError(
                f"{recipe.name} trains the phases of {recipe.vocabulary}, not of {name}: leave "
                "out --vocabulary, or take another recipe."
            )
        return built_in(recipe.vocabulary)
    if name in VOCABULARIES:
        return built_in(name)
    labels = set(crops.phase.tolist()).difference(meaning.several)
    if recipe.vocabulary:
        return flat_vocabulary(name or recipe.name, recipe.vocabulary)
    if start is not None and labels <= {phase.slug for phase in start.card.phase_set}:
        if name in ("", start.card.vocabulary):
            return start.card.phase_set
        if start.card.vocabulary not in VOCABULARIES:
            return flat_vocabulary(name, start.card.phases)
    named = {stated.get(label, "") for label in labels}
    if not name and len(named) == 1 and not named <= {"", *VOCABULARIES}:
        (name,) = named
    slugs = sorted(labels)
    return flat_vocabulary(name, slugs) if name else own_vocabulary(slugs)


def _views_of(
    crops: CropSet,
    recipe: TrainingRecipe,
    phases: PhaseSet,
    meaning: Meaning,
    progress: Callable[[int, int], object] | None,
) -> tuple[ViewSet, ViewSet | None, NDArray[np.int64]]:
    """Views of a set, those of all parts as one cell, and the rows of these."""
    allowed = meaning.leaves(phases)
    views = set_views(crops, recipe.views, phases.slugs, allowed=allowed, progress=progress)
    rows = np.flatnonzero(np.isin(crops.phase, recipe.both))
    if not len(rows) or crops.mask is not None:  # a mask says what is one cell
        return views, None, np.zeros(0, np.int64)
    both = set_views(crops, recipe.views, phases.slugs, allowed=allowed, join_parts=True, rows=rows)
    return views, both, rows


def _from(
    before: int, total: int, progress: Callable[[int, int], object] | None
) -> Callable[[int, int], object] | None:
    """Report crops of one set as a part of those of all sets."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def _check_phases(
    crops: CropSet, phases: PhaseSet, views: ViewSet, others: Sequence[ViewSet]
) -> None:
    """Refuse to train on fewer than two phases; say which ones have no cell in any set."""
    counts = views.allowed.sum(axis=0)
    absent = [slug for slug, n in zip(phases.slugs, counts, strict=True) if not n]
    if len(phases.slugs) - len(absent) < 2 or len(np.unique(views.allowed, axis=0)) < 2:
        found = ", ".join(f"{label} ({n})" for label, n in Counter(crops.phase.tolist()).items())
        raise TrainingError(
            f"{crops.name} has cells of one phase only, {found}: there is nothing to tell apart. "
            "Add cells of another, or map fewer labels to it (--map)."
        )
    present = counts.astype(bool)
    for each in (views, *others):
        present |= each.allowed.any(axis=0)
        if stages_of(phases) and (each.allowed[:, 0] & each.allowed[:, 1:].any(axis=1)).any():
            raise TrainingError(
                f"A label of the recipe may mean {phases.slugs[0]} or a stage of mitosis, but "
                f"{phases.name} decides between these first: let it mean one of them (--map)."
            )
    absent = [slug for slug, there in zip(phases.slugs, present, strict=True) if not there]
    if absent:
        warnings.warn(
            CellCycleWarning(
                f"{crops.name} has no cell of {', '.join(absent)}: the model cannot learn it."
            ),
            stacklevel=2,
        )


def _as_start(recipe: TrainingRecipe, start: ProjectionClassifier) -> TrainingRecipe:
    card = start.card
    if card.architecture.name != recipe.architecture.name:
        raise TrainingError(
            f"{card.name} is a {card.architecture.name}, but {recipe.name} trains a "
            f"{recipe.architecture.name}: weights go from one to the same only."
        )
    return replace(recipe, architecture=card.architecture, views=card.recipe)
