"""A data set and a recipe brought together: what is to be learned, and from which views."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.models.card import ModelCard, TrainingData
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.models.levels import stages_of
from napari_cellcycle.models.networks import build
from napari_cellcycle.phases import PhaseSet, flat_vocabulary, vocabulary
from napari_cellcycle.train.cropviews import set_views
from napari_cellcycle.train.familiar import check_start
from napari_cellcycle.train.leakage import training_groups
from napari_cellcycle.train.meaning import Meaning
from napari_cellcycle.train.others import Other, apart
from napari_cellcycle.train.plan import one_of
from napari_cellcycle.train.viewset import join

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.train.cropset import CropSet
    from napari_cellcycle.train.recipe import TrainingRecipe
    from napari_cellcycle.train.viewset import ViewSet

NO_LIMITS_KNOWN = (
    "Trained on one data set, and tested on groups of the same. What it does on other cells, "
    "stains and microscopes is not known: evaluate it on labelled crops of your own."
)
TESTED_ON_ONE = NO_LIMITS_KNOWN.replace(
    "one data set, and tested on groups of the same",
    "several data sets, and tested on groups of the first alone",
)


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """What is to be learned, from which views.

    Parameters
    ----------
    name : str
        Of the model.
    crops : CropSet
        Cells whose label means a phase; labels are renamed and merged.
    recipe : TrainingRecipe
        Complete.
    phases : PhaseSet
    views : ViewSet
        A row a crop.
    start : ProjectionClassifier, optional
        Its weights are where training begins.
    begun : ProjectionClassifier, optional
        The recipe's own start, of which the layers that fit are taken.
    both : ViewSet, optional
        Crops of phases that the recipe also shows with all their parts as one cell.
    both_rows : ndarray, ``(n,)``, int
        Row of the crop that each of these comes from.
    others : tuple of Other
        Further data sets, all of whose cells are learned from.
    seed : int
    device : str
    """

    name: str
    crops: CropSet
    recipe: TrainingRecipe
    phases: PhaseSet
    views: ViewSet
    start: ProjectionClassifier | None = None
    begun: ProjectionClassifier | None = None
    both: ViewSet | None = None
    both_rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    others: tuple[Other, ...] = ()
    seed: int = 0
    device: str = "cpu"

    @property
    def seen(self) -> tuple[str, ...]:
        """Hashes of the groups that the weights at the start have learned from already."""
        models = (model for model in (self.start, self.begun) if model is not None)
        return tuple(group for model in models for group in training_groups(model.card))

    @property
    def learned_before(self) -> tuple[TrainingData, ...]:
        """Data that the weights at the start have learned from already, for the card."""
        models = (model for model in (self.start, self.begun) if model is not None)
        return tuple(
            replace(data, name=f"{data.name} (through {model.card.name})")
            for model in models
            for data in model.card.training_data
        )

    def training_views(self, rows: NDArray[np.int64]) -> ViewSet:
        """Views of some rows, of both their daughters as one cell, and of all further sets."""
        views = [self.views.select(rows), *(other.views for other in self.others)]
        if self.both is not None:
            views.insert(1, self.both.select(np.isin(self.both_rows, rows)))
        return join(views) if len(views) > 1 else views[0]

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages of level 2; none where the vocabulary is flat."""
        return stages_of(self.phases)

    @property
    def n_outputs(self) -> int:
        """Logits of each network."""
        return 2 + len(self.stages) if self.stages else len(self.phases.slugs)

    def network(self, axis: str) -> torch.nn.Module:
        """Build the network of one axis with the weights that training begins with.

        Raises
        ------
        ModelError
            If it cannot be built, or the weights of the start do not fit.
        """
        import torch

        recipe = self.recipe
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            network = build(
                recipe.architecture.name,
                n_channels=len(recipe.views.channels),
                n_outputs=self.n_outputs,
                size=recipe.views.size,
                pretrained=recipe.pretrained and self.start is None,
                params=recipe.architecture.params,
            )
        if self.start is None:
            if self.begun is not None:
                from napari_cellcycle.models.transfer import borrow

                state = self.begun.networks[axis].state_dict()
                borrow(state, network, self.begun.card.recipe.channels, recipe.views.channels)
            return network
        state = self.start.networks[axis].state_dict()
        if self.start.card.phases == self.phases.slugs:
            network.load_state_dict(state)
        else:
            from napari_cellcycle.models.transfer import transfer

            transfer(state, network)
        return network

    @property
    def learned_from(self) -> str:
        """Names of all data sets."""
        return one_of([self.crops.name, *(o.crops.name for o in self.others)], "and")

    def card(self, temperatures: Mapping[str, Mapping[str, float]]) -> ModelCard:
        """Write the card of a model of this experiment; what depends on its parts is left open."""
        recipe = self.recipe
        others = [role for role in recipe.views.channels if role != recipe.views.reference]
        return ModelCard(
            name=self.name,
            version="1",
            description=_sentences(
                recipe.description,
                f"{recipe.architecture.name} trained on {self.learned_from} by the recipe "
                f"{recipe.name}.",
            ),
            architecture=recipe.architecture,
            vocabulary=self.phases.name,
            phases=self.phases.slugs,
            recipe=recipe.views,
            temperatures=temperatures,
            ranges={},
            missing_channels=(
                f"{', '.join(others)} set to zero where an image lacks it, which was never so in "
                "training"
                if others
                else "there is one channel only, which is needed"
            ),
            training_data=(),
            metrics={},
            package_version=version("napari-cellcycle"),
            licence="not stated",
            limits=self.limits(),
        )

    def limits(self, of_data: str = "") -> str:
        """What a model of this experiment cannot do: for its data, and for its recipe."""
        unknown = TESTED_ON_ONE if self.others else NO_LIMITS_KNOWN
        return _sentences(of_data or unknown, self.recipe.limits)


def new_experiment(
    name: str,
    crops: CropSet,
    recipe: TrainingRecipe,
    *,
    others: Sequence[CropSet] = (),
    renames: Mapping[str, str] | None = None,
    merge: Mapping[str, Sequence[str]] | None = None,
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
        If fewer than two phases are left, or the start is of another kind.
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
    meaning = Meaning.of(recipe.labels, renames, merge)
    crops, further = meaning.apply(crops), [meaning.apply(each) for each in new]
    if start is not None:  # its networks take all their channels; those that the data lack are zero
        views = replace(recipe.views, channels=start.card.recipe.channels)
        recipe = replace(recipe, views=views)
    phases = _phases(recipe, crops, start, meaning)
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


def _phases(
    recipe: TrainingRecipe,
    crops: CropSet,
    start: ProjectionClassifier | None,
    meaning: Meaning,
) -> PhaseSet:
    if isinstance(recipe.vocabulary, str):
        return vocabulary(recipe.vocabulary)
    labels = set(crops.phase.tolist()).difference(meaning.several)
    if recipe.vocabulary:
        return flat_vocabulary(recipe.name, recipe.vocabulary)
    if start is not None and labels <= {phase.slug for phase in start.card.phase_set}:
        return start.card.phase_set
    return flat_vocabulary("own", sorted(labels))


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
    import warnings

    from napari_cellcycle.errors import CellCycleWarning

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


def _sentences(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())


def _as_start(recipe: TrainingRecipe, start: ProjectionClassifier) -> TrainingRecipe:
    card = start.card
    if card.architecture.name != recipe.architecture.name:
        raise TrainingError(
            f"{card.name} is a {card.architecture.name}, but {recipe.name} trains a "
            f"{recipe.architecture.name}: weights go from one to the same only."
        )
    return replace(recipe, architecture=card.architecture, views=card.recipe)
