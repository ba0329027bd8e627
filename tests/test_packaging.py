"""What installers, napari and a fresh checkout rely on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from npe2 import PluginManifest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ROOT / "src" / "napari_cellcycle" / "napari.yaml"


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def extras(pyproject: dict[str, Any]) -> dict[str, list[Requirement]]:
    listed = pyproject["project"]["optional-dependencies"]
    return {name: [Requirement(line) for line in lines] for name, lines in listed.items()}


def test_the_manifest_at_the_top_is_a_link_to_the_one_in_the_package() -> None:
    top = ROOT / "napari.yaml"
    if sys.platform == "win32" and not top.is_symlink():
        assert top.read_text(encoding="utf-8").strip() == "src/napari_cellcycle/napari.yaml"
    else:
        assert os.readlink(top) == "src/napari_cellcycle/napari.yaml"
        assert top.samefile(MANIFEST)


def test_the_manifest_is_valid_and_bears_the_name_of_the_distribution(
    pyproject: dict[str, Any],
) -> None:
    manifest = PluginManifest.from_file(MANIFEST)
    assert manifest.name == pyproject["project"]["name"]
    assert manifest.contributions.widgets
    assert manifest.contributions.sample_data


def test_every_command_of_the_manifest_exists() -> None:
    PluginManifest.from_file(MANIFEST).validate_imports()


def test_installing_announces_the_manifest_and_the_command() -> None:
    entry_points = distribution("napari-cellcycle").entry_points
    (manifest,) = entry_points.select(group="napari.manifest")
    assert manifest.value == "napari_cellcycle:napari.yaml"
    (script,) = entry_points.select(group="console_scripts")
    assert script.name == "napari-cellcycle"
    assert callable(script.load())


def test_the_base_brings_no_qt(pyproject: dict[str, Any]) -> None:
    base = {
        Requirement(line).name: Requirement(line) for line in pyproject["project"]["dependencies"]
    }
    assert base["napari"].extras == set()
    assert not {"pyqt5", "pyqt6", "pyside2", "pyside6", "bioio", "aicsimageio"} & {
        name.lower() for name in base
    }


def test_torch_is_new_enough_to_load_files_safely(pyproject: dict[str, Any]) -> None:
    requirements = [Requirement(line) for line in pyproject["project"]["dependencies"]]
    (torch,) = (r for r in requirements if r.name == "torch")
    assert not torch.specifier.contains("2.5.1")
    assert not torch.specifier.contains("2.9.1")
    assert torch.specifier.contains("2.11.0")


def test_every_extra_with_bioio_conflicts_with_aicsimageio(
    pyproject: dict[str, Any], extras: dict[str, list[Requirement]]
) -> None:
    with_bioio = {"bioio"} | {
        name
        for name, requirements in extras.items()
        if any(r.name == "napari-cellcycle" and "bioio" in r.extras for r in requirements)
    }
    declared = {
        frozenset(entry["extra"] for entry in pair) for pair in pyproject["tool"]["uv"]["conflicts"]
    }
    assert with_bioio >= {"bioio", "all", "czi", "nd2", "lif"}
    assert declared == {frozenset({"aicsimageio", name}) for name in with_bioio}


def test_gpl_readers_are_only_extras(
    pyproject: dict[str, Any], extras: dict[str, list[Requirement]]
) -> None:
    gpl = {"bioio-czi", "aicspylibczi"}
    assert not gpl & {Requirement(line).name for line in pyproject["project"]["dependencies"]}
    assert {name for name, found in extras.items() if gpl & {r.name for r in found}} == {"czi"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
@pytest.mark.parametrize("script", ["scripts/demo", "scripts/test", ".ci/run"])
def test_scripts_are_executable_and_parse(script: str) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    shell = path.read_text(encoding="utf-8").splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True)


@pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not a git checkout"
)
def test_no_lock_file_is_committed() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.lock"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert listed.stdout == ""
