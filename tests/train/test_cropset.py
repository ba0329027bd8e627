from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.cropset import read_crop_set
from napari_cellcycle.train.data.splits import split_by_group

SHARES = {"train": 4, "validation": 1, "test": 1}


def write(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)
    return path


def test_real_set_is_split_by_plate_with_every_phase_in_each_part(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    assert crops.images.shape == (2665, 1, 64, 64)
    parts = split_by_group(crops, SHARES, seed=1)
    rows = np.concatenate(list(parts.values()))
    assert sorted(rows) == list(range(len(crops)))
    plates = {name: set(crops.group[rows]) for name, rows in parts.items()}
    assert not plates["train"] & plates["validation"]
    assert not plates["train"] & plates["test"]
    assert not plates["validation"] & plates["test"]
    for rows in parts.values():
        assert {"Anaphase", "Metaphase", "Prometaphase", "Interphase"} <= set(crops.phase[rows])


def test_without_groups_every_crop_is_its_own(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "jurkat_ifc_40px.npz")
    assert crops.channels == ("brightfield", "dna", "side_scatter")
    assert len(set(crops.group)) == len(crops)


def test_one_channel_may_go_without_its_axis(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", images=np.ones((3, 8, 8)), phase=np.array(["a", "b", "a"]))
    assert read_crop_set(path).images.shape == (3, 1, 8, 8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.ones((2, 8, 8))}, "no phase; it holds images"),
        ({"images": np.ones((2, 8, 8)), "phase": np.array(["a"])}, "2 images, 1 phases"),
        (
            {
                "images": np.ones((1, 2, 8, 8)),
                "phase": np.array(["a"]),
                "channels": np.array(["dna"]),
            },
            r"2 channels, and names of shape \(1,\), expected \(2,\)",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        read_crop_set(write(tmp_path / "a.npz", **arrays))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CropSetError, match=r"No crop set at .*none\.npz"):
        read_crop_set(tmp_path / "none.npz")


def test_spacing_may_stand_once_or_with_each_crop_if_it_is_one(tmp_path: Path) -> None:
    whole = {"images": np.ones((3, 1, 4, 8, 8)), "phase": np.array(["a", "b", "a"])}
    for given, found in (
        ([2.0, 0.5, 0.4], (2.0, 0.5, 0.4)),
        ([[2.0, 0.5, 0.4]] * 3, (2.0, 0.5, 0.4)),
        ([0.5, 0.4], (1.0, 0.5, 0.4)),
        (0.3, (0.3, 0.3, 0.3)),
    ):
        path = write(tmp_path / "a.npz", **whole, spacing_um=np.array(given))
        assert read_crop_set(path).spacing_um == found
    several = write(
        tmp_path / "b.npz", **whole, spacing_um=np.array([[1.0, 1, 1]] * 2 + [[2, 1, 1]])
    )
    with pytest.raises(CropSetError, match=r"has 2 different rows, from \[1\.0, 1\.0, 1\.0\] to"):
        read_crop_set(several)
    wrong = write(tmp_path / "c.npz", **whole, spacing_um=np.ones(900))
    with pytest.raises(CropSetError, match=r"spacing_um is \[1\.0, 1\.0, 1\.0\] and more, exp"):
        read_crop_set(wrong)
