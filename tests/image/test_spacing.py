from __future__ import annotations

import pytest

from napari_cellcycle.errors import SpacingError
from napari_cellcycle.image.spacing import (
    Spacing,
    parse_spacing,
    resolve_spacing,
    to_micrometres,
)


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0.3, "µm", 0.3),
        (0.3, "μm", 0.3),
        (0.3, "micrometer", 0.3),
        (300, "nm", 0.3),
        (0.002, "mm", 2.0),
        (2, "pixel", None),
        (2, "reference frame", None),
        (2, None, None),
        (None, "µm", None),
        (0, "µm", None),
        (-1, "µm", None),
        ("0.3", "µm", 0.3),
        ("0,3", "µm", None),
        ((0, 3), "µm", None),
    ],
)
def test_lengths_need_value_and_unit(value, unit, expected):
    found = to_micrometres(value, unit)
    assert found is None if expected is None else found == pytest.approx(expected)


def test_a_person_gives_three_values_or_two():
    assert parse_spacing("0.29,0.11,0.11") == Spacing(0.29, 0.11, 0.11, "user")
    assert parse_spacing("0.2, 0.3") == Spacing(1.0, 0.2, 0.3, "user-2d")
    assert parse_spacing("0.2, 0.3").is_physical
    assert parse_spacing((2, 1, 1)).zyx == (2.0, 1.0, 1.0)


@pytest.mark.parametrize("text", ["", "a,b,c", "1", "1,2,3,4", "1,0,1", "1,-1,1", "nan,1,1"])
def test_other_words_are_refused(text):
    with pytest.raises(SpacingError):
        parse_spacing(text)


def test_who_is_believed():
    found = Spacing(2, 1, 1, "metadata")
    user = Spacing(3, 1, 1, "user")
    assert resolve_spacing(found, user=user, isotropic=True) is user
    assert resolve_spacing(found, isotropic=True).source == "isotropic"
    assert resolve_spacing(found) is found
    assert resolve_spacing(None, is_2d=True).source == "cell-size"
    flat = parse_spacing("0.2,0.3")
    assert resolve_spacing(found, user=flat, is_2d=True) is flat
    with pytest.raises(SpacingError, match=r"cells.tif is 3D, and the spacing 0.2,0.3 is of y and"):
        resolve_spacing(found, user=flat, name="cells.tif")
    with pytest.raises(SpacingError, match=r"cells.tif is unknown.*--spacing.*--isotropic"):
        resolve_spacing(None, name="cells.tif")
