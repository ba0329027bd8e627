"""A movie in memory, each frame of which is read when it is first asked for."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image.movie import Movie, is_in_memory, whole_of

FRAMES = np.arange(5 * 4 * 3, dtype=np.uint16).reshape(5, 4, 3)


class File:
    """Frames in a file that tells which of them were read, and may break."""

    shape, dtype = FRAMES.shape, FRAMES.dtype

    def __init__(self):
        self.read, self.broken = [], False

    def __getitem__(self, frame):
        if self.broken:
            raise ImageReadError("the disk is gone")
        self.read.append(frame)
        return FRAMES[frame]


@pytest.mark.parametrize(
    ("index", "read"),
    [
        (3, {3}),
        (-1, {4}),
        (np.int64(-5), {0}),
        ((2, slice(1, 3)), {2}),
        ((slice(1, 3), 0), {1, 2}),
        (slice(None, None, 2), {0, 2, 4}),
        (slice(0, 0), set()),
        ((np.array([0, -1, 0]), np.array([1, 2, 3]), np.array([0, 0, 2])), {0, 4}),
        ([1, 3], {1, 3}),
        ((..., 1), {0, 1, 2, 3, 4}),
        ((None, 1), {0, 1, 2, 3, 4}),
        (FRAMES % 7 == 0, {0, 1, 2, 3, 4}),
        (np.array([True, False, False, True, False]), {0, 1, 2, 3, 4}),
    ],
)
def test_an_index_gives_what_an_array_gives_and_reads_its_frames_only(index, read):
    file = File()
    movie = Movie(file)
    np.testing.assert_array_equal(movie[index], FRAMES[index])
    assert set(file.read) == read
    assert movie.missing == set(range(5)) - read
    movie[index]
    assert len(file.read) == len(read)


def test_a_movie_at_rest_gives_zeros_for_what_was_not_read():
    file = File()
    movie = Movie(file)
    movie.read([2])
    with movie.resting():
        np.testing.assert_array_equal(movie[1:4], FRAMES[1:4] * [[[0]], [[1]], [[0]]])
        assert np.asarray(movie)[0].max() == 0
    assert file.read == [2]
    np.testing.assert_array_equal(movie[1], FRAMES[1])


def test_it_is_an_array_to_numpy_and_dask():
    file = File()
    movie = Movie(file)
    lazy = da.from_array(movie, chunks=movie.chunks, name=False)
    np.testing.assert_array_equal(lazy[1:3].max(axis=0).compute(), FRAMES[1:3].max(axis=0))
    assert set(file.read) == {1, 2}
    assert (movie.ndim, movie.size, len(movie)) == (3, 60, 5)
    np.testing.assert_array_equal(np.asarray(movie), FRAMES)
    assert np.asarray(movie, np.float32).dtype == np.float32
    assert whole_of(movie) is movie.whole
    assert not movie.missing
    assert is_in_memory(movie)
    assert not is_in_memory(lazy)


def test_what_is_written_stays_where_frames_are_read_later():
    movie = Movie(File())
    movie[2, 1:3] = 999
    movie[np.array([0, 4]), np.array([0, 0]), np.array([1, 1])] = 7
    expected = FRAMES.copy()
    expected[2, 1:3] = 999
    expected[[0, 4], 0, 1] = 7
    np.testing.assert_array_equal(movie, expected)


def test_a_frame_that_could_not_be_read_is_asked_for_again():
    file = File()
    movie = Movie(file)
    file.broken = True
    with pytest.raises(ImageReadError, match="the disk is gone"):
        movie[1]
    assert 1 in movie.missing
    file.broken = False
    np.testing.assert_array_equal(movie[1], FRAMES[1])
    with pytest.raises(IndexError):
        movie[5]
