from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from napari_cellcycle import phases
from napari_cellcycle.cells.views.recipe import ViewRecipe
from napari_cellcycle.errors import ModelFormatError
from napari_cellcycle.models.card import CARD, ModelCard, WeightsFile, read_card
from napari_cellcycle.phases import Phase, PhaseSet


def changed(card, path, value):
    """JSON of the card with one value replaced; ``...`` removes it."""
    values = json.loads(card.to_json())
    *parents, last = path.split("/")
    place = values
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(values)


@pytest.fixture
def saved_card(model_card):
    weights = {axis: WeightsFile(f"{axis}.safetensors", "0" * 64) for axis in "xyz"}
    return replace(model_card, weights=weights)


def test_a_card_survives_the_way_through_json(saved_card):
    assert ModelCard.from_json(saved_card.to_json()) == saved_card


def test_its_text_depends_on_its_content_only(saved_card):
    text = saved_card.to_json()
    shuffled = replace(
        saved_card, temperatures=dict(reversed(list(saved_card.temperatures.items())))
    )
    assert shuffled.to_json() == text
    assert text.endswith("}\n")
    values = json.loads(text)
    assert list(values) == sorted(values)
    assert text == json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    "key", ["phases", "recipe", "temperatures", "missing_channels", "licence", "schema"]
)
def test_a_missing_key_is_named(saved_card, key):
    with pytest.raises(ModelFormatError, match=f"lacks {key}"):
        ModelCard.from_json(changed(saved_card, key, ...))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("classes", ["a"], "unknown classes"),
        ("architecture/module", "os", "unknown module in architecture"),
        ("architecture/params", [], r"architecture.params is \[\], expected an object"),
        ("recipe/size", ..., "view recipe has"),
        ("recipe/gamma", 1, "view recipe has"),
        ("recipe/size", 4, "size 4"),
        ("recipe/size", "64", "size '64'"),
        ("recipe/axes", ["x", "t"], "axes"),
        ("recipe/channels", [], "channels"),
        ("recipe/extent", -1, "extent -1"),
        ("recipe/unit", "mile", "unit 'mile'"),
        ("vocabulary", "zodiac", "temperatures of x for level1, level2"),
        ("vocabulary", "g1-s-g2-m", "those of g1-s-g2-m are"),
        ("vocabulary", "mitosis-2d", "those of mitosis-2d are"),
        ("vocabulary", 3, "vocabulary is 3, expected text"),
        ("phases", ["prophase", "non-mitotic"], "in this order, non-mitotic, prophase"),
        ("phases", "non-mitotic", "expected a list"),
        ("temperatures/x", ..., "temperatures for y, z, expected x, y, z"),
        ("temperatures/x/level2", ..., "temperatures of x for level1"),
        ("temperatures/x/level1", 0, "temperature x level1 0"),
        ("temperatures/x/level1", True, "expected a number"),
        ("ranges/moon_phase", [0, 1], "moon_phase"),
        ("ranges/spacing_um", [2, 1], "from 2.0 to 1.0"),
        ("ranges/spacing_um", [1], "two numbers"),
        ("training_data", [{"name": "a"}], "lacks attribution, licence, n in training_data"),
        ("training_data", [{"name": "a", "licence": "", "attribution": "", "n": -1}], "whole"),
        ("name", "../evil", "not '../evil'"),
        ("weights/x/file", "../x.safetensors", "beside the card"),
        ("weights/x/file", "x.pt", "beside the card"),
        ("weights/x/sha256", "abc", "beside the card"),
        ("weights/x", ..., "weights for y, z"),
        ("schema", 3, "schema 3, this version reads 1 to 2"),
    ],
)
def test_a_wrong_value_is_named(saved_card, path, value, message):
    with pytest.raises(ModelFormatError, match=message):
        ModelCard.from_json(changed(saved_card, path, value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a model card"),
        ("[]", "expected an object"),
        (b"\xff\xfe\x00", "not a model card"),
        ('{"name": 1, "name": 2}', "name stands there twice"),
        ('{"metrics": NaN}', "NaN is not a number"),
        ("[" * 100_000, "not a model card"),
    ],
)
def test_what_is_no_card_is_refused(text, message):
    with pytest.raises(ModelFormatError, match=message):
        ModelCard.from_json(text)


def test_numbers_that_json_has_not_are_refused_when_writing(model_card):
    with pytest.raises(ValueError, match="JSON"):
        replace(model_card, metrics={"accuracy": float("nan")}).to_json()


def test_a_folder_without_a_card_and_a_card_too_large(tmp_path):
    with pytest.raises(ModelFormatError, match=f"no {CARD}"):
        read_card(tmp_path)
    (tmp_path / CARD).write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(ModelFormatError, match="larger than"):
        read_card(tmp_path)


def test_another_vocabulary_of_two_levels_will_do(monkeypatch, model_card):
    vocabulary = PhaseSet(
        "yeast",
        (
            Phase("unbudded", "unbudded", "#000000"),
            Phase("budded", "budded", "#111111"),
            Phase("small-bud", "small bud", "#222222", "budded"),
            Phase("large-bud", "large bud", "#333333", "budded"),
        ),
    )
    monkeypatch.setitem(phases.VOCABULARIES, "yeast", vocabulary)
    card = replace(model_card, vocabulary="yeast", phases=vocabulary.slugs)
    assert card.n_stages == 2
    assert ModelCard.from_json(card.to_json()).phase_set is vocabulary


def test_a_recipe_of_one_axis_has_one_temperature(model_card):
    recipe = ViewRecipe(axes=("z",))
    card = replace(model_card, recipe=recipe, temperatures={"z": {"level1": 1.0, "level2": 1.0}})
    assert ModelCard.from_json(card.to_json()).recipe == recipe


def test_cards_are_read_without_torch(model_folder):
    code = (
        "import sys; from napari_cellcycle.models.folder import read_model_card;"
        f"print(read_model_card({str(model_folder)!r})[0].name, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["untrained", "False"]
