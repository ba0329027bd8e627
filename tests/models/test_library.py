from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import pytest

from napari_cellcycle.errors import (
    CellCycleWarning,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
)
from napari_cellcycle.models import catalogue
from napari_cellcycle.models.card import CARD, read_card
from napari_cellcycle.models.catalogue import find_model, list_models, user_models_folder
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.models.library import (
    check_new_name,
    export_model,
    install_model,
    remove_model,
    rename_model,
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch, tiny_folder):
    """The user's folder; what ships is the tiny model, under another name."""
    monkeypatch.setenv(catalogue.HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(catalogue, "shipped_models_folder", lambda: tmp_path / "shipped")
    shutil.copytree(tiny_folder, tmp_path / "shipped" / "official")
    change_card(tmp_path / "shipped" / "official", name="official")
    return tmp_path


@pytest.fixture
def source(tmp_path, tiny_folder):
    """A model folder of one's own to spoil."""
    return shutil.copytree(tiny_folder, tmp_path / "source")


def change_card(folder, **values):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps({**card, **values}))


def listed():
    return [(entry.name, entry.source) for entry in list_models()]


def left_overs():
    return [path.name for path in user_models_folder().iterdir() if path.name.startswith(".")]


OFFICIAL = ("official", "shipped")


# --- install ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["folder", "card", "zip"])
def test_an_installed_model_is_the_same_model(source, home, form):
    path = {
        "folder": lambda: source,
        "card": lambda: source / CARD,
        "zip": lambda: export_model(source, home / "model.zip"),
    }[form]()
    entry = install_model(path)
    assert (entry.name, entry.source) == ("tiny", "user")
    assert entry.path == user_models_folder() / "tiny"
    assert entry.sha256 == load_model("tiny").sha256 == load_model(source).sha256
    assert entry.size == sum(p.stat().st_size for p in source.iterdir())
    assert listed() == [OFFICIAL, ("tiny", "user")]
    assert left_overs() == []


def test_only_the_card_and_its_weights_are_installed(source):
    (source / "model.py").write_text("raise SystemExit('executed')")
    (source / "other.safetensors").write_bytes(b"")
    entry = install_model(source)
    assert sorted(p.name for p in entry.path.iterdir()) == [
        CARD,
        "y.safetensors",
        "z.safetensors",
    ]


def test_another_name_is_another_card_that_remembers_the_old_one(source):
    old = load_model(source).sha256
    entry = install_model(source, name="mine")
    assert entry.card.name == entry.path.name == "mine"
    assert entry.card.metrics["renamed_from"] == {"name": "tiny", "sha256": old}
    assert entry.card.metrics["accuracy"] == 0.5
    assert entry.sha256 != old
    assert load_model("mine").sha256 == entry.sha256


def test_the_very_same_model_again_changes_nothing_and_mends_what_is_damaged(source):
    entry = install_model(source)
    (entry.path / "z.safetensors").write_bytes(b"damaged")
    assert install_model(source) == entry
    assert load_model("tiny").sha256 == entry.sha256


def test_two_models_never_share_a_name(source):
    before = install_model(source)
    change_card(source, version="2")
    with pytest.raises(ModelError, match=r"have a model tiny already.*--name tiny-2.*--replace"):
        install_model(source)
    change_card(source, name="Tiny")  # one folder on many systems
    with pytest.raises(ModelError, match="have a model tiny already"):
        install_model(source)
    assert list_models()[1:] == [before]
    change_card(source, name="tiny")
    assert install_model(source, overwrite=True).card.version == "2"
    assert [entry.card.version for entry in list_models()] == ["1", "2"]
    assert left_overs() == []


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["official", "Official"])
def test_what_ships_keeps_its_name(source, name, overwrite):
    with pytest.raises(ModelError, match=r"official ships with the package.*--name .fficial-2"):
        install_model(source, name=name, overwrite=overwrite)
    assert listed() == [OFFICIAL]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("install", "action of the command line"),
        ("show", "action of the command line"),
        ("mine.zip", "ends as files do"),
        ("mine.PTH", "ends as files do"),
        ("mine.", "ends as files do"),
        ("nul.txt", "device on Windows"),
        ("../mine", "letters, digits"),
        (".mine", "letters, digits"),
        ("", "letters, digits"),
    ],
)
def test_a_name_that_would_be_taken_for_something_else_is_refused(source, name, message):
    with pytest.raises(ModelError, match=message):
        install_model(source, name=name)
    with pytest.raises(ModelError, match=message):
        check_new_name(name)
    assert listed() == [OFFICIAL]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "z.safetensors").unlink(), "lacks its file"),
        (lambda f: (f / "z.safetensors").write_bytes(b"other"), "not the file that .* card names"),
        (lambda f: change_card(f, architecture={"name": "mlp", "params": {}}), "does not fit"),
        (lambda f: change_card(f, architecture={"name": "os", "params": {}}), "no architecture"),
        (lambda f: (f / CARD).write_text("{}"), "lacks"),
        (lambda f: (f / CARD).unlink(), r"no card\.json"),
    ],
)
def test_a_model_that_is_not_whole_is_never_listed(source, spoil, message):
    install_model(source, name="before")
    spoil(source)
    with pytest.raises(ModelFormatError, match=message):
        install_model(source)
    assert listed() == [OFFICIAL, ("before", "user")]
    assert left_overs() == []


