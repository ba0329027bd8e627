from __future__ import annotations

import os
import pickle
import random
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch

from napari_cellcycle.errors import ModelError, ModelFormatError, ModelNotFoundError
from napari_cellcycle.models import legacy
from napari_cellcycle.models.card import CARD
from napari_cellcycle.models.folder import load_model
from napari_cellcycle.models.legacy import convert, parse_files, read_state_dict
from napari_cellcycle.models.networks import build


class Trap:
    """What a malicious file holds: it makes a folder when it is unpickled."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return (os.system, (f"mkdir {self.place}",))


@pytest.fixture
def network():
    torch.manual_seed(1)
    return build("logistic-regression", n_channels=2, n_outputs=6, size=16)


@pytest.fixture
def save(tmp_path):
    def save(content, name="weights.pt", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return save


def same(found, state):
    assert list(found) == list(state)
    for key, value in state.items():
        assert found[key].dtype == torch.float32
        torch.testing.assert_close(found[key], value.float(), rtol=0, atol=0)


# --- reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "form",
    [
        lambda s: s,
        dict,
        lambda s: {"state_dict": s, "epoch": 3, "hyper_parameters": {"lr": 0.1}},
        lambda s: {"model_state_dict": s, "optimizer_state_dict": {"state": {}}},
        lambda s: OrderedDict((f"module.{key}", value) for key, value in s.items()),
        lambda s: {"state_dict": {f"module._orig_mod.{k}": v for k, v in s.items()}},
        lambda s: {key: torch.nn.Parameter(value) for key, value in s.items()},
    ],
)
def test_every_usual_form_gives_the_same_tensors(network, save, form, zipped):
    path = save(form(network.state_dict()), _use_new_zipfile_serialization=zipped)
    same(read_state_dict(path), network.state_dict())


def test_numbers_of_other_precision_become_single(save):
    state = {"w": torch.tensor([1.5, -2]), "n": torch.tensor(7)}
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        found = read_state_dict(save({**state, "w": state["w"].to(dtype)}))
        torch.testing.assert_close(found["w"], state["w"])
        assert found["n"].dtype == torch.int64


@pytest.mark.parametrize("zipped", [True, False])
def test_a_malicious_pickle_does_not_run_and_is_named(network, save, tmp_path, zipped):
    place = tmp_path / "executed"
    content = {**network.state_dict(), "trap": Trap(place)}
    path = save(content, _use_new_zipfile_serialization=zipped)
    message = rf"asked for {os.system.__module__}\.system, which was refused and not run\. Where"
    with pytest.raises(ModelFormatError, match=message):
        read_state_dict(path)
    assert not place.exists()
    path.write_bytes(pickle.dumps(Trap(place)))
    with pytest.raises(ModelFormatError, match="no file of PyTorch weights"):
        read_state_dict(path)
    assert not place.exists()


def test_no_variable_of_the_environment_makes_it_run(network, save, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with pytest.raises(ModelFormatError, match="refused and not run"):
        read_state_dict(save({"trap": Trap(tmp_path / "executed")}))
    assert not (tmp_path / "executed").exists()


def test_a_whole_network_names_its_class_and_the_way_out(network, save):
    with pytest.raises(ModelFormatError, match=r"torch\.nn\.modules\.container\.Sequential.*state"):
        read_state_dict(save(network))


@pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning")
def test_programs_are_refused_by_name(network, tmp_path):
    traced = torch.jit.trace(network.eval(), torch.zeros(1, 2, 16, 16))
    traced.save(tmp_path / "network.pt")
    with pytest.raises(ModelFormatError, match="is TorchScript, which holds a program"):
        read_state_dict(tmp_path / "network.pt")
    with zipfile.ZipFile(tmp_path / "exported.pt", "w") as file:
        file.writestr("exported/archive_format", "pt2")
    (tmp_path / "exported.pt2").write_bytes(b"")
    for name in ("exported.pt", "exported.pt2"):
        with pytest.raises(ModelFormatError, match=r"an exported program \(\.pt2\)"):
            read_state_dict(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "holds nothing, expected names and tensors"),
        ([torch.zeros(1)], "holds a list"),
        (torch.zeros(1), "holds a Tensor"),
        ({"epoch": 3, "network": {"w": torch.zeros(1)}}, "holds 'epoch', 'network', which are no"),
        ({"w": torch.zeros(2, 2).to_sparse()}, "holds 'w', which are no plain tensors"),
        ({"w": torch.zeros(2, dtype=torch.complex64)}, "holds 'w', which are no plain tensors"),
        ({"w": torch.zeros(2, device="meta")}, "holds 'w', which are no plain tensors"),
        ({0: torch.zeros(1)}, "holds 0, which are no plain tensors"),
        ({"w": torch.zeros(1).expand(1 << 40)}, "more than .* bytes of numbers"),
    ],
)
def test_what_is_no_state_dict_is_refused(save, content, message):
    with pytest.raises(ModelFormatError, match=message):
        read_state_dict(save(content))


def test_files_too_large_or_packed_too_tightly_are_refused(save, tmp_path, monkeypatch):
    path = save({"w": torch.zeros(100_000)})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "bomb.pt", "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    monkeypatch.setattr(legacy, "MOST_BYTES", 100_000)
    assert (tmp_path / "bomb.pt").stat().st_size < 100_000
    with pytest.raises(ModelFormatError, match="unpacks to more than 100,000 bytes"):
        read_state_dict(tmp_path / "bomb.pt")
    with pytest.raises(ModelFormatError, match="larger than 100,000 bytes"):
        read_state_dict(path)


def test_damaged_files_are_one_clear_error(network, save):
    path = save(network.state_dict())
    whole = path.read_bytes()
    random.seed(0)
    for size in [0, 1, *random.sample(range(len(whole)), 12)]:
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFormatError, match=r"damaged"):
            read_state_dict(path)
    path.write_bytes(b"hello")
    with pytest.raises(ModelFormatError, match="no file of PyTorch weights"):
        read_state_dict(path)
    with pytest.raises(ModelNotFoundError, match=r"no file .*nothing\.pt"):
        read_state_dict(path.with_name("nothing.pt"))


# --- converting -------------------------------------------------------------------------------


@pytest.mark.parametrize("out", ["mine", "mine.zip"])
def test_a_converted_model_computes_what_the_network_did(network, save, tiny_folder, tmp_path, out):
    files = {"y": save(network.state_dict(), "y.pt"), "z": save(network.state_dict(), "z.pth")}
    card, sha256 = convert(files, tiny_folder, tmp_path / out, licence="MIT")
    classifier = load_model(tmp_path / out)
    assert (classifier.card, classifier.sha256) == (card, sha256)
    views = np.random.default_rng(0).random((3, 2, 16, 16), dtype=np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(views)).numpy()
    for axis in ("y", "z"):
        np.testing.assert_allclose(classifier.logits(views, axis), expected, atol=0.01)


def test_what_is_not_known_of_the_weights_is_not_claimed(network, save, tiny_folder, tmp_path):
    path = save(network.state_dict())
    card, _ = convert({"z": path}, tiny_folder / CARD, tmp_path / "mine", name="theirs")
    like = load_model(tiny_folder).card
    assert (card.name, card.phases, card.vocabulary) == ("theirs", like.phases, like.vocabulary)
    assert card.recipe.axes == ("z",)
    assert card.temperatures == {"z": {"level1": 1.0, "level2": 1.0}}
    assert "accuracy" not in card.metrics
    assert card.metrics["converted_from"]["z"]["file"] == "weights.pt"
    assert len(card.metrics["converted_from"]["z"]["sha256"]) == 64
    assert card.ranges == {}
    assert card.licence.startswith("unknown")
    assert "Neither calibrated nor evaluated" in card.limits


def test_a_model_of_one_axis_needs_no_name_of_the_axis(network, save, tiny_folder, tmp_path):
    path = save(network.state_dict())
    with pytest.raises(ModelError, match=r"axes y, z: say which one .* such as z="):
        convert(path, tiny_folder, tmp_path / "one")
    convert({"z": path}, tiny_folder, tmp_path / "one")
    with pytest.raises(ModelError, match=r"one is a model already, and is left .* or --replace it"):
        convert({"z": path}, tiny_folder, tmp_path / "one", name="other")
    card, _ = convert({"z": path}, tiny_folder, tmp_path / "one", name="other", overwrite=True)
    assert card.name == "other"
    assert convert(path, tmp_path / "one", tmp_path / "two")[0].recipe.axes == ("z",)
    with pytest.raises(ModelError, match="files for x; tiny has networks for y, z"):
        convert({"x": path}, tiny_folder, tmp_path / "three")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("output.bias"), r"output\.bias is missing"),
        (lambda s: s.update(fc=torch.zeros(1)), "fc is unknown"),
        (lambda s: s.update({"output.bias": torch.zeros(4)}), r"is \(4,\), expected \(6,\)"),
        (lambda s: s.update({"output.bias": torch.zeros(6).int()}), r"is torch\.int32"),
        (
            lambda s: s["output.bias"].fill_(torch.inf),
            r"output\.bias holds values that are not fin",
        ),
    ],
)
def test_weights_that_do_not_fit_are_refused(network, save, tiny_folder, tmp_path, change, message):
    state = network.state_dict()
    change(state)
    path = save(state)
    with pytest.raises(ModelFormatError, match=r"weights\.pt does not fit logistic.*" + message):
        convert({"z": path}, tiny_folder, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_files_of_the_command_line_are_read_with_their_axes(tmp_path):
    assert parse_files(["x=a.pt", "z=b=c.pt"]) == {
        "x": legacy.Path("a.pt"),
        "z": legacy.Path("b=c.pt"),
    }
    assert parse_files(["lr=0.1.pt"]) == legacy.Path("lr=0.1.pt")
    with pytest.raises(ModelError, match=r"Say which axis b\.pt is for, such as z=b\.pt"):
        parse_files(["x=a.pt", "b.pt"])
    with pytest.raises(ModelError, match="two files for axis x"):
        parse_files(["x=a.pt", "x=b.pt"])
