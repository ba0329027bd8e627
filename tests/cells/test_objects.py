"""Label images are taken, whatever their numbers; the grey values of an image are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.cells.table import cell_table
from napari_cellcycle.classify import ClassifyRequest
from napari_cellcycle.classify.request import prepare
from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.image import Segmentation, Spacing, open_image, open_labels

if TYPE_CHECKING:
    from pathlib import Path

ISOTROPIC = Spacing(1, 1, 1, "isotropic")


def files(folder: Path, *, labels: bool) -> list[Path]:
    found = sorted([*folder.glob("*.ome.tif"), *folder.glob("mitotic_crops_3d/*.ome.tif")])
    return [path for path in found if path.name.endswith("_labels.ome.tif") == labels]


def test_every_real_segmentation_is_taken_and_so_are_its_shuffled_labels(data_dir):
    rng = np.random.default_rng(0)
    paths = files(data_dir, labels=True)
    assert len(paths) > 30
    for path in paths:
        found = open_labels(path)
        labels = np.asarray(found.data)
        numbers = np.r_[0, rng.permutation(60_000)[: labels.max()] + 1].astype(np.uint16)
        shuffled = Segmentation(numbers[labels], "nucleus", path.name)
        n = len(cell_table(found, ISOTROPIC))
        assert len(cell_table(shuffled, ISOTROPIC)) == n > 0


def test_every_real_image_is_refused(data_dir):
    paths = files(data_dir, labels=False)
    assert len(paths) > 30
    for path in paths:
        data = np.asarray(open_image(path).data)
        for channel in range(data.shape[1]):
            for n in {0, len(data) - 1}:
                grey = Segmentation(data[n : n + 1, channel], "nucleus", path.name)
                with pytest.raises(SegmentationError, match=f"^{path.name} looks like an image"):
                    cell_table(grey, ISOTROPIC)


def test_small_cells_that_touch_are_cells():
    y, x = np.indices((120, 120))
    for edge in (2, 3):
        labels = (y // edge) * 120 + x // edge + 1
        cell_table(Segmentation(labels[None, None], "nucleus", "small"), ISOTROPIC)
    specks = np.zeros((120, 120), np.uint16)
    specks[::2, ::2] = np.arange(1, 3601).reshape(60, 60)
    cell_table(Segmentation(specks[None, None], "nucleus", "specks"), ISOTROPIC)


def test_numbers_that_begin_anew_in_each_tile_are_refused():
    y, x = np.indices((160, 160))
    tile = (y % 80) // 8 * 10 + (x % 80) // 8 + 1
    labels = np.where((y % 8 < 1) | (x % 8 < 1), 0, tile)
    with pytest.raises(SegmentationError, match=r"label 1 lies in 4 pieces far apart.*tiles"):
        cell_table(Segmentation(labels[None, None], "nucleus", "tiles"), ISOTROPIC)


@pytest.mark.parametrize(
    "name",
    [
        "embryo_timelapse_3d",
        "flat_cells_3d",
        "h2b_field_2d_t1",
        "organoid_h2b_membrane_3d_t301_nuclei",
    ],
)
@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_of_many_cells_is_refused(data_dir, name, value):
    labels = np.asarray(open_labels(data_dir / f"{name}_labels.ome.tif").data)
    mask = Segmentation((labels > 0).astype(np.uint8) * np.uint8(value), "nucleus", "mask.tif")
    with pytest.raises(SegmentationError, match=rf"^mask.tif .* label {value} lies in \d+ pieces"):
        cell_table(mask, ISOTROPIC)


def test_one_cell_may_be_in_pieces():
    """Two daughters with one label, a cell in fragments, one label of three that is used twice."""
    y, x = np.indices((200, 200))

    def disc(cy: int, cx: int, r: int) -> np.ndarray:
        return (y - cy) ** 2 + (x - cx) ** 2 < r * r

    daughters = disc(60, 40, 12) | disc(60, 90, 12)
    fragments = np.any([disc(100 + dy, 100 + dx, 5) for dy in (-9, 0, 9) for dx in (-9, 0, 9)], 0)
    twice = disc(20, 180, 8) | disc(180, 20, 8)
    for labels in (daughters * 1, fragments * 1, fragments + 2 * daughters + 3 * twice):
        cell_table(Segmentation(labels[None, None], "nucleus", "pieces"), ISOTROPIC)


def test_another_image_in_place_of_labels_or_nuclei_is_one_sentence(data_dir, tiny_folder):
    stem = data_dir / "organoid_h2b_membrane_3d_t301"
    image = open_image(f"{stem}.ome.tif")
    cells = open_labels(f"{stem}_cells_labels.ome.tif", labels_are="cell")
    other = np.asarray(open_image(f"{stem}.ome.tif").data)[:, 0]
    grey = Segmentation(other[..., ::-1], "nucleus", "other.tif")
    for given in ({"segmentation": grey}, {"segmentation": cells, "nuclei": grey}):
        with pytest.raises(SegmentationError) as refusal:
            prepare(ClassifyRequest(stack=image, model=tiny_folder, **given))
        assert str(refusal.value) == (
            "other.tif looks like an image, not like its segmentation: its 24668 values change "
            "from voxel to voxel and outline no objects. Give a label image, one integer a cell, "
            "or no labels to have nuclei segmented."
        )
