import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.errors import SegmentationError, SegmentationMismatchError
from napari_cellcycle.image.spacing import Spacing
from napari_cellcycle.image.stack import Segmentation

SPACING = Spacing(2.0, 0.5, 0.5, "user")


def segmentation(data, labels_are="nucleus", name="mask.tif"):
    return Segmentation(data, labels_are, name)


def random_labels(shape, values, dtype, seed=0):
    """Blocks painted over each other, so that cells are cut, split and nested."""
    rng = np.random.default_rng(seed)
    labels = np.zeros(shape, dtype)
    for value in values:
        low = [rng.integers(0, n) for n in shape]
        labels[tuple(slice(a, a + rng.integers(1, 6)) for a in low)] = value
    return labels


def naive_rows(labels):
    rows = {}
    for t, z, y, x in np.ndindex(labels.shape):
        value = int(labels[t, z, y, x])
        if value:
            rows.setdefault((t, value), []).append((z, y, x))
    return {key: np.array(rows[key]) for key in sorted(rows)}


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("uint8", [1, 2, 7, 255]),
        ("int16", [1, 5, 32767]),
        ("uint16", [1, 2, 65535]),
        ("int32", [3, 2**31 - 1]),
        ("uint32", [4_000_000_000, 1, 17]),
        ("int64", [2**62, 9]),
        ("uint64", [2**63 - 1, 4_000_000_000, 2]),
    ],
)
@pytest.mark.parametrize("shape", [(2, 5, 9, 11), (1, 1, 12, 8), (3, 4, 6, 6)])
def test_rows_match_voxel_by_voxel(shape, dtype, values):
    labels = random_labels(shape, values * 2, dtype)
    table = cell_table(segmentation(labels), SPACING, image="a.tif", scene="s")
    rows = naive_rows(labels)
    assert list(zip(table.frame.tolist(), table.label.tolist(), strict=True)) == list(rows)
    for i, voxels in enumerate(rows.values()):
        assert table.voxels[i] == len(voxels)
        np.testing.assert_array_equal(table.bbox[i, 0], voxels.min(axis=0))
        np.testing.assert_array_equal(table.bbox[i, 1], voxels.max(axis=0) + 1)
        np.testing.assert_allclose(table.centroid[i], voxels.mean(axis=0), atol=1e-9)
        cut = any(
            v[axis] in (0, shape[axis + 1] - 1)
            for v in voxels
            for axis in range(3)
            if axis or shape[1] > 1
        )
        assert table.touches_border[i] == cut
    np.testing.assert_array_equal(table.nucleus_voxels, table.voxels)
    assert table.label.dtype == table.frame.dtype == table.bbox.dtype == np.int64
    assert table.spacing is SPACING
    assert (table.image, table.scene) == ("a.tif", "s")


def test_slabs_join_seamlessly(monkeypatch):
    labels = random_labels((1, 9, 7, 8), range(1, 12), "uint16", seed=3)
    whole = cell_table(segmentation(labels), SPACING)
    monkeypatch.setattr("napari_cellcycle.image.window._SLAB", 1)
    slabs = cell_table(segmentation(labels), SPACING)
    np.testing.assert_array_equal(slabs.bbox, whole.bbox)
    np.testing.assert_array_equal(slabs.voxels, whole.voxels)
    np.testing.assert_allclose(slabs.centroid, whole.centroid)


def test_a_label_that_continues_in_the_next_row_is_two_runs():
    labels = np.zeros((1, 1, 2, 4), np.uint8)
    labels[0, 0, 0, 2:] = labels[0, 0, 1, :2] = 6
    table = cell_table(segmentation(labels), SPACING)
    np.testing.assert_array_equal(table.bbox[0], [[0, 0, 0], [1, 2, 4]])
    np.testing.assert_allclose(table.centroid[0], [0, 0.5, 1.5])


def test_a_frame_without_cells_is_no_error():
    labels = np.zeros((3, 2, 4, 4), np.uint16)
    labels[1, 0, 1, 1] = 5
    labels[2, 1, 2, 2] = 5
    table = cell_table(segmentation(labels), SPACING)
    assert table.frame.tolist() == [1, 2]
    assert table.label.tolist() == [5, 5]


def test_frames_are_read_one_by_one():
    class Lazy:
        shape = (3, 2, 4, 4)
        dtype = np.dtype("uint16")
        read: list[int] = []  # noqa: RUF012

        def __getitem__(self, frame):
            (t,) = np.atleast_1d(frame)
            self.read.append(int(t))
            return np.full(self.shape[1:], t + 1, self.dtype)

    lazy = Lazy()
    table = cell_table(segmentation(lazy), SPACING)
    assert lazy.read == [0, 1, 2]
    assert table.label.tolist() == [1, 2, 3]


