from __future__ import annotations

from dataclasses import replace

import imageio.v3 as iio
import numpy as np
import pytest

from napari_cellcycle.classify import classify_crop
from napari_cellcycle.errors import CellCycleError, ChannelError, ViewError
from napari_cellcycle.image import Stack
from napari_cellcycle.models.classifier import ProjectionClassifier


@pytest.fixture
def crop(data_dir):
    """A real metaphase, 64 pixels wide."""
    with np.load(data_dir / "mitocheck_hela_h2b_64px.npz", allow_pickle=False) as crops:
        return crops["images"][np.flatnonzero(crops["phase"] == "Metaphase")[0], 0]


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_picture_of_one_cell_is_one_cell(crop, classifier, tmp_path, suffix):
    iio.imwrite(tmp_path / f"cell{suffix}", crop)
    result = classify_crop(tmp_path / f"cell{suffix}", model=classifier)
    assert result.cells.label.tolist() == [1]
    assert set(result.decision.axes) == {"z"}
    assert result.cells.image == f"cell{suffix}"
    assert sum(result.counts().values()) == 1


def test_neighbours_in_the_crop_are_no_cells(classifier):
    picture = np.full((64, 64), 20, np.uint8)
    y, x = np.indices((64, 64))
    picture[np.hypot(y - 32, x - 32) < 9] = 200
    picture[np.hypot(y - 8, x - 8) < 7] = 220
    stack = Stack(picture[None, None, None], ("DNA",), None, "two")
    result = classify_crop(stack, model=classifier)
    assert len(result) == 1
    np.testing.assert_allclose(result.cells.centroid[0], (0, 32, 32), atol=0.5)
    assert set(np.unique(result.segmentation.volume(0))) == {0, 1, 2}


def test_a_colour_picture_needs_a_word_on_its_channels(crop, classifier, tmp_path):
    colour = np.stack([crop // 3, crop // 2, crop], axis=-1)
    iio.imwrite(tmp_path / "cell.png", colour)
    with pytest.raises(ChannelError, match="DNA is not clear"):
        classify_crop(tmp_path / "cell.png", model=classifier)
    result = classify_crop(tmp_path / "cell.png", model=classifier, channels={"dna": "blue"})
    assert result.channels["dna"] == 2


def test_a_stack_is_no_crop(organoid, classifier):
    with pytest.raises(CellCycleError, match="it has 27 planes"):
        classify_crop(organoid.stack, model=classifier)
    movie = replace(organoid.stack, data=np.zeros((3, 2, 1, 8, 8)))
    with pytest.raises(CellCycleError, match="it has 3 frames"):
        classify_crop(movie, model=classifier)


def test_one_crop_has_no_g1_peak_to_compare_with(crop, classifier):
    recipe = replace(classifier.card.recipe, channels=("dna",), intensity="population")
    card = replace(classifier.card, recipe=recipe)
    content = ProjectionClassifier(card, classifier.networks)
    stack = Stack(crop[None, None, None], ("DNA",), None, "one")
    with pytest.raises(ViewError, match=r"compares each cell .* image of 30 cells or more"):
        classify_crop(stack, model=content)


def test_without_others_a_crop_is_shown_whole(crop, classifier):
    recipe = replace(classifier.card.recipe, unit="population", mask=False, extent=2.0)
    by_size = ProjectionClassifier(replace(classifier.card, recipe=recipe), classifier.networks)
    stack = Stack(crop[None, None, None], ("DNA",), None, "one")
    result = classify_crop(stack, model=by_size)
    assert result.population.radius == pytest.approx(min(crop.shape) / 2 / 2.0)
    assert any("no other cells to compare" in note for note in result.notes)
    assert not any("G1" in note for note in result.notes)


def test_a_crop_with_nan_is_told(classifier):
    picture = np.random.default_rng(0).random((64, 64), np.float32)
    picture[0] = np.nan
    with pytest.raises(ViewError, match=r"^nan\.tif has pixels that are no number"):
        classify_crop(Stack(picture[None, None, None], ("DNA",), None, "nan.tif"), model=classifier)
