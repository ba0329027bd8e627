from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.errors import ImageReadError, MissingExtraError
from napari_cellcycle.image import list_scenes, open_image, open_labels

UM = "micrometer"


def test_named_channels_and_mixed_units(tmp_path, pixels, write_ome_zarr, zarr_reader):
    data = pixels(2, 2, 3, 8, 10)
    path = write_ome_zarr(
        tmp_path / "cells.ome.zarr",
        data,
        "tczyx",
        scale=[1, 1, 2000, 0.3, 0.3],
        units=[None, None, "nanometer", UM, UM],
        labels=("DNA", "membrane"),
    )
    stack = open_image(path)
    assert stack.channels == ("DNA", "membrane")
    assert all(type(name) is str for name in stack.channels)
    assert stack.spacing.zyx == pytest.approx((2.0, 0.3, 0.3))
    assert stack.data.chunksize == (1, 1, 1, 8, 10)
    assert list_scenes(path) == ("cells",)
    np.testing.assert_array_equal(stack.data, data)


def test_axis_without_unit_leaves_spacing_unknown(tmp_path, pixels, write_ome_zarr, zarr_reader):
    path = write_ome_zarr(
        tmp_path / "a.zarr",
        pixels(2, 3, 8, 10),
        "czyx",
        scale=[1, 2, 0.3, 0.3],
        units=[None, None, UM, UM],
        labels=("DNA", "membrane"),
    )
    assert open_image(path).spacing is None
    assert open_image(path).data.shape == (1, 2, 3, 8, 10)


def test_channels_without_names(tmp_path, pixels, write_ome_zarr, zarr_reader):
    path = write_ome_zarr(
        tmp_path / "a.zarr",
        pixels(2, 3, 8, 10),
        "czyx",
        scale=[1, 2, 0.3, 0.3],
        units=[None, UM, UM, UM],
        omit=("omero",),
    )
    if zarr_reader == "aicsimageio":
        with pytest.raises(MissingExtraError, match=r"without channel names.*\[bioio\]"):
            open_image(path)
    else:
        assert open_image(path).channels == ("channel 0", "channel 1")


def test_labels_in_zarr(tmp_path, pixels, write_ome_zarr, zarr_reader):
    path = write_ome_zarr(
        tmp_path / "labels.zarr",
        pixels(1, 3, 8, 10, dtype="uint32"),
        "czyx",
        scale=[1, 2, 0.3, 0.3],
        units=[None, UM, UM, UM],
        labels=("labels",),
    )
    segmentation = open_labels(path, labels_are="cell")
    assert segmentation.grid == (1, 3, 8, 10)
    assert segmentation.data.dtype == np.uint32


def test_zarr_without_ome_metadata_is_refused(tmp_path, pixels, write_ome_zarr, zarr_reader):
    path = write_ome_zarr(
        tmp_path / "raw.zarr",
        pixels(3, 8, 10),
        "zyx",
        scale=[1, 1, 1],
        units=[UM, UM, UM],
        omit=("multiscales",),
    )
    for folder in (path, path / "0"):
        with pytest.raises(ImageReadError, match="without OME metadata"):
            open_image(folder)


def test_collection_points_to_its_images(tmp_path, zarr_reader):
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    (tmp_path / ".zattrs").write_text('{"bioformats2raw.layout": 3}')
    with pytest.raises(ImageReadError, match="open one of them"):
        open_image(tmp_path)


def test_damaged_metadata(tmp_path, zarr_reader):
    (tmp_path / "zarr.json").write_text('{"zarr_format": 3')
    with pytest.raises(ImageReadError, match=r"cannot be read|version 0\.5"):
        open_image(tmp_path)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_bioio_writes_is_read(tmp_path, pixels, zarr_reader, zarr_format):
    writers = pytest.importorskip("bioio_ome_zarr.writers", reason="bioio-ome-zarr writes this")
    data = pixels(1, 2, 4, 16, 20)
    path = tmp_path / f"v{zarr_format}.ome.zarr"
    channel = writers.Channel
    writer = writers.OMEZarrWriter(
        str(path),
        level_shapes=[data.shape, (1, 2, 4, 8, 10)],
        dtype=data.dtype,
        zarr_format=zarr_format,
        channels=[channel(label="DNA", color="FFFFFF"), channel(label="mem", color="FFFFFF")],
        axes_units=[None, None, UM, "nanometer", "nanometer"],
        physical_pixel_size=[1.0, 1.0, 2.0, 300.0, 300.0],
    )
    writer.write_full_volume(data)
    stack = open_image(path)
    assert stack.data.shape == data.shape
    assert stack.channels == ("DNA", "mem")
    assert stack.spacing.zyx == pytest.approx((2.0, 0.3, 0.3))
    np.testing.assert_array_equal(stack.volume(0, 1), data[0, 1])


def test_without_readers_the_error_names_the_extra(tmp_path, pixels, write_ome_zarr, reader):
    if reader != "plain":
        pytest.skip("a reader is installed")
    path = write_ome_zarr(
        tmp_path / "a.ome.zarr",
        pixels(3, 8, 10),
        "zyx",
        scale=[2, 1, 1],
        units=[UM, UM, UM],
        labels=("a",),
    )
    with pytest.raises(MissingExtraError, match=r'pip install "napari-cellcycle\[bioio\]"'):
        open_image(path)
