"""What is to be learned, and from which views."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.models.card import ModelCard, TrainingData
from napari_cellcycle.models.levels import stages_of
from napari_cellcycle.models.networks import build
from napari_cellcycle.train.data.leakage import beside_learned, hash_groups, training_groups
from napari_cellcycle.train.data.viewset import join
from napari_cellcycle.train.fit.plan import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.train.data.cropset import CropSet
    from napari_cellcycle.train.data.others import Other
    from napari_cellcycle.train.data.viewset import ViewSet
    from napari_cellcycle.train.recipe import TrainingRecipe

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
        """Hashes of the groups that the weights at the start have learned from already.

        A group here that holds a crop of theirs is among them, whatever it was called there.
        """
        found: list[str] = []
        for card in self.cards_before:
            found += training_groups(card)
            found += hash_groups(self.crops.group[beside_learned(card, self.crops)])
        return tuple(found)

    @property
    def cards_before(self) -> tuple[ModelCard, ...]:
        """Of the models whose weights are at the start."""
        return tuple(m.card for m in (self.start, self.begun) if m is not None)

    @property
    def learned_before(self) -> tuple[TrainingData, ...]:
        """Data that the weights at the start have learned from already, for the card."""
        return tuple(
            replace(data, name=f"{data.name} (through {card.name})")
            for card in self.cards_before
            for data in card.training_data
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


def _sentences(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip())
