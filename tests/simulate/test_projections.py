"""Simulated nuclei in 2D: a crop set with known truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.simulate import simulate_nucleus_set
from napari_cellcycle.simulate.projections import RADIUS, SIZE, _project
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def nuclei() -> Arrays:
    return simulate_nucleus_set(60, seed=3)


def test_the_same_cells_whatever_the_workers_and_the_number(nuclei: Arrays) -> None:
    few = simulate_nucleus_set(18, seed=3, workers=2)
    for key in ("images", "mask", "phase", "kind", "projection", "group"):
        np.testing.assert_array_equal(few[key], nuclei[key][:18])
    other = simulate_nucleus_set(1, seed=4)
    assert (other["images"][0] != nuclei["images"][0]).any()
    seen: list[tuple[int, int]] = []
    simulate_nucleus_set(2, seed=4, progress=lambda *found: seen.append(found))
    assert seen == [(1, 2), (2, 2)]


def test_a_set_is_one_that_training_reads(nuclei: Arrays, tmp_path: Any) -> None:
    np.savez(tmp_path / "nuclei.npz", **nuclei)
    read: CropSet = read_crop_set(tmp_path / "nuclei.npz")
    assert read.images.shape == (60, 1, SIZE, SIZE)
    assert read.images.dtype == np.uint8
    assert read.channels == ("dna",)
    assert read.mask is not None
    assert len(np.unique(read.group)) == 60
    assert set(read.phase) == {
        *("interphase", "apoptosis", "prophase", "early-prometaphase"),
        *("prometaphase-metaphase", "anaphase-telophase-cytokinesis"),
    }
    apoptotic = np.isin(read.columns["kind"], ["pyknotic", "fragmented"])
    assert (apoptotic == (read.phase == "apoptosis")).all()
    assert set(read.columns["projection"]) == {"max", "mean", "planes"}


def test_cells_are_in_the_middle_and_as_large_as_stated(nuclei: Arrays) -> None:
    for mask in nuclei["mask"]:
        y, x = np.nonzero(mask)
        assert abs(y.mean() - (SIZE - 1) / 2) < 1
        assert abs(x.mean() - (SIZE - 1) / 2) < 1
    usual = nuclei["mask"][nuclei["kind"] == "interphase"]
    radius = np.sqrt(usual.sum(axis=(1, 2)) / np.pi)
    assert np.median(radius) == pytest.approx(RADIUS, rel=0.15)
    small = nuclei["mask"][nuclei["kind"] == "pyknotic"].sum(axis=(1, 2))
    assert np.median(small) < 0.6 * np.median(usual.sum(axis=(1, 2)))


def test_chromatin_is_bright_and_its_surroundings_are_not(nuclei: Arrays) -> None:
    inside = [
        np.percentile(image[0][mask], 98)
        for image, mask in zip(nuclei["images"], nuclei["mask"], strict=True)
    ]
    assert 150 < np.median(inside) <= 255
    assert np.median(nuclei["images"]) < 20


def test_how_a_stack_becomes_a_picture() -> None:
    rng = np.random.default_rng(0)
    volume = rng.random((9, 5, 5)).astype(np.float32)
    labels = np.zeros((9, 5, 5), bool)
    labels[4] = True
    assert (_project(volume, labels, "max", rng) == volume.max(axis=0)).all()
    assert np.allclose(_project(volume, labels, "mean", rng), volume.mean(axis=0))
    assert np.allclose(_project(volume, labels, "planes", rng), volume[3:6].mean(axis=0))


def test_no_nuclei() -> None:
    with pytest.raises(CellCycleError, match="0 nuclei cannot be simulated"):
        simulate_nucleus_set(0)