def test_dask_labels():
    import dask.array as da

    labels = random_labels((2, 4, 9, 9), [1, 2, 3], "uint16")
    lazy = cell_table(segmentation(da.from_array(labels, chunks=(1, 2, 5, 5))), SPACING)
    eager = cell_table(segmentation(labels), SPACING)
    np.testing.assert_array_equal(lazy.bbox, eager.bbox)


def test_planes_of_a_2d_image_are_no_border():
    labels = np.zeros((1, 1, 5, 5), np.uint8)
    labels[0, 0, 2, 2] = 1
    labels[0, 0, 4, 2] = 2
    assert cell_table(segmentation(labels), SPACING).touches_border.tolist() == [False, True]
    deep = np.concatenate([labels, np.zeros_like(labels)], axis=1)
    assert cell_table(segmentation(deep), SPACING).touches_border.tolist() == [True, True]


def test_nuclei_belong_to_the_cell_that_holds_most_of_them():
    cells = np.zeros((2, 1, 4, 10), np.uint16)
    cells[0, 0, :, 0:4] = 40000
    cells[0, 0, :, 4:8] = 2
    cells[1, 0, :, 6:] = 3
    nuclei = np.zeros((2, 1, 4, 10), np.uint32)
    nuclei[0, 0, 0, 1:6] = 4_000_000_000  # three voxels in 40000, two in 2
    nuclei[0, 0, 2, 0:2] = 8  # a second nucleus of 40000
    nuclei[0, 0, 3, 7:] = 9  # one voxel in 2, two outside
    nuclei[1, 0, 0, :2] = 8  # outside
    table = cell_table(segmentation(cells, "cell"), SPACING, nuclei=segmentation(nuclei))
    assert table.label.tolist() == [2, 40000, 3]
    assert table.nucleus_voxels.tolist() == [0, 7, 0]


def test_nucleus_volume_of_cells_is_unknown_without_nuclei():
    labels = np.ones((1, 1, 2, 2), np.uint8)
    assert cell_table(segmentation(labels, "cell"), SPACING).nucleus_voxels.tolist() == [-1]


def test_select_keeps_the_key():
    labels = np.arange(1, 5, dtype=np.uint8).reshape(1, 1, 2, 2)
    table = cell_table(segmentation(labels), SPACING, image="a")
    some = table.select(table.label > 2)
    assert some.label.tolist() == [3, 4]
    assert some.image == "a"
    assert len(some) == 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((1, 2, 3, 3), np.uint16), r"mask\.tif is empty.*1x2x3x3"),
        (np.ones((1, 2, 3, 3), np.float32), r"mask\.tif holds float32"),
        (np.ones((1, 2, 3, 3), bool), r"mask\.tif holds bool.*connected components"),
        (np.full((1, 2, 3, 3), -1, np.int16), r"mask\.tif has a negative label \(-1\)"),
        (np.full((1, 2, 3, 3), 2**63, np.uint64), r"mask\.tif has label 9223372036854775808"),
    ],
)
def test_unusable_labels_are_refused(data, message):
    with pytest.raises(SegmentationError, match=message):
        cell_table(segmentation(data), SPACING)


def test_unusable_nuclei_are_refused():
    cells = segmentation(np.ones((1, 2, 3, 3), np.uint16), "cell")
    with pytest.raises(SegmentationMismatchError, match=r"nuclei\.tif.*\(1, 1, 3, 3\)"):
        cell_table(
            cells, SPACING, nuclei=segmentation(np.ones((1, 1, 3, 3), int), name="nuclei.tif")
        )
    with pytest.raises(SegmentationError, match="negative"):
        cell_table(cells, SPACING, nuclei=segmentation(np.full((1, 2, 3, 3), -2)))
    with pytest.raises(SegmentationError, match="float64"):
        cell_table(cells, SPACING, nuclei=segmentation(np.ones((1, 2, 3, 3))))


def test_organoid_cells_and_their_nuclei(data_dir):
    import tifffile

    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    cells = tifffile.imread(f"{stem}_cells_labels.ome.tif")[None]
    nuclei = tifffile.imread(f"{stem}_nuclei_labels.ome.tif")[None]
    table = cell_table(segmentation(cells, "cell"), SPACING, nuclei=segmentation(nuclei))
    assert table.label.tolist() == np.unique(cells[cells > 0]).tolist()
    assert table.voxels.sum() == (cells > 0).sum()
    assert (table.nucleus_voxels > 0).mean() > 0.7
    assert (table.nucleus_voxels <= table.voxels * 1.1).all()
    # nuclei keep their volume whatever the cell outlines are
    assert table.nucleus_voxels.sum() > 0.9 * (nuclei > 0).sum()
