"""What is decided before a network runs: model, channels, labels, spacing, cells, notes."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.table import CellTable, cell_table
from napari_cellcycle.cells.views.content import FEWEST, Population, measure_population
from napari_cellcycle.classify.channels import resolve_channels
from napari_cellcycle.classify.checks import compare_with_card
from napari_cellcycle.errors import (
    CellCycleError,
    SegmentationError,
    SegmentationMismatchError,
    SpacingError,
    ViewError,
)
from napari_cellcycle.image.spacing import Spacing, resolve_spacing
from napari_cellcycle.image.stack import Segmentation, Stack, check_match
from napari_cellcycle.models.catalogue import DEFAULT_MODEL, FLAT_MODEL
from napari_cellcycle.models.ensemble import VOTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_cellcycle.models.card import ModelCard
    from napari_cellcycle.models.classifier import ProjectionClassifier

_SAME_SPACING = 0.01
_VOLUMES = 8
"""That share the memory: DNA, membrane, cells and nuclei, of two frames."""


@dataclass(frozen=True, slots=True)
class ClassifyRequest:
    """One image to classify.

    Parameters
    ----------
    stack : Stack
        The image.
    segmentation : Segmentation or None
        Cells or nuclei; ``None`` segments nuclei first.
    model : str, path or ProjectionClassifier
        Name or path of a model, or one that is loaded.
    channels : mapping of role to channel (index, name or None), optional
        Roles that are not given are guessed from the channels' names; ``None`` means there is none.
    nuclei : Segmentation, optional
        Nuclei, where ``segmentation`` holds cells.
    spacing : Spacing, optional
        A person's word; it counts before the metadata.
    isotropic : bool
        A person's word that voxels are as deep as wide.
    vote : {"lowest-entropy", "majority", "mean"}
        How projections decide.
    device : {"auto", "cuda", "mps", "cpu"}
        Where to compute.
    batch_size : int
        Cells in one forward pass.
    only_labels : tuple of int, optional
        Classify these labels only.
    exact : bool, optional
        Compute in float32 throughout. Otherwise a CPU that multiplies bfloat16 does so: sooner,
        with the same phases, and probabilities that differ by less than 0.01. By default where
        cells are many, since the networks have to be made ready for it.
    memory : float, optional
        GiB for image and labels beyond the model, 2 by default: of what is lazy and larger, blocks
        are read as they are needed. An array in memory is there already, and does not count.
    """

    stack: Stack
    segmentation: Segmentation | None
    model: str | os.PathLike[str] | ProjectionClassifier = DEFAULT_MODEL
    channels: Mapping[str, int | str | None] | None = None
    nuclei: Segmentation | None = None
    spacing: Spacing | None = None
    isotropic: bool = False
    vote: str = "lowest-entropy"
    device: str = "auto"
    batch_size: int = 64
    only_labels: tuple[int, ...] | None = None
    exact: bool | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        if self.vote not in VOTES:
            raise CellCycleError(f"There is no vote {self.vote!r}; there are {', '.join(VOTES)}.")
        if self.batch_size < 1:
            raise CellCycleError(f"A batch has at least one cell, not {self.batch_size}.")
        if self.memory is not None and not 0 < self.memory < np.inf:
            raise CellCycleError(f"Memory is a number of GiB above 0, not {self.memory}.")

    def within_memory(self) -> ClassifyRequest:
        """The same, with image and labels that hold no more than their share of the memory."""
        if self.memory is None:
            return self
        held = int(self.memory * 2**30 / _VOLUMES)
        segmentation, nuclei = (
            None if labels is None else replace(labels, held=held)
            for labels in (self.segmentation, self.nuclei)
        )
        stack = replace(self.stack, held=held)
        return replace(self, stack=stack, segmentation=segmentation, nuclei=nuclei)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A request with every open question answered.

    Parameters
    ----------
    request : ClassifyRequest
        What was asked.
    card : ModelCard
        Of the model.
    segmentation : Segmentation
        As given, or made.
    channels : dict of str to int or None
        Channel of each role of the recipe.
    cells : CellTable
        The cells to classify, with the spacing that holds.
    notes, cell_notes : tuple of str
        What to know, of the run and of each cell.
    population : Population or None
        What is typical of the image's cells, where the model compares them.
    """

    request: ClassifyRequest
    card: ModelCard
    segmentation: Segmentation
    channels: dict[str, int | None]
    cells: CellTable
    notes: tuple[str, ...]
    cell_notes: tuple[str, ...]
    population: Population | None = None


