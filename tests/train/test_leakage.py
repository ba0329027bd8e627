from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data import fingerprints
from napari_cellcycle.train.data.cropset import CropSet
from napari_cellcycle.train.data.fingerprints import in_sketch, marks, sketch
from napari_cellcycle.train.data.leakage import (
    beside_learned,
    check_crops,
    check_groups,
    hash_groups,
    training_groups,
)

if TYPE_CHECKING:
    from napari_cellcycle.models.card import ModelCard


def test_hashes_are_of_names() -> None:
    found = hash_groups(["plate 2", "plate 1", "plate 2"])
    assert found == sorted(hashlib.sha256(n.encode()).hexdigest() for n in ("plate 1", "plate 2"))


def test_a_shared_group_is_refused_by_name() -> None:
    trained = hash_groups([f"plate {i}" for i in range(3)])
    check_groups(trained, ["plate 3", "plate 4"])
    check_groups([], ["plate 1"])
    with pytest.raises(
        CropSetError, match=r"m was trained on 1 of the 2 groups in d\.npz: plate 2"
    ):
        check_groups(trained, ["plate 2", "plate 3"], model="m", data="d.npz")


def test_many_are_not_all_listed() -> None:
    names = [f"p{i}" for i in range(9)]
    with pytest.raises(CropSetError, match=r"9 of the 9 groups .*: p0, p1, p2, p3, p4, …"):
        check_groups(hash_groups(names), names)


def test_a_card_may_say_nothing(model_card: ModelCard) -> None:
    assert training_groups(model_card) == ()
    says = replace(model_card, metrics={"training_groups": ["ab", "cd"]})
    assert training_groups(says) == ("ab", "cd")


def noise(n: int, seed: int) -> CropSet:
    """Crops of two channels in groups of three, the last crop of all being empty."""
    images = np.random.default_rng(seed).integers(0, 999, (n, 2, 9, 9)).astype(np.uint16)
    images[-1] = 7
    group = np.array([f"g{seed} {i // 3}" for i in range(n)])
    return CropSet(images, ("actin", "dna"), np.full(n, "m"), group, f"{seed}.npz")


def test_crops_are_known_again_in_groups_named_anew(model_card: ModelCard) -> None:
    learned, new = noise(12, 1), noise(12, 2)
    assert model_card.recipe.reference == "dna"
    card = replace(model_card, metrics={"training_crops": sketch([marks(learned, "dna")])})
    check_crops(card, new)  # the empty crop of both says nothing
    assert not beside_learned(card, new).any()
    images = new.images.copy()
    images[4, 1] = learned.images[7, 1].T  # a mirror image; the other channel differs
    mixed = replace(new, images=images)
    assert np.flatnonzero(beside_learned(card, mixed)).tolist() == [3, 4, 5]
    with pytest.raises(CropSetError, match=r"crops of 1 of the 4 groups in 2\.npz.*: g2 1\. Test"):
        check_crops(card, mixed)
    assert not beside_learned(replace(card, metrics={}), learned).any()


def test_a_sketch_of_many_crops_is_a_fair_sample_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fingerprints, "MOST_CROPS", 40)
    first, second = marks(noise(200, 1), "dna"), marks(noise(200, 2), "dna")
    kept = sketch([first, second])
    assert (len(kept), len(kept[0])) == (40, 12)
    assert sketch([second], [sketch([first])]) == kept
    found = [int(in_sketch(kept, one).sum()) for one in (first, second)]
    assert sum(found) == 40
    assert min(found) > 8
    assert not in_sketch(kept, marks(noise(200, 3), "dna")).any()
    assert sketch([], []) == []
