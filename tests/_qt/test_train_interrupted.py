"""Real clicks on "Train" after a program that was killed while it trained."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_cellcycle._qt.training.asked import TrainRun
from napari_cellcycle._qt.training.interrupted import alone, find_interrupted
from napari_cellcycle._qt.training.reading import Spelling
from napari_cellcycle._qt.training.run import training
from napari_cellcycle.models.catalogue import user_models

LONG = 120_000
EPOCHS = 6
RECIPE = f"""
source = "tests"
[labels]
Interphase = "non-mitotic"
Metaphase = "metaphase"
[architecture]
name = "logistic-regression"
[views]
size = 16
[fit]
epochs = {EPOCHS}
learning_rate = 0.01
augment = ["flip"]
patience = 0
"""
KILLED = """
import json, os, signal, sys
from pathlib import Path
from napari_cellcycle._qt.training.asked import TrainRun
from napari_cellcycle._qt.training.run import training

def report(found):
    if found.epoch == 4 and found.batch:
        os.kill(os.getpid(), signal.SIGKILL)

values, out = json.loads(sys.argv[1])
list(training(TrainRun.from_dict(values, Path(out)), report, lambda: False))
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder of the user."""
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home, data_dir, tmp_path):
    """A training of six epochs on some nuclei of six plates."""
    (tmp_path / "small.toml").write_text(RECIPE)
    with np.load(data_dir / "mitocheck_hela_h2b_64px.npz") as whole:
        plates, n = np.unique(whole["group"][whole["phase"] == "Metaphase"], return_counts=True)
        rows = [
            np.flatnonzero((whole["phase"] == phase) & (whole["group"] == plate))[:10]
            for plate in plates[np.argsort(-n)][:6]
            for phase in ("Interphase", "Metaphase")
        ]
        arrays = {key: whole[key][np.concatenate(rows)] for key in ("images", "phase", "group")}
    np.savez(tmp_path / "hela.npz", **arrays)
    return TrainRun(
        data=tmp_path / "hela.npz",
        others=(),
        spelling=Spelling(channels={"dna": 0}),
        recipe=str(tmp_path / "small.toml"),
        name="mine",
        out=home / "trainings" / "mine then" / "mine",
        begin="scratch",
        device="cpu",
        licence="CC BY 4.0",
    )


@pytest.fixture
def killed(run):
    """The same, after its program was killed in the fourth epoch."""
    asked = json.dumps([run.to_dict(), str(run.out)])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, asked],
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not run.out.exists()
    return run


@pytest.fixture
def open_dock(viewer, qtbot):
    def open_dock():
        _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Train")
        qtbot.waitUntil(widget.isVisible, timeout=LONG)
        return widget

    return open_dock


def click(qtbot, button):
    assert button.isVisible()
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_training_that_was_killed_goes_on_with_the_same_curve(killed, open_dock, qtbot, tmp_path):
    panel = open_dock()
    qtbot.waitUntil(lambda: not panel.interrupted.go_on.visibleRegion().isEmpty(), timeout=LONG)
    told = panel.interrupted.told.text()
    assert told.startswith("The training of mine was interrupted on ")
    assert told.endswith("after epoch 3 of 6 (axis z). Data: hela.npz.")
    click(qtbot, panel.interrupted.go_on)
    assert not panel.interrupted.isVisible()
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.result is not None, panel.message.text()
    assert [epoch.epoch for epoch in panel.curves.fits["z"]] == [1, 2, 3, 4, 5, 6]
    found = panel.result.result
    assert not killed.checkpoints.exists()
    assert not panel.interrupted.isVisible()

    whole = replace(killed, out=tmp_path / "whole" / "mine")
    work = training(whole, lambda _: None, lambda: False)
    with pytest.raises(StopIteration) as ended:
        next(work)
    expected = ended.value.value.result
    assert tuple(panel.curves.fits["z"]) == expected.trained.fits["z"].curve
    assert found.card.weights == expected.card.weights
    click(qtbot, panel.outcome.keep)
    assert [model.name for model in user_models()] == ["mine"]
    assert user_models()[0].card.licence == "CC BY 4.0"


def test_the_best_of_a_killed_training_is_taken(killed, open_dock, qtbot):
    panel = open_dock()
    click(qtbot, panel.interrupted.finish)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert len(panel.result.result.trained.fits["z"].curve) == 3
    assert [epoch.epoch for epoch in panel.curves.fits["z"]] == [1, 2, 3]


@pytest.mark.parametrize("what", ["data", "recipe", "nothing"])
def test_what_has_changed_since_is_refused(killed, open_dock, qtbot, tmp_path, what):
    if what == "data":
        with np.load(killed.data) as arrays:
            changed = dict(arrays)
        changed["images"] = changed["images"][::-1]
        np.savez(killed.data, **changed)
    elif what == "recipe":
        (tmp_path / "small.toml").write_text(RECIPE.replace("0.01", "0.02"))
    else:
        killed.data.unlink()
    panel = open_dock()
    click(qtbot, panel.interrupted.go_on)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.message.is_error
    told = panel.message.text()
    if what == "nothing":
        assert "hela.npz" in told
    else:
        assert told.startswith("The data, the start or the recipe have changed since"), told
    assert killed.has_checkpoints
    assert "--" not in told


def test_one_that_another_window_is_at_work_on_is_left_to_it(killed, open_dock, qtbot):
    (found,) = find_interrupted()
    assert found.run == killed
    panel = open_dock()
    with alone(killed):  # in another window
        assert find_interrupted() == []
        click(qtbot, panel.interrupted.go_on)
        qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
        assert panel.message.text() == (
            "mine is being trained in another window: leave it to that."
        )
    click(qtbot, panel.go_on)
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG)
    assert panel.result is not None


def test_it_is_offered_until_somebody_leaves_it(killed, open_dock, qtbot):
    panel = open_dock()
    click(qtbot, panel.interrupted.leave)
    assert not panel.interrupted.isVisible()
    assert killed.has_checkpoints
    assert find_interrupted() == []


def test_one_that_is_stopped_at_the_end_of_an_epoch_is_offered_later(run):
    assert list(training(run, lambda _: None, lambda: run.has_checkpoints)) == [None]
    (found,) = find_interrupted()
    assert (found.run, found.reached.epoch) == (run, 1)
