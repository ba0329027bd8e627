"""The plain baselines: what trees are shown, and that no fold sees what it is tested on."""

import numpy as np
import plain_baselines
import pytest
from plain_features import foreground, measurements, pixels

from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.splits import folds


@pytest.fixture(scope="module")
def discs():
    """Discs of two sizes in twelve images."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32] - 15.5
    large = np.arange(48) % 2 == 1
    images = np.stack(
        [
            100 + 900 * (np.hypot(y, x) < (10 if big else 6)) + rng.normal(0, 20, (32, 32))
            for big in large
        ]
    )
    return CropSet(
        images[:, None],
        ("dna",),
        np.where(large, "large", "small"),
        np.repeat([f"image {i}" for i in range(12)], 4),
        "discs",
    )


def test_the_foreground_is_the_disc(discs):
    mask = foreground(discs.images[1, 0])
    assert mask.sum() == pytest.approx(np.pi * 100, rel=0.1)
    assert foreground(np.zeros((8, 8))).all()


def test_without_absolute_intensity_a_brighter_copy_looks_the_same(discs):
    few = discs.select(np.arange(2))
    brighter = CropSet(few.images * 3 + 50, few.channels, few.phase, few.group, "brighter")
    for show in (pixels, measurements):
        np.testing.assert_allclose(show(few, "dna"), show(brighter, "dna"), rtol=1e-3, atol=1e-3)
        told = show(brighter, "dna", absolute=True) - show(few, "dna", absolute=True)
        assert np.abs(told).max() > 100


def test_trees_tell_sizes_apart_by_their_measurements(discs):
    splits = list(folds(discs, 3, 0))
    features = measurements(discs, "dna")
    found = plain_baselines.out_of_fold(features, discs.phase, splits, ("small", "large"))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.mean(np.array(["small", "large"])[found.argmax(axis=1)] == discs.phase) > 0.95


def test_a_fold_learns_nothing_from_what_it_is_tested_on(discs):
    splits = list(folds(discs, 3, 0))
    features = measurements(discs, "dna")
    wrong = discs.phase.copy()
    wrong[splits[0]["test"]] = "large"
    first, second = (
        plain_baselines.out_of_fold(features, phase, splits[:1], ("small", "large"))
        for phase in (discs.phase, wrong)
    )
    np.testing.assert_array_equal(first, second)
    assert np.isnan(first[splits[0]["train"]]).all()


def test_bins_come_from_the_training_rows_alone():
    values = np.arange(100, dtype=float)[:, None]
    bins = plain_baselines.binned(values, np.arange(50))
    assert bins[0] == 0
    assert (np.diff(bins[:50, 0].astype(int)) >= 0).all()
    assert (bins[50:] == 63).all()


def test_measurements_of_real_cells_are_finite(data_dir):
    crops = read_crop_set(data_dir / "bbbc021_mcf7_68px.npz").select(np.arange(0, 677, 60))
    assert np.isfinite(measurements(crops, "tubulin", absolute=True)).all()


def test_a_table_has_a_row_a_baseline_and_an_interval_a_figure(discs):
    task = plain_baselines.Task(
        "discs",
        lambda folder, quick: discs,
        ("small", "large"),
        {"trees": lambda c: measurements(c, "dna")},
    )
    lines = plain_baselines.table(plain_baselines.judge(task, discs, k=3, draws=50)).splitlines()
    assert lines[0] == "| | accuracy | balanced accuracy | macro F1 | F1 small | F1 large |"
    assert lines[2].startswith("| trees | ")
    assert lines[2].count("–") == 5
