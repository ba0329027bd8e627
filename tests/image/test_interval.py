"""The time between two frames, as files and layers state it."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import dask.array as da
import numpy as np
import pytest
import tifffile

from napari_cellcycle.image import open_image, stack_from_layers
from napari_cellcycle.image.containers import _lengths
from napari_cellcycle.image.interval import known_minutes
from napari_cellcycle.image.ngff import read_lengths

FILM = np.arange(3 * 8 * 9, dtype=np.uint8).reshape(3, 8, 9)
UNEVEN = [0.0, 300.0, 900.0]


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ({}, None),
        ({"TimeIncrement": 300.0}, 5.0),
        ({"TimeIncrement": 5, "TimeIncrementUnit": "min"}, 5.0),
        ({"TimeIncrement": 90000.0, "TimeIncrementUnit": "ms"}, 1.5),
        ({"TimeIncrement": 0.5, "TimeIncrementUnit": "h"}, 30.0),
        ({"TimeIncrement": 0.0}, None),
        ({"TimeIncrement": -300.0}, None),
        ({"TimeIncrement": float("nan")}, None),
        ({"TimeIncrement": float("inf")}, None),
        ({"TimeIncrement": 5.0, "TimeIncrementUnit": "frame"}, None),
        ({"TimeIncrement": 1.0}, None),  # what is written where nobody knows
        ({"Plane": {"DeltaT": [0.1, 300.2, 601.0]}}, 300.45 / 60),
        ({"Plane": {"DeltaT": [0.0, 5.0, 10.0], "DeltaTUnit": ["min"] * 3}}, 5.0),
        ({"Plane": {"DeltaT": UNEVEN}}, None),
        ({"Plane": {"DeltaT": [0.0, 0.0, 0.0]}}, None),
        ({"Plane": {"DeltaT": ["0,5", "300,5", "600,5"]}}, None),  # as some languages write it
        ({"TimeIncrement": 60.0, "Plane": {"DeltaT": UNEVEN}}, 1.0),
    ],
)
def test_an_ome_tiff(tmp_path, said, minutes):
    path = tmp_path / "film.ome.tif"
    tifffile.imwrite(path, FILM, metadata={"axes": "TYX", **said}, photometric="minisblack")
    found = open_image(path).frame_minutes
    assert found == (minutes if minutes is None else pytest.approx(minutes))


def test_planes_of_all_channels_and_depths(tmp_path):
    """The first plane of each frame counts, wherever the file has it."""
    path, shape = tmp_path / "film.ome.tif", (3, 2, 4, 8, 9)
    t, z, c = np.indices(shape[:3])
    times = (600 * t + 20 * z + 3 * c).ravel().tolist()
    tifffile.imwrite(
        path,
        np.zeros(shape, np.uint8),
        metadata={"axes": "TZCYX", "Plane": {"DeltaT": times}},
        photometric="minisblack",
    )
    assert open_image(path).frame_minutes == 10


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ({"finterval": 300.0}, 5.0),
        ({"finterval": 5.0, "tunit": "min"}, 5.0),
        ({"finterval": 0.0}, None),
        ({"fps": 7.0}, None),  # how fast it is shown
    ],
)
def test_a_tiff_of_imagej(tmp_path, said, minutes):
    path = tmp_path / "film.tif"
    tifffile.imwrite(path, FILM, imagej=True, metadata={"axes": "TYX", **said})
    stack = open_image(path)
    assert (stack.frame_minutes, stack.spacing) == (minutes, None)


def test_a_reader_of_microscope_files(tmp_path):
    def read(interval):
        image = SimpleNamespace(physical_pixel_sizes=None, time_interval=interval)
        return known_minutes(_lengths(image, tmp_path / "film.nd2"))

    assert read(datetime.timedelta(minutes=7.5)) == 7.5
    assert read(datetime.timedelta(0)) is None
    assert read(300.0) is None  # nobody says in which unit
    assert known_minutes(_lengths(SimpleNamespace(physical_pixel_sizes=None), tmp_path)) is None


def test_an_ome_zarr():
    axes = [{"name": "t", "type": "time", "unit": "minute"}, {"name": "y"}, {"name": "x"}]
    scales = [{"coordinateTransformations": [{"type": "scale", "scale": [10.0, 0.3, 0.3]}]}]
    attributes = {"multiscales": [{"axes": axes, "datasets": scales}]}
    assert known_minutes(read_lengths(attributes, 0)) == 10


@pytest.mark.parametrize(
    ("scale", "unit", "minutes"),
    [(300.0, "second", 5.0), (5.0, "minute", 5.0), (1.0, "second", None), (5.0, "pixel", None)],
)
def test_layers(scale, unit, minutes):
    layer = SimpleNamespace(
        data=da.from_array(FILM),
        name="film",
        axis_labels=("t", "y", "x"),
        scale=(scale, 0.3, 0.3),
        units=(unit, "um", "um"),
    )
    assert stack_from_layers([layer]).frame_minutes == minutes


def test_two_real_films_state_none(data_dir):
    for name in ("h2b_movie_2d", "embryo_timelapse_3d"):
        assert open_image(data_dir / f"{name}.ome.tif").frame_minutes is None


def test_a_decimal_comma_is_no_size_and_the_image_opens(tmp_path):
    path = tmp_path / "comma.ome.tif"
    said = {"PhysicalSizeX": "0,65", "PhysicalSizeY": "0,65"}
    tifffile.imwrite(path, FILM, metadata={"axes": "TYX", **said}, photometric="minisblack")
    assert open_image(path).spacing is None
