"""What is said of files that nothing here reads."""

from __future__ import annotations

import pytest

from napari_cellcycle.errors import ImageReadError, MissingExtraError
from napari_cellcycle.image import formats, open_image, open_labels


def _only(monkeypatch, *modules):
    monkeypatch.setattr(formats, "installed", lambda module: module in modules)


@pytest.mark.parametrize(
    ("name", "install"),
    [
        ("a.czi", r'"napari-cellcycle\[czi\]"\.'),
        ("a.ND2", r'"napari-cellcycle\[nd2\]"\.'),
        ("a.lif", r'"napari-cellcycle\[lif\]"\.'),
        ("a.dv", r'"napari-cellcycle\[bioio\]" bioio-dv\.'),
        ("a_R3D.r3d", r'"napari-cellcycle\[bioio\]" bioio-dv\.'),
        ("a.vsi", r'"napari-cellcycle\[bioio\]" bioio-vsi\.'),
        ("a.ome.zarr", r'"napari-cellcycle\[bioio\]"\.'),
    ],
)
@pytest.mark.parametrize("present", [(), ("bioio",)])
def test_the_package_that_reads_a_format_is_named(tmp_path, monkeypatch, name, install, present):
    _only(monkeypatch, *present)
    path = tmp_path / name
    path.write_bytes(b"x")
    if present and name.endswith(".zarr"):
        assert formats.missing_reader(path) is None
        return
    with pytest.raises(MissingExtraError, match=install):
        open_image(path)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.oib", "Fiji"),
        ("a.ims", "Fiji"),
        ("a_seg.npy", "In Cellpose, save masks as PNG or TIFF"),
        ("a_Object Identities.h5", "In ilastik, export it as multipage TIFF"),
        ("a.nii.gz", "spacing"),
        ("a.geojson", "In QuPath, export a label image"),
        ("RoiSet.zip", "label image of them in ImageJ"),
        ("a.companion.ome", "Give the OME-TIFF beside it"),
    ],
)
@pytest.mark.parametrize("open_it", [open_image, open_labels])
def test_how_to_save_what_is_not_read(tmp_path, reader, name, advice, open_it):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ImageReadError) as caught:
        open_it(tmp_path / name)
    assert name in str(caught.value)
    assert advice in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_not_said_to_lack_a_reader(tmp_path):
    """The reader is there and does not take it."""
    (tmp_path / "a.xyz").write_bytes(b"x")
    assert "it is damaged, or of a format" in str(formats.no_reader(tmp_path / "a.xyz"))
