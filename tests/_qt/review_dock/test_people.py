"""Several people at one project, and one who does not want to be led."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt
from review_hands import CTRL, LEFT, LONG, SHIFT, check_overlay, press, slug, status

from napari_cellcycle._qt.review import desk as desk_module
from napari_cellcycle.project.project import Project
from napari_cellcycle.review import Review


def test_blind_mode_shows_own_words_only_in_the_canvas(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    press(review, "1")
    own = int(desk.queue.rows[0])
    assert (scene.phases.class_ids() <= len(desk.review.phases.phases)).all()
    assert review.bench.sets.shown.currentText().startswith("tiny ")
    review.bench.blind.click()
    check_overlay(review)
    assert np.flatnonzero(desk.review.final >= 0).tolist() == [own]
    ids = scene.phases.class_ids()
    assert len(set(np.delete(ids, own).tolist())) == 1
    features = scene.segmentation.features
    assert not {"confidence", "entropy", "deciding_axis"} & set(features.columns)
    assert set(features["phase"]) == {"", "non-mitotic"}
    assert not review.bench.sets.isVisible()
    press(review, "o")
    assert not np.asarray(scene.phases.outlines.layer.data).any()
    press(review, "o")
    at = desk.current
    press(review, Qt.Key.Key_Return)
    assert "hidden in blind mode" in review.bench.message.text()
    press(review, "2")
    assert slug(review, at) == desk.review.phases.slugs[1]
    check_overlay(review)
    review.bench.blind.click()
    assert (desk.review.final >= 0).all()
    assert {"confidence", "entropy"} <= set(scene.segmentation.features.columns)
    check_overlay(review)


def test_who_comes_second_can_look_and_is_told_by_every_gesture_who_is_first(
    review, qtbot, monkeypatch
):
    folder = review.desk.project.folder
    review.close_project()
    with Project.open(folder, who="Ann") as first:
        review.form.who.setText("Bob")
        review.open_project(folder)
        qtbot.waitUntil(lambda: not review.is_busy, timeout=LONG)
        desk, bench, scene = review.desk, review.bench, review.scene
        reason = desk.project.reason
        assert reason.startswith("Ann has field.cellcycle open on")
        assert bench.notice.text() == reason
        row = desk.current
        shift, ctrl = SHIFT, CTRL
        monkeypatch.setattr(desk_module, "SURE", 0.0)
        gestures = [
            *(lambda key=key: press(review, key) for key in "120xur"),
            lambda: press(review, Qt.Key.Key_Return),
            lambda: press(review, Qt.Key.Key_Return, shift),
            lambda: bench.phases.buttons["prophase"].click(),
            lambda: bench.phases.swatches["prophase"].click(),
            lambda: bench.gallery.assign_requested.emit(np.array([row]), "prophase"),
            lambda: (bench.phases.tool.choose("prophase"), scene.canvas.clicked.emit(row)),
        ]
        for number, gesture in enumerate(gestures):
            bench.message.clear()
            gesture()
            assert bench.message.text() == reason, number
            assert bench.message.is_error
        for key, modifier in ((Qt.Key.Key_Backspace, None), ("z", ctrl)):
            press(review, key, modifier or Qt.KeyboardModifier.NoModifier)
        assert not any(
            bench.gestures.buttons[name].isEnabled()
            for name in ("accept", "clear", "exclude", "unsure", "undo", "redo")
        )
        assert status(review, row) == "predicted"
        assert not first.journal.events(1, desk.review.phases.name)
        bench.phases.tool.choose("")
        press(review, "d")
        assert desk.current != row
        review.close_project()
    review.form.who.setText("Ann")


def test_a_colleagues_words_and_the_conflicts_that_they_make(
    review, found, tmp_path, qtbot, monkeypatch
):
    desk, bench = review.desk, review.bench
    image, result = found
    with Project.create(tmp_path / "bea.cellcycle", who="Bea") as hers:
        hers.images.add(image, result.segmentation, cells=result.cells)
        hers.vocabularies.add(desk.review.phases)
        Review(hers).say([0, 1], "prophase")
    desk.say("mitotic", np.array([0]))
    bench.tabs.setCurrentWidget(bench.people)
    taking = bench.people.take_in
    monkeypatch.setattr(taking, "_ask_folder", lambda: str(tmp_path / "bea.cellcycle"))
    taking.of_project.trigger()
    qtbot.waitUntil(lambda: not taking.is_busy, timeout=LONG)
    assert taking.message.text() == "New words: 2 (Bea); known already: 0."
    assert (slug(review, 0), slug(review, 1)) == ("", "prophase")
    check_overlay(review)
    qtbot.waitUntil(lambda: "Ann and Bea" in bench.people.pair.currentText())
    assert bench.queue.conflicts.text() == "1 conflict"
    qtbot.mouseClick(bench.queue.conflicts, LEFT)
    assert desk.current == 0
    bench.tabs.setCurrentWidget(bench.panel)
    facts = bench.panel.facts.text()
    assert "Ann:" in facts
    assert "Bea:" in facts
    press(review, "2")
    assert slug(review, 0) == "prophase"
    qtbot.waitUntil(lambda: bench.queue.conflicts.text() == "0 conflicts")
    check_overlay(review)
