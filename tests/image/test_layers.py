from __future__ import annotations

from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_cellcycle.errors import ChannelError, ImageReadError, SegmentationError
from napari_cellcycle.image import segmentation_from_layer, stack_from_layers


def test_layers_become_channels(pixels):
    dna, membrane = pixels(5, 16, 20), pixels(5, 16, 20)
    units = {"scale": (2, 0.26, 0.26), "units": ("um", "um", "um")}
    stack = stack_from_layers(
        [Image(dna, name="DAPI", **units), Image(membrane, name="membrane", **units)]
    )
    assert stack.data.shape == (1, 2, 5, 16, 20)
    assert stack.channels == ("DAPI", "membrane")
    assert stack.spacing.zyx == pytest.approx((2, 0.26, 0.26))
    assert stack.spacing.source == "metadata"
    assert stack.name == "DAPI"
    np.testing.assert_array_equal(stack.volume(0, 1), membrane)


@pytest.mark.parametrize(
    ("units", "spacing"),
    [
        (("nm", "um", "mm"), (0.002, 0.5, 5.0)),
        (("um", "um", "pixel"), None),
        (None, None),
    ],
)
def test_units_of_layers(pixels, units, spacing):
    stack = stack_from_layers([Image(pixels(5, 16, 20), scale=(2, 0.5, 0.005), units=units)])
    if spacing is None:
        assert stack.spacing is None
    else:
        assert stack.spacing.zyx == pytest.approx(spacing)


def test_layer_without_units_follows_the_others(pixels):
    known = Image(pixels(5, 16, 20), name="a", scale=(2, 1, 1), units=("um",) * 3)
    stack = stack_from_layers([Image(pixels(5, 16, 20), name="b"), known])
    assert stack.spacing.zyx == (2, 1, 1)


def test_translation_is_ignored(pixels):
    stack = stack_from_layers([Image(pixels(5, 16, 20), translate=(10, 20, 30))])
    assert stack.data.shape == (1, 1, 5, 16, 20)


def test_lazy_layers_stay_lazy():
    def fail(block):
        raise AssertionError("read too early")

    data = da.zeros((4, 5, 16, 20), chunks=(1, 5, 16, 20), dtype="uint16")
    data = data.map_blocks(fail, dtype="uint16", meta=np.empty((0,) * 4, "uint16"))
    layer = SimpleNamespace(data=data, name="lazy", multiscale=False, rgb=False)
    stack = stack_from_layers([layer, layer])
    assert stack.data.shape == (4, 2, 5, 16, 20)
    assert hasattr(stack.data, "dask")
    assert segmentation_from_layer(layer, check=False).grid == (4, 5, 16, 20)


def test_multiscale_gives_full_resolution(pixels):
    levels = [pixels(5, 64, 80), pixels(5, 32, 40)]
    stack = stack_from_layers([Image(levels, multiscale=True)])
    np.testing.assert_array_equal(stack.volume(0, 0), levels[0])
    lazy = [da.from_array(level) for level in levels]
    segmentation = segmentation_from_layer(Labels(lazy, multiscale=True), "cell")
    np.testing.assert_array_equal(segmentation.volume(0), levels[0])


@pytest.mark.parametrize(
    ("shape", "options", "arranged"),
    [
        ((16, 20), {}, (1, 1, 1, 16, 20)),
        ((5, 16, 20), {}, (1, 1, 5, 16, 20)),
        ((5, 16, 20), {"time": True}, (5, 1, 1, 16, 20)),
        ((4, 5, 16, 20), {}, (4, 1, 5, 16, 20)),
        ((4, 5, 16, 20), {"time": False}, (1, 4, 5, 16, 20)),
        ((2, 5, 16, 20), {"channel_axis": 0}, (1, 2, 5, 16, 20)),
        ((5, 2, 16, 20), {"channel_axis": 1}, (1, 2, 5, 16, 20)),
        ((5, 2, 16, 20), {"channel_axis": -3}, (1, 2, 5, 16, 20)),
        ((2, 16, 20), {"channel_axis": 0}, (1, 2, 1, 16, 20)),
        ((4, 2, 5, 16, 20), {}, (4, 2, 5, 16, 20)),
        ((4, 2, 5, 16, 20), {"channel_axis": 1}, (4, 2, 5, 16, 20)),
    ],
)
def test_axes_without_labels(pixels, shape, options, arranged):
    data = pixels(*shape)
    stack = stack_from_layers([Image(data, name="cells")], **options)
    assert stack.data.shape == arranged
    assert np.asarray(stack.data).sum() == data.sum()


@pytest.mark.parametrize(
    ("labels", "shape", "arranged"),
    [
        ("tyx", (6, 16, 20), (6, 1, 1, 16, 20)),
        ("zyx", (6, 16, 20), (1, 1, 6, 16, 20)),
        ("cyx", (2, 16, 20), (1, 2, 1, 16, 20)),
        ("czyx", (2, 5, 16, 20), (1, 2, 5, 16, 20)),
        ("ztyx", (5, 4, 16, 20), (4, 1, 5, 16, 20)),
        (("channel", "Z", "Y", "X"), (2, 5, 16, 20), (1, 2, 5, 16, 20)),
        (("time", "depth", "row", "column"), (3, 5, 16, 20), (3, 1, 5, 16, 20)),
        (("a", "b", "y", "x"), (3, 5, 16, 20), (3, 1, 5, 16, 20)),
    ],
)
def test_axis_labels_decide(pixels, labels, shape, arranged):
    layer = Image(pixels(*shape), axis_labels=tuple(labels), name="cells")
    stack = stack_from_layers([layer])
    assert stack.data.shape == arranged
    if arranged[1] == 2:
        assert stack.channels == ("cells 0", "cells 1")


