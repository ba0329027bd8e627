"""A film of two square cells, and what a made-up model says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.ensemble import decide
from napari_cellcycle.phases import MITOSIS_STAGES, PhaseSet
from napari_cellcycle.project import Project
from napari_cellcycle.review import Review

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 8
SLIP = 3
"""Frame in which the model takes a resting cell for one in anaphase."""
BACK = (5, 6)
"""Frames between which the other cell goes from anaphase to metaphase."""


def film_labels() -> np.ndarray:
    """Cells 1 and 2 in every frame, ``(t, z, y, x)``."""
    labels = np.zeros((FRAMES, 1, 20, 40), np.uint16)
    labels[:, 0, 5:15, 5:15], labels[:, 0, 5:15, 25:35] = 1, 2
    return labels


def film_field(minutes: float | None = None) -> tuple[Stack, Segmentation]:
    """Image and labels as layers, without files; perhaps the image states a time."""
    pixels = np.zeros((FRAMES, 1, 1, 20, 40), np.uint8)
    image = Stack(pixels, ("dna",), None, "film", frame_minutes=minutes)
    return image, Segmentation(film_labels(), "nucleus", "film labels")


def said() -> np.ndarray:
    """Leaf of each row: cell 1 and cell 2 in turn, frame by frame."""
    leaves = np.zeros((FRAMES, 2), np.int64)
    leaves[SLIP, 0] = 4
    leaves[3:, 1] = [3, 3, 4, 3, 4]
    return leaves.ravel()


def make_film(folder: Path, who: str = "Ann", minutes: float | None = None) -> Project:
    """An open project of the film, without predictions."""
    project = Project.create(folder / "film", who=who)
    project.images.add(*film_field(minutes))
    return project


def predict_film(project: Project, phases: PhaseSet = MITOSIS_STAGES) -> Review:
    """Add what the model says, and review it."""
    cells = project.segmentations.cells(1)
    k = len(phases.leaves)
    leaves = np.full((len(cells), k), 0.1 / (k - 1))
    leaves[np.arange(len(cells)), np.minimum(said(), k - 1)] = 0.9
    if phases is MITOSIS_STAGES:
        mitotic = leaves[:, 1:].sum(axis=1)
        level1 = np.stack([leaves[:, 0], mitotic], axis=1)
        decision = decide(level1[:, None], (leaves[:, 1:] / mitotic[:, None])[:, None], ("z",))
    else:
        decision = decide(leaves[:, None], np.empty((len(cells), 1, 0)), ("z",))
    project.predictions.add(1, cells, decision, model="m", model_sha256="7", phases=phases)
    return Review(project)