def prepare(request: ClassifyRequest) -> Prepared:
    """Answer every question before the work, and compare the data with the model's card.

    Raises
    ------
    CellCycleError
        A kin of it that names what does not fit: model, channel, spacing or segmentation.
    """
    request = request.within_memory()
    card = card_of(request)
    stack = request.stack
    channels = resolve_channels(stack, card.recipe.channels, request.channels)
    spacing, notes = _spacing(request, card)
    notes += stack.notes
    if request.model == DEFAULT_MODEL and stack.is_2d:
        notes.insert(0, _other_model(stack.name))
    segmentation = request.segmentation
    if segmentation is None:
        segmentation = _segment(stack, channels, spacing, card)
        notes.append(
            f"No segmentation was given: nuclei were segmented by threshold and watershed "
            f"({segmentation.name}). Look at them before trusting the phases; Cellpose or StarDist "
            "do better on crowded cells."
        )
    cells = cell_table(
        segmentation, spacing, image=stack.name, scene=stack.scene, nuclei=request.nuclei
    )
    if request.nuclei is not None and segmentation.labels_are == "nucleus":
        notes.append(
            f"{request.nuclei.name} is not used: the labels of {segmentation.name} are said to be "
            "nuclei already."
        )
    population = None
    if card.recipe.needs_population:
        population = _population(stack, channels["dna"], segmentation, cells, card)
        if population.n < FEWEST and card.recipe.intensity == "population":
            notes.append(
                f"The G1 peak was found from {population.n} cells; it takes {FEWEST} or more to "
                "trust it."
            )
    if request.only_labels is not None:
        cells = _only(cells, request.only_labels, segmentation.name)
    findings = compare_with_card(cells, stack, channels, card, segmentation)
    return Prepared(
        request=request,
        card=card,
        segmentation=segmentation,
        channels=channels,
        cells=cells,
        notes=(*notes, *findings.notes),
        cell_notes=findings.cell_notes,
        population=population,
    )


def card_of(request: ClassifyRequest) -> ModelCard:
    """Card of the requested model, without its weights."""
    from napari_cellcycle.models.folder import read_model_card

    if isinstance(request.model, (str, os.PathLike)):
        return read_model_card(request.model)[0]
    return request.model.card


def _other_model(name: str) -> str:
    return (
        f"{name} has one plane, and {DEFAULT_MODEL} is made for nuclei in 3D. {FLAT_MODEL} is made "
        f"for nuclei in 2D, with phases of its own (--model {FLAT_MODEL}, or the widget's list)."
    )


def _spacing(request: ClassifyRequest, card: ModelCard) -> tuple[Spacing, list[str]]:
    """Spacing that holds for image and segmentation, and notes on where it comes from."""
    stack, segmentation = request.stack, request.segmentation
    for labels in (segmentation, request.nuclei):
        if labels is not None:
            check_match(stack, labels)
    found = stack.spacing
    notes = []
    if request.spacing is None and not request.isotropic:
        for labels in (segmentation, request.nuclei):
            if labels is None or labels.spacing is None:
                continue
            if found is None:
                found = labels.spacing
                notes.append(
                    f"{stack.name} has no spacing of its own; that of {labels.name} is used: "
                    f"{_um(found)}."
                )
            _check_same(stack.name, found, labels, is_2d=stack.is_2d)
    spacing = resolve_spacing(
        found,
        user=request.spacing,
        isotropic=request.isotropic,
        is_2d=stack.is_2d,
        name=stack.name,
    )
    if card.recipe.unit == "um" and not spacing.is_physical:
        raise SpacingError(
            f"Model {card.name} cuts cells out in micrometres, and the spacing of {stack.name} is "
            "unknown. Give it (--spacing z,y,x, or the widget's field)."
        )
    if spacing.source == "cell-size":
        notes.append(
            f"The pixel size of {stack.name} is unknown: sizes are relative to each cell, and "
            "cannot be compared with what the model was trained on."
        )
    elif spacing.source == "isotropic":
        notes.append(
            "Voxels are taken to be as deep as wide, as was said: sizes are relative to each cell, "
            "and cannot be compared with what the model was trained on."
        )
    return spacing, notes


def _check_same(name: str, found: Spacing, labels: Segmentation, *, is_2d: bool) -> None:
    assert labels.spacing is not None
    first = 1 if is_2d else 0
    a, b = np.array(found.zyx[first:]), np.array(labels.spacing.zyx[first:])
    if (np.abs(a - b) > _SAME_SPACING * np.maximum(a, b)).any():
        raise SegmentationMismatchError(
            f"The spacing of {name} is {_um(found)}, that of {labels.name} {_um(labels.spacing)} "
            "(z, y, x). Choose the segmentation of this image, or say which spacing is right "
            "(--spacing z,y,x, or the widget's field)."
        )


def _um(spacing: Spacing) -> str:
    return " × ".join(f"{value:.4g}" for value in spacing.zyx) + " µm"


def _segment(
    stack: Stack, channels: Mapping[str, int | None], spacing: Spacing, card: ModelCard
) -> Segmentation:
    from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei

    dna = channels.get("dna")
    if dna is None:
        raise SegmentationError(
            f"Model {card.name} needs cells that are outlined: it uses no DNA, in which nuclei "
            "could be found. Give labels."
        )
    return segment_nuclei(stack, dna, spacing=spacing)


def _population(
    stack: Stack, dna: int | None, segmentation: Segmentation, cells: CellTable, card: ModelCard
) -> Population:
    if not stack.is_2d:
        raise ViewError(
            f"Model {card.name} compares the cells of 2D images, and {stack.name} has planes. "
            "Project it first (the sum of the planes for DNA content, else the maximum)."
        )
    frames = range(stack.n_frames)
    return measure_population(
        [stack.window(t, dna or 0) for t in frames],
        [segmentation.window(t) for t in frames],
        cells,
        card.recipe,
    )


def _only(cells: CellTable, labels: tuple[int, ...], name: str) -> CellTable:
    chosen = cells.select(np.isin(cells.label, labels))
    if not len(chosen):
        raise SegmentationError(f"{name} has none of the labels {', '.join(map(str, labels))}.")
    return chosen
