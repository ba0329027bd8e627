import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.cells.views.composite import make_composite
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation

SPACING = Spacing(2.0, 0.5, 0.5, "user")


def scene(shape=(9, 40, 40)):
    z, y, x = np.indices(shape)
    cz = shape[0] // 2
    distance = np.sqrt(((z - cz) * 2) ** 2 + ((y - 20) / 2) ** 2 + ((x - 20) / 2) ** 2)
    labels = (distance <= 4).astype(np.uint16) * 7
    dna = np.where(distance <= 4, 800, 100).astype(np.uint16)
    membrane = np.where(abs(distance - 5) < 0.8, 500, 20).astype(np.uint16)
    return dna, membrane, labels


def composite(dna, membrane, labels, row=0, **options):
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), SPACING)
    return make_composite(
        dna, membrane, labels, int(cells.label[row]), cells.bbox[row], SPACING, **options
    )


def test_slices_then_projections():
    picture = composite(*scene(), size=40)
    assert picture.names == ("below", "centre", "above", "z", "y", "x")
    assert picture.tiles.shape == (6, 40, 40, 3)
    assert picture.tiles.dtype == np.float32
    assert picture.tiles.min() >= 0
    assert picture.tiles.max() <= 1
    # DNA in the middle is green, membrane around it magenta, projections grey
    red, green, blue = picture.tiles[1, 20, 20]
    assert (red, blue) == (0, 0)
    assert green > 0.9
    np.testing.assert_array_equal(picture.tiles[..., 0], picture.tiles[..., 2])
    assert picture.tiles[1, ..., 0].max() > 0.9
    np.testing.assert_array_equal(picture.tiles[3:, ..., 0], picture.tiles[3:, ..., 1])


def test_slices_are_the_planes_around_the_centre():
    dna, _, labels = scene()
    centre = composite(dna, None, labels).tiles[1]
    marked = dna.copy()
    marked[3] = 100  # only the plane below the centre changes
    picture = composite(marked, None, labels)
    assert picture.tiles[0, ..., 1].max() < 0.1
    np.testing.assert_allclose(picture.tiles[1], centre, atol=0.05)
    assert picture.tiles[2, ..., 1].max() > 0.9
    # DNA alone is grey
    np.testing.assert_array_equal(picture.tiles.min(axis=-1), picture.tiles.max(axis=-1))


def test_a_ball_is_as_deep_as_wide():
    dna, _, labels = scene()
    tiles = composite(dna, None, labels, size=64).tiles[3:, ..., 0] > 0.5
    areas = tiles.sum(axis=(1, 2))
    assert areas.max() / areas.min() < 1.35


def test_one_plane_has_one_slice_and_one_projection():
    dna, membrane, labels = scene((1, 40, 40))
    picture = composite(dna, membrane, labels, size=32)
    assert picture.names == ("centre", "z")
    assert picture.row(gap=3).shape == (32, 67, 3)
    assert (picture.row(gap=3)[:, 32:35] == 1).all()


def test_beyond_the_image_is_black():
    dna, membrane, labels = scene()
    # the centre is now the first plane, so there is none below
    picture = composite(dna[4:5].repeat(2, 0), membrane[4:5].repeat(2, 0), labels[4:5].repeat(2, 0))
    assert not picture.tiles[0].any()
    assert picture.tiles[1].any()
    assert picture.tiles[2].any()


@pytest.mark.parametrize("label", [16, 20])
def test_a_real_dividing_cell(data_dir, label):
    import tifffile

    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    dna, membrane = tifffile.imread(f"{stem}.ome.tif")
    labels = tifffile.imread(f"{stem}_nuclei_labels.ome.tif")
    spacing = Spacing(2.0, 0.26, 0.26, "metadata")
    cells = cell_table(Segmentation(labels[None], "nucleus", "labels"), spacing)
    row = int(np.flatnonzero(cells.label == label)[0])
    picture = make_composite(dna, membrane, labels, label, cells.bbox[row], spacing)
    assert picture.tiles.shape == (6, 96, 96, 3)
    assert (picture.tiles.max(axis=(1, 2, 3)) > 0.5).all()
