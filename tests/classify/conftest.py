"""A classifier that needs no training, and real cells to classify."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from napari_cellcycle.image import Segmentation, Stack, open_image, open_labels
from napari_cellcycle.models.classifier import ProjectionClassifier

if TYPE_CHECKING:
    from pathlib import Path


class Brightness(torch.nn.Module):
    """Logits that grow with how much of the view is bright; keeps the sizes of its batches."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([-1.0, 1.0, 0.3, -0.2, 0.1, 0.5]) * gain)
        self.sizes: list[int] = []

    def forward(self, views: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(views))
        signal = views[:, 0].mean(dim=(1, 2)) - 0.55 + views[:, 1].mean(dim=(1, 2))
        return signal[:, None] * self.weight


@pytest.fixture
def classifier(model_card):
    """Made anew for each test; without ranges, so without notes."""
    networks = {axis: Brightness(gain) for axis, gain in zip("xyz", (4, 6, 8), strict=True)}
    return ProjectionClassifier(replace(model_card, ranges={}), networks)


@dataclass(frozen=True)
class Organoid:
    """A corner of a real 3D stack (H2B, membrane) with nuclei and cells segmented."""

    stack: Stack
    nuclei: Segmentation
    cells: Segmentation
    folder: Path


@pytest.fixture(scope="session")
def organoid(data_dir) -> Organoid:
    name = "organoid_h2b_membrane_3d_t301"
    stack = open_image(data_dir / f"{name}.ome.tif")
    nuclei = open_labels(data_dir / f"{name}_nuclei_labels.ome.tif")
    cells = open_labels(data_dir / f"{name}_cells_labels.ome.tif", labels_are="cell")

    def corner(opened):
        return replace(opened, data=np.asarray(opened.data[..., 80:170, 80:170]))

    return Organoid(corner(stack), corner(nuclei), corner(cells), data_dir)
