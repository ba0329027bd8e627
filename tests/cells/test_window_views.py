"""Views that are scaled by what they show."""

from dataclasses import replace

import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.content import Population
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation

PIXELS = Spacing(1.0, 1.0, 1.0, "cell-size")
RECIPE = ViewRecipe(
    channels=("dna",),
    axes=("z",),
    size=16,
    extent=8.0,
    unit="px",
    intensity="window",
    mask=False,
)
POPULATION = replace(RECIPE, unit="population", extent=2.0)


def field(shape: tuple[int, int], box: tuple[slice, slice]) -> tuple[np.ndarray, np.ndarray]:
    """Noise, and a label that fills a box, ``(1, y, x)`` both."""
    dna = np.random.default_rng(0).integers(1, 1000, (1, *shape)).astype(np.uint16)
    labels = np.zeros((1, *shape), np.uint16)
    labels[0][box] = 1
    return dna, labels


def view(
    dna: np.ndarray, labels: np.ndarray, recipe: ViewRecipe, radius: float = 4.0
) -> np.ndarray:
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), PIXELS)
    return make_views([dna], labels, cells, recipe, Population(radius, 1.0, 40)).images[0, 0, 0]


def scaled(window: np.ndarray) -> np.ndarray:
    """What the docstring of view_cell says, where pixels are those of the image."""
    low, high = np.percentile(window[window != 0], (1, 99.7))
    return np.clip((window.astype(float) - low) / (high - low), 0, 1)


def test_grey_values_are_those_of_the_window() -> None:
    dna, labels = field((40, 50), (slice(15, 22), slice(20, 27)))  # about 18, 23
    dna[0, 0, 0] = 60_000  # not in the window
    expected = scaled(dna[0, 10:27, 15:32])
    shown = view(dna, labels, replace(RECIPE, size=17, extent=8.5))
    np.testing.assert_allclose(shown, expected, atol=2e-5)


def test_they_do_not_depend_on_the_outline() -> None:
    dna, labels = field((40, 40), (slice(14, 25), slice(14, 25)))
    dna[0, 14:25, 14:25] += 2000
    thin = labels.copy()
    thin[0, 17:22, 15:24] = 0  # the same box
    assert (view(dna, labels, RECIPE) == view(dna, thin, RECIPE)).all()
    own = replace(RECIPE, intensity="cell")
    assert (view(dna, labels, own) != view(dna, thin, own)).any()


def test_what_was_filled_in_beyond_an_image_does_not_count() -> None:
    dna, labels = field((24, 24), (slice(9, 16), slice(9, 16)))
    whole = view(dna, labels, replace(RECIPE, size=24, extent=12.0))
    filled = np.pad(dna, ((0, 0), (4, 4), (4, 4)))
    beside = np.pad(labels, ((0, 0), (4, 4), (4, 4)))
    wider = view(filled, beside, replace(RECIPE, size=32, extent=16.0))
    np.testing.assert_allclose(wider[4:-4, 4:-4], whole, atol=2e-5)


@pytest.mark.parametrize("radius", [5.0, 50.0])
def test_a_crop_smaller_than_the_view_is_shown_whole(radius: float) -> None:
    """However large the typical nucleus is, and wherever in its crop the cell was found."""
    dna, labels = field((16, 16), (slice(2, 8), slice(3, 9)))
    np.testing.assert_allclose(view(dna, labels, POPULATION, radius), scaled(dna[0]), atol=2e-5)


def test_a_view_is_moved_into_a_narrow_crop() -> None:
    dna, labels = field((16, 30), (slice(2, 8), slice(22, 28)))
    np.testing.assert_allclose(
        view(dna, labels, POPULATION, 9.0), scaled(dna[0, :, 14:]), atol=2e-5
    )


def test_a_cell_at_the_border_of_a_field_stays_in_the_middle() -> None:
    dna, labels = field((60, 60), (slice(0, 7), slice(20, 27)))
    dna[0, 0:7, 20:27] = 3000
    shown = view(dna, labels, replace(POPULATION, size=17), 4.25)  # 8.5 pixels to each side
    assert (shown[:5] == 0).all()  # beyond the field
    np.testing.assert_array_equal(shown[5:12, 5:12] == 1, True)


def test_a_view_without_any_grey_values_is_black() -> None:
    dna, labels = field((40, 40), (slice(14, 25), slice(14, 25)))
    assert not view(np.zeros_like(dna), labels, RECIPE).any()


def test_the_typical_nucleus_gives_the_scale_where_the_image_has_room() -> None:
    dna, labels = field((80, 80), (slice(30, 50), slice(30, 50)))
    near, far = (view(dna, labels, POPULATION, radius) for radius in (5.0, 10.0))
    exact = view(dna, labels, replace(RECIPE, extent=10.0))
    np.testing.assert_allclose(near, exact, atol=0.2)  # centred by foreground, not by the box
    assert np.abs(near - far).max() > 0.2
