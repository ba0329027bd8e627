"""A model as it is evaluated: its leaves in the classes that count, and its answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ChannelError, CropSetError
from napari_cellcycle.train.data.relabel import called_leaves, merged_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.models.classifier import ProjectionClassifier
    from napari_cellcycle.train.data.cropset import CropSet

    Model = str | os.PathLike[str] | ProjectionClassifier


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A model whose classes may be merged.

    Parameters
    ----------
    classifier : ProjectionClassifier
    classes : mapping of str to sequence of str
        Leaves that each class takes in; one each where nothing is merged.
    """

    classifier: ProjectionClassifier
    classes: Mapping[str, Sequence[str]]

    @property
    def card(self) -> ModelCard:
        """Of the model."""
        return self.classifier.card

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, in the order of the probabilities."""
        return tuple(self.classes)

    def answer(
        self,
        crops: CropSet,
        kept: NDArray[np.bool_],
        *,
        vote: str,
        merged: bool,
        progress: Callable[[int, int], object] | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Predict some of the cells of a data set.

        Parameters
        ----------
        crops : CropSet
            All cells; views may depend on the others of an image.
        kept : ndarray, ``(n,)``, bool
            Cells to answer for.
        vote : {"lowest-entropy", "majority", "mean"}
            How projections decide.
        merged : bool
            Whether the most probable class counts. If not, the model's own decision does.
        progress : callable of (done, total), optional
            Called while cells are predicted.

        Returns
        -------
        probabilities : ndarray, ``(kept, classes)``, float64
        called : ndarray, ``(kept,)``, int64
        """
        from napari_cellcycle.train.evaluation.predict import predict

        if self.card.recipe.needs_population:
            leaves = predict(self.classifier, crops, vote=vote, progress=progress)[kept]
        else:
            leaves = predict(self.classifier, crops.select(kept), vote=vote, progress=progress)
        phases = self.card.phase_set
        probabilities = np.asarray(phases.coarsen(leaves, self.classes)[1], dtype=np.float64)
        if merged:
            return probabilities, probabilities.argmax(axis=1).astype(np.int64)
        return probabilities, called_leaves(leaves, phases)


def contenders(
    models: Sequence[Model],
    crops: CropSet,
    merge: Mapping[str, Sequence[str]],
    labels: Sequence[str] | NDArray[np.str_],
    *,
    device: str = "auto",
) -> list[Contender]:
    """Load models that are to be evaluated on the same cells.

    Parameters
    ----------
    models : sequence of str, path or classifier
        Names, paths, or loaded ones.
    crops : CropSet
        Must have the channel that each model cannot do without.
    merge : mapping of str to sequence of str
        May name labels of the data and classes that only one of the models knows.
    labels : sequence of str
        Those of the data, renamed.
    device : str
        Where to compute.

    Raises
    ------
    ChannelError
        If a channel is missing.
    CropSetError
        If classes cannot be merged so, or the model is not for stacks, or for nothing else.
    """
    classifiers = [_load(model, device) for model in models]
    for classifier in classifiers:
        _check_channels(classifier.card, crops)
        _check_shape(classifier.card, crops)
    words = {str(label) for label in labels}.union(*(c.card.phases for c in classifiers))
    return [
        Contender(c, merged_classes(c.card.phase_set, merge, sorted(words))) for c in classifiers
    ]


def _load(model: Model, device: str) -> ProjectionClassifier:
    if not isinstance(model, (str, os.PathLike)):
        return model
    from napari_cellcycle.classify.device import choose_device
    from napari_cellcycle.models.folder import load_model

    return load_model(model, choose_device(device))


def _check_channels(card: ModelCard, crops: CropSet) -> None:
    needed = card.recipe.reference
    if needed not in crops.channels:
        raise ChannelError(
            f"{crops.name} has no {needed} channel, which {card.name} cannot do without; it has "
            f"{', '.join(crops.channels)}. Say which it is, such as --channel {needed}=0."
        )


def _check_shape(card: ModelCard, crops: CropSet) -> None:
    if crops.is_2d and card.recipe.axes == ("volume",):
        raise CropSetError(
            f"{card.name} looks at volumes, but the crops of {crops.name} are 2D. Take a model for "
            "projections."
        )
    if card.recipe.needs_population and not crops.is_2d:
        raise CropSetError(
            f"{card.name} compares each cell with the others of a 2D image, but the crops of "
            f"{crops.name} are stacks. Project them first, or take a model for stacks."
        )
