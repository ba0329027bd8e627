"""The verb ``models`` in-process, with a tiny model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from napari_cellcycle import cli
from napari_cellcycle.cli import models
from napari_cellcycle.models.card import CARD
from napari_cellcycle.models.catalogue import shipped_models
from napari_cellcycle.models.library import RESERVED

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        code = cli.main(["models", *map(str, arguments)])
        return (code, *capsys.readouterr())

    return call


def parsed(outcome: tuple[int, str, str]) -> Any:
    code, out, err = outcome
    assert (code, err) == (0, "")
    return json.loads(out)


def refused(outcome: tuple[int, str, str]) -> str:
    code, out, err = outcome
    assert (code, out) == (2, ""), outcome
    assert len(err.splitlines()) == 1
    return err


def test_every_action_is_a_name_that_no_model_can_have() -> None:
    assert tuple(models.ACTIONS) == RESERVED


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("models", "models"),
        ("models --json", "models --json"),
        ("models mitosis-3d", "models show mitosis-3d"),
        ("models --json mitosis-3d", "models --json show mitosis-3d"),
        ("models ./install --json", "models show ./install --json"),
        ("models install a.zip", "models install a.zip"),
        ("models show install", "models show install"),
        ("classify models mitosis-3d", "classify models mitosis-3d"),
        ("", ""),
    ],
)
def test_a_name_alone_is_short_for_show(words: str, expected: str) -> None:
    assert models.expand(words.split()) == expected.split()


def test_the_list_has_size_licence_and_whose_it_is(run: Run, tiny_folder: Path) -> None:
    run("install", tiny_folder)
    code, out, _ = run()
    assert code == 0
    heading, _, *rows = [line.split() for line in out.splitlines()]
    assert heading == ["model", "version", "from", "vocabulary", "size", "licence"]
    assert rows[-1] == ["tiny", "1", "yours", "mitosis-stages", "0.0", "MB", "BSD-3-Clause"]
    assert [row[0] for row in rows[:-1]] == [entry.name for entry in shipped_models()]
    assert rows[0][2] == "shipped"
    cards = parsed(run("--json"))
    assert [card["name"] for card in cards][-1] == "tiny"
    assert cards[-1]["size"] == sum(p.stat().st_size for p in tiny_folder.iterdir())


@pytest.mark.parametrize("words", [("tiny",), ("show", "tiny")])
def test_the_card_is_printed(run: Run, tiny_folder: Path, words: tuple[str, ...]) -> None:
    sha256 = parsed(run("install", tiny_folder, "--json"))["sha256"]
    code, out, _ = run(*words)
    assert code == 0
    assert "tiny 1" in out
    assert "logistic-regression" in out
    assert parsed(run(*words, "--json"))["sha256"] == sha256
    assert parsed(run("--json", *words))["sha256"] == sha256


def test_a_model_comes_goes_and_changes_its_name(run: Run, tiny_folder: Path, home: Path) -> None:
    exported = parsed(run("export", tiny_folder, "tiny.zip", "--json"))
    assert (exported["name"], exported["out"]) == ("tiny", "tiny.zip")
    assert exported["size"] == Path("tiny.zip").stat().st_size
    installed = parsed(run("install", "tiny.zip", "--json"))
    assert installed["sha256"] == exported["sha256"]
    assert installed["path"] == str(home / "models" / "tiny")
    renamed = parsed(run("rename", "tiny", "mine", "--json"))
    assert renamed["metrics"]["renamed_from"]["sha256"] == installed["sha256"]
    gone = parsed(run("remove", "mine", "--json"))
    assert gone == {"removed": "mine", "path": str(home / "models" / "mine")}
    assert "mine" in refused(run("remove", "mine"))


def test_without_json_each_action_says_what_it_did(run: Run, tiny_folder: Path, home: Path) -> None:
    outputs = [
        run("export", tiny_folder, "tiny.zip"),
        run("install", "tiny.zip", "--name", "mine"),
        run("rename", "mine", "other"),
        run("remove", "other"),
    ]
    assert [code for code, _, _ in outputs] == [0, 0, 0, 0]
    for (_, out, _), words in zip(
        outputs, ("wrote  tiny.zip", "mine 1", "other 1", "removed other"), strict=True
    ):
        assert words in out
    assert list((home / "models").iterdir()) == []


def test_mistakes_are_one_line_with_the_way_out(run: Run, tiny_folder: Path) -> None:
    run("install", tiny_folder)
    other = Path(shutil.copytree(tiny_folder, "other"))
    (other / CARD).write_text((other / CARD).read_text().replace('"1"', '"2"'))
    assert "--name tiny-2" in refused(run("install", other))
    assert "neither removed nor renamed" in refused(run("remove", "mitosis-3d"))
    assert "ships with the package" in refused(run("rename", "tiny", "mitosis-3d"))
    assert "must end in .zip" in refused(run("export", "tiny", "tiny.tar"))
    run("export", "tiny", "tiny.zip")
    assert "is a model already" in refused(run("export", "mitosis-2d", "tiny.zip"))
    assert run("export", "mitosis-2d", "tiny.zip", "--replace")[0] == 0
    assert "no model 'nothing'" in refused(run("nothing"))
    assert refused(run("exprt", "tiny", "tiny.zip")) == (
        "napari-cellcycle: exprt is no action of models; there are: show, install, remove, rename, "
        "export, convert.\n"
    )
    assert parsed(run("install", other, "--replace", "--json"))["version"] == "2"


def test_pytorch_weights_become_a_model(run: Run, tiny_folder: Path, tmp_path: Path) -> None:
    import torch

    from napari_cellcycle.models.networks import build

    network = build("logistic-regression", n_channels=2, n_outputs=6, size=16)
    torch.save(network.state_dict(), "z.pt")
    made = parsed(run("convert", "z=z.pt", "--like", tiny_folder, "--out", "mine.zip", "--json"))
    assert (made["name"], list(made["weights"])) == ("mine", ["z"])
    assert "Neither calibrated" in run("convert", "z=z.pt", "--like", "mine.zip", "--out", "b")[1]
    assert parsed(run("install", "mine.zip", "--json"))["sha256"] == made["sha256"]
    torch.save(network, "z.pt")
    assert "Sequential" in refused(run("convert", "z.pt", "--like", "b", "--out", "c"))
    assert not (tmp_path / "c").exists()
