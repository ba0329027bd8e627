from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_cellcycle.errors import CropSetError
from napari_cellcycle.train.data.leakage import check_groups, hash_groups, training_groups

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
