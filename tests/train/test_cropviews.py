"""Views of crop sets that say what is typical of the images they come from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.views.content import population_of
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views, measure_crops, stated_populations

RECIPE = ViewRecipe(
    channels=("dna",), axes=("z",), size=32, extent=2.0, unit="population", mask=False
)


@pytest.fixture(scope="module")
def crops(data_dir: Path) -> CropSet:
    """Large nuclei of HeLa cells, and some that divide."""
    whole = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    kept = {"Large": 40, "Metaphase": 20}
    return whole.select(
        np.concatenate([np.flatnonzero(whole.phase == p)[:n] for p, n in kept.items()])
    )


def test_chosen_cells_look_as_they_do_among_all(crops: CropSet) -> None:
    every, _ = crop_views(crops, RECIPE)
    radius = measure_crops(crops, RECIPE).radius
    plates = crops.select(crops.phase == "Metaphase")
    alone, _ = crop_views(plates, RECIPE)
    told = replace(plates, columns={"typical_radius": np.full(len(plates), radius)})
    again, _ = crop_views(told, RECIPE)
    expected = every[crops.phase == "Metaphase"]
    np.testing.assert_array_equal(again, expected)
    assert alone.mean() > 1.2 * expected.mean()  # plates alone look as large as nuclei


def test_each_image_has_its_own_typical_cell() -> None:
    crops = CropSet(
        np.zeros((2, 1, 8, 8)),
        ("dna",),
        np.array(["a", "b"]),
        np.array(["p", "q"]),
        "two.npz",
        columns={"typical_radius": np.array([4, 9])},
    )
    measured = population_of([5.0, 6.0, 7.0], [90.0, 100.0, 110.0])
    first, second = stated_populations(crops, measured)
    assert (first.radius, second.radius) == (4, 9)
    assert first.g1_content == second.g1_content == measured.g1_content
    with pytest.raises(CropSetError, match=r"two\.npz has typical_radius that are not positive"):
        stated_populations(replace(crops, columns={"typical_radius": np.zeros(2)}), measured)
