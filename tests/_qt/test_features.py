"""Predictions reach the status bar and the features table as features of the user's layer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_cellcycle._qt.features import FeatureView
from napari_cellcycle._qt.session import session_of


def rows(labels, phases):
    n = len(labels)
    return pd.DataFrame(
        {
            "index": labels,
            "phase": phases,
            "confidence": np.linspace(0.5, 0.9, n),
            "entropy": np.linspace(0.1, 0.6, n),
            "deciding_axis": ["z"] * n,
        }
    )


def status(layer, position):
    return layer.get_status(position, dims_displayed=[0, 1], world=True)["value"]


def test_the_status_bar_tells_the_phase_of_the_label_under_the_pointer(viewer):
    data = np.zeros((10, 10), int)
    data[:4, :4], data[6:, 6:] = 7, 90_000
    layer = viewer.add_labels(data)
    table = rows([7, 90_000], ["prophase", "non-mitotic"])

    session_of(viewer).set_features(viewer, layer, np.zeros(2, int), table, "YX")

    text = layer.get_status((7, 7), dims_displayed=[0, 1], world=True)["coordinates"]
    assert "phase: non-mitotic" in text
    assert "deciding_axis: z" in text
    assert "phase: prophase" in layer.get_status((1, 1), world=True)["coordinates"]
    assert "phase" not in layer.get_status((5, 5), world=True)["coordinates"]


@pytest.mark.parametrize("with_index", [True, False])
def test_columns_of_the_user_are_kept_beside_ours(viewer, with_index):
    data = np.arange(1, 5).repeat(4).reshape(4, 4)
    theirs = pd.DataFrame({"area": [10.0, 20.0, 30.0]})
    if with_index:
        theirs["index"] = [4, 2, 9]
    layer = viewer.add_labels(data, features=theirs)
    session = session_of(viewer)

    session.set_features(viewer, layer, np.zeros(2, int), rows([2, 4], ["g1", "s"]), "YX")
    session.set_features(viewer, layer, np.zeros(2, int), rows([2, 4], ["g2", "m"]), "YX")

    found = layer.features.set_index("index")
    assert found.loc[[2, 4], "phase"].tolist() == ["g2", "m"]
    assert sorted(found.columns) == ["area", "confidence", "deciding_axis", "entropy", "phase"]
    if with_index:
        assert found.loc[[2, 4, 9], "area"].tolist() == [20.0, 10.0, 30.0]
    else:  # row number was the label
        assert found.loc[[0, 1, 2], "area"].tolist() == [10.0, 20.0, 30.0]


def test_a_time_series_has_the_features_of_the_frame_on_screen(add, viewer):
    *_, layer = add("embryo_timelapse_3d", crop=(slice(None), slice(20, 50, 6)))
    assert layer.data.ndim == 4
    frames = np.repeat(np.arange(4), 3)
    phases = [f"phase-{frame}" for frame in frames]
    view = FeatureView(layer, viewer, "TZYX")
    viewer.dims.set_current_step(0, 0)

    view.set(frames, rows([1, 2, 3] * 4, phases))
    assert set(layer.features["phase"]) == {"phase-0"}
    assert layer.features["index"].tolist() == [1, 2, 3]

    viewer.dims.set_current_step(0, 2)
    assert set(layer.features["phase"]) == {"phase-2"}
    viewer.dims.set_current_step(1, 1)
    assert set(layer.features["phase"]) == {"phase-2"}

    view.close()
    viewer.dims.set_current_step(0, 3)
    assert set(layer.features["phase"]) == {"phase-2"}


def test_a_frame_without_cells_has_no_rows(viewer):
    layer = viewer.add_labels(np.ones((3, 4, 4), int), axis_labels=("t", "y", "x"))
    view = FeatureView(layer, viewer, "TYX")
    viewer.dims.set_current_step(0, 0)
    view.set(np.array([0, 2]), rows([1, 1], ["g1", "m"]))

    viewer.dims.set_current_step(0, 1)
    assert len(layer.features) == 0
    viewer.dims.set_current_step(0, 2)
    assert layer.features["phase"].tolist() == ["m"]


def test_frames_are_those_of_the_layer_when_it_is_scaled_and_shifted(viewer):
    layer = viewer.add_labels(
        np.ones((3, 4, 4), int), axis_labels=("t", "y", "x"), scale=(10, 1, 1), translate=(20, 0, 0)
    )
    view = FeatureView(layer, viewer, "TYX")
    view.set(np.arange(3), rows([1, 1, 1], ["a", "b", "c"]))
    for frame, phase in enumerate("abc"):
        viewer.dims.set_point(0, 20 + 10 * frame)
        assert layer.features["phase"].tolist() == [phase]
