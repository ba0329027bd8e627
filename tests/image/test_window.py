from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image import Segmentation, Stack, check_labels
from napari_cellcycle.image.window import Window, block_of, boxes

VOLUME = np.random.default_rng(0).integers(0, 999, (7, 20, 33), dtype=np.uint16)


@st.composite
def cuts(draw):
    found = []
    for edge in VOLUME.shape:
        start = draw(st.integers(0, edge))
        found.append(slice(start, draw(st.integers(start, edge))))
    return tuple(found)


@given(cuts(), st.tuples(st.integers(1, 9), st.integers(1, 30), st.integers(1, 40)))
def test_a_part_is_that_of_the_array(box, block):
    window = Window(VOLUME.shape, VOLUME.dtype, block, lambda asked: VOLUME[asked], most=500)
    np.testing.assert_array_equal(window[box], VOLUME[box])
    assert window[box].dtype == VOLUME.dtype


@pytest.mark.parametrize("block", [(3, 8, 16), (7, 20, 33), (1, 1, 50)])
def test_boxes_make_up_the_volume(block):
    window = Window(VOLUME.shape, VOLUME.dtype, block, lambda asked: VOLUME[asked])
    found = np.zeros(VOLUME.shape, int)
    for box in boxes(window):
        found[box] += 1
    assert (found == 1).all()


def test_what_was_read_last_is_kept_and_no_more():
    read = []

    def reader(box):
        read.append(box[0].start)
        return VOLUME[box]

    plane = VOLUME[0].nbytes
    window = Window(VOLUME.shape, VOLUME.dtype, (1, 20, 33), reader, most=2 * plane)
    for z in (0, 1, 0, 1, 2, 1, 0):
        window[slice(z, z + 1), slice(0, 5), slice(0, 5)]
    assert read == [0, 1, 2, 0]


def test_a_slice_that_is_a_block_takes_no_room_of_its_own():
    window = Window(VOLUME.shape, VOLUME.dtype, (3, 20, 33), lambda asked: VOLUME[asked])
    for box in boxes(window):
        assert np.shares_memory(window[box], VOLUME)
        assert not window[box].flags.writeable
    assert VOLUME.flags.writeable
    part = window[slice(1, 3), slice(0, 20), slice(0, 33)]
    assert not np.shares_memory(part, VOLUME)
    np.testing.assert_array_equal(part, VOLUME[1:3])


def test_only_what_is_lazy_and_large_is_a_window(monkeypatch):
    monkeypatch.setattr("napari_cellcycle.image.stack.WHOLE", VOLUME.nbytes - 1)
    stack = Stack(VOLUME[None, None], ("dna",), None, "a")
    assert isinstance(stack.window(0, 0), np.ndarray)
    lazy = Stack(da.from_array(VOLUME, (2, 9, 9))[None, None], ("dna",), None, "a")
    window = lazy.window(0, 0)
    assert isinstance(window, Window)
    box = (slice(1, 6), slice(3, 19), slice(0, 30))
    np.testing.assert_array_equal(window[box], VOLUME[box])
    monkeypatch.setattr("napari_cellcycle.image.stack.WHOLE", VOLUME.nbytes)
    assert isinstance(lazy.window(0, 0), np.ndarray)


def test_small_chunks_are_read_together():
    block = block_of(da.zeros((1, 64, 2048, 2048), chunks=(1, 1, 64, 64)))
    assert block == (1, 128, 2048)
    assert block_of(np.zeros((1, 2, 2, 2))) is None


def test_a_negative_label_in_a_window_is_found(monkeypatch):
    monkeypatch.setattr("napari_cellcycle.image.stack.WHOLE", 0)
    labels = VOLUME.astype(np.int32)
    labels[3, 4, 5] = -1
    lazy = Segmentation(da.from_array(labels, (2, 9, 9))[None], "nucleus", "labels")
    with pytest.raises(SegmentationError, match="labels has a negative label"):
        lazy.window(0)[slice(0, 7), slice(0, 20), slice(0, 33)]


def test_labels_are_looked_for_part_by_part_and_no_further_than_the_first(monkeypatch):
    """Also where there would be room for the whole of them."""
    monkeypatch.setattr("napari_cellcycle.image.window._LEAST", 1)
    read = []

    def plane(block_info=None):
        z = block_info[None]["chunk-location"][1]
        read.append(z)
        return np.full((1, 1, 8, 8), z >= 2, np.int32)

    lazy = da.map_blocks(plane, chunks=((1,), (1,) * 6, (8,), (8,)), dtype=np.int32)
    read.clear()
    check_labels(Segmentation(lazy, "nucleus", "labels"))
    assert read == [0, 1, 2]
    with pytest.raises(SegmentationError, match="labels is empty"):
        check_labels(Segmentation(lazy[:, :2], "nucleus", "labels"))
