"""Data sets in each form, and what a person reads who gives a wrong one."""

from __future__ import annotations

from pathlib import Path

import imageio.v3
import numpy as np
import pytest
import tifffile

from napari_cellcycle.errors import CellCycleWarning, CropSetError
from napari_cellcycle.train.data.dataset import parse_indices, read_data


def pictures(folder: Path, names: dict[str, tuple[int, ...]]) -> Path:
    rng = np.random.default_rng(0)
    for name, shape in names.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        values = rng.integers(0, 255, shape, dtype=np.uint8)
        if path.suffix == ".tif":
            tifffile.imwrite(path, values, photometric="minisblack")
        else:
            imageio.v3.imwrite(path, values)
    return folder


def crop_set(folder: Path, **arrays: object) -> Path:
    plain: dict[str, object] = {
        "images": np.arange(4 * 2 * 8 * 8, dtype=np.uint16).reshape(4, 2, 8, 8),
        "channels": np.array(["dna", "tubulin"]),
        "phase": np.array(["G1", "G1", "S", "S"]),
    }
    path = folder / "set.npz"
    np.savez(path, **{k: v for k, v in (plain | arrays).items() if v is not None})
    return path


def test_other_spellings_of_a_real_set(data_dir: Path) -> None:
    crops = read_data(
        data_dir / "bbbc021_mcf7_68px.npz",
        label_key="compound",
        group_key="well",
        channels={"tubulin": 2, "dna": 0},
    )
    plain = read_data(data_dir / "bbbc021_mcf7_68px.npz")
    assert crops.channels == ("tubulin", "dna")
    assert (crops.images[:, 0] == plain.images[:, 2]).all()
    assert (crops.phase == plain.columns["compound"]).all()
    assert (crops.group == plain.columns["well"]).all()
    assert set(crops.columns) == {"phase", "group", "concentration_uM"}


def test_select_takes_everything_along(tmp_path: Path) -> None:
    mask = np.zeros((4, 8, 8), np.uint8)
    mask[2] = 7
    crops = read_data(
        crop_set(tmp_path, mask=mask, spacing_um=np.array([0.2, 0.1]), day=np.arange(4))
    ).select(np.array([2, 0]))
    assert crops.phase.tolist() == ["S", "G1"]
    assert crops.spacing_um == (1.0, 0.2, 0.1)
    assert crops.mask is not None
    assert crops.mask.all(axis=(1, 2)).tolist() == [True, False]
    assert crops.columns["day"].tolist() == [2, 0]
    assert crops.images[:, 0, 0, 0].tolist() == [256, 0]


def test_numbers_as_labels_are_written_as_people_do(tmp_path: Path) -> None:
    path = crop_set(tmp_path, phase=np.array([0.0, 0.1, 1.0, 1.0]))
    assert read_data(path).phase.tolist() == ["0", "0.1", "1", "1"]
    path = crop_set(tmp_path, phase=np.array([b"G1", b"S", b"S", b"M"]))
    assert read_data(path).phase.tolist() == ["G1", "S", "S", "M"]
    path = crop_set(tmp_path, phase=np.array([1.0, np.nan, 2.0, 1.0]))  # one without a label
    assert read_data(path).phase.tolist() == ["1", "", "2", "1"]
    days = np.array([20231101.0, 20231102.0, 1e-7, 20231101.0])
    path = crop_set(tmp_path, phase=np.array([b"pr\xe9", b"S", b"S", b"M"]), group=days)
    assert read_data(path).phase.tolist() == ["pré", "S", "S", "M"]
    assert read_data(path).group.tolist() == ["20231101", "20231102", "1e-07", "20231101"]


def test_a_stack_of_one_plane_is_a_picture(tmp_path: Path) -> None:
    crops = read_data(crop_set(tmp_path))
    planes = crops.images[:, :, None]
    for mask in (np.ones((4, 1, 8, 8)), np.ones((4, 1, 1, 8, 8)), np.ones((4, 8, 8))):
        found = read_data(crop_set(tmp_path, images=planes, mask=mask))
        assert found.is_2d
        assert found.mask is not None
        assert found.mask.shape == (4, 8, 8)
        np.testing.assert_array_equal(found.images, crops.images)


def test_a_stack_keeps_its_axes(tmp_path: Path) -> None:
    images = np.zeros((4, 2, 5, 8, 8), np.uint8)
    crops = read_data(crop_set(tmp_path, images=images, mask=np.ones((4, 1, 5, 8, 8))))
    assert not crops.is_2d
    assert crops.mask is not None
    assert crops.mask.shape == (4, 5, 8, 8)


def test_a_folder_of_pictures_with_groups(tmp_path: Path) -> None:
    folder = pictures(
        tmp_path / "cells",
        {
            "G1/plate-a/1.png": (9, 7),
            "G1/plate-b/2.png": (9, 7),
            "S/plate-a/3.tif": (5, 5),
            "S/lone.png": (9, 7),
        },
    )
    crops = read_data(folder)
    assert crops.channels == ("dna",)
    assert crops.images.shape == (4, 1, 9, 7)
    assert crops.phase.tolist() == ["G1", "G1", "S", "S"]
    assert crops.group.tolist() == ["plate-a", "plate-b", "cells-2", "plate-a"]
    small = tifffile.imread(folder / "S" / "plate-a" / "3.tif")
    assert (crops.images[3, 0, 2:7, 1:6] == small).all()
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    assert crops.images[3, 0, 0, 0] == int(np.median(border))


