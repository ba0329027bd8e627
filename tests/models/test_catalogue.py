from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from napari_cellcycle.errors import (
    CellCycleWarning,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
)
from napari_cellcycle.models import catalogue
from napari_cellcycle.models.card import CARD
from napari_cellcycle.models.catalogue import (
    data_folder,
    find_model,
    list_models,
    shipped_models_folder,
    user_models_folder,
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's data folder, and nothing shipped."""
    monkeypatch.setenv(catalogue.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(catalogue, "shipped_models_folder", lambda: tmp_path / "shipped")
    return tmp_path


def install(model_folder, place, name):
    """Put a model's card (which is all that a catalogue looks at) into a folder."""
    place.mkdir(parents=True)
    values = json.loads((model_folder / CARD).read_text())
    (place / CARD).write_text(json.dumps({**values, "name": name}))


def test_shipped_models_come_before_the_users(home, model_folder):
    install(model_folder, home / "home" / "models" / "1", "alpha")
    install(model_folder, home / "shipped" / "b", "omega")
    install(model_folder, home / "shipped" / "a", "zeta")
    (home / "home" / "models" / "not-a-model").mkdir()
    assert [(e.name, e.source) for e in list_models()] == [
        ("omega", "shipped"),
        ("zeta", "shipped"),
        ("alpha", "user"),
    ]
    assert find_model("alpha") == home / "home" / "models" / "1"


def test_an_entry_is_plain_json_with_card_place_and_hash(home, model_folder):
    install(model_folder, home / "shipped" / "a", "alpha")
    (entry,) = list_models()
    values = json.loads(json.dumps(entry.to_dict()))
    assert values["name"] == "alpha"
    assert values["path"] == str(home / "shipped" / "a")
    assert values["sha256"] == entry.sha256


def test_without_any_model_the_list_is_empty(home):
    assert list_models() == []


def test_two_models_of_one_name_are_refused(home, model_folder):
    install(model_folder, home / "home" / "models" / "mine", "alpha")
    install(model_folder, home / "shipped" / "alpha", "alpha")
    with pytest.raises(ModelError, match=r"Two models are called alpha: .*shipped.*mine"):
        list_models()


def test_a_broken_model_of_the_user_is_left_out_with_a_warning(home, model_folder):
    install(model_folder, home / "shipped" / "a", "alpha")
    broken = home / "home" / "models" / "broken"
    broken.mkdir(parents=True)
    (broken / CARD).write_text("{}")
    with pytest.warns(CellCycleWarning, match=r"left out: .*broken.*lacks"):
        assert [entry.name for entry in list_models()] == ["alpha"]


def test_an_unknown_name_lists_the_known_ones(home, model_folder):
    install(model_folder, home / "shipped" / "a", "alpha")
    with pytest.raises(ModelNotFoundError, match=r"no model 'beta'.*there are: alpha"):
        find_model("beta")
    with pytest.raises(ModelNotFoundError, match="no model ''"):
        find_model("")


def test_a_name_counts_before_a_folder_of_that_name_here(home, model_folder, monkeypatch):
    install(model_folder, home / "shipped" / "a", "alpha")
    (home / "here" / "alpha").mkdir(parents=True)
    monkeypatch.chdir(home / "here")
    assert find_model("alpha") == home / "shipped" / "a"
    assert find_model("./alpha") == Path("alpha")


def test_another_model_in_a_folder_of_that_name_is_told_of(home, model_folder, monkeypatch):
    install(model_folder, home / "shipped" / "a", "alpha")
    install(model_folder, home / "here" / "alpha", "beta")
    install(model_folder, home / "same" / "alpha", "alpha")
    monkeypatch.chdir(home / "here")
    with pytest.warns(CellCycleWarning, match=r"here.alpha is \..alpha: give it so"):
        assert find_model("alpha") == home / "shipped" / "a"
    monkeypatch.chdir(home / "same")
    find_model("alpha")  # a warning would be an error


def test_a_path_to_the_folder_or_its_card_or_a_zip_will_do(home, model_folder):
    assert find_model(model_folder) == model_folder
    assert find_model(str(model_folder / CARD)) == model_folder
    path = Path(shutil.make_archive(str(home / "m"), "zip", model_folder))
    assert find_model(path) == path


@pytest.mark.parametrize("name", ["weights.pt", "weights.PTH", "epoch3.ckpt"])
def test_weights_alone_are_no_model_and_the_way_to_make_one_is_named(home, name):
    (home / name).write_bytes(b"PK")
    with pytest.raises(ModelFormatError, match=r"holds weights alone.*models convert"):
        find_model(home / name)


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", None, "~/.local/share/napari-cellcycle"),
        ("linux", ("XDG_DATA_HOME", "/data"), "/data/napari-cellcycle"),
        ("darwin", None, "~/Library/Application Support/napari-cellcycle"),
        ("win32", ("LOCALAPPDATA", "/local"), "/local/napari-cellcycle"),
        ("win32", None, "~/AppData/Local/napari-cellcycle"),
        ("win32", (catalogue.HOME_VARIABLE, "~/mine"), "~/mine"),
    ],
)
def test_the_data_folder_is_where_the_platform_keeps_it(monkeypatch, platform, variable, expected):
    for name in (catalogue.HOME_VARIABLE, "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(*variable)
    monkeypatch.setattr(sys, "platform", platform)
    assert data_folder() == Path(expected).expanduser()
    assert user_models_folder() == data_folder() / "models"


def test_shipped_models_lie_in_the_package():
    assert shipped_models_folder() == Path(catalogue.__file__).parent / "shipped"
