"""Which cell is next, and where it is."""

from __future__ import annotations

import itertools

import numpy as np
from qtpy.QtCore import Qt
from review_hands import CTRL, LEFT, LONG, SHIFT, check_overlay, click_middle, press, slug

from napari_cellcycle._qt.review import desk as desk_module
from napari_cellcycle._qt.review.opening.kept import Kept
from napari_cellcycle.project.words import STATUSES


def test_a_key_centres_and_zooms_and_sure_cells_are_accepted_at_once(
    review, viewer, qtbot, monkeypatch
):
    desk, scene, bench = review.desk, review.scene, review.bench
    camera, layer = viewer.scene.camera, scene.segmentation
    press(review, "d")
    centre = layer.data_to_world(scene.canvas.centre_of(desk.current))
    wide = np.ptp(desk.review.cells.bbox[desk.current], axis=0)[1:].max() * layer.scale[-1]
    for ndisplay in (2, 3):
        viewer.dims.ndisplay = ndisplay
        viewer.dims.set_current_step(0, 0)
        camera.center, camera.zoom = (0, 0, 0), 0.2
        press(review, "c")
        np.testing.assert_allclose(camera.center[-ndisplay:], centre[-ndisplay:])
        assert 0.1 < wide * camera.zoom / min(viewer.canvas.size) < 0.2
        if ndisplay == 2:
            assert abs(viewer.dims.point[0] - centre[0]) <= layer.scale[0] / 2
            assert click_middle(qtbot, viewer, scene.canvas) == desk.current
    shown = desk.review.shown
    same = shown.phase == shown.phase[desk.current]
    monkeypatch.setattr(desk_module, "SURE", float(np.median(shown.confidence[same])))
    desk.queue_changed.emit()
    sure = same & (shown.confidence > desk_module.SURE)
    assert 0 < sure.sum() < same.sum()
    assert bench.gestures.accept_all.text() == f"Accept {sure.sum()} above 0.99"
    qtbot.mouseClick(bench.gestures.accept_all, LEFT)
    accepted = STATUSES.index("accepted")
    np.testing.assert_array_equal(desk.review.status == accepted, sure)
    qtbot.waitUntil(lambda: not bench.gestures.accept_all.isEnabled())
    press(review, Qt.Key.Key_Return, SHIFT)
    assert "No cell of this phase" in bench.message.text()
    press(review, "z", CTRL)
    assert desk.review.status_counts[accepted] == 0
    press(review, Qt.Key.Key_Return, SHIFT)
    assert desk.review.status_counts[accepted] == sure.sum()


def test_isolate_and_filter(review, viewer, qtbot):
    desk, scene, bench = review.desk, review.scene, review.bench
    press(review, "i")
    assert scene.shown.sum() == 1
    press(review, "d")
    assert np.flatnonzero(scene.shown).tolist() == [desk.current]
    press(review, "i")
    assert scene.shown.all()
    press(review, "x")
    bench.queue.status.choose("excluded")
    bench.queue.only.setChecked(True)
    qtbot.waitUntil(lambda: "1 in the queue" in bench.queue.count.text())
    assert set(np.flatnonzero(scene.shown)) == {
        *np.flatnonzero(desk.queue.match),
        desk.current,
    }
    check_overlay(review)
    at = desk.current
    for row in np.flatnonzero(~scene.shown)[:2].tolist():
        scene.canvas.go_to(row)
        click_middle(qtbot, viewer, scene.canvas, expect=False)
    assert desk.current == at


def test_gallery_and_table_select_in_both_directions(review, qtbot):
    desk, bench = review.desk, review.bench
    bench.tabs.setCurrentWidget(bench.gallery)
    rows = desk.queue.rows[:3]
    bench.gallery.assign_requested.emit(rows, "prophase")
    assert {slug(review, row) for row in rows.tolist()} == {"prophase"}
    assert desk.review.to_undo.about.endswith("3 cells")
    desk.source.selection.set(rows)
    press(review, "3")
    assert len({slug(review, row) for row in rows.tolist()}) == 1
    bench.tabs.setCurrentWidget(bench.table)
    bench.table.activated.emit(int(rows[2]))
    assert desk.current == rows[2]


def test_keys_without_a_pause_leave_no_old_place(review, qtbot):
    """A program that is killed can tell nobody where it was: the place is kept on the way."""
    desk = review.desk
    kept, keys = Kept(desk.project, 1), itertools.cycle("dddaa")
    press(review, "d")
    cells = desk.review.cells
    trail = []

    def is_kept():
        press(review, next(keys))
        trail.append([int(cells.frame[desk.current]), int(cells.label[desk.current])])
        return kept.place.get("cell") in trail

    qtbot.waitUntil(is_kept, timeout=LONG // 4)
