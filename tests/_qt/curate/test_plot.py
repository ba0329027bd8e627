"""The plot of "Curate" under a person's hands: real drags, clicks and keys."""

from __future__ import annotations

import numpy as np
from curate_hands import CTRL, LEFT, MIDDLE, NONE, SHIFT, N, around, drag, inside, pixel
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication


def test_what_is_drawn_around_is_the_queue_the_selection_and_ringed(project, docks, viewer, qtbot):
    curate, review = docks(project)
    bench, desk = curate.bench, review.desk
    scatter, selection = bench.scatter, desk.source.selection
    large = np.flatnonzero(np.arange(N) % 2 == 0)
    ring = next(layer for layer in viewer.layers if layer.name.startswith("picked cells"))
    assert len(ring.data) == 0

    # a rectangle
    qtbot.mouseClick(bench.bar.tools["rectangle"], LEFT)
    corners = around(scatter, large)
    rows = inside(scatter, corners)
    assert set(large) <= set(rows)
    assert len(rows) < N
    drag(qtbot, scatter, corners)
    assert selection.indices.tolist() == rows
    assert sorted(desk.queue.members().tolist()) == rows
    assert desk.current == desk.queue.members()[0]
    np.testing.assert_allclose(ring.data, desk.review.cells.centroid[rows][:, 1:])
    assert review.bench.queue.picked.text().startswith(f"{len(rows)} picked")
    assert "stand out" in bench.told.text()
    # that the next word is about all of them is told where it is said
    assert f"of {len(rows)} selected" in review.bench.panel.title.text()
    assert review.bench.message.text().startswith(f"{len(rows)} cells are selected: a word is")
    assert viewer.layers.selection.active == review.scene.phases.layer

    # a phase for all of them, by its key where the hand is, and back
    before = desk.review.final_slugs()
    qtbot.keyClick(scatter, Qt.Key.Key_1)
    assert {desk.review.final_slugs()[row] for row in rows} == {"small"}
    qtbot.keyClick(scatter, Qt.Key.Key_Z, CTRL)
    assert desk.review.final_slugs() == before
    selection.set(np.array(rows), desk.current)

    # fewer with Ctrl, by a lasso around two; more with Shift, by a click
    qtbot.mouseClick(bench.bar.tools["lasso"], LEFT)
    first, last = around(scatter, large[:2], margin=3)
    box = [first, QPoint(last.x(), first.y()), last, QPoint(first.x(), last.y())]
    gone = inside(scatter, (first, last))
    drag(qtbot, scatter, box, CTRL)
    left = sorted(set(rows) - set(gone))
    assert selection.indices.tolist() == left
    back = next(row for row in gone if scatter.point_at(QPointF(pixel(scatter, row))) == row)
    qtbot.mouseClick(scatter, LEFT, SHIFT, pixel(scatter, back))
    assert selection.indices.tolist() == sorted([*left, back])
    assert desk.queue.count == len(left) + 1

    # a click goes to one cell, the queue stays; the ring in the plot follows next
    row = next(r for r in left if scatter.point_at(QPointF(pixel(scatter, r))) == r)
    qtbot.mouseClick(scatter, LEFT, NONE, pixel(scatter, row))
    assert (desk.current, selection.indices.tolist()) == (row, [row])
    assert review.bench.panel.title.text() == f"<b>Cell {desk.source.label[row]}</b>"
    assert desk.queue.count == len(left) + 1
    scatter.setFocus()
    qtbot.keyClick(scatter, Qt.Key.Key_D)
    assert desk.current != row
    assert desk.queue.match[desk.current]

    def is_ringed():
        picture = scatter.grab().toImage()
        at = pixel(scatter, desk.current)
        near = (picture.pixelColor(at + QPoint(dx, 0)) for dx in range(-12, 13))
        return max(color.lightness() for color in near) > 200

    qtbot.waitUntil(is_ringed)

    # what is selected in the gallery stands out here, and leaves the queue alone
    selection.set(np.array([1, 3]))
    qtbot.waitUntil(lambda: {1, 3} <= set(np.flatnonzero(bench.picks.marked).tolist()))
    assert desk.queue.count == len(left) + 1

    # beside all points: nothing is picked
    scatter.setFocus()
    qtbot.keyClick(scatter, Qt.Key.Key_Escape)
    assert (desk.queue.count, selection.indices.size) == (N, 0)
    qtbot.waitUntil(lambda: len(ring.data) == 0)
    assert not review.bench.queue.picked.isVisible()


def test_zoom_move_and_back(project, docks, qtbot):
    curate, _ = docks(project)
    scatter = curate.bench.scatter
    home, row = (scatter.x_axis, scatter.y_axis), 12
    at = pixel(scatter, row)

    def roll(place, steps=1):
        event = QWheelEvent(
            QPointF(place), QPointF(scatter.mapToGlobal(place)), QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(scatter, event)

    roll(at, 4)
    assert (pixel(scatter, row) - at).manhattanLength() <= 2
    assert scatter.x_axis.high - scatter.x_axis.low < 0.6 * (home[0].high - home[0].low)
    across = scatter.x_axis
    roll(QPoint(10, at.y()), -1)  # over the numbers of y
    assert scatter.x_axis == across
    before = pixel(scatter, row)
    drag(qtbot, scatter, [at, at + QPoint(20, 10)], button=MIDDLE)
    assert (pixel(scatter, row) - before - QPoint(20, 10)).manhattanLength() <= 2
    qtbot.mouseClick(curate.bench.bar.reset, LEFT)
    assert (scatter.x_axis, scatter.y_axis) == home
    # another measure, on a linear scale
    curate.bench.bar.boxes["y"].choose("sphericity")
    assert scatter.y_axis.title == "nucleus circularity"
    assert not scatter.y_axis.log
    curate.bench.bar.logs["x"].click()
    assert not scatter.x_axis.log