def test_scale_follows_its_axis_through_time(pixels):
    layer = Image(pixels(3, 5, 16, 20), scale=(60, 2, 0.3, 0.3), units=("second", "um", "um", "um"))
    assert stack_from_layers([layer]).spacing.zyx == pytest.approx((2, 0.3, 0.3))


def test_rgb_layer_becomes_channels(pixels):
    data = pixels(16, 20, 3, dtype="uint8")
    stack = stack_from_layers([Image(data, rgb=True)])
    assert stack.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(stack.volume(0, 1)[0], data[..., 1])
    grey = stack_from_layers([Image(np.repeat(data[..., :1], 3, axis=-1), rgb=True, name="g")])
    assert grey.channels == ("g",)


def test_rgb_stack_is_refused(pixels):
    layer = Image(pixels(5, 16, 20, 3, dtype="uint8"), rgb=True, name="photo")
    with pytest.raises(
        ImageReadError, match=r"'photo' is a stack of colour pictures.*5, 16, 20, 3"
    ):
        stack_from_layers([layer])


def test_different_shapes_are_named(pixels):
    layers = [Image(pixels(5, 16, 20), name="a"), Image(pixels(5, 16, 24), name="b")]
    with pytest.raises(ChannelError, match=r"'a' and 'b'.*\(1, 5, 16, 20\) and \(1, 5, 16, 24\)"):
        stack_from_layers(layers)


def test_different_spacing_is_named(pixels):
    a = Image(pixels(5, 16, 20), name="a", scale=(2, 1, 1), units=("um",) * 3)
    b = Image(pixels(5, 16, 20), name="b", scale=(3, 1, 1), units=("um",) * 3)
    with pytest.raises(ChannelError, match=r"'a' and 'b'.*voxels are \(2"):
        stack_from_layers([a, b])


def test_no_layer_and_too_many_axes(pixels):
    with pytest.raises(ChannelError, match="No image layer"):
        stack_from_layers([])
    with pytest.raises(ImageReadError, match="has 6 axes"):
        stack_from_layers([Image(pixels(2, 2, 2, 2, 8, 8))])


def test_names_may_be_given(pixels):
    layers = [Image(pixels(5, 16, 20), name="a"), Image(pixels(5, 16, 20), name="b")]
    stack = stack_from_layers(layers, name="field 3", channels=["DNA", "membrane"])
    assert (stack.name, stack.channels) == ("field 3", ("DNA", "membrane"))
    with pytest.raises(ChannelError, match="1 names"):
        stack_from_layers(layers, channels=["DNA"])


def test_name_of_the_common_file(tmp_path):
    def layer(name, path):
        data = np.zeros((5, 8, 8))
        return SimpleNamespace(data=data, name=name, source=SimpleNamespace(path=path))

    path = str(tmp_path / "cells.ome.tif")
    assert stack_from_layers([layer("a", path), layer("b", path)]).name == "cells.ome.tif"
    assert stack_from_layers([layer("a", path), layer("b", None)]).name == "a"


def test_labels_layer(pixels):
    labels = pixels(5, 16, 20)
    layer = Labels(labels, name="seg", scale=(2, 1, 1), units=("um",) * 3)
    segmentation = segmentation_from_layer(layer, "cell")
    assert (segmentation.grid, segmentation.labels_are) == ((1, 5, 16, 20), "cell")
    assert segmentation.name == "seg"
    assert segmentation.spacing.zyx == (2, 1, 1)
    np.testing.assert_array_equal(segmentation.volume(0), labels)
    assert segmentation_from_layer(layer, time=True).grid == (5, 1, 16, 20)


def test_unusable_label_layers_are_refused(pixels):
    with pytest.raises(SegmentationError, match=r"'empty' is empty|empty is empty"):
        segmentation_from_layer(Labels(np.zeros((5, 8, 8), int), name="empty"))
    with pytest.raises(SegmentationError, match="'image' holds numbers of type float64"):
        segmentation_from_layer(Image(np.ones((5, 8, 8)), name="image"))
    with pytest.raises(SegmentationError, match="is a mask"):
        segmentation_from_layer(SimpleNamespace(data=np.ones((5, 8, 8), bool), name="mask"))
    layer = Labels(pixels(2, 5, 8, 8), name="two", axis_labels=("c", "z", "y", "x"))
    with pytest.raises(SegmentationError, match="'two' has 2 channels"):
        segmentation_from_layer(layer)


def test_importing_the_room_is_cheap():
    import subprocess
    import sys

    code = (
        "import sys, napari_cellcycle.image as i; [getattr(i, n) for n in i.__all__]; "
        "heavy = {'torch','bioio','aicsimageio','zarr','skimage','pandas','dask','scipy',"
        "'tifffile','imageio','napari','qtpy'}; print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
