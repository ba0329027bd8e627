"""Five hundred cells, from the first key to the next model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import by_keys
import numpy as np
import pandas as pd
import pytest
from parting import parted
from planted import plant, simulated
from qtpy.QtCore import Qt

from napari_cellcycle._qt.launch import launch
from napari_cellcycle.classify import classify
from napari_cellcycle.image import open_image, open_labels
from napari_cellcycle.image.write import write_labels, write_stack
from napari_cellcycle.project import Project
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review import Review, export_project, import_words
from napari_cellcycle.train.data.dataset import read_data
from napari_cellcycle.train.training import train

N = 500
KILLED_AFTER = 120
LONG = 60_000
MODEL, RECIPE = "mitosis-2d", "mitosis-2d-corrections"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def field(request, tmp_path):
    """Nuclei of MitoCheck side by side, classified, and the phase of each label by experts.

    Where there are no data the cells are simulated.
    """
    try:
        made = plant(request.getfixturevalue("data_dir"), N)
    except pytest.skip.Exception:
        made = simulated(N)
    image = write_stack(made.stack, tmp_path / "nuclei.ome.tif")
    labels = write_labels(made.segmentation, tmp_path / "labels.ome.tif")
    truth = {label: str(slug) for label, slug in enumerate(made.phases[0], start=1)}
    opened = open_image(image), replace(open_labels(labels), labels_are="nucleus")
    return *opened, classify(*opened, model=MODEL, device="cpu"), truth


def words(review):
    """Everything that is true of every cell, and that a person would miss."""
    notes = [review.note(row) for row in range(len(review))]
    return review.statuses(), review.final_slugs(), review.time.tolist(), notes


def killed(folder, truth, tmp_path):
    """Labels whose word was said before a program was killed in the middle of it."""
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    command = [sys.executable, by_keys.__file__, str(folder), str(tmp_path / "truth.json")]
    env = {**os.environ, "PYTHONWARNINGS": "ignore", "NAPARI_CONFIG": str(tmp_path / "napari.yaml")}
    env["NAPARI_CELLCYCLE_HOME"] = str(tmp_path / "home")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as program:
        assert program.stdout is not None
        try:
            return [int(program.stdout.readline()) for _ in range(KILLED_AFTER)]
        finally:
            program.kill()


@pytest.mark.own_viewer
@pytest.mark.timeout(600)
def test_five_hundred_cells(field, viewer, qtbot, tmp_path, monkeypatch):
    image, labels, found, truth = field
    monkeypatch.setenv("NAPARI_CELLCYCLE_HOME", str(tmp_path / "home"))
    launch(image, found, viewer=viewer, block=False)
    _, widget = viewer.window.add_plugin_dock_widget("napari-cellcycle", "Review cells")
    widget.form.who.setText("Ann")
    qtbot.mouseClick(widget.form.start, LEFT)
    qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
    folder = widget.desk.project.folder
    widget.close_project()

    # a program dies in the middle: all that it had acknowledged is there, and at most one more
    said = killed(folder, truth, tmp_path)
    widget.open_project(folder)
    qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
    review = widget.desk.review
    judged = review.cells.label[review.status != STATUSES.index("predicted")].tolist()
    assert len(set(said)) == KILLED_AFTER
    assert set(said) <= set(judged)
    assert len(judged) <= len(said) + 1

    # the rest, to the end of the queue
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    by_keys.walk(widget, truth)
    rows = {int(label): row for row, label in enumerate(review.cells.label)}
    predicted = review.slugs(review.shown.phase)
    statuses, final = review.statuses(), review.final_slugs()
    for label, slug in truth.items():
        kind, phase = by_keys.wanted(label, slug)
        row = rows[label]
        status = "accepted" if predicted[row] == phase else "corrected"
        status = {"exclude": "excluded", "unsure": "unsure"}.get(kind, status)
        assert (statuses[row], final[row]) == (status, phase)
    counts = dict(zip(STATUSES, review.status_counts.tolist(), strict=True))
    assert counts["accepted"] > counts["corrected"] > 0
    assert counts["excluded"] == N // 17
    assert sum(counts.values()) == N
    table = np.zeros(N + 1, np.uint8)
    table[review.cells.label] = widget.scene.phases.class_ids()
    np.testing.assert_array_equal(widget.scene.phases.layer.data, parted(table, labels.data[0, 0]))

    # out, and into another project: the same words
    project = widget.desk.project
    export_project(project, tmp_path / "cells.csv")
    export_project(project, tmp_path / "reviews.csv", what="reviews")
    exported = export_project(project, tmp_path / "crops.npz", what="crops")
    assert exported.n == N - counts["excluded"] - counts["unsure"]
    with Project.create(tmp_path / "other.cellcycle", who="Ann") as other:
        number = other.images.add(image, labels, cells=found.cells).number
        other.predictions.add_classification(number, found)
        import_words(other, tmp_path / "reviews.csv")
        assert words(Review(other)) == words(review)
        export_project(other, tmp_path / "cells again.csv")
    one, two = (pd.read_csv(tmp_path / name) for name in ("cells.csv", "cells again.csv"))
    pd.testing.assert_frame_equal(one, two)

    # a step of training from the model, and another prediction set: no word changes
    crops = read_data(tmp_path / "crops.npz", group_key="region")
    assert len(crops) == exported.n
    some = crops.select(np.arange(0, len(crops), 3))
    new = train(some, RECIPE, tmp_path / "mine", start=MODEL, epochs=1)
    assert sum(new.parts.values()) == len(some)
    again = classify(image, labels, model=tmp_path / "mine", device="cpu")
    before = review.words.copy()
    project.predictions.add_classification(widget.desk.undertaking.image, again)
    assert [s.model for s in project.predictions.sets(1)] == [MODEL, "mine"]
    widget.close_project()
    widget.open_project(folder)
    qtbot.waitUntil(lambda: widget.bench is not None, timeout=LONG)
    review = widget.desk.review
    assert review.prediction_set.model == "mine"
    np.testing.assert_array_equal(review.words, before)
    assert review.final_slugs() == final
    assert review.to_undo.about
    widget.close_project()
