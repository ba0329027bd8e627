"""TIFF as microscope makers and Bio-Formats write it; the files are made here, after their form."""

from __future__ import annotations

import struct
from inspect import signature

import numpy as np
import pytest
import tifffile

from napari_cellcycle.errors import ImageReadError, SegmentationMismatchError
from napari_cellcycle.image import check_match, open_image, open_labels
from napari_cellcycle.image.axes import arrange, name_unknown
from napari_cellcycle.image.plain import _planes

NAMES = ("Ch2-T1", "ChS1-T2", "T PMT")
LSM_INFO, TIME_SERIES = 34412, 6


def _lsm_info(shape, colors_at):
    """Write the tag of an LSM: sizes, voxels in metres, where the names of channels are."""
    t, z, c, y, x = shape
    sizes = struct.pack("<7i", x, y, z, c, t, 2, 8) + struct.pack("<i", 8)
    voxels = struct.pack("<6d", 1e-7, 1.2e-7, 5e-7, 0, 0, 0)
    scan = struct.pack("<HHI", TIME_SERIES, 0, 0) + struct.pack("<4I", 0, 0, 0, colors_at)
    body = sizes + voxels + scan + struct.pack("<d9I", 60.0, *[0] * 9)
    body = body.ljust(364, b"\0")
    return struct.pack("<Ii", 67127628, 8 + len(body)) + body


def _write_lsm(path, data, compression=None):
    """Planes ``(t, z, c, y, x)`` with all channels in one page, a thumbnail after each."""

    def pages(colors_at):
        with tifffile.TiffWriter(path, byteorder="<") as tif:
            first = [(LSM_INFO, 1, None, _lsm_info(data.shape, colors_at), True)]
            for plane in data.reshape(-1, *data.shape[2:]):
                tif.write(
                    plane,
                    photometric="minisblack",
                    planarconfig="separate",
                    compression=compression,
                    extratags=first,
                    metadata=None,
                    contiguous=False,
                )
                tif.write(
                    np.zeros((3, 8, 8), np.uint8),
                    photometric="rgb",
                    planarconfig="separate",
                    subfiletype=1,
                    metadata=None,
                    contiguous=False,
                )
                first = []

    pages(0)
    pages(path.stat().st_size)
    names = b"".join(struct.pack("<I", len(n) + 1) + n.encode() + b"\0" for n in NAMES)
    at = 24 + 4 * len(NAMES)
    head = struct.pack("<6I", at + len(names), len(NAMES), len(NAMES), 24, at, 0)
    with path.open("ab") as file:
        file.write(head + b"\xff\0\0\0" * len(NAMES) + names)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("ending", ["lsm", "tif"])
def test_lsm_has_channels_spacing_and_time(tmp_path, pixels, reader, ending, compression):
    data = pixels(2, 4, 3, 20, 30)
    path = tmp_path / f"a.{ending}"
    _write_lsm(path, data, compression)
    stack = open_image(path)
    assert (stack.channels, stack.scene) == (NAMES, "")
    assert stack.spacing.zyx == pytest.approx((0.5, 0.12, 0.1))
    assert stack.frame_minutes == 1
    np.testing.assert_array_equal(stack.data, data.transpose(0, 2, 1, 3, 4))


def test_a_plane_of_many_channels_is_read_without_the_others(tmp_path, pixels, monkeypatch):
    data = pixels(1, 4, 3, 20, 30)
    _write_lsm(tmp_path / "a.lsm", data, "zlib")
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", None)
    planes = _planes(tmp_path / "a.lsm", 0, [5, 10], (20, 30), 12)
    np.testing.assert_array_equal(planes, data.reshape(12, 20, 30)[[5, 10]])


def _write_stk(path, data, unit, step):
    """All planes after one another, and one page that tells of them."""
    n, y, x = data.shape
    content = bytearray(struct.pack("<2sHI", b"II", 42, 0) + data.astype("<u2").tobytes())

    def add(part):
        content.extend(b"\0" * (len(content) % 2))
        content.extend(part)
        return len(content) - len(part)

    value = add(struct.pack("<2I", 11, 100))
    name = add(struct.pack("<I", len(unit) + 1) + unit.encode() + b"\0")
    uic1 = add(struct.pack("<6I", 4, value, 5, value, 6, name))
    uic2 = add(b"".join(struct.pack("<6I", step, 1000, 1, 9 * i, 1, 0) for i in range(n)))
    tags = [(256, 4, 1, x), (257, 4, 1, y), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, y), (279, 4, 1, x * y * 2)]
    tags += [(33628, 4, 3, uic1), (33629, 5, n, uic2)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = add(struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0))
    content[4:8] = struct.pack("<I", directory)
    path.write_bytes(content)


