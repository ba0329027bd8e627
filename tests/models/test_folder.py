from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import stat
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from napari_cellcycle.errors import ModelError, ModelFormatError
from napari_cellcycle.models import archive, staging, weights
from napari_cellcycle.models.card import CARD, Architecture, read_card
from napari_cellcycle.models.folder import load_model, read_model_card, save_model
from napari_cellcycle.models.networks import build


@pytest.fixture
def copy(model_folder, tmp_path):
    """A model folder of one's own to spoil."""
    return shutil.copytree(model_folder, tmp_path / "copy")


@pytest.fixture(scope="module")
def states(model_folder):
    return {axis: load_file(model_folder / f"{axis}.safetensors") for axis in "xyz"}


def hash_again(model):
    """Make the card agree with the files that lie beside it."""
    values = json.loads((model / CARD).read_text())
    for entry in values["weights"].values():
        entry["sha256"] = hashlib.sha256((model / entry["file"]).read_bytes()).hexdigest()
    (model / CARD).write_text(json.dumps(values))


def rewrite(model, change):
    """Change the tensors of the z axis, with a hash that fits."""
    state = load_file(model / "z.safetensors")
    change(state)
    save_file(state, model / "z.safetensors")
    hash_again(model)


# --- saving and loading -----------------------------------------------------------------------


def test_a_loaded_model_computes_what_the_saved_networks_did(model_card, tmp_path):
    torch.manual_seed(3)
    kind = {"n_channels": 2, "n_outputs": 6, "size": 64}
    networks = {axis: build("resnet18-projections", **kind).eval() for axis in "xyz"}
    saved = save_model(
        tmp_path / "new" / "model", model_card, {a: n.state_dict() for a, n in networks.items()}
    )
    classifier = load_model(tmp_path / "new" / "model")
    assert classifier.card == saved
    views = np.random.default_rng(0).random((4, 3, 2, 64, 64), dtype=np.float32)
    for a, axis in enumerate("xyz"):
        with torch.inference_mode():
            expected = networks[axis](torch.from_numpy(views[:, a])).numpy()
        np.testing.assert_allclose(classifier.logits(views[:, a], axis), expected, atol=0.02)


def test_weights_are_half_precision_on_disk_and_single_in_memory(model_folder):
    stored = load_file(model_folder / "x.safetensors")
    assert {t.dtype for t in stored.values() if t.is_floating_point()} == {torch.float16}
    assert (model_folder / "x.safetensors").stat().st_size < 25e6
    network = load_model(model_folder).networks["x"]
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert not any(p.requires_grad for p in network.parameters())
    assert not network.training


def test_the_hash_of_a_model_is_that_of_its_card(model_folder):
    content = (model_folder / CARD).read_bytes()
    expected = hashlib.sha256(content).hexdigest()
    assert load_model(model_folder).sha256 == expected
    assert read_model_card(model_folder) == (read_card(model_folder)[0], expected)


def test_saving_twice_writes_the_same_bytes(model_card, states, model_folder, tmp_path):
    save_model(tmp_path / "again", model_card, states)
    for file in model_folder.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes()


def test_a_model_is_replaced_as_a_whole(copy, model_card, states):
    save_model(copy, replace(model_card, version="2"), states)
    assert load_model(copy).card.version == "2"
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy"]


def test_a_save_that_fails_leaves_the_old_model(copy, model_card, states, monkeypatch):
    real = os.replace

    def fail_on_arrival(source, target):
        if target == copy and source.name != ".copy.old":
            raise OSError(28, "No space left on device")
        real(source, target)

    monkeypatch.setattr(staging.os, "replace", fail_on_arrival)
    with pytest.raises(OSError, match="No space"):
        save_model(copy, replace(model_card, version="2"), states)
    assert load_model(copy).card.version == "1"
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy"]


def test_a_folder_with_other_files_is_never_written_to(tmp_path, model_card, states):
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(ModelError, match=r"more than a model \(thesis\.docx\)"):
        save_model(tmp_path, model_card, states)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_saving_needs_weights_for_every_axis(tmp_path, model_card, states):
    with pytest.raises(ModelFormatError, match="needs weights for the axes x, y, z, found x"):
        save_model(tmp_path / "m", model_card, {"x": states["x"]})


@pytest.mark.parametrize("value", [float("nan"), 1e6])
def test_saving_refuses_what_half_precision_cannot_hold(tmp_path, model_card, states, value):
    bad = {key: t.float() if t.is_floating_point() else t for key, t in states["y"].items()}
    bad["fc.bias"] = torch.full((6,), value)
    with pytest.raises(ModelFormatError, match=r"fc\.bias of axis y"):
        save_model(tmp_path / "m", model_card, {**states, "y": bad})
    assert list(tmp_path.iterdir()) == []


def test_saving_refuses_weights_of_another_architecture(tmp_path, model_card, states):
    bad = {key: value for key, value in states["z"].items() if key != "fc.bias"}
    with pytest.raises(ModelFormatError, match=r"fc\.bias is missing"):
        save_model(tmp_path / "m", model_card, {**states, "z": bad})
    assert list(tmp_path.iterdir()) == []


# --- refusing ---------------------------------------------------------------------------------


def test_other_files_in_the_folder_are_ignored(copy):
    (copy / "notes.txt").write_text("mine")
    (copy / "model.py").write_text("raise SystemExit('executed')")
    assert load_model(copy).card.name == "untrained"


