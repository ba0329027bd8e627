"""Splits keep together what belongs together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.cropset import CropSet, read_crop_set
from napari_cellcycle.train.data.leakage import hash_groups
from napari_cellcycle.train.data.splits import folds, three_parts, tied_groups


def crops_of(phase: list[str], group: list[str], images: np.ndarray | None = None) -> CropSet:
    rng = np.random.default_rng(0)
    if images is None:
        images = rng.integers(0, 255, (len(phase), 1, 6, 6), dtype=np.uint8)
    return CropSet(images, ("dna",), np.array(phase), np.array(group), "set.npz")


def with_copies(crops: CropSet) -> CropSet:
    """The set, its crops turned by a quarter, and these mirrored, each a group of its own."""
    turned = np.rot90(crops.images, axes=(-2, -1))
    return CropSet(
        np.concatenate([crops.images, turned, turned[..., ::-1]]),
        crops.channels,
        np.tile(crops.phase, 3),
        np.array([f"file-{i}" for i in range(3 * len(crops))]),
        crops.name,
    )


def test_copies_of_real_crops_stay_with_their_original(data_dir: Path) -> None:
    some = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    crops = with_copies(some.select(np.isin(some.phase, ["Metaphase", "Prometaphase"])))
    group = tied_groups(crops).reshape(3, -1)
    assert (group == group[0]).all()
    assert len(set(group[0])) == group.shape[1]
    n = group.shape[1]
    for parts in folds(crops, 10, seed=3):
        originals = {name: set((rows % n).tolist()) for name, rows in parts.items()}
        assert not originals["train"] & originals["test"]
        assert not originals["train"] & originals["validation"]
        assert not originals["validation"] & originals["test"]


def test_a_shared_crop_ties_two_plates() -> None:
    crops = crops_of(["a"] * 6, ["p", "p", "q", "q", "r", "r"])
    images = crops.images.copy()
    images[3] = np.rot90(images[0], 2, axes=(-2, -1))
    images[4:] = 0  # blank crops tie nothing
    images[1] = 0
    group = tied_groups(crops_of(["a"] * 6, list(crops.group), images))
    assert group[0] == group[1] == group[2] == group[3]
    assert group[4] == group[5] == "r"


def test_folds_test_each_crop_once_by_plate(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    tested = []
    for parts in folds(crops, 5, seed=0):
        plates = [set(crops.group[rows]) for rows in parts.values()]
        assert sum(map(len, plates)) == len(set(crops.group))
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(crops)))
        tested.append(parts["test"])
    assert sorted(np.concatenate(tested)) == list(range(len(crops)))


def test_few_groups_are_shared_out(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "rpe1_h2b_21px.npz")
    parts = three_parts(crops, seed=0)
    images = {name: set(crops.group[rows]) for name, rows in parts.items()}
    assert {name: len(groups) for name, groups in images.items()} == {
        "train": 2,
        "validation": 1,
        "test": 1,
    }
    assert parts["train"].tolist() == three_parts(crops, seed=0)["train"].tolist()


def test_what_cannot_be_split() -> None:
    with pytest.raises(CropSetError, match=r"2 group\(s\) of crops, but train, validation, test"):
        three_parts(crops_of(["a", "b"] * 4, ["p", "q"] * 4), 0)
    with pytest.raises(CropSetError, match="all crops of b are in groups that are kept"):
        three_parts(crops_of(["a"] * 17 + ["b"], [str(i) for i in range(18)]), 3)
    many = crops_of(["a", "b"] * 4, [str(i) for i in range(8)])
    with pytest.raises(CropSetError, match="needs 3 folds or more"):
        list(folds(many, 2, 0))
    with pytest.raises(CropSetError, match=r"8 group\(s\), too few for 10 parts"):
        list(folds(many, 10, 0))
    with pytest.raises(CropSetError, match="at most 4 crops of a phase, too few for 6"):
        list(folds(many, 6, 0))


def test_groups_that_the_start_has_learned_from_are_never_tested_on(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    learned = sorted(set(crops.group.tolist()))[::2]
    parts = three_parts(crops, 1, seen=hash_groups(learned))
    test = set(crops.group[parts["test"]].tolist())
    assert test == set(crops.group.tolist()) - set(learned)
    assert set(crops.group[parts["train"]]) | set(crops.group[parts["validation"]]) == set(learned)
    assert sum(len(rows) for rows in parts.values()) == len(crops)
    # what another model learned from elsewhere changes nothing
    usual = three_parts(crops, 1)
    for part, rows in three_parts(crops, 1, seen=hash_groups(["another plate"])).items():
        assert (rows == usual[part]).all()


def test_a_start_that_knows_every_group_leaves_no_test() -> None:
    crops = crops_of(["a", "b"] * 10, [f"g{i}" for i in range(20)])
    with pytest.raises(CropSetError, match="nothing is left to test on"):
        three_parts(crops, 0, seen=hash_groups(crops.group))


def test_a_phase_that_the_start_never_saw_is_learned_too(data_dir: Path) -> None:
    # as from G2 or not to four phases: the start was shown no mitosis at all
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz", group_key="well")
    new = sorted(set(crops.group[crops.phase == "Metaphase"].tolist()))
    others = sorted(set(crops.group.tolist()) - set(new))
    parts = three_parts(crops, 2, seen=hash_groups(others[::2]))
    wells = {part: set(crops.group[rows].tolist()) for part, rows in parts.items()}
    assert wells["test"] >= set(others[1::2])
    assert not wells["test"] & set(others[::2])
    assert not wells["test"] & (wells["train"] | wells["validation"])
    assert sorted(np.concatenate(list(parts.values()))) == list(range(len(crops)))
    counts = {part: (crops.phase[rows] == "Metaphase").sum() for part, rows in parts.items()}
    assert counts["train"] > counts["validation"] > 0
    assert counts["train"] > counts["test"] > 0


def test_folds_never_test_on_what_the_start_has_learned_from(data_dir: Path) -> None:
    crops = read_crop_set(data_dir / "mitocheck_hela_h2b_64px.npz")
    learned = sorted(set(crops.group.tolist()))[::3]
    tested = []
    for parts in folds(crops, 3, 0, seen=hash_groups(learned)):
        assert set(crops.group[parts["train"]]) >= set(learned)
        assert sorted(np.concatenate(list(parts.values()))) == list(range(len(crops)))
        tested.append(parts["test"])
    assert set(crops.group[np.concatenate(tested)]) == set(crops.group) - set(learned)
    with pytest.raises(CropSetError, match="nothing is left to test on"):
        list(folds(crops, 3, 0, seen=hash_groups(crops.group)))
    few = sorted(set(crops.group.tolist()))[2:]
    with pytest.raises(CropSetError, match=r"without what the start has .*, has 2 group\(s\)"):
        list(folds(crops, 3, 0, seen=hash_groups(few)))


def test_too_few_crops_are_told_of_by_name_and_folds_where_there_are_some() -> None:
    crops = crops_of(["a", "b"] * 3, [str(i) for i in range(6)])
    with pytest.raises(CropSetError, match=r"set\.npz has at most 3 .* 6 parts\. Add crops\."):
        three_parts(crops, 0)
    with pytest.raises(CropSetError, match=r"for 5 parts\. Ask for fewer folds \(--folds\)"):
        next(folds(crops, 5, 0))


def test_what_was_learned_under_the_data_s_own_groups_is_not_tested_on_under_others() -> None:
    plates = np.repeat(["p", "q", "r", "s", "t", "u"], 4)
    wells = crops_of(["a", "b"] * 12, [f"well {i // 2}" for i in range(24)])
    crops = replace(wells, columns={"group": plates})
    parts = three_parts(crops, 0, seen=hash_groups(["p", "q", "r"]))
    assert set(plates[parts["test"]]) == {"s", "t", "u"}
    assert set(plates[np.concatenate([parts["train"], parts["validation"]])]) == {"p", "q", "r"}
