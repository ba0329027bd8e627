"""Models that earlier versions wrote open, and predict what they predicted then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_cellcycle.models.card import SCHEMA
from napari_cellcycle.models.folder import load_model

FIXTURES = Path(__file__).with_name("fixtures")


@pytest.fixture(scope="module")
def schema1():
    """Three nearly empty ResNet18, written by the first version (see the card's description)."""
    return load_model(FIXTURES / "schema1-tiny.zip")


def test_a_card_of_schema_1_says_what_it_said(schema1):
    card = schema1.card
    assert schema1.sha256 == "4f5fecfc408edba40c52bc3562d2154ea09913309a44eb2b735052840b267e3c"
    assert (card.name, card.vocabulary, card.architecture.name) == (
        "schema1-tiny",
        "mitosis-stages",
        "resnet18-projections",
    )
    assert card.temperatures["z"] == {"level1": 1.2, "level2": 2.0}
    recipe = card.recipe
    assert (recipe.axes, recipe.size, recipe.unit) == (("x", "y", "z"), 64, "cell")
    # what every recipe meant before it could say so
    assert (recipe.intensity, recipe.mask, recipe.sharpen) == ("cell", True, False)
    assert card.to_dict()["schema"] == SCHEMA


def test_a_model_of_schema_1_predicts_what_it_predicted(schema1):
    views = (np.arange(3 * 2 * 64 * 64) % 251).reshape(1, 3, 2, 64, 64).astype(np.float32) / 250
    level1, level2 = schema1.predict(views, ("x", "y", "z"))
    expected1 = [[0.781147, 0.218853], [0.995073, 0.004927], [0.452074, 0.547926]]
    expected2 = [
        [0.996203, 0.001847, 0.000042, 0.001908],
        [0.099093, 0.27721, 0.004631, 0.619066],
        [0.542425, 0.212572, 0.046927, 0.198076],
    ]
    np.testing.assert_allclose(level1[0], expected1, atol=1e-4)
    np.testing.assert_allclose(level2[0], expected2, atol=1e-4)


def test_a_model_of_every_schema_is_kept():
    kept = {path.name.partition("-")[0] for path in FIXTURES.glob("schema*.zip")}
    assert kept == {f"schema{number}" for number in range(1, SCHEMA + 1)}


def test_a_model_of_schema_2_is_read_and_predicts_as_it_did():
    model = load_model(FIXTURES / "schema2-tiny.zip")
    card = model.card
    assert model.sha256 == "1f0f90d438eb0844abae6788f166ba6d47b5e1f0e875b75d9dfbf1e9588231cd"
    assert (card.architecture.name, card.architecture.params["content"]) == ("resnet8", True)
    assert (card.recipe.intensity, card.recipe.unit) == ("population", "population")
    assert (card.phases, card.ranges) == (("g1", "s", "g2", "m"), {"contrast": (2.0, 30.0)})
    views = (np.arange(2 * 16 * 16) % 251).reshape(2, 1, 1, 16, 16).astype(np.float32) / 250
    views[1] = (views[1] > 0.5) * 0.3
    level1, level2 = model.predict(views, ("z",))
    expected = [[0.13893, 0.131855, 0.282618, 0.446597], [0.458183, 0.08295, 0.220349, 0.238518]]
    np.testing.assert_allclose(level1[:, 0], expected, atol=1e-4)
    assert level2.size == 0
