from __future__ import annotations

import re

import dask.array as da
import numpy as np
import pytest
import tifffile

from napari_cellcycle.errors import ImageReadError, SegmentationError, SegmentationMismatchError
from napari_cellcycle.image import Segmentation, check_labels, check_match, open_image, open_labels


def test_real_labels_lie_on_their_image(data_dir, reader):
    stack = open_image(data_dir / "organoid_h2b_membrane_3d_t301.ome.tif")
    for kind, word in (("nuclei", "nucleus"), ("cells", "cell")):
        path = data_dir / f"organoid_h2b_membrane_3d_t301_{kind}_labels.ome.tif"
        segmentation = open_labels(path, labels_are=word)
        check_match(stack, segmentation)
        assert segmentation.labels_are == word
        assert segmentation.spacing.zyx == pytest.approx((2.0, 0.26, 0.26))
        np.testing.assert_array_equal(segmentation.volume(0), tifffile.imread(path))


def test_an_image_is_no_segmentation_of_itself(data_dir, reader):
    path = data_dir / "h2b_field_2d_t1.ome.tif"
    says = "is given as the image and as its segmentation: each grey value would be a cell"
    with pytest.raises(SegmentationMismatchError, match=says):
        check_match(open_image(path), open_labels(path))


def test_labels_of_a_time_series(data_dir, reader):
    segmentation = open_labels(data_dir / "embryo_timelapse_3d_labels.ome.tif")
    assert segmentation.grid == (4, 71, 180, 247)
    assert len(np.unique(segmentation.volume(3))) == 9


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64"])
def test_integers_keep_their_type(tmp_path, pixels, reader, dtype):
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, pixels(5, 32, 40, dtype=dtype), photometric="minisblack")
    assert open_labels(path).volume(0).dtype == dtype


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_labels_that_imagej_keeps_as_floats(tmp_path, pixels, reader, dtype):
    """As those of TrackMate and MorphoLibJ."""
    path = tmp_path / "LblImg_movie.tif"
    labels = pixels(3, 32, 40, dtype=dtype)
    tifffile.imwrite(path, labels.astype("float32"), imagej=True, metadata={"axes": "TYX"})
    segmentation = open_labels(path)
    assert segmentation.grid == (3, 1, 32, 40)
    assert segmentation.data.dtype == np.int32
    np.testing.assert_array_equal(segmentation.data[:, 0], labels)


@pytest.mark.parametrize("wrong", [0.5, np.nan, np.inf, 2.0**24 + 2])
def test_floats_that_are_no_labels_are_refused(tmp_path, pixels, reader, wrong):
    labels = pixels(2, 32, 40, dtype="float32")
    labels[1, 2, 3] = wrong
    path = tmp_path / "labels.tif"
    tifffile.imwrite(path, labels, imagej=True, metadata={"axes": "TYX"})
    segmentation = open_labels(path)
    assert segmentation.volume(0).any()
    said = re.escape(f"labels.tif holds numbers such as {wrong:g};")
    with pytest.raises(SegmentationError, match=said):
        segmentation.volume(1)


def test_an_image_of_floats_is_refused_when_it_is_opened(tmp_path, reader):
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.random.default_rng(3).normal(9, 2, (32, 40)).astype("float32"))
    with pytest.raises(SegmentationError, match=r"image.tif holds numbers such as .*whole numbers"):
        open_labels(path)


def test_colours_do_not_number_cells(tmp_path, pixels):
    tifffile.imwrite(tmp_path / "mask.tif", pixels(32, 40, 3, dtype="uint8"), photometric="rgb")
    with pytest.raises(SegmentationError, match=r"has 3 channels.*16-bit grey values"):
        open_labels(tmp_path / "mask.tif")


def test_mask_is_refused(tmp_path, reader):
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, np.ones((5, 32, 40), bool), photometric="minisblack")
    with pytest.raises(SegmentationError, match=r"mask.tif is a mask \(type bool\)"):
        open_labels(path)


def test_empty_segmentation_is_refused(tmp_path, reader):
    path = tmp_path / "labels.ome.tif"
    tifffile.imwrite(path, np.zeros((2, 5, 32, 40), np.uint16), metadata={"axes": "TZYX"})
    with pytest.raises(SegmentationError, match=r"labels.ome.tif is empty: \(2, 5, 32, 40\)"):
        open_labels(path)


def test_labels_of_a_later_frame_count(tmp_path, reader):
    labels = np.zeros((2, 5, 32, 40), np.uint16)
    labels[1, 2, 3, 4] = 7
    tifffile.imwrite(tmp_path / "labels.ome.tif", labels, metadata={"axes": "TZYX"})
    assert open_labels(tmp_path / "labels.ome.tif").volume(1).max() == 7


def test_negative_labels_are_refused(tmp_path, pixels, reader):
    labels = pixels(2, 5, 32, 40, dtype="int32")
    labels[0, 0, 0, 0] = -1
    tifffile.imwrite(tmp_path / "labels.ome.tif", labels[:1], metadata={"axes": "TZYX"})
    with pytest.raises(SegmentationError, match=r"negative label \(-1\) in frame 0"):
        open_labels(tmp_path / "labels.ome.tif")
    later = Segmentation(labels[::-1], "nucleus", "labels")
    check_labels(later)
    with pytest.raises(SegmentationError, match=r"negative label \(-1\) in frame 1"):
        later.volume(1)


def test_several_channels_are_refused(tmp_path, pixels, reader):
    path = tmp_path / "labels.ome.tif"
    tifffile.imwrite(path, pixels(2, 5, 32, 40), metadata={"axes": "CZYX"})
    with pytest.raises(SegmentationError, match=r"has 2 channels.*TZYX"):
        open_labels(path)


def test_four_planes_of_labels_stored_as_colours_are_refused(tmp_path, pixels, reader):
    path = tmp_path / "labels.tif"
    tifffile.imwrite(
        path, pixels(4, 32, 40, dtype="uint8"), photometric="rgb", planarconfig="separate"
    )
    with pytest.raises(ImageReadError, match=r"\(4, 32, 40\)"):
        open_labels(path)


def test_mismatch_names_both_shapes(data_dir):
    stack = open_image(data_dir / "organoid_h2b_membrane_3d_t301.ome.tif")
    other = open_labels(data_dir / "organoid_h2b_membrane_3d_t303_cells_labels.ome.tif")
    with pytest.raises(
        SegmentationMismatchError, match=r"\(1, 27, 182, 175\).*\(1, 27, 177, 180\)"
    ):
        check_match(stack, other)


def test_failure_while_reading_names_the_image():
    def fail(block):
        raise OSError("disk gone")

    data = da.zeros((1, 2, 4, 4), dtype=int).map_blocks(
        fail, dtype=int, meta=np.empty((0,) * 4, int)
    )
    with pytest.raises(ImageReadError, match=r"cells.ome.tif cannot be read at .*disk gone"):
        Segmentation(data, "cell", "cells.ome.tif").volume(0)


def test_labels_are_cells_or_nuclei_and_nothing_else(data_dir):
    """A plural would be taken for cells, whose mask is another one."""
    with pytest.raises(SegmentationError, match=r"^Labels are 'cell' or 'nucleus', not 'nuclei'"):
        open_labels(data_dir / "h2b_field_2d_t1_labels.ome.tif", labels_are="nuclei")
