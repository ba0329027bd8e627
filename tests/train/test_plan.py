"""What a recipe's [fit] table may say."""

from __future__ import annotations

from typing import Any

import pytest

from napari_cellcycle.errors import TrainingError
from napari_cellcycle.train.fit.plan import FitPlan, parse_plan


def test_a_named_set_is_what_the_publication_did() -> None:
    raw, _ = parse_plan({"sets": ["D1"]}, "fit")
    assert raw == FitPlan()
    augmented, _ = parse_plan({"sets": ["D2"]}, "fit")
    assert augmented.balance == "none"
    assert set(augmented.augment) == {
        *("rotate", "flip", "blur", "brightness-contrast", "colour-jitter", "grey")
    }
    balanced, sharpen = parse_plan({"sets": ["D3"]}, "fit")
    assert balanced.augment == augmented.augment
    assert balanced.balance == "upsample"
    assert not sharpen
    turned, sharpen = parse_plan({"sets": ["T", "S"], "epochs": 3}, "fit")
    assert (turned.turned_copies, sharpen, turned.epochs) == (True, True, 3)


def test_strengths_of_ones_own_outweigh_those_of_a_set() -> None:
    plan, _ = parse_plan(
        {"sets": ["D3"], "augment": {"blur": 2.5, "noise": 0.1}, "balance": "none"}, "fit"
    )
    assert plan.augment["blur"] == 2.5
    assert plan.augment["noise"] == 0.1
    assert plan.augment["rotate"] == 180
    assert plan.balance == "none"
    listed, _ = parse_plan({"augment": ["noise"]}, "fit")
    assert listed.augment == {"noise": 0.05}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rat": 0.1}, "fit has an unknown learning_rat; did you mean learning_rate?"),
        ({"epochs": 2.5}, "fit: epochs is 2.5, expected a whole number"),
        ({"epochs": True}, "fit: epochs is True, expected a whole number"),
        ({"epochs": 0}, "epochs is 0, expected 1 to 100,000"),
        ({"batch_size": 1}, "batch_size is 1, expected 2 to"),
        ({"patience": -1}, "patience is -1"),
        ({"learning_rate": 0}, "learning_rate is 0.0"),
        ({"average": 1}, "average is 1.0, expected a decay such as 0.99, or 0 for none"),
        ({"keep": 1}, "keep is 1.0, expected the share of the start's weights, such as 0.5, or 0"),
        (
            {"familiar": 1, "freeze_norms": True},
            "familiar is 1.0, expected the share of cells like those learned from",
        ),
        (
            {"familiar": 0.7},
            "familiar is 0.7 without freeze_norms: layers that old and new cells share",
        ),
        (
            {"others": 1},
            "others is 1.0, expected the share of further sets in an epoch, up to 0.95",
        ),
        ({"others": 0.5, "balance": "upsample"}, "others is 0.5 and balance 'upsample'"),
        ({"optimizer": "lion"}, "no optimizer 'lion'; choose adamw, nadam, adam or sgd"),
        ({"monitor": "f1"}, "no monitor 'f1'"),
        ({"sets": ["D4"]}, "no set 'D4'; there are D1, D2, D3, T, S"),
        ({"sets": "D1"}, "sets is 'D1', expected a list"),
        ({"augment": ["rotat"]}, "no augmentation 'rotat'; did you mean rotate?"),
        ({"augment": {"blur": 99}}, "strength of blur is 99, expected a number up to 8"),
        ({"augment": 3}, "augment is 3, expected a list of names or a table"),
    ],
)
def test_a_wrong_plan(values: dict[str, Any], message: str) -> None:
    with pytest.raises(TrainingError) as caught:
        parse_plan(values, "fit")
    assert message in str(caught.value)