def test_weights_that_are_not_finite_are_not_installed(source):
    import torch
    from safetensors.torch import load_file, save_file

    state = load_file(source / "z.safetensors")
    state["output.bias"][0] = torch.nan
    save_file(state, source / "z.safetensors")
    card = json.loads((source / CARD).read_text())
    content = (source / "z.safetensors").read_bytes()
    card["weights"]["z"]["sha256"] = hashlib.sha256(content).hexdigest()
    change_card(source, weights=card["weights"])
    with pytest.raises(
        ModelFormatError, match=r"output\.bias holds values that are not finite"
    ) as found:
        install_model(source)
    assert str(source / "z.safetensors") in str(found.value), "a file that is there is named"
    packed = source.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as file:
        for path in source.iterdir():
            file.write(path, path.name)
    for use in (install_model, load_model):
        with pytest.raises(ModelFormatError, match="not finite") as found:
            use(packed)
        assert str(packed / "z.safetensors") in str(found.value)
    assert listed() == [OFFICIAL]


def test_what_is_no_model_is_refused_with_the_way_to_one(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"There is no .*nothing\.zip"):
        install_model(tmp_path / "nothing.zip")
    (tmp_path / "weights.pth").write_bytes(b"")
    with pytest.raises(ModelFormatError, match="models convert"):
        install_model(tmp_path / "weights.pth")
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(ModelFormatError, match="no readable zip file"):
        install_model(tmp_path / "notes.txt")


def test_a_folder_in_the_way_is_left_alone(source):
    (user_models_folder() / "tiny").mkdir(parents=True)
    (user_models_folder() / "tiny" / "thesis.docx").touch()
    with pytest.raises(ModelError, match=r"no model folder\. Move it away"):
        install_model(source)
    (user_models_folder() / "tiny" / "thesis.docx").rename(user_models_folder() / "thesis.docx")
    (user_models_folder() / "tiny").rmdir()
    entry = install_model(source)
    (entry.path / "thesis.docx").touch()
    with pytest.raises(ModelError, match=r"more than a model \(thesis\.docx\)"):
        install_model(source, overwrite=True)
    assert (entry.path / "thesis.docx").exists()


def test_a_replacement_that_was_stopped_is_still_a_model(source):
    entry = install_model(source)
    aside = entry.path.with_name(".tiny.old")
    entry.path.rename(aside)
    assert listed() == [OFFICIAL, ("tiny", "user")]
    assert find_model("tiny") == find_model(entry.path) == aside
    assert load_model("tiny").sha256 == entry.sha256
    assert install_model(source).path == entry.path
    assert listed() == [OFFICIAL, ("tiny", "user")]
    assert left_overs() == []


# --- remove -----------------------------------------------------------------------------------


def test_a_removed_model_is_gone(source):
    entry = install_model(source)
    assert remove_model("tiny") == entry.path
    assert listed() == [OFFICIAL]
    assert list(user_models_folder().iterdir()) == []


def test_only_models_of_ones_own_are_removed(source):
    install_model(source)
    with pytest.raises(ModelError, match="official ships with the package"):
        remove_model("official")
    with pytest.raises(ModelNotFoundError, match=r"no model 'other'; your own are: tiny"):
        remove_model("other")
    for path in (source, "../../source", "", "."):
        with pytest.raises(ModelNotFoundError, match="no model"):
            remove_model(str(path))
    assert source.is_dir()
    assert listed() == [OFFICIAL, ("tiny", "user")]


def test_nothing_else_is_removed_with_a_model(source):
    entry = install_model(source)
    (entry.path / "thesis.docx").touch()
    with pytest.raises(ModelError, match=r"more than a model \(thesis\.docx\)"):
        remove_model("tiny")
    (entry.path / "thesis.docx").unlink()
    (entry.path / ".DS_Store").touch()
    remove_model("tiny")
    assert listed() == [OFFICIAL]


def test_a_broken_model_can_be_removed_by_the_name_of_its_folder(source):
    entry = install_model(source)
    (entry.path / CARD).write_text("{}")
    with pytest.raises(ModelError, match="damaged one"), pytest.warns(CellCycleWarning):
        install_model(source)
    remove_model("tiny")
    assert install_model(source) == entry


# --- rename -----------------------------------------------------------------------------------


