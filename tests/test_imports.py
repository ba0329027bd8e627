"""Discovering the plugin, or opening its menus, must not load what only a run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from npe2 import PluginManifest

MANIFEST = Path(__file__).resolve().parents[1] / "src" / "napari_cellcycle" / "napari.yaml"
HEAVY = ("torch", "torchvision", "bioio", "aicsimageio", "zarr", "skimage", "pandas")


def command_modules() -> list[str]:
    commands = PluginManifest.from_file(MANIFEST).contributions.commands or []
    return sorted({c.python_name.partition(":")[0] for c in commands if c.python_name})


def loaded_by(statement: str) -> set[str]:
    """Top-level packages in a fresh interpreter after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*(name.partition('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", ["napari_cellcycle", "napari_cellcycle.cli", *command_modules()])
def test_importing_a_module_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}") & set(HEAVY) == set()


def test_predicting_loads_no_compiler_and_no_torchvision() -> None:
    """Torch's compiler takes longer to load than a small image takes."""
    predict = (
        "import numpy as np\n"
        "from napari_cellcycle.models.folder import load_model\n"
        "model = load_model('mitosis-3d')\n"
        "for exact in (True, False):\n"
        "    model.get_ready('xyz', exact=exact)\n"
        "    model.predict(np.zeros((2, 3, 2, 64, 64), np.float32), 'xyz', exact=exact)\n"
        "import sys\n"
        "assert 'torch' in sys.modules and 'torch._dynamo' not in sys.modules"
    )
    assert loaded_by(predict) & {"torchvision", "triton", "sympy"} == set()


def test_the_probe_sees_a_heavy_import() -> None:
    assert "pandas" in loaded_by("import pandas")


def test_the_package_and_the_command_line_load_no_qt() -> None:
    packages = loaded_by("import napari_cellcycle, napari_cellcycle.cli")
    assert packages & {"qtpy", "PyQt6", "PySide6", "napari", "superqt", "magicgui"} == set()


def test_commands_live_in_the_qt_room() -> None:
    modules = command_modules()
    assert modules
    assert all(module.startswith("napari_cellcycle._qt.") for module in modules), modules


def test_discovering_the_plugin_does_not_import_it() -> None:
    code = "from npe2 import PluginManager; PluginManager.instance().discover()"
    assert "napari_cellcycle" not in loaded_by(code)