def test_pictures_in_colours_are_channels(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "c", {"a/1.png": (6, 6, 3), "b/2.png": (6, 6, 4)})
    with pytest.raises(CropSetError, match="does not say what its 3 channels show"):
        read_data(folder)
    crops = read_data(folder, channels={"dna": 2})
    assert crops.images.shape == (2, 1, 6, 6)
    assert (crops.images[0, 0] == imageio.v3.imread(folder / "a" / "1.png")[..., 2]).all()


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"phase": None}, {}, r"set\.npz has no phase; it holds images, channels.*--label-key"),
        ({}, {"label_key": "stage"}, "has no stage; it holds images, channels, phase"),
        ({}, {"group_key": "plate"}, "has no plate to group by"),
        ({"phase": np.array(["G1"])}, {}, "4 images, 1 phases"),
        ({"group": np.array(["a", "b"])}, {}, "4 images, 2 groups"),
        ({"channels": None}, {}, "does not say what its 2 channels show.*--channel dna=0"),
        ({"channels": np.array(["dna", "dna"])}, {}, "names a channel twice"),
        ({}, {"channels": {"dna": 5}}, r"has 2 channel\(s\), counted from 0: there is no dna=5"),
        ({}, {"channels": {"dna": 1, "tubulin": 1}}, "two roles name the same channel"),
        ({"images": np.full((4, 2, 8, 8), np.nan)}, {}, "4 of 4 crops hold values"),
        ({"images": np.array(["a", "b"])}, {}, r"images are <U1 of shape \(2,\)"),
        ({"images": np.zeros((0, 2, 8, 8))}, {}, "holds no crops"),
        (
            {"mask": np.zeros((4, 8, 7))},
            {},
            r"mask is float64 of shape \(4, 8, 7\), expected numbers \(4, 8, 8\)",
        ),
        ({"mask": np.full((4, 8, 8), "x")}, {}, r"mask is <U1 of shape .* expected numbers"),
        ({"spacing_um": np.array([0.0, 1, 1])}, {}, "expected positive micrometres"),
        (
            {"spacing_um": np.array(["1", "1", "x"])},
            {},
            r"is \['1', '1', 'x'\], expected",
        ),
        ({"phase": np.array([{}] * 4, dtype=object)}, {}, "it holds Python objects"),
        ({"phase": np.array("G1")}, {}, r"phases have shape \(\), expected \(4,\): one name for"),
        ({"phase": np.eye(4)[:, :2]}, {}, r"phases have shape \(4, 2\), expected \(4,\)"),
        ({"group": np.array([["a"]] * 4)}, {}, r"groups have shape \(4, 1\), expected \(4,\)"),
        (
            {"channels": np.array([["dna", "membrane"]])},
            {},
            r"2 channels, and names of shape \(1, 2\), expected \(2,\)\. Name those to use",
        ),
        ({}, {"group_key": "phase"}, r"phase cannot be what crops are grouped by"),
        ({}, {"group_key": "images"}, r"images cannot be what crops are grouped by"),
    ],
)
def test_a_wrong_crop_set(
    tmp_path: Path, arrays: dict[str, object], options: dict[str, object], message: str
) -> None:
    with pytest.raises(CropSetError, match=message):
        read_data(crop_set(tmp_path, **arrays), **options)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(CropSetError, match="No crop set at"):
        read_data(tmp_path / "none.npz")
    (tmp_path / "table.csv").write_text("a,b\n")
    with pytest.raises(CropSetError, match=r"table\.csv is no data set"):
        read_data(tmp_path / "table.csv")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(CropSetError, match=r"torn\.npz is no crop set"):
        read_data(tmp_path / "torn.npz")
    (tmp_path / "text.npz").write_text("hello\n")
    with pytest.raises(CropSetError, match=r"text\.npz is no crop set: it cannot be read"):
        read_data(tmp_path / "text.npz")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"1.png": (6, 6)}, "holds no classes"),
        ({"train/a/1.png": (6, 6), "test/a/2.png": (6, 6)}, "divided into test, train"),
        ({"a/1.png": (6, 6), "b/2.png": (6, 6, 3)}, r"3 channel\(s\) of uint8, but .* 1 of uint8"),
        ({"a/1.tif": (3, 4, 6, 6)}, "Save stacks as an .npz crop set"),
    ],
)
def test_a_wrong_folder(tmp_path: Path, names: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(CropSetError, match=message):
        read_data(pictures(tmp_path / "cells", names))


def test_a_folder_with_an_empty_class_or_a_torn_picture(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "cells", {"a/1.png": (6, 6)})
    (folder / "b").mkdir()
    with pytest.raises(CropSetError, match=r"has no pictures .* in b"):
        read_data(folder)
    (folder / "b" / "2.png").write_bytes(b"not a picture")
    with pytest.raises(CropSetError, match=r"2\.png cannot be read as a picture; it is damaged"):
        read_data(folder)
    with pytest.raises(CropSetError, match="has no arrays for --group-key plate"):
        read_data(folder, group_key="plate")


def test_pictures_of_no_class_are_told_of(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "c", {"a/1.png": (6, 6), "b/2.png": (6, 6), "stray.png": (6, 6)})
    with pytest.warns(CellCycleWarning, match=r"^1 picture of .* left out.*classes: stray\.png\.$"):
        assert len(read_data(folder)) == 2


def test_roles_of_the_command_line() -> None:
    assert parse_indices(["dna=0", "Tubulin=2"]) == {"dna": 0, "tubulin": 2}
    with pytest.raises(CropSetError, match="'dna' is not role=index"):
        parse_indices(["dna"])
    with pytest.raises(CropSetError, match="names dna twice"):
        parse_indices(["dna=0", "dna=1"])
