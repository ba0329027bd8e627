from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest

from napari_cellcycle.errors import ImageReadError, SegmentationError
from napari_cellcycle.image import open_image, open_labels


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_grey_png(tmp_path, pixels, reader, dtype):
    data = pixels(30, 40, dtype=dtype)
    iio.imwrite(tmp_path / "cell.png", data)
    stack = open_image(tmp_path / "cell.png")
    assert stack.data.shape == (1, 1, 1, 30, 40)
    assert stack.data.dtype == dtype
    assert stack.spacing is None
    np.testing.assert_array_equal(stack.volume(0, 0)[0], data)


@pytest.mark.parametrize("n", [3, 4])
def test_colours_of_a_png_are_channels(tmp_path, pixels, n):
    data = pixels(30, 40, n, dtype="uint8")
    iio.imwrite(tmp_path / "cell.png", data)
    stack = open_image(tmp_path / "cell.png")
    assert stack.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(np.asarray(stack.data)[0, :, 0], data[..., :3].transpose(2, 0, 1))


@pytest.mark.parametrize("n", [3, 4])
def test_equal_colours_are_one_channel(tmp_path, pixels, n):
    data = np.repeat(pixels(30, 40, 1, dtype="uint8"), n, axis=-1)
    iio.imwrite(tmp_path / "cell.png", data)
    stack = open_image(tmp_path / "cell.png")
    assert stack.channels == ("channel 0",)
    np.testing.assert_array_equal(stack.volume(0, 0)[0], data[..., 0])


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG"])
def test_grey_jpeg(tmp_path, suffix):
    iio.imwrite(tmp_path / f"cell{suffix}", np.full((30, 40), 100, np.uint8), extension=".jpg")
    stack = open_image(tmp_path / f"cell{suffix}")
    assert stack.data.shape == (1, 1, 1, 30, 40)
    assert abs(int(stack.volume(0, 0).mean()) - 100) <= 1


@pytest.mark.parametrize("name", ["cell.png", "cell.jpg"])
def test_truncated_picture(tmp_path, pixels, name):
    path = tmp_path / name
    iio.imwrite(path, pixels(300, 400, 3, dtype="uint8"))
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ImageReadError, match=f"{name} is no readable picture"):
        open_image(path)


def test_label_png_is_read_and_a_colour_one_refused(tmp_path, pixels):
    labels = pixels(30, 40, dtype="uint16")
    iio.imwrite(tmp_path / "labels.png", labels)
    np.testing.assert_array_equal(open_labels(tmp_path / "labels.png").volume(0)[0], labels)
    iio.imwrite(tmp_path / "colours.png", pixels(30, 40, 3, dtype="uint8"))
    with pytest.raises(SegmentationError, match=r"colours.png has 3 channels"):
        open_labels(tmp_path / "colours.png")


def test_a_picture_that_is_too_large_is_not_called_corrupt(tmp_path, pixels, monkeypatch):
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 8)
    iio.imwrite(tmp_path / "large.png", np.zeros((5, 5), np.uint8))
    with pytest.raises(ImageReadError, match=r"more than the 0 million pixels.* Save it as TIFF"):
        open_image(tmp_path / "large.png")
