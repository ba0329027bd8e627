from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image import Segmentation, Spacing, Stack, open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack

SPACING = Spacing(2.0, 0.26, 0.25, "user")


@pytest.mark.parametrize("shape", [(1, 2, 3, 8, 9), (4, 1, 3, 8, 9), (1, 1, 1, 8, 9)])
def test_an_image_comes_back_with_its_names_and_micrometres(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    data = np.random.default_rng(0).integers(0, 5000, shape).astype(np.uint16)
    names = ("H2B", "membrane")[: shape[1]]
    path = write_stack(Stack(data, names, SPACING, "field"), tmp_path / "new" / "field.ome.tif")
    back = open_image(path)
    np.testing.assert_array_equal(np.asarray(back.data), data)
    assert back.channels == names
    assert back.spacing is not None
    if shape[2] > 1:
        assert back.spacing.zyx == (2.0, 0.26, 0.25)
    else:
        assert back.spacing.zyx[1:] == (0.26, 0.25)


@pytest.mark.parametrize("top", [200, 60_000, 3_000_000])
def test_labels_come_back_in_the_smallest_type(top: int, tmp_path: Path) -> None:
    labels = np.zeros((1, 3, 8, 9), np.int64)
    labels[0, 1, 2:5, 2:5] = top
    path = write_labels(
        Segmentation(labels, "nucleus", "nuclei"), tmp_path / "labels.tif", spacing=SPACING
    )
    back = open_labels(path)
    np.testing.assert_array_equal(np.asarray(back.data), labels)
    assert back.spacing is not None
    assert back.spacing.zyx == SPACING.zyx
    assert tifffile.imread(path).dtype.itemsize == {200: 1, 60_000: 2, 3_000_000: 4}[top]


def test_unknown_micrometres_are_not_invented(tmp_path: Path) -> None:
    spacing = Spacing(1, 1, 1, "isotropic")
    stack = Stack(np.zeros((1, 1, 3, 4, 4), np.uint8), ("dna",), spacing, "field")
    assert open_image(write_stack(stack, tmp_path / "field.ome.tif")).spacing is None


def test_another_ending_is_refused(tmp_path: Path) -> None:
    segmentation = Segmentation(np.ones((1, 1, 4, 4), np.uint8), "nucleus", "nuclei")
    with pytest.raises(CellCycleError, match=r"labels\.png must end in"):
        write_labels(segmentation, tmp_path / "labels.png")
    assert list(tmp_path.iterdir()) == []
