from __future__ import annotations

import logging
import re

import numpy as np
import pytest
import tifffile

from napari_cellcycle.errors import CellCycleWarning, ImageReadError
from napari_cellcycle.image import containers, list_scenes, open_image, scenes
from napari_cellcycle.image.tiff import inspect_tiff


def test_organoid_has_channels_and_spacing(data_dir, reader):
    stack = open_image(data_dir / "organoid_h2b_membrane_3d_t301.ome.tif")
    assert stack.data.shape == (1, 2, 27, 182, 175)
    assert stack.channels == ("H2B", "membrane")
    assert all(type(name) is str for name in stack.channels)
    assert stack.spacing.zyx == pytest.approx((2.0, 0.26, 0.26))
    assert stack.spacing.source == "metadata"
    assert (stack.name, stack.scene) == ("organoid_h2b_membrane_3d_t301.ome.tif", "")
    expected = tifffile.imread(stack.path)
    np.testing.assert_array_equal(stack.volume(0, 1), expected[1])


def test_time_series_keeps_its_frames(data_dir, reader):
    stack = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    assert stack.data.shape == (4, 1, 71, 180, 247)
    assert stack.spacing is None
    np.testing.assert_array_equal(stack.volume(2, 0), tifffile.imread(stack.path)[2])


def test_movie_of_planes_is_time_not_depth(data_dir, reader):
    stack = open_image(data_dir / "h2b_movie_2d.ome.tif")
    assert stack.data.shape == (30, 1, 1, 190, 211)
    assert stack.is_2d


def test_every_stack_opens_and_agrees_with_tifffile(data_dir, reader):
    paths = sorted(data_dir.glob("*.ome.tif"))
    assert paths
    for path in paths:
        stack = open_image(path)
        with tifffile.TiffFile(path) as tif:
            series = tif.series[0]
            sizes = dict(zip(series.axes, series.shape, strict=True))
        assert stack.data.shape == tuple(sizes.get(a, 1) for a in "TCZYX"), path
        assert stack.data.dtype == series.dtype


def test_data_are_lazy_and_a_volume_is_not_more_than_itself(data_dir, reader):
    stack = open_image(data_dir / "embryo_timelapse_3d.ome.tif")
    assert hasattr(stack.data, "dask")
    assert stack.data.chunksize[:2] == (1, 1)


def test_large_volume_is_read_plane_by_plane(tmp_path, pixels, reader, monkeypatch):
    data = pixels(2, 6, 32, 40)
    tifffile.imwrite(tmp_path / "deep.ome.tif", data, metadata={"axes": "CZYX"})
    monkeypatch.setattr(scenes, "WHOLE_VOLUME_BYTES", 2 * 32 * 40)
    stack = open_image(tmp_path / "deep.ome.tif")
    assert stack.data.chunksize == (1, 1, 1, 32, 40)
    np.testing.assert_array_equal(stack.volume(0, 1), data[1])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_lengths_in_nanometres_and_millimetres_are_converted(tmp_path, pixels, reader, compression):
    data = pixels(2, 5, 32, 40)
    tifffile.imwrite(
        tmp_path / "nm.ome.tif",
        data,
        compression=compression,
        metadata={
            "axes": "CZYX",
            "PhysicalSizeX": 300,
            "PhysicalSizeXUnit": "nm",
            "PhysicalSizeY": 300,
            "PhysicalSizeYUnit": "nm",
            "PhysicalSizeZ": 0.001,
            "PhysicalSizeZUnit": "mm",
            "Channel": {"Name": ["DAPI", "CellMask"]},
        },
    )
    stack = open_image(tmp_path / "nm.ome.tif")
    assert stack.spacing.zyx == pytest.approx((1.0, 0.3, 0.3))
    assert stack.channels == ("DAPI", "CellMask")
    np.testing.assert_array_equal(stack.data[0], data)


def test_spacing_without_z_is_unknown_in_3d_and_known_in_2d(tmp_path, pixels, reader):
    sizes = {"PhysicalSizeX": 0.2, "PhysicalSizeY": 0.2}
    tifffile.imwrite(tmp_path / "3d.ome.tif", pixels(5, 32, 40), metadata={"axes": "ZYX"} | sizes)
    tifffile.imwrite(tmp_path / "2d.ome.tif", pixels(32, 40), metadata={"axes": "YX"} | sizes)
    assert open_image(tmp_path / "3d.ome.tif").spacing is None
    assert open_image(tmp_path / "2d.ome.tif").spacing.zyx == pytest.approx((1.0, 0.2, 0.2))