def test_a_renamed_model_has_a_card_and_a_folder_of_that_name(source):
    first = install_model(source)
    second = rename_model("tiny", "mine")
    third = rename_model("mine", "Mine")
    assert listed() == [OFFICIAL, ("Mine", "user")]
    assert third.path == user_models_folder() / "Mine"
    assert load_model("Mine").sha256 == third.sha256
    assert third.card.metrics["renamed_from"] == {
        "name": "mine",
        "sha256": second.sha256,
        "renamed_from": {"name": "tiny", "sha256": first.sha256},
    }
    assert third.card.weights == first.card.weights


def test_a_new_name_must_be_free(source):
    install_model(source)
    install_model(source, name="mine")
    with pytest.raises(ModelError, match="have a model mine already"):
        rename_model("tiny", "mine")
    with pytest.raises(ModelError, match="have a model mine already"):
        check_new_name("mine")
    check_new_name("other")
    with pytest.raises(ModelError, match="official ships"):
        rename_model("tiny", "official")
    with pytest.raises(ModelError, match="neither removed nor renamed"):
        rename_model("official", "other")
    with pytest.raises(ModelError, match="action of the command line"):
        rename_model("tiny", "remove")
    assert listed() == [OFFICIAL, ("mine", "user"), ("tiny", "user")]


def test_a_model_that_a_shipped_one_came_to_share_its_name_with_can_be_renamed(source):
    entry = install_model(source)
    change_card(entry.path, name="official")
    with pytest.raises(ModelError, match="models rename official NEW"):
        list_models()
    rename_model("official", "mine")
    assert listed() == [OFFICIAL, ("mine", "user")]


def test_a_renaming_that_is_killed_leaves_one_model(source):
    install_model(source)
    code = (
        "import os, sys\n"
        "from napari_cellcycle import files\n"
        "from napari_cellcycle.models import library\n"
        "real, moves = os.replace, []\n"
        "def replace(*paths):\n"
        "    moves.append(paths)\n"
        "    os._exit(9) if len(moves) == int(sys.argv[1]) else real(*paths)\n"
        "os.replace = replace\n"
        "library.rename_model('tiny', 'mine')\n"
    )
    for moment, left in ((1, "tiny"), (2, "mine")):
        done = subprocess.run([sys.executable, "-c", code, str(moment)], check=False)
        assert done.returncode == 9
        assert [entry.name for entry in list_models()] == ["official", left]
        assert load_model(left).card.name == left
    assert rename_model("mine", "other").path == user_models_folder() / "other"
    assert listed() == [OFFICIAL, ("other", "user")]


# --- export -----------------------------------------------------------------------------------


def test_the_same_model_is_always_exported_to_the_same_bytes(source, home):
    first = export_model(source, home / "a.zip").read_bytes()
    install_model(home / "a.zip")
    for file in source.iterdir():
        file.touch()
        file.chmod(0o600)
    assert export_model("tiny", home / "b.zip").read_bytes() == first
    assert export_model(home / "a.zip", home / "c.zip").read_bytes() == first
    with zipfile.ZipFile(home / "a.zip") as archive:
        assert archive.namelist() == [f"tiny/{f}" for f in (CARD, "y.safetensors", "z.safetensors")]
        assert archive.read(f"tiny/{CARD}") == (source / CARD).read_bytes()


def test_a_shipped_model_can_be_exported_and_installed_under_another_name(home):
    export_model("official", home / "official.zip")
    with pytest.raises(ModelError, match="official ships"):
        install_model(home / "official.zip")
    assert install_model(home / "official.zip", name="mine").name == "mine"


def test_a_file_with_another_model_gives_way_only_where_asked(source, home):
    older = export_model(source, home / "model.zip").read_bytes()
    assert export_model(source, home / "model.zip").read_bytes() == older
    with pytest.raises(ModelError, match=r"model\.zip is a model already, and is left as it is"):
        export_model("official", home / "model.zip")
    assert (home / "model.zip").read_bytes() == older
    export_model("official", home / "model.zip", overwrite=True)
    assert load_model(home / "model.zip").card.name == "official"


def test_a_damaged_model_is_not_exported(source, home):
    older = export_model(source, home / "model.zip").read_bytes()
    (source / "z.safetensors").write_bytes(b"damaged")
    with pytest.raises(ModelFormatError, match="not the file that"):
        export_model(source, home / "model.zip")
    assert (home / "model.zip").read_bytes() == older
    (home / "photos.zip").write_bytes(b"all of them")
    with pytest.raises(ModelError, match=r"photos\.zip is no readable zip .* give another name"):
        export_model("official", home / "photos.zip")
    assert (home / "photos.zip").read_bytes() == b"all of them"
    with pytest.raises(ModelError, match=r"as a \.zip file, not as model\.tar"):
        export_model("official", home / "model.tar")


def test_an_older_card_keeps_its_text_when_it_is_installed(source):
    text = (source / CARD).read_text()
    (source / CARD).write_text(json.dumps(json.loads(text)))  # other spaces, other bytes
    sha256 = read_card(source)[1]
    assert install_model(source).sha256 == sha256
