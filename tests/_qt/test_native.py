"""torch, torchvision and the OpenGL of the viewer live in one process."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import napari
import numpy as np
from napari_cellcycle.models.native import load_triton_apart
{first}
viewer = napari.Viewer(show=True)
viewer.add_labels(np.ones((5, 5, 5), int))
viewer.dims.ndisplay = 3
viewer.screenshot(flash=False)
load_triton_apart()
import torchvision
torchvision.models.resnet18(weights=None)
viewer.screenshot(flash=False)
viewer.close()
print("alive")
"""


def alive(first):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(first=first)], capture_output=True, text=True
    )
    return done.returncode == 0 and done.stdout.strip().endswith("alive"), done.stderr


def test_networks_are_built_after_the_viewer_has_drawn():
    ok, errors = alive("")
    assert ok, errors


def test_the_viewer_draws_after_networks_were_built():
    ok, errors = alive("import torchvision")
    assert ok, errors
