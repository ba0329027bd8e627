"""Predictions of several models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fields import decision
from qtpy.QtCore import Qt
from review_hands import check_overlay, press, settle

from napari_cellcycle._qt.session import Finished, session_of
from napari_cellcycle.phases import MITOSIS_STAGES
from napari_cellcycle.project.project import Project
from napari_cellcycle.review.orders import divergence


def check_phases(dock):
    """Overlay, gallery and table show the final phases of the review."""
    check_overlay(dock)
    np.testing.assert_array_equal(dock.desk.source.predicted, dock.desk.review.shown.phase)


def test_prediction_sets_are_shown_compared_and_added(
    two_images, found_twice, viewer, dock, tiny_model, qtbot
):
    image, result = found_twice["t301"]
    n = len(result.cells)
    with Project.open(two_images, who="Ann") as made:
        older = made.predictions.sets(1)[0].id
        newer = made.predictions.add(
            1,
            result.cells,
            decision(n, seed=4),
            model="second",
            version="2",
            model_sha256="2" * 8,
            phases=MITOSIS_STAGES,
        ).id
    dock.open_project(two_images)
    settle(qtbot, dock)
    desk, bench = dock.desk, dock.bench
    box = bench.sets.shown
    assert box.key() == newer
    assert box.currentText().startswith("second 2 · 20")
    check_phases(dock)
    press(dock, Qt.Key.Key_3)
    judged = int(desk.queue.rows[0])
    before = desk.review.shown.phase.copy()

    box.choose(older)
    assert desk.review.prediction_set.id == older
    assert not np.array_equal(desk.review.shown.phase, before)
    assert desk.review.final_slugs()[judged] == MITOSIS_STAGES.slugs[2]
    check_phases(dock)

    # the order of their disagreement
    assert not bench.sets.other.isVisible()
    bench.queue.order.choose("disagreement of models")
    qtbot.waitUntil(bench.sets.other.isVisible)
    assert bench.sets.other.key() == newer
    p = [one.columns["probabilities"] for one in desk.project.predictions.sets(1)]
    np.testing.assert_array_equal(
        desk.queue.rows, np.argsort(-divergence(np.stack(p, axis=1)), kind="stable")
    )
    box.choose(newer)  # the two change places
    assert desk.queue.order == "disagreement of models"
    assert desk.queue.other.id == older

    # another model classifies, and so does "Classify cells"
    bench.sets.menu.aboutToShow.emit()
    *same, further = bench.sets.menu.actions()
    assert "mitosis-2d" not in {action.text() for action in same}
    assert "mitosis-2d" in {action.text() for action in further.menu().actions()}
    action = next(action for action in same if action.text() == tiny_model)
    action.trigger()
    settle(qtbot, dock)
    assert desk.review.prediction_set.model == tiny_model
    assert len(desk.project.predictions.sets(1)) == 2  # the very same predictions as the first
    session = session_of(viewer)
    layer, axes = dock.scene.segmentation, dock.scene.axes
    session.begin(viewer, layer, result.cells, axes, MITOSIS_STAGES)
    again = replace(result, decision=decision(n, seed=9))
    session.finish(Finished(again, image, layer, axes))
    settle(qtbot, dock)
    assert box.count() == 3
    assert box.key() == desk.project.predictions.sets(1)[-1].id
    check_phases(dock)
    assert desk.review.final_slugs()[judged] == MITOSIS_STAGES.slugs[2]

    # what was shown comes back
    box.choose(older)
    dock.close_project()
    dock.open_project(two_images)
    settle(qtbot, dock)
    assert dock.bench.sets.shown.key() == older
    assert dock.desk.queue.order == "disagreement of models"
    dock.bench.blind.click()
    assert not dock.bench.sets.isVisible()
