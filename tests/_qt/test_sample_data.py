"""File ▸ Open Sample, the manifest, and opening napari from the command line."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from npe2 import PluginManifest
from parting import parted

from napari_cellcycle._qt import sample_data
from napari_cellcycle._qt.launch import launch
from napari_cellcycle.errors import ImageReadError


def test_the_simulated_field_opens_with_physical_layers(viewer, monkeypatch):
    from napari_cellcycle import simulate

    real = simulate.simulate_field
    monkeypatch.setattr(
        simulate, "simulate_field", lambda: real(n_cells=2, shape=(24, 64, 64)), raising=False
    )
    layers = viewer.open_sample("napari-cellcycle", "simulated_field")
    assert [layer.name for layer in layers] == ["DNA", "membrane", "cells", "nuclei"]
    assert {layer.units for layer in layers} == {layers[0].units}
    assert str(layers[0].units[0]) == "micrometer"
    assert layers[0].axis_labels == ("z", "y", "x")
    assert len(np.unique(layers[-1].data)) > 1


def test_cells3d_has_its_spacing(monkeypatch):
    from skimage import data

    monkeypatch.setattr(data, "cells3d", lambda: np.zeros((6, 2, 8, 9), np.uint16))
    membrane, nuclei = sample_data.cells3d()
    assert membrane[0].shape == nuclei[0].shape == (6, 8, 9)
    assert nuclei[1]["scale"] == (0.29, 0.26, 0.26)
    assert nuclei[1]["units"] == ("um",) * 3


def test_without_a_connection_cells3d_says_so(monkeypatch):
    from skimage import data

    def offline():
        raise ConnectionError("no route")

    monkeypatch.setattr(data, "cells3d", offline)
    with pytest.raises(ImageReadError, match="could not be fetched"):
        sample_data.cells3d()


def test_every_command_of_the_manifest_exists():
    manifest = PluginManifest.from_distribution("napari-cellcycle")
    commands = {command.id: command for command in manifest.contributions.commands}
    for command in commands.values():
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name))
    used = [widget.command for widget in manifest.contributions.widgets]
    used += [sample.command for sample in manifest.contributions.sample_data]
    used += [reader.command for reader in manifest.contributions.readers]
    for items in manifest.contributions.menus.values():
        used += [item.command for item in items]
    assert set(used) == set(commands)
    menus = {f"napari/layers/{name}" for name in ("annotate", "classify", "segment")}
    assert menus <= set(manifest.contributions.menus)


def test_the_command_line_opens_napari_on_its_result(viewer, data_dir, tiny_model):
    from napari_cellcycle.classify.run import classify

    name = "organoid_h2b_membrane_3d_t301"
    stack_path = data_dir / f"{name}.ome.tif"
    from napari_cellcycle.image import open_image, open_labels

    stack = open_image(stack_path)
    labels = open_labels(data_dir / f"{name}_nuclei_labels.ome.tif")
    result = classify(stack, labels, model=tiny_model, device="cpu")

    assert launch(stack, result, viewer=viewer, block=False) == viewer

    names = [layer.name for layer in viewer.layers]
    assert names[:2] == list(stack.channels)
    assert names[-1] == f"phase: {names[-2]}"
    table = np.zeros(int(result.cells.label.max()) + 1, np.uint8)
    table[result.cells.label] = result.decision.phase + 1
    np.testing.assert_array_equal(
        np.asarray(viewer.layers[-1].data), parted(table, labels.volume(0))
    )
    assert str(viewer.layers[0].units[0]) == "micrometer"
    np.testing.assert_allclose(viewer.layers[-1].scale, (2, 0.26, 0.26))
    assert len(viewer.layers[-2].features) == len(result.cells)
