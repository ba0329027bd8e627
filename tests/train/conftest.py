"""Views to fit small networks on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.viewset import ViewSet


@pytest.fixture(scope="session")
def views(data_dir: Path) -> ViewSet:
    """H2B of HeLa cells, the middle; three classes of very different size."""
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    kept = {"Interphase": 150, "Apoptosis": 60, "Metaphase": 20}
    rows = np.concatenate([np.flatnonzero(crops.phase == p)[:n] for p, n in kept.items()])
    images = crops.images[rows, None, :, 12:52, 12:52]
    allowed = crops.phase[rows][:, None] == np.array(list(kept))
    return ViewSet(images, ("z",), allowed, crops.group[rows])


@pytest.fixture(scope="session")
def parts(views: ViewSet) -> tuple[ViewSet, ViewSet]:
    rows = np.arange(len(views))
    return views.select(rows % 3 > 0), views.select(rows % 3 == 0)
