from __future__ import annotations

import dask.array as da
import numpy as np
import tifffile

from napari_cellcycle.image import Segmentation, Stack, open_image, signature


def _stack(data):
    return Stack(data, tuple("abc"[: data.shape[1]]), None, "a")


def test_same_for_every_reader(data_dir, reader):
    path = data_dir / "organoid_h2b_membrane_3d_t301.ome.tif"
    assert signature(open_image(path)) == signature(_stack(tifffile.imread(path)[None]))


def test_does_not_depend_on_chunks_or_byte_order(pixels):
    data = pixels(2, 2, 30, 16, 16)
    expected = signature(_stack(data))
    assert len(expected) == 64
    assert signature(_stack(da.from_array(data, chunks=(1, 2, 7, 5, 16)))) == expected
    assert signature(_stack(data.astype(">u2"))) == expected


def test_depends_on_pixels_shape_and_type(pixels):
    data = pixels(1, 2, 4, 16, 16)
    other = data.copy()
    other[0, 1, 2, 3, 4] += 1
    variants = [data, other, data.astype("uint32"), data.swapaxes(1, 2)[:, :3]]
    variants.append(data.reshape(1, 2, 4, 8, 32))
    assert len({signature(_stack(v)) for v in variants}) == len(variants)


def test_reads_a_sample_of_a_deep_stack():
    read = []

    def load(block, block_info=None):
        read.append(block_info[0]["chunk-location"])
        return block

    data = da.zeros((1, 1, 400, 4, 4), chunks=(1, 1, 1, 4, 4), dtype="uint8")
    signature(_stack(data.map_blocks(load, dtype="uint8", meta=np.empty((0,) * 5, "uint8"))))
    assert 0 < len(read) <= 16


def test_segmentations_have_one_too(pixels):
    labels = pixels(2, 4, 16, 16)
    first = signature(Segmentation(labels, "cell", "a"))
    assert first == signature(Segmentation(labels.copy(), "nucleus", "b"))
