"""Names that are made short."""

import pytest

from napari_cellcycle.review.names import shortened, stem


def test_names_are_shortened_to_what_differs() -> None:
    long = [f"organoid_h2b_membrane_3d_t30{i}.ome.tif" for i in (1, 2)]
    assert shortened(long) == ["…t301.ome.tif", "…t302.ome.tif"]
    assert shortened(["a_1.tif", "a_2.tif"]) == ["a_1.tif", "a_2.tif"]
    assert shortened(long[:1]) == long[:1]


@pytest.mark.parametrize("ending", ["", ".tif", ".tiff", ".ome", ".ome.tif", ".OME.TIFF"])
def test_a_caption_has_no_ending_of_a_tiff(ending: str) -> None:
    assert stem(f"field.2{ending}") == "field.2"