def test_pixels_are_no_unit(tmp_path, pixels, reader):
    sizes = {f"PhysicalSize{a}": 1 for a in "XYZ"} | {
        f"PhysicalSize{a}Unit": "pixel" for a in "XYZ"
    }
    tifffile.imwrite(tmp_path / "px.ome.tif", pixels(5, 32, 40), metadata={"axes": "ZYX"} | sizes)
    assert open_image(tmp_path / "px.ome.tif").spacing is None


def test_plain_tiff_has_no_spacing(tmp_path, pixels, reader):
    tifffile.imwrite(tmp_path / "plain.tif", pixels(5, 32, 40))
    tifffile.imwrite(tmp_path / "print.tif", pixels(32, 40), resolution=(72, 72))
    stack = open_image(tmp_path / "plain.tif")
    assert stack.data.shape == (1, 1, 5, 32, 40)
    assert stack.channels == ("channel 0",)
    assert stack.spacing is None
    assert open_image(tmp_path / "print.tif").spacing is None


def test_a_pixel_larger_than_a_cell_is_not_believed(tmp_path, pixels, reader):
    """As Bio-Formats gives it to a picture of 72 dots an inch, or a person in a wrong unit."""
    sizes = {"PhysicalSizeX": 0.26, "PhysicalSizeY": 0.26}
    units = {"PhysicalSizeXUnit": "mm", "PhysicalSizeYUnit": "mm"}
    path = tmp_path / "print.ome.tif"
    tifffile.imwrite(path, pixels(32, 40), metadata={"axes": "YX"} | sizes | units)
    stack = open_image(path)
    assert stack.spacing is None
    (note,) = stack.notes
    assert note.startswith("print.ome.tif states pixels of 260 µm, which is more than a cell")
    tifffile.imwrite(path, pixels(32, 40), metadata={"axes": "YX"} | sizes)
    assert open_image(path).notes == ()


@pytest.mark.parametrize(
    ("creator", "known"), [("OME Bio-Formats 7.3.1", False), ("a microscope", True)]
)
def test_a_micrometre_that_bio_formats_made_up(tmp_path, pixels, reader, creator, known):
    path = tmp_path / "one.ome.tif"
    sizes = {"PhysicalSizeX": 1.0, "PhysicalSizeY": 1.0}
    tifffile.imwrite(path, pixels(32, 40), metadata={"axes": "YX"} | sizes)
    with tifffile.TiffFile(path) as tif:
        xml = re.sub(r'Creator="[^"]*"', f'Creator="{creator}"', tif.ome_metadata)
    tifffile.imwrite(path, pixels(32, 40), description=xml.encode(), metadata=None)
    assert (open_image(path).spacing is not None) == known


@pytest.mark.parametrize(
    ("shape", "arranged"),
    [
        ((32, 40), (1, 1, 1, 32, 40)),
        ((5, 32, 40), (1, 1, 5, 32, 40)),
        ((2, 5, 32, 40), (1, 2, 5, 32, 40)),
        ((3, 2, 5, 32, 40), (3, 2, 5, 32, 40)),
    ],
)
def test_unnamed_axes_are_told_by_their_number(tmp_path, pixels, reader, shape, arranged):
    data = pixels(*shape)
    tifffile.imwrite(tmp_path / "plain.tif", data)
    stack = open_image(tmp_path / "plain.tif")
    assert stack.data.shape == arranged
    np.testing.assert_array_equal(np.asarray(stack.data).reshape(shape), data)


@pytest.mark.parametrize(
    ("unit", "spacing"),
    [("um", (1.5, 0.25, 0.25)), ("nm", (0.0015, 0.00025, 0.00025)), ("inch", None), (None, None)],
)
def test_imagej_spacing_needs_its_unit(tmp_path, pixels, reader, unit, spacing):
    data = pixels(5, 2, 32, 40)
    metadata = {"axes": "ZCYX", "spacing": 1.5} | ({"unit": unit} if unit else {})
    tifffile.imwrite(tmp_path / "ij.tif", data, imagej=True, resolution=(4, 4), metadata=metadata)
    stack = open_image(tmp_path / "ij.tif")
    assert stack.data.shape == (1, 2, 5, 32, 40)
    np.testing.assert_array_equal(stack.volume(0, 1), data[:, 1])
    if spacing is None:
        assert stack.spacing is None
    else:
        assert stack.spacing.zyx == pytest.approx(spacing)


def test_imagej_axes_may_have_units_of_their_own(tmp_path, pixels, reader):
    metadata = {"axes": "ZYX", "unit": "um", "zunit": "nm", "spacing": 500.0}
    data = pixels(3, 32, 40)
    tifffile.imwrite(tmp_path / "ij.tif", data, imagej=True, resolution=(4, 4), metadata=metadata)
    assert open_image(tmp_path / "ij.tif").spacing.zyx == pytest.approx((0.5, 0.25, 0.25))


