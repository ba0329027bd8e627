import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.cells.views.views import make_views, view_axes
from napari_cellcycle.errors import ChannelError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation

_spec = importlib.util.spec_from_file_location(
    "naive_views", Path(__file__).with_name("naive_views.py")
)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
naive_views = _module.naive_views

RECIPE = ViewRecipe(size=12)
ISOTROPIC = Spacing(1.0, 1.0, 1.0, "isotropic")


def ellipsoid(shape, centre, radii):
    grid = np.indices(shape)
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grid, centre, radii, strict=True)) <= 1


def scene(shape, cells, seed=0):
    """Noisy DNA and membrane of ellipsoids, later ones over earlier ones; labels 5, 6, ..."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint16)
    for i, (centre, radii) in enumerate(cells):
        labels[ellipsoid(shape, centre, radii)] = 5 + i
    dna = rng.normal(100, 10, shape) + rng.uniform(150, 400, shape) * (labels > 0)
    membrane = rng.normal(300, 60, shape)
    return dna.astype(np.float32), membrane.astype(np.float32), labels


def table(labels, labels_are, spacing):
    return cell_table(Segmentation(labels[None], labels_are, "labels"), spacing)


def assert_like_naive(channels, labels, recipe, spacing, labels_are):
    cells = table(labels, labels_are, spacing)
    views = make_views(channels, labels, cells, recipe)
    for i, label in enumerate(cells.label):
        expected, radius = naive_views(channels, labels, label, recipe, spacing, labels_are)
        assert views.radius[i] == pytest.approx(radius, rel=1e-6)
        for a, axis in enumerate(views.axes):
            for c in range(len(channels)):
                np.testing.assert_allclose(
                    views.images[i, a, c], expected[axis, c], atol=2e-5, err_msg=f"{label} {axis}"
                )
    return views


INSIDE = ((7, 13, 14), [((3, 6, 7), (2, 4, 3))])
BORDER = ((6, 11, 12), [((0, 1, 10), (3, 4, 4))])
TOUCHING = ((6, 12, 14), [((3, 6, 4), (3, 4, 3.5)), ((3, 6, 9), (2, 4, 3))])
ONE_SLICE = ((1, 15, 16), [((0, 4, 5), (1, 4, 4)), ((0, 9, 10), (1, 4, 5))])
TINY = ((3, 9, 9), [((1, 4, 4), (0.5, 1, 1))])


@pytest.mark.parametrize("labels_are", ["nucleus", "cell"])
@pytest.mark.parametrize(
    "spacing",
    [
        ISOTROPIC,
        Spacing(2.0, 0.5, 0.5, "user"),
        Spacing(0.4, 0.9, 0.7, "metadata"),
    ],
    ids=["isotropic", "anisotropic", "all-differ"],
)
@pytest.mark.parametrize(
    ("shape", "cells"),
    [INSIDE, BORDER, TOUCHING, ONE_SLICE, TINY],
    ids=["inside", "border", "touching", "one-slice", "tiny"],
)
def test_views_match_voxel_by_voxel(shape, cells, spacing, labels_are):
    dna, membrane, labels = scene(shape, cells)
    views = assert_like_naive((dna, membrane), labels, RECIPE, spacing, labels_are)
    assert views.images.dtype == np.float32
    assert views.images.min() >= 0
    assert views.images.max() <= 1 + 1e-6
    assert views.axes == (("z",) if shape[0] == 1 else ("x", "y", "z"))


@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, unit="um", extent=3.0),
        replace(RECIPE, size=3),  # pixels much coarser than voxels
        replace(RECIPE, axes=("z", "x")),
        replace(RECIPE, dilate=0.0, membrane_dilate=0.0),
        replace(RECIPE, channels=("membrane", "dna")),
        replace(RECIPE, foreground=0.7, dilate=0.5),
    ],
    ids=["um", "coarse", "two-axes", "undilated", "dna-second", "bright-only"],
)
@pytest.mark.parametrize(("shape", "cells"), [BORDER, TOUCHING], ids=["border", "touching"])
def test_recipes_match_voxel_by_voxel(shape, cells, recipe):
    dna, membrane, labels = scene(shape, cells, seed=1)
    volumes = {"dna": dna, "membrane": membrane}
    channels = tuple(volumes[role] for role in recipe.channels)
    assert_like_naive(channels, labels, recipe, Spacing(1.5, 0.5, 0.5, "user"), "nucleus")


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float64"])
def test_integers_and_a_missing_membrane(dtype):
    dna, _, labels = scene(*TOUCHING)
    dna = (dna / 3).astype(dtype)
    views = assert_like_naive((dna, None), labels, RECIPE, ISOTROPIC, "nucleus")
    assert not views.images[:, :, 1].any()
    assert views.images[:, :, 0].any(axis=(-1, -2)).all()


@pytest.mark.parametrize("spacing", [ISOTROPIC, Spacing(1.0, 0.2, 0.2, "user")])
def test_coarse_pixels_fade_out_at_the_border_like_the_naive_ones(spacing):
    recipe = replace(RECIPE, size=4, extent=3.0)
    dna, membrane, labels = scene((5, 12, 12), [((0, 0, 11), (4, 9, 7))], seed=2)
    assert_like_naive((dna, membrane), labels, recipe, spacing, "nucleus")


def test_missing_dna_is_refused():
    _, membrane, labels = scene(*INSIDE)
    with pytest.raises(ChannelError, match="dna channel"):
        make_views((None, membrane), labels, table(labels, "nucleus", ISOTROPIC), RECIPE)


def test_a_channel_too_few_or_too_many_is_refused():
    dna, membrane, labels = scene(*INSIDE)
    cells = table(labels, "cell", ISOTROPIC)
    for given in ([dna], [dna, membrane, None]):
        with pytest.raises(ChannelError, match=rf"of dna, membrane, and {len(given)} channel"):
            make_views(given, labels, cells, RECIPE)


def test_uniform_dna_gives_empty_views_and_the_size_of_the_label():
    _, membrane, labels = scene(*INSIDE)
    cells = table(labels, "nucleus", ISOTROPIC)
    flat = np.full(labels.shape, 50, np.uint8)
    views = make_views((flat, membrane), labels, cells, RECIPE)
    assert not views.images[:, :, 0].any()
    assert np.isfinite(views.images).all()
    assert views.radius[0] == pytest.approx(
        (np.prod(np.diff(cells.bbox[0], axis=0)) ** (1 / 3)) / 2, rel=0.25
    )


def test_only_z_can_be_projected_in_2d():
    assert view_axes(RECIPE, is_2d=True) == ("z",)
    assert view_axes(RECIPE, is_2d=False) == ("x", "y", "z")


def test_a_quarter_turn_about_z_permutes_and_turns_the_views():
    dna, membrane, labels = scene((9, 13, 15), [((4, 6, 7), (3, 5, 4)), ((5, 2, 3), (2, 2, 3))])
    turned = [np.rot90(v, axes=(1, 2)).copy() for v in (dna, membrane, labels)]
    before = make_views((dna, membrane), labels, table(labels, "nucleus", ISOTROPIC), RECIPE)
    after = make_views(tuple(turned[:2]), turned[2], table(turned[2], "nucleus", ISOTROPIC), RECIPE)
    old = dict(zip(before.axes, np.moveaxis(before.images, 1, 0), strict=True))
    new = dict(zip(after.axes, np.moveaxis(after.images, 1, 0), strict=True))
    np.testing.assert_allclose(after.radius, before.radius)
    np.testing.assert_allclose(new["z"], np.rot90(old["z"], axes=(-2, -1)), atol=1e-5)
    np.testing.assert_allclose(new["y"], old["x"], atol=1e-5)
    np.testing.assert_allclose(new["x"], old["y"][..., ::-1], atol=1e-5)


def test_swapping_z_and_y_swaps_the_views():
    dna, membrane, labels = scene((11, 13, 12), [((5, 6, 6), (4, 3, 5))])
    spacing, swapped = Spacing(0.8, 0.5, 0.6, "user"), Spacing(0.5, 0.8, 0.6, "user")
    before = make_views((dna, membrane), labels, table(labels, "cell", spacing), RECIPE)
    flip = [v.swapaxes(0, 1).copy() for v in (dna, membrane, labels)]
    after = make_views(tuple(flip[:2]), flip[2], table(flip[2], "cell", swapped), RECIPE)
    x, y, z = before.images[0]
    np.testing.assert_allclose(after.images[0, 1], z, atol=1e-5)
    np.testing.assert_allclose(after.images[0, 2], y, atol=1e-5)
    np.testing.assert_allclose(after.images[0, 0], x.swapaxes(-1, -2), atol=1e-5)


def soft_ball(radius, spacing, shape):
    """A ball of DNA whose edge is blurred, sampled at ``spacing``."""
    centre = [(n - 1) / 2 * s for n, s in zip(shape, spacing.zyx, strict=True)]
    position = [g * s - c for g, s, c in zip(np.indices(shape), spacing.zyx, centre, strict=True)]
    distance = np.sqrt(sum(p**2 for p in position))
    dna = 100 + 1000 / (1 + np.exp((distance - radius) / 0.3))
    return dna.astype(np.float32), (distance <= radius).astype(np.uint8)


def test_a_ball_looks_the_same_from_everywhere_at_any_sampling():
    recipe = ViewRecipe(channels=("dna",), size=32)
    seen = []
    for spacing, shape in (
        (Spacing(0.25, 0.25, 0.25, "user"), (61, 61, 61)),
        (Spacing(1.0, 0.25, 0.25, "user"), (17, 61, 61)),
        (Spacing(0.3, 0.5, 0.2, "user"), (51, 31, 75)),
    ):
        dna, labels = soft_ball(5.0, spacing, shape)
        views = make_views((dna,), labels, table(labels, "nucleus", spacing), recipe)
        assert views.radius[0] == pytest.approx(5.25, rel=0.03)  # 30 % of a soft edge
        seen.extend(views.images[0, :, 0])
    for view in seen[1:]:
        assert np.abs(view - seen[0]).mean() < 0.02


def test_a_wider_mask_hardly_changes_the_scale():
    from scipy import ndimage

    recipe = ViewRecipe(channels=("dna",), size=32)
    dna, labels = soft_ball(5.0, ISOTROPIC, (25, 25, 25))
    views = []
    for mask in (labels, ndimage.binary_dilation(labels, iterations=2).astype(np.uint8)):
        views.append(make_views((dna,), mask, table(mask, "nucleus", ISOTROPIC), recipe))
    assert views[1].radius[0] == pytest.approx(views[0].radius[0], rel=0.03)
    assert np.abs(views[1].images - views[0].images).mean() < 0.02


def test_neighbours_in_the_crop_are_masked():
    dna, _, labels = scene(*TOUCHING)
    bright = dna.copy()
    bright[labels == 6] *= 50
    cells = table(labels, "nucleus", ISOTROPIC).select(np.array([0]))
    alone = make_views((dna, None), labels, cells, RECIPE)
    beside = make_views((bright, None), labels, cells, RECIPE)
    np.testing.assert_array_equal(beside.images, alone.images)


def test_organoid_nuclei_have_the_size_of_nuclei(data_dir):
    import tifffile

    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    image = tifffile.imread(f"{stem}.ome.tif")
    labels = tifffile.imread(f"{stem}_nuclei_labels.ome.tif")
    spacing = Spacing(2.0, 0.26, 0.26, "metadata")
    views = make_views(tuple(image), labels, table(labels, "nucleus", spacing), ViewRecipe())
    assert views.images.shape == (20, 3, 2, 64, 64)
    assert np.isfinite(views.images).all()
    assert (views.images.max(axis=(-1, -2)) > 0.5).all()
    assert (views.radius > 2).all()
    assert (views.radius < 9).all()