def test_a_changed_file_is_refused_by_its_hash(copy):
    content = bytearray((copy / "y.safetensors").read_bytes())
    content[-1] ^= 1
    (copy / "y.safetensors").write_bytes(content)
    with pytest.raises(ModelFormatError, match=r"y\.safetensors is not the file .* sha256"):
        load_model(copy)


def test_a_missing_file_is_named(copy):
    (copy / "x.safetensors").unlink()
    with pytest.raises(ModelFormatError, match=r"lacks its file .*x\.safetensors"):
        load_model(copy)


def test_a_card_without_weights_is_refused(copy):
    values = json.loads((copy / CARD).read_text())
    values["weights"] = {}
    (copy / CARD).write_text(json.dumps(values))
    with pytest.raises(ModelFormatError, match="names no weights"):
        load_model(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("fc.bias"), r"fc\.bias is missing"),
        (lambda s: s.update(extra=torch.zeros(1)), "extra is unknown"),
        (
            lambda s: s.update({"fc.bias": torch.zeros(7).half()}),
            r"fc\.bias is \(7,\), expected \(6,\)",
        ),
        (lambda s: s.update({"fc.bias": torch.zeros(6).double()}), "float64, expected .*float16"),
        (lambda s: s.update({"bn1.num_batches_tracked": torch.zeros(())}), "expected torch.int64"),
        (lambda s: s["fc.bias"].fill_(torch.nan), r"fc\.bias holds values that are not finite"),
        (lambda s: s["fc.bias"].fill_(torch.inf), r"fc\.bias holds values that are not finite"),
        (lambda s: s.clear() or s.update(a=torch.zeros(1)), r"\(and \d+ more\)"),
    ],
)
def test_weights_that_do_not_fit_are_refused_before_a_network_has_them(copy, change, message):
    rewrite(copy, change)
    with pytest.raises(ModelFormatError, match=message):
        load_model(copy)


def test_a_pickle_is_never_unpickled(copy):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(copy / "executed"),))

    (copy / "z.safetensors").write_bytes(pickle.dumps(Trap()))
    hash_again(copy)
    with pytest.raises(ModelFormatError, match="no safetensors file"):
        load_model(copy)
    assert not (copy / "executed").exists()


def test_a_file_too_large_is_not_even_read(copy, monkeypatch):
    monkeypatch.setattr(weights, "MOST_BYTES", 1000)
    with pytest.raises(ModelFormatError, match="larger than 1,000 bytes"):
        load_model(copy)


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Architecture("os.system"), "no architecture 'os.system'; there are: resnet18-projections"),
        (Architecture("resnet18-projections", {"depth": 99}), "has no parameter depth"),
    ],
)
def test_only_our_own_architectures_are_built(copy, architecture, message):
    values = json.loads((copy / CARD).read_text())
    values["architecture"] = {"name": architecture.name, "params": architecture.params}
    (copy / CARD).write_text(json.dumps(values))
    with pytest.raises(ModelFormatError, match=message):
        load_model(copy)


# --- zip files --------------------------------------------------------------------------------


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members:
            file.writestr(name, content)
    return path


@pytest.mark.parametrize("prefix", ["", "untrained/"])
def test_a_zipped_model_is_the_same_model(model_folder, tmp_path, prefix):
    path = zipped(
        tmp_path / "model.zip", [(prefix + p.name, p.read_bytes()) for p in model_folder.iterdir()]
    )
    assert load_model(path).sha256 == load_model(model_folder).sha256
    assert read_model_card(path)[0].name == "untrained"


def link(target):
    info = zipfile.ZipInfo("card.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("/etc/card.json", "{}")], "points outside"),
        ([("../card.json", "{}")], "points outside"),
        ([("a/../../card.json", "{}")], "points outside"),
        ([("C:\\card.json", "{}")], "points outside"),
        ([link("/etc/passwd")], "link or device"),
        ([("card.json", "{}"), ("CARD.JSON", "{}")], "twice"),
        ([(f"{i}.txt", "") for i in range(65)], "holds 65 files"),
        ([("readme.txt", "")], "holds no card"),
        ([("a/card.json", "{}"), ("b/card.json", "{}")], "more than one card"),
    ],
)
def test_a_zip_that_no_model_is_packed_as_is_refused(tmp_path, members, message):
    path = zipped(tmp_path / "evil.zip", members)
    with pytest.raises(ModelFormatError, match=message):
        load_model(path)


def test_a_zip_is_refused_by_its_size_said_or_true(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("card.json", b"0" * 100_000)
    monkeypatch.setattr(archive, "MOST_BYTES", 50_000)
    with pytest.raises(ModelFormatError, match="unpacks to more than 50,000"):
        load_model(path)
    monkeypatch.setattr(archive, "_checked", lambda zip_file, _: zip_file.infolist())
    with pytest.raises(ModelFormatError, match="unpacks to more than 50,000"):
        load_model(path)


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "model.zip").write_bytes(b"PK not really")
    with pytest.raises(ModelFormatError, match="no readable zip file"):
        load_model(tmp_path / "model.zip")


def test_a_truncated_zip_is_refused(model_folder, tmp_path):
    path = zipped(tmp_path / "m.zip", [("card.json", (model_folder / CARD).read_bytes())])
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ModelFormatError, match="no readable zip file"):
        load_model(path)