def test_imagej_frames_are_time(tmp_path, pixels, reader):
    tifffile.imwrite(tmp_path / "t.tif", pixels(6, 32, 40), imagej=True, metadata={"axes": "TYX"})
    assert open_image(tmp_path / "t.tif").data.shape == (6, 1, 1, 32, 40)


@pytest.mark.parametrize("planes", [3, 4])
def test_grey_stack_stored_as_colours_is_refused(tmp_path, pixels, reader, planes):
    path = tmp_path / "planes.tif"
    tifffile.imwrite(
        path, pixels(planes, 32, 40, dtype="uint8"), photometric="rgb", planarconfig="separate"
    )
    with pytest.raises(ImageReadError, match=rf"\(32, 40\) with {planes} samples.*\({planes}, 32"):
        open_image(path)


def test_grey_stack_with_named_axes_is_a_stack(tmp_path, pixels, reader):
    data = pixels(4, 32, 40, dtype="uint8")
    tifffile.imwrite(
        tmp_path / "z.ome.tif", data, photometric="minisblack", metadata={"axes": "ZYX"}
    )
    assert open_image(tmp_path / "z.ome.tif").data.shape == (1, 1, 4, 32, 40)


def test_stack_of_colour_pictures_is_refused(tmp_path, pixels, reader):
    path = tmp_path / "rgbz.ome.tif"
    data = pixels(5, 32, 40, 3, dtype="uint8")
    tifffile.imwrite(path, data, photometric="rgb", metadata={"axes": "ZYXS"})
    with pytest.raises(ImageReadError, match=r"5, 32, 40, 3\).*5, 32, 40\) grey"):
        open_image(path)


def test_colour_photo_becomes_channels(tmp_path, pixels, reader):
    data = pixels(32, 40, 3, dtype="uint8")
    tifffile.imwrite(tmp_path / "photo.tif", data, photometric="rgb")
    stack = open_image(tmp_path / "photo.tif")
    assert stack.channels == ("red", "green", "blue")
    np.testing.assert_array_equal(stack.volume(0, 2)[0], data[..., 2])


def test_grey_photo_becomes_one_channel(tmp_path, pixels, reader):
    data = np.repeat(pixels(32, 40, 1, dtype="uint8"), 3, axis=-1)
    tifffile.imwrite(tmp_path / "photo.tif", data, photometric="rgb")
    stack = open_image(tmp_path / "photo.tif")
    assert stack.channels == ("channel 0",)
    np.testing.assert_array_equal(stack.volume(0, 0)[0], data[..., 0])


def _two_scenes(path, pixels):
    with tifffile.TiffWriter(path, ome=True) as tif:
        tif.write(pixels(5, 32, 40), metadata={"axes": "ZYX"})
        tif.write(pixels(2, 30, 44), metadata={"axes": "CYX", "Channel": {"Name": ["a", "b"]}})
    return path


def test_scenes_are_listed_and_chosen_by_name_or_index(tmp_path, pixels, reader):
    path = _two_scenes(tmp_path / "two.ome.tif", pixels)
    assert list_scenes(path) == ("Image:0", "Image:1")
    assert open_image(path).data.shape == (1, 1, 5, 32, 40)
    assert open_image(path).scene == "Image:0"
    for scene in (1, "1", "Image:1"):
        stack = open_image(path, scene=scene)
        assert stack.data.shape == (1, 2, 1, 30, 44)
        assert stack.channels == ("a", "b")
        assert stack.scene == "Image:1"


@pytest.mark.parametrize("scene", [2, -1, "Image:7"])
def test_unknown_scene_names_those_there_are(tmp_path, pixels, reader, scene):
    path = _two_scenes(tmp_path / "two.ome.tif", pixels)
    with pytest.raises(ImageReadError, match=r"no scene .*0=Image:0, 1=Image:1"):
        open_image(path, scene=scene)


def test_missing_channel_of_a_volume(tmp_path, pixels, reader):
    tifffile.imwrite(tmp_path / "a.ome.tif", pixels(2, 5, 32, 40), metadata={"axes": "CZYX"})
    with pytest.raises(IndexError):
        open_image(tmp_path / "a.ome.tif").volume(0, 5)


@pytest.mark.parametrize("name", ["none.ome.tif", "none.tif", "none.png", "none.ome.zarr"])
def test_missing_file_is_named(tmp_path, reader, name):
    with pytest.raises(ImageReadError, match=rf"no file .*{name}"):
        open_image(tmp_path / name)


def test_folder_is_refused(tmp_path, reader):
    with pytest.raises(ImageReadError, match="is a folder"):
        open_image(tmp_path)


