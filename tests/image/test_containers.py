from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import dask.array as da
import pytest

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image import containers, scenes
from napari_cellcycle.image.scenes import is_unnamed, known_spacing, name_channels


class FakeImage:
    """Speaks as bioio's image does, for formats of which there is no free small file."""

    metadata = ElementTree.fromstring("<ImageDocument/>")

    def __init__(self, sizes, unit=None, chunks=None):
        self.scenes = ("first", "second")
        self.dask_data = da.zeros((1, 2, 6, 8, 10), chunks=chunks or (1, 1, 6, 8, 10))
        self.dims = SimpleNamespace(order="TCZYX")
        self.channel_names = ["DAPI", "Channel:0:1"]
        self.physical_pixel_sizes = SimpleNamespace(**dict(zip("ZYX", sizes, strict=True)))
        axis = SimpleNamespace(unit=unit)
        self.dimension_properties = SimpleNamespace(Z=axis, Y=axis, X=axis)

    def set_scene(self, index):
        self.chosen = index


def _read(name, *args, scene=None):
    return containers._read(lambda **options: FakeImage(*args), Path(name), scene)


@pytest.mark.parametrize(
    ("name", "sizes", "unit", "spacing"),
    [
        ("a.czi", (2.0, 0.2, 0.2), None, (2.0, 0.2, 0.2)),
        ("a.lif", (2.0, 0.2, 0.2), None, (2.0, 0.2, 0.2)),
        ("a.nd2", (2.0, 0.2, 0.2), "micrometer", (2.0, 0.2, 0.2)),
        ("a.nd2", (1.0, 1.0, 1.0), "micrometer", None),
        ("a.lif", (-2.0, 0.2, 0.2), None, (2.0, 0.2, 0.2)),
        ("a.dv", (2.0, 0.2, 0.2), None, (2.0, 0.2, 0.2)),
        ("a.vsi", (2.0, 0.2, 0.2), None, None),
        ("a.vsi", (2000.0, 200.0, 200.0), "nanometer", (2.0, 0.2, 0.2)),
        ("a.czi", (None, 0.2, 0.2), None, None),
    ],
)
def test_units_of_other_formats(name, sizes, unit, spacing):
    found, notes = known_spacing(_read(name, sizes, unit).lengths, name, is_2d=False)
    assert not notes
    if spacing is None:
        assert found is None
    else:
        assert found.zyx == pytest.approx(spacing)


def test_scene_is_set():
    found = _read("a.lif", (1, 1, 1), scene="second")
    assert (found.index, found.scenes) == (1, ("first", "second"))
    assert name_channels(found.channels, 2) == ("DAPI", "channel 1")


def test_scenes_of_one_name_are_told_apart():
    image = FakeImage((1, 1, 1))
    image.scenes = ("P1-A2", "P1-B1", "P1-A2")
    names = ("P1-A2", "P1-B1", "P1-A2 (2)")
    for scene, index in (("P1-A2", 0), ("P1-A2 (2)", 2), (2, 2)):
        found = containers._read(lambda **options: image, Path("a.lif"), scene)
        assert (found.scenes, found.index, image.chosen) == (names, index, index)


def test_deep_volumes_are_opened_again_by_plane(monkeypatch):
    monkeypatch.setattr(scenes, "WHOLE_VOLUME_BYTES", 100)
    asked = []

    def start(**options):
        asked.append(options)
        return FakeImage((1, 1, 1), None, (1, 1, 1, 8, 10) if options else None)

    found = containers._read(start, Path("a.czi"), None)
    assert asked == [{}, {"chunk_dims": ["Y", "X", "S"]}]
    assert found.data.chunksize == (1, 1, 1, 8, 10)


def test_readers_without_a_choice_of_chunks_keep_theirs(monkeypatch):
    monkeypatch.setattr(scenes, "WHOLE_VOLUME_BYTES", 100)

    def start(**options):
        if options:
            raise TypeError("unexpected keyword argument 'chunk_dims'")
        return FakeImage((1, 1, 1))

    found = containers._read(start, Path("a.nd2"), None)
    assert found.data.chunksize == (1, 1, 6, 8, 10)


def test_failure_of_a_reader_is_one_line():
    def start(**options):
        raise ValueError("header broken\nat byte 7")

    with pytest.raises(ImageReadError, match=r"^a\.czi cannot be read: header broken\.$"):
        containers._read(start, Path("a.czi"), None)


def test_a_reader_that_names_no_channels():
    """As that of DeltaVision files, on which bioio's own arrangement fails."""

    class Nameless(FakeImage):
        @property
        def dask_data(self):
            raise ValueError("conflicting sizes for dimension 'C'")

        @dask_data.setter
        def dask_data(self, data):
            order = SimpleNamespace(order="CTZYX")
            self.reader = SimpleNamespace(dask_data=da.ones((2, 1, 6, 8, 10)), dims=order)

    found = containers._read(lambda **options: Nameless((1, 1, 1)), Path("a.dv"), None)
    assert (found.axes, found.data.shape) == ("CTZYX", (2, 1, 6, 8, 10))


COUNTS = ("", "0", "Channel:0:1", "Channel 2", "ch_3", "C1", "Image:0", "Ch001")


@pytest.mark.parametrize("name", [*COUNTS, "Channel:image:0", "(name not specified)"])
def test_names_that_only_count(name):
    assert is_unnamed(name)


@pytest.mark.parametrize("name", ["DAPI", "p21", "488 nm", "EdU", "c-Myc", "H2B", "405", "C488"])
def test_names_that_say_something(name):
    assert not is_unnamed(name)
