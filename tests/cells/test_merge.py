"""How far the parts of a merged cell lie apart."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.cells.merge import widest_gap
from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.image import Spacing
from napari_cellcycle.image.stack import Segmentation


@pytest.fixture
def cells():
    """Boxes of 4 µm along y, 2, 12 and 0 µm apart; a longer one in the next frame."""
    labels = np.zeros((2, 3, 40, 8), np.uint16)
    for label, y in enumerate((0, 6, 22, 26), start=1):
        labels[0, :, y : y + 4, 1:3] = label
    labels[1, :, :20, :] = 5
    return cell_table(Segmentation(labels, "nucleus", "rows"), Spacing(3, 1, 2, "user"))


@pytest.mark.parametrize(
    ("rows", "gap"),
    [([0, 1], 2), ([2, 3], 0), ([0, 2], 18), ([0, 1, 2], 12), ([3, 0, 2, 1], 12), ([1, 0], 2)],
)
def test_the_widest_gap_is_the_one_that_has_to_be_bridged(cells, rows, gap):
    assert widest_gap(cells, np.array(rows)) == pytest.approx(gap / 2)


def test_gaps_along_z_and_across_corners_are_in_micrometres():
    labels = np.zeros((1, 6, 10, 10), np.uint8)
    labels[0, 0, :2, :2], labels[0, 3, 5:7, 6:8] = 1, 2
    cells = cell_table(Segmentation(labels, "nucleus", "two"), Spacing(3, 1, 1, "user"))
    assert widest_gap(cells, np.array([0, 1])) == pytest.approx(np.sqrt(6**2 + 3**2 + 4**2))
