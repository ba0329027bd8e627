from __future__ import annotations

import json

import numpy as np
import pytest

from napari_cellcycle.errors import ImageReadError
from napari_cellcycle.image import open_image
from napari_cellcycle.image.plate import is_plate, read_plate


def test_fields_well_by_well(write_plate, tmp_path):
    data = np.arange(24, dtype=np.uint16).reshape(1, 4, 6)
    path = write_plate({"B/03": [data, data + 1], "A/1": [data + 2]}, columns=("1", "2", "03"))
    plate = read_plate(path)
    assert is_plate(path)
    assert (plate.name, plate.rows, plate.columns) == ("plate.zarr", ("A", "B"), ("1", "2", "03"))
    assert [(f.row, f.column, f.name) for f in plate.fields] == [
        ("B", "03", "B/03/0"),
        ("B", "03", "B/03/1"),
        ("A", "1", "A/1/0"),
    ]
    np.testing.assert_array_equal(open_image(plate.fields[2].path).data[0, :, 0], data + 2)


def test_a_plate_is_no_image_and_an_image_no_plate(write_plate, tmp_path):
    path = write_plate({"A/1": [np.zeros((1, 4, 6), np.uint16)]})
    with pytest.raises(ImageReadError, match="is a plate of many images: classify it as a whole"):
        open_image(path)
    assert not is_plate(path / "A" / "1" / "0")
    assert not is_plate(tmp_path)
    with pytest.raises(ImageReadError, match=r"is no OME-Zarr plate; give the folder"):
        read_plate(path / "A")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"wells": [{"path": "../A"}]}, r"name a path '\.\./A'"),
        ({"wells": [{"path": "/etc/x"}]}, r"name a path '/etc/x'"),
        ({"wells": [{"path": "A/9"}]}, "names no image"),
        ({"wells": [{}]}, "lack 'path'"),
        ({"rows": [{"name": "C"}]}, "has an image A/1/0, but no such row or column"),
    ],
)
def test_metadata_that_mislead_are_refused(write_plate, change, says):
    path = write_plate({"A/1": [np.zeros((1, 4, 6), np.uint16)]})
    attributes = json.loads((path / ".zattrs").read_text())
    attributes["plate"].update(change)
    (path / ".zattrs").write_text(json.dumps(attributes))
    with pytest.raises(ImageReadError, match=says):
        read_plate(path)
