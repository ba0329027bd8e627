import numpy as np
import pytest
from scipy import ndimage
from skimage.filters import threshold_otsu

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image import open_image
from napari_cellcycle.phases import EXPOSURE
from napari_cellcycle.simulate import simulate_exposure_set, simulate_microtubules
from napari_cellcycle.simulate.adherent import adherent_body
from napari_cellcycle.simulate.microtubules import draw_dish
from napari_cellcycle.simulate.network import network
from napari_cellcycle.train.data.cropset import read_crop_set


@pytest.fixture(scope="module")
def crops():
    return simulate_exposure_set(36, seed=5, size=96, dishes=4)


def test_an_image_is_decided_by_its_seed():
    first, again, other = (
        simulate_microtubules("0.1", np.random.default_rng(seed), size=64) for seed in (3, 3, 4)
    )
    assert first.shape == (64, 64)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.2


def test_the_field_is_the_same_at_every_size():
    dish = draw_dish(np.random.default_rng(1))
    large, small = (
        simulate_microtubules("1", np.random.default_rng(2), size=size, dish=dish)
        for size in (240, 80)
    )
    binned = large.reshape(80, 3, 80, 3).mean(axis=(1, 3))
    assert np.corrcoef(binned.ravel(), small.ravel())[0, 1] > 0.9


def test_the_drug_bundles_filaments_takes_them_to_the_edge_and_off_the_centrosome():
    share, edge, crowd = [], [], []
    for response in (0.0, 0.5, 1.0):
        rows = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            body = adherent_body(rng, radius=18.0, elongation=1.2, corners=0.2)
            single, bundled = network(rng, body, response, 300)
            points = np.concatenate([single.samples(2), bundled.samples(2)])
            density = np.bincount(body.nearest(points), minlength=len(body.room))
            peak = np.max(np.bincount(body.nearest(single.samples(2)), minlength=len(body.room)))
            near = body.room[body.nearest(points)] < 3
            rows.append((bundled.length / (single.length + bundled.length), near.mean(), peak))
            assert density[body.room <= -2].sum() < 0.01 * density.sum()
        mean = np.mean(rows, axis=0)
        share.append(mean[0])
        edge.append(mean[1])
        crowd.append(mean[2])
    assert share[0] < 0.1
    assert np.all(np.diff(share) > 0.15)
    assert np.all(np.diff(edge) > 0.02)
    assert np.all(np.diff(crowd) < 0)


def test_a_set_is_one_that_training_reads(crops, tmp_path):
    np.savez(tmp_path / "exposure.npz", **crops)
    read = read_crop_set(tmp_path / "exposure.npz")
    assert read.images.shape == (36, 1, 96, 96)
    assert read.channels == ("tubulin",)
    assert set(read.phase) == set(EXPOSURE.slugs)


def test_every_dish_holds_every_exposure_equally_often(crops):
    pairs, counts = np.unique(
        np.stack([crops["group"], crops["phase"]]), axis=1, return_counts=True
    )
    assert pairs.shape[1] == 4 * 3
    assert set(counts) == {3}


def test_a_larger_set_begins_with_the_smaller_one(crops):
    few = simulate_exposure_set(4, seed=5, size=96, dishes=4)
    np.testing.assert_array_equal(few["images"], crops["images"][:4])
    assert (few["images"][0] != simulate_exposure_set(1, seed=6, size=96)["images"][0]).any()


def test_exposures_overlap_but_keep_their_order(crops):
    low, middle, high = (crops["response"][crops["phase"] == slug] for slug in EXPOSURE.slugs)
    assert low.mean() + 0.2 < middle.mean() < high.mean() - 0.2
    assert low.max() > middle.min()
    assert middle.max() > high.min()


def test_dishes_differ_in_brightness_more_than_exposures(crops):
    level = crops["images"][:, 0].mean(axis=(1, 2))
    means = [level[crops["group"] == g].mean() for g in np.unique(crops["group"])]
    assert np.ptp(means) > 0.3 * np.mean(means)
    exposures = [level[crops["phase"] == slug].mean() for slug in EXPOSURE.slugs]
    assert np.ptp(exposures) < np.ptp(means)


def contrast(image):
    """Spread of the light inside a cell, as a share of its mean."""
    foreground = image[image > threshold_otsu(ndimage.gaussian_filter(image, 1.5))]
    return foreground.std() / (foreground.mean() - np.percentile(image, 2))


def test_light_is_spread_in_a_cell_as_in_real_ones(data_dir):
    field = open_image(data_dir / "dapi_tubulin_p21_edu_field_2d.ome.tif")
    dna, tubulin = (field.volume(0, c).squeeze().astype(float) for c in (0, 1))
    nuclei, n = ndimage.label(ndimage.gaussian_filter(dna, 2) > threshold_otsu(dna))
    places = np.rint(ndimage.center_of_mass(nuclei > 0, nuclei, np.arange(1, n + 1))).astype(int)
    inside = [p for p in places if np.all((p >= 24) & (p < 1056))]
    assert len(inside) > 150
    real = [contrast(tubulin[y - 24 : y + 24, x - 24 : x + 24]) for y, x in inside]
    made = [
        contrast(simulate_microtubules("0", np.random.default_rng(s), size=48).astype(float))
        for s in range(20)
    ]
    assert min(made) < np.median(real) < max(made)
    assert np.median(made) == pytest.approx(np.median(real), abs=0.12)


@pytest.mark.parametrize("level", ["2", "taxol"])
def test_an_unknown_level_is_named_with_those_that_exist(level):
    with pytest.raises(CellCycleError, match=f"'{level}' is no phase.*0, 0.1, 1"):
        simulate_microtubules(level, np.random.default_rng(0))


def test_what_cannot_be_simulated_is_refused():
    with pytest.raises(CellCycleError, match=r"16 pixels.*32 a side"):
        simulate_microtubules("0", np.random.default_rng(0), size=16)
    with pytest.raises(CellCycleError, match="0 cells in 12 dishes"):
        simulate_exposure_set(0)
