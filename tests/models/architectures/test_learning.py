"""Every architecture runs, all its weights get gradients, and it learns from a few real cells."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import zoom

from napari_cellcycle.models.networks import ARCHITECTURES, build
from napari_cellcycle.train.data.cropset import read_crop_set

FLAT = [name for name, entry in ARCHITECTURES.items() if entry.ndim == 2]
SOLID = [name for name, entry in ARCHITECTURES.items() if entry.ndim == 3]
VARIANTS = {
    "nagao": [{"depth": 2, "width": 8}, {"depth": 30, "pool_stride": 1, "width": 4}],
    "resnet14": [{"residual": False, "width": 8}],
    "mlp": [{"hidden": [16, 8], "dropout": 0.2}],
    "microtubule": [
        {"filters": [8, 8, 8], "kernels": [5, 2, 3], "dense": [16], "pooling": True},
        {"filters": [8], "kernels": [3], "dense": [16, 16, 16, 16], "pooling": False},
    ],
    "volume-cnn": [{"width": 8}],
}


@pytest.fixture(scope="module")
def flat_cells(data_dir):
    """DNA of 8 cells in G1 and 8 in metaphase, ``(16, 1, 40, 40)``, and which is which."""
    crops = read_crop_set(data_dir / "jurkat_ifc_40px.npz")
    chosen = [np.flatnonzero(crops.phase == phase)[:8] for phase in ("G1", "Metaphase")]
    dna = crops.images[np.concatenate(chosen), crops.channels.index("dna")].astype(np.float32)
    dna /= dna.max(axis=(1, 2), keepdims=True)
    return torch.from_numpy(dna[:, None]), torch.arange(16) // 8


@pytest.fixture(scope="module")
def solid_cells(data_dir):
    """Three mitotic cells and three nuclei of interphase, ``(6, 1, 16, 16, 16)``."""
    mitotic = sorted((data_dir / "mitotic_crops_3d").glob("*_labels.ome.tif"))[:3]
    pairs = [(str(path).replace("_labels", ""), path, 1) for path in mitotic]
    tissue = data_dir / "crowded_nuclei_3d.ome.tif"
    pairs += [(tissue, data_dir / "crowded_nuclei_3d_labels.ome.tif", n) for n in (5, 8, 10)]
    cells = []
    for image, labels, n in pairs:
        corners = np.argwhere(tifffile.imread(labels) == n)
        box = tuple(slice(a, b + 1) for a, b in zip(corners.min(0), corners.max(0), strict=True))
        crop = tifffile.imread(image)[box].astype(np.float32)
        cells.append(zoom(crop / crop.max(), 16 / np.array(crop.shape), order=1))
    return torch.from_numpy(np.stack(cells)[:, None]), torch.arange(6) < 3


def inputs(name: str, n: int, channels: int, size: int) -> torch.Tensor:
    return torch.rand(n, channels, *(size,) * ARCHITECTURES[name].ndim)


@pytest.mark.parametrize(
    ("name", "params"),
    [(name, {}) for name in ARCHITECTURES]
    + [(name, params) for name, several in VARIANTS.items() for params in several],
)
def test_outputs_are_finite_and_gradients_reach_every_weight(name, params):
    torch.manual_seed(0)
    network = build(name, n_channels=2, n_outputs=3, size=36, params=params)
    outputs = network(inputs(name, 6, 2, 36))
    assert outputs.shape == (6, 3)
    assert torch.isfinite(outputs).all()
    torch.nn.functional.cross_entropy(outputs, torch.tensor([0, 1, 2, 0, 1, 2])).backward()
    without = [
        key
        for key, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert without == []


@pytest.mark.parametrize("name", FLAT)
def test_a_few_steps_on_flat_cells_lower_the_loss(name, flat_cells):
    before, after = fit_briefly(name, *flat_cells)
    assert after < 0.8 * before


@pytest.mark.parametrize("name", SOLID)
def test_a_few_steps_on_solid_cells_lower_the_loss(name, solid_cells):
    before, after = fit_briefly(name, *solid_cells)
    assert after < 0.8 * before


def fit_briefly(name: str, cells: torch.Tensor, phase: torch.Tensor) -> tuple[float, float]:
    """Mean loss of the first and of the last three of eight steps."""
    torch.manual_seed(0)
    network = build(name, n_channels=1, n_outputs=2, size=cells.shape[-1])
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # its noise is larger than what a few steps gain
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(cells), phase.long())
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses[:3])), float(np.mean(losses[-3:]))