def test_stk_is_depth_or_time(tmp_path, pixels, reader):
    data = pixels(5, 20, 30)
    for step, shape in ((400, (1, 1, 5, 20, 30)), (0, (5, 1, 1, 20, 30))):
        _write_stk(tmp_path / "a.stk", data, "um", step)
        stack = open_image(tmp_path / "a.stk")
        assert stack.data.shape == shape
        np.testing.assert_array_equal(np.asarray(stack.data).reshape(5, 20, 30), data)
    assert stack.spacing.zyx[1:] == pytest.approx((0.11, 0.11))
    _write_stk(tmp_path / "a.stk", data, "pixel", 0)
    assert open_image(tmp_path / "a.stk").spacing is None


def test_ome_metadata_in_a_file_of_their_own(tmp_path, pixels, reader):
    """Without them the 2 × 3 planes look like one stack."""
    data = pixels(2, 3, 20, 30)
    whole, bare = tmp_path / "whole.ome.tif", tmp_path / "a.ome.tif"
    tifffile.imwrite(
        whole,
        data,
        photometric="minisblack",
        metadata={
            "axes": "CZYX",
            "Channel": {"Name": ["DAPI", "membrane"]},
            **{
                f"PhysicalSize{axis}": size for axis, size in zip("ZYX", (2, 0.2, 0.2), strict=True)
            },
        },
    )
    with tifffile.TiffFile(whole) as tif:
        described = tif.ome_metadata.replace("whole.ome.tif", "a.ome.tif")
    tifffile.imwrite(
        bare,
        data,
        photometric="minisblack",
        metadata=None,
        contiguous=False,
        description='<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/'
        '2016-06"><BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:0"/></OME>',
    )
    with pytest.raises(ImageReadError, match=r"axes in another file, a\.companion\.ome"):
        open_image(bare)
    if "omexml" not in signature(tifffile.TiffFile).parameters:
        pytest.skip("this tifffile takes no companion file")
    (tmp_path / "a.companion.ome").write_text(described, "utf-8")
    stack = open_image(bare)
    assert stack.channels == ("DAPI", "membrane")
    assert stack.spacing.zyx == (2, 0.2, 0.2)
    np.testing.assert_array_equal(stack.data[0], data)


def test_positions_are_neither_time_nor_depth(pixels):
    assert name_unknown("PZYX") == "PZYX"
    with pytest.raises(ImageReadError, match=r"2 elements along an axis 'P'"):
        arrange(pixels(2, 4, 20, 30), "PZYX", "a.lsm")


def test_fluor_names_a_channel_that_has_no_name(tmp_path, pixels, reader):
    channel = {"Fluor": ["Hoechst 33342", "Alexa 488"]}
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, pixels(2, 20, 30), metadata={"axes": "CYX", "Channel": channel})
    assert open_image(path).channels == ("Hoechst 33342", "Alexa 488")


def test_axes_without_a_name_are_told_of(tmp_path, pixels, reader):
    tifffile.imwrite(tmp_path / "a.tif", pixels(5, 20, 30))
    (note,) = open_image(tmp_path / "a.tif").notes
    assert note.startswith("a.tif does not name its axes: (5, 20, 30) was taken for z, y, x.")
    for name, options in (("b.ome.tif", {}), ("c.tif", {"imagej": True})):
        tifffile.imwrite(tmp_path / name, pixels(5, 20, 30), metadata={"axes": "TYX"}, **options)
        assert open_image(tmp_path / name).notes == ()


def test_labels_whose_time_was_taken_for_depth(tmp_path, pixels, reader):
    """As napari saves the labels of a movie."""
    movie = pixels(5, 20, 30)
    tifffile.imwrite(tmp_path / "movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    tifffile.imwrite(tmp_path / "labels.tif", movie)
    with pytest.raises(SegmentationMismatchError, match=r"time where the other has depth.*TYX"):
        check_match(open_image(tmp_path / "movie.tif"), open_labels(tmp_path / "labels.tif"))
