from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.geometry import sharpen
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views, view_axes
from napari_cellcycle.errors import ViewError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.cropviews import crop_views

FLAT = ViewRecipe(channels=("dna",), axes=("z",), size=40, unit="px", extent=20, mask=False)


@pytest.fixture(scope="module")
def jurkat(data_dir: Path) -> CropSet:
    return read_crop_set(data_dir / "jurkat_ifc_40px.npz").select(np.arange(20))


def test_a_recipe_in_pixels_takes_real_crops_as_they_are(jurkat: CropSet) -> None:
    images, axes = crop_views(jurkat, FLAT)
    assert axes == ("z",)
    for view, crop in zip(images[:, 0, 0].astype(float), jurkat.images[:, 1], strict=True):
        inside = (view > 0) & (view < 255)  # the ends are clipped
        line = np.polyfit(crop[inside], view[inside], 1)
        assert np.abs(np.polyval(line, crop[inside]) - view[inside]).max() < 1


def test_sharpening_is_that_of_pillow(jurkat: CropSet) -> None:
    for view in crop_views(jurkat, FLAT)[0][:, 0, 0]:
        pillow = np.asarray(Image.fromarray(view).filter(ImageFilter.SHARPEN), int)
        ours = np.rint(sharpen(view.astype(np.float32) / 255) * 255)
        assert np.abs(ours - pillow).max() <= 1
    sharper, _ = crop_views(jurkat, replace(FLAT, sharpen=True))
    assert sharper.std() > crop_views(jurkat, FLAT)[0].std()


def two_balls() -> tuple[np.ndarray, np.ndarray]:
    z, y, x = np.indices((20, 24, 40))
    labels = np.zeros(z.shape, np.uint16)
    for label, centre in ((1, 12), (2, 27)):
        labels[(z - 10) ** 2 + (y - 12) ** 2 + (x - centre) ** 2 < 36] = label
    dna = np.random.default_rng(0).normal(20, 2, z.shape) + 200 * (labels > 0)
    return dna.astype(np.float32), labels


def test_without_a_mask_the_neighbour_is_seen() -> None:
    dna, labels = two_balls()
    cells = cell_table(Segmentation(labels[None], "nucleus", "l"), Spacing(1, 1, 1, "isotropic"))
    recipe = ViewRecipe(channels=("dna",), size=32, extent=3.0)
    masked, seen = (
        make_views([dna], labels, cells, replace(recipe, mask=mask)).images[0, 2, 0]
        for mask in (True, False)
    )
    assert masked[12:20, 24:].max() == 0
    assert seen[12:20, 26:].mean() > 0.5
    # the cell itself looks the same
    assert np.abs(masked - seen)[10:22, 10:22].max() < 0.1


def test_a_volume_view_is_the_crop_itself() -> None:
    dna, labels = two_balls()
    cells = cell_table(Segmentation(labels[None], "nucleus", "l"), Spacing(1, 1, 1, "isotropic"))
    recipe = ViewRecipe(
        channels=("dna",), axes=("volume",), size=12, unit="px", extent=6, mask=False
    )
    views = make_views([dna], labels, cells, recipe)
    assert views.images.shape == (2, 1, 1, 12, 12, 12)
    (z, y, x), stop = cells.bbox[0]
    assert tuple(stop - cells.bbox[0][0]) == (11, 11, 11)
    # the bounding box is odd, the view even: each pixel lies between two voxels along each axis
    crop = dna[z - 1 : z + 12, y - 1 : y + 12, x - 1 : x + 12]
    for axis in range(3):
        crop = (crop.take(range(12), axis) + crop.take(range(1, 13), axis)) / 2
    inside = (views.images[0, 0, 0] > 0.05) & (views.images[0, 0, 0] < 0.95)
    line = np.polyfit(crop[inside], views.images[0, 0, 0][inside], 1)
    assert np.abs(np.polyval(line, crop[inside]) - views.images[0, 0, 0][inside]).max() < 0.08
    pictures = views.pictures()
    assert pictures.axes == ("x", "y", "z")
    assert (pictures.images[:, 2] == views.images[:, 0].max(axis=2)).all()


def test_volumes_of_2d_images_are_refused() -> None:
    with pytest.raises(ViewError, match="Choose a model for projections"):
        view_axes(ViewRecipe(axes=("volume",)), is_2d=True)