@pytest.mark.parametrize("fraction", [0.0, 0.02, 0.3, 0.7, 0.9])
@pytest.mark.parametrize("kind", ["ome", "compressed", "imagej", "plain", "pages"])
def test_truncated_tiff_is_told_in_one_line(
    tmp_path, pixels, reader, caplog, capfd, kind, fraction
):
    path = tmp_path / ("cut.ome.tif" if kind in ("ome", "compressed") else "cut.tif")
    data = pixels(2, 5, 32, 40)
    if kind == "pages":
        with tifffile.TiffWriter(path) as tif:
            for plane in data[0]:
                tif.write(plane, contiguous=False, metadata=None)
    else:
        tifffile.imwrite(
            path,
            data if kind != "imagej" else data.swapaxes(0, 1),
            imagej=kind == "imagej",
            compression="zlib" if kind == "compressed" else None,
            metadata={"axes": "ZCYX" if kind == "imagej" else "CZYX"},
        )
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * fraction)])
    with caplog.at_level(logging.DEBUG), pytest.raises(ImageReadError, match=r"cut") as caught:
        open_image(path)
    message = str(caught.value)
    assert "\n" not in message
    assert "truncated" in message or "no readable TIFF" in message
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]
    assert capfd.readouterr().err == ""


def test_text_called_tiff_is_refused(tmp_path, reader):
    path = tmp_path / "notes.ome.tif"
    path.write_text("not an image")
    with pytest.raises(ImageReadError, match=r"notes.ome.tif is no readable TIFF"):
        open_image(path)


def test_plain_tiff_is_opened_without_log(tmp_path, pixels, reader, caplog):
    tifffile.imwrite(tmp_path / "plain.tif", pixels(5, 32, 40))
    with caplog.at_level(logging.INFO):
        open_image(tmp_path / "plain.tif").volume(0, 0)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_planes_in_another_file_are_missed_aloud(tmp_path, pixels):
    path = tmp_path / "part.ome.tif"
    tifffile.imwrite(path, pixels(5, 32, 40), compression="zlib", metadata={"axes": "ZYX"})
    with tifffile.TiffFile(path) as tif:
        xml = tif.ome_metadata
    part = xml.replace('SizeZ="5"', 'SizeZ="7"')
    assert part != xml
    tifffile.imwrite(
        path, pixels(5, 32, 40), compression="zlib", description=part.encode(), metadata=None
    )
    with pytest.warns(CellCycleWarning, match=r"part.ome.tif lacks 2 planes"):
        info = inspect_tiff(path)
    assert info.scenes[0].shape == (7, 32, 40)


def test_a_tiff_needs_no_library_of_readers(tmp_path, pixels, monkeypatch):
    data = pixels(3, 2, 4, 16, 20)
    path = tmp_path / "long.ome.tif"
    tifffile.imwrite(path, data, metadata={"axes": "TCZYX"})
    monkeypatch.setattr(containers, "open_bioio", None)
    monkeypatch.setattr(containers, "open_aicsimageio", None)
    np.testing.assert_array_equal(open_image(path).data, data)


def test_one_image_in_two_files(tmp_path, pixels, reader):
    data = pixels(2, 3, 32, 40)
    uuids = [f"urn:uuid:00000000-0000-0000-0000-00000000000{i}" for i in (1, 2)]
    planes = "".join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" FirstT="0" IFD="{z}" PlaneCount="1">'
        f'<UUID FileName="part{c}.ome.tif">{uuids[c]}</UUID></TiffData>'
        for c in (0, 1)
        for z in (0, 1, 2)
    )
    for c in (0, 1):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuids[c]}">'
            '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" '
            'SizeX="40" SizeY="32" SizeC="2" SizeZ="3" SizeT="1">'
            '<Channel ID="Channel:0:0" Name="DAPI" SamplesPerPixel="1"/>'
            '<Channel ID="Channel:0:1" Name="membrane" SamplesPerPixel="1"/>'
            f"{planes}</Pixels></Image></OME>"
        )
        tifffile.imwrite(
            tmp_path / f"part{c}.ome.tif",
            data[c],
            description=xml.encode(),
            metadata=None,
            compression="zlib",
            photometric="minisblack",
        )
    stack = open_image(tmp_path / "part0.ome.tif")
    assert stack.channels == ("DAPI", "membrane")
    np.testing.assert_array_equal(stack.data[0], data)


def test_unknown_format_is_refused_in_one_line(tmp_path, reader):
    (tmp_path / "a.xyz").write_bytes(b"x")
    with pytest.raises(ImageReadError, match=r"a\.xyz") as caught:
        open_image(tmp_path / "a.xyz")
    assert "\n" not in str(caught.value)
