"""A small field of square cells, and what a made-up model says of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from napari_cellcycle.image.stack import Segmentation, Stack
from napari_cellcycle.models.ensemble import Decision, decide
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project import Project

if TYPE_CHECKING:
    from napari_cellcycle.project.predictions import PredictionSet

N_CELLS = 12
SIDE = 6


def field_labels() -> np.ndarray:
    """Twelve squares, ``(1, 1, y, x)``, numbered row by row."""
    labels = np.zeros((1, 1, 3 * 10, 4 * 10), np.uint16)
    for i in range(N_CELLS):
        y, x = 10 * (i // 4) + 2, 10 * (i % 4) + 2
        labels[0, 0, y : y + SIDE, x : x + SIDE] = i + 1
    return labels


def field_image(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (1, 1, 1, 30, 40)).astype(np.uint8)


def write_field(folder: Path, name: str = "field", seed: int = 0) -> tuple[Path, Path]:
    """Image and labels as files."""
    image, labels = folder / f"{name}.tif", folder / f"{name}_labels.tif"
    tifffile.imwrite(image, field_image(seed)[0, 0, 0])
    tifffile.imwrite(labels, field_labels()[0, 0])
    return image, labels


def layer_field(name: str = "field", seed: int = 0) -> tuple[Stack, Segmentation]:
    """Image and labels as layers, without files."""
    return (
        Stack(field_image(seed), ("dna",), None, name),
        Segmentation(field_labels(), "nucleus", f"{name} labels"),
    )


def decision(n: int, seed: int = 0) -> Decision:
    rng = np.random.default_rng(seed)
    level1, level2 = rng.dirichlet([1, 1], (n, 3)), rng.dirichlet(np.ones(4), (n, 3))
    return decide(level1, level2, ("z", "y", "x"))


def predict(
    project: Project, image: int = 1, *, seed: int = 0, rows: Any = None, **more: Any
) -> PredictionSet:
    """Add what a made-up model says of all cells, or of some rows."""
    cells = project.segmentations.cells(project.segmentations.current(image))
    if rows is not None:
        cells = cells.select(rows)
    given = {"model": f"model-{seed}", "model_sha256": str(seed) * 8, "phases": MITOSIS_STAGES}
    return project.predictions.add(image, cells, decision(len(cells), seed), **(given | more))


def make_project(folder: Path, who: str = "Ann", *, predicted: bool = True) -> Project:
    """An open project of one field without files."""
    project = Project.create(folder / "field", who=who)
    project.images.add(*layer_field())
    if predicted:
        predict(project)
    return project
