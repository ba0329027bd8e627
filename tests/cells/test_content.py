from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.views.content import population_of
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import ViewError
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views

RECIPE = ViewRecipe(
    channels=("dna",), axes=("z",), size=32, unit="population", intensity="population", dilate=0.6
)


@pytest.fixture(scope="module")
def jurkat(data_dir: Path) -> CropSet:
    crops = read_crop_set(data_dir / "jurkat_ifc_40px.npz")
    chosen = [np.flatnonzero(crops.phase == phase)[:60] for phase in ("G1", "S", "G2")]
    return crops.select(np.concatenate(chosen))


def totals(crops: CropSet) -> dict[str, float]:
    images, _ = crop_views(crops, RECIPE)
    sums = images.astype(float).sum(axis=(1, 2, 3, 4))
    return {phase: float(np.median(sums[crops.phase == phase])) for phase in ("G1", "S", "G2")}


def test_views_of_real_cells_show_twice_the_dna_in_g2(jurkat: CropSet) -> None:
    found = totals(jurkat)
    assert found["G1"] < found["S"] < found["G2"]
    assert 1.6 < found["G2"] / found["G1"] < 2.2


def test_grey_values_and_pixels_of_another_instrument_give_the_same_views(jurkat: CropSet) -> None:
    dna = jurkat.images[:, 1:2].astype(float)
    first, _ = crop_views(jurkat, RECIPE)
    brighter = replace(jurkat, images=dna * 3.7 + 500, channels=("dna",))
    finer = replace(jurkat, images=dna.repeat(2, axis=2).repeat(2, axis=3), channels=("dna",))
    assert np.abs(crop_views(brighter, RECIPE)[0].astype(int) - first).max() <= 2
    sums = [v.astype(float).sum(axis=(1, 2, 3, 4)) for v in (first, crop_views(finer, RECIPE)[0])]
    # the G1 peak of 180 cells moves by a few per cent with their outlines; single cells hardly do
    ratio = sums[1] / sums[0]
    assert abs(np.median(ratio) - 1) < 0.1
    assert np.median(np.abs(ratio / np.median(ratio) - 1)) < 0.02


def test_the_g1_peak_is_the_leftmost_that_is_not_debris() -> None:
    rng = np.random.default_rng(0)
    g1, g2 = rng.normal(100, 6, 300), rng.normal(200, 12, 400)
    debris, between = rng.normal(20, 3, 25), rng.uniform(100, 200, 150)
    found = population_of(np.full(875, 5.0), np.concatenate([g2, debris, g1, between]))
    assert found.g1_content == pytest.approx(100, rel=0.05)
    assert (found.radius, found.n) == (5.0, 875)


def test_cells_without_dna_are_refused() -> None:
    with pytest.raises(ViewError, match="No cell has DNA above its background"):
        population_of([1.0, 1.0], [0.0, -3.0])
