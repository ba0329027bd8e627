"""Cells that are clicked in the canvas."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
from qtpy.QtCore import QPoint
from review_hands import LEFT, canvas_of, check_overlay, click_middle, middle_of, slug

from napari_cellcycle._qt.review.canvas.canvas import Canvas


def drag_from_middle(qtbot, viewer):
    """Press on the cell in the middle of the canvas, move, and release."""
    canvas, at = canvas_of(viewer), middle_of(viewer)
    qtbot.mouseMove(canvas, at)
    qtbot.mousePress(canvas, LEFT, pos=at)
    for step in np.linspace(4, 40, 6):
        qtbot.mouseMove(canvas, at + QPoint(int(step), int(step)))
    qtbot.mouseRelease(canvas, LEFT, pos=at + QPoint(40, 40))


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_clicks_select_assign_and_never_after_a_drag(review, viewer, qtbot, ndisplay):
    desk, scene = review.desk, review.scene
    viewer.dims.ndisplay = ndisplay
    for row in desk.queue.rows[3:6].tolist():
        scene.canvas.go_to(row)
        clicked = click_middle(qtbot, viewer, scene.canvas)
        assert desk.current == clicked
    before = desk.review.final.copy()
    tool = review.bench.phases.tool
    target = int(desk.queue.rows[7])
    other = "prophase" if slug(review, target) != "prophase" else "non-mitotic"
    tool.choose(other)
    scene.canvas.go_to(target)
    drag_from_middle(qtbot, viewer)
    np.testing.assert_array_equal(desk.review.final, before)
    scene.canvas.go_to(target)
    clicked = click_middle(qtbot, viewer, scene.canvas)
    assert slug(review, clicked) == other
    assert (desk.review.final != before).sum() == 1
    check_overlay(review)


def test_hidden_phases_are_not_hit(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    row = desk.current
    scene.canvas.go_to(row)
    review.bench.phases.eyes[slug(review, row)].click()
    check_overlay(review)
    other = int(np.flatnonzero(scene.shown)[0]) if scene.shown.any() else -1
    assert not scene.shown[row]
    desk.go_to(other) if other >= 0 else desk.source.selection.go_to(-1)
    scene.canvas.go_to(row)
    click_middle(qtbot, viewer, scene.canvas, expect=False)
    assert desk.current == other


@pytest.fixture
def blocks(viewer, table_of):
    """Four cells of 6 voxels a side in a row, and others behind each, in any kind of layer."""

    def make(kind):
        data = np.zeros((24, 30, 60), np.uint16)
        for i in range(4):
            for depth in range(2):
                z, x = 2 + 12 * depth, 4 + 14 * i
                data[z : z + 6, 10:16, x : x + 6] = 1 + i + 4 * depth
        place = {"scale": (3.0, 1.0, 1.0), "axis_labels": ("z", "y", "x")}
        if kind == "time":
            data = np.stack([data, data[:, :, ::-1]])
            place = {"scale": (1.0, 3.0, 1.0, 1.0), "axis_labels": ("t", "z", "y", "x")}
        if kind == "rotated":
            place |= {"rotate": (0, 0, 30), "translate": (5, -40, 12)}
        if kind == "multiscale":
            data = [data, data[:, ::2, ::2]]
        if kind == "dask":
            data = da.from_array(data, chunks=(8, 15, 20))
        if kind == "multiscale":
            layer = viewer.add_labels(data, multiscale=True, **place)
        else:
            layer = viewer.add_labels(data, **place)
        axes = "".join(place["axis_labels"]).upper()
        return layer, axes, table_of(layer)

    return make


@pytest.mark.parametrize("ndisplay", [2, 3])
@pytest.mark.parametrize("kind", ["plain", "rotated", "time", "dask", "multiscale"])
def test_clicks_hit_the_cell_in_any_layer(blocks, viewer, qtbot, kind, ndisplay):
    layer, axes, cells = blocks(kind)
    shown = np.ones(len(cells), bool)

    def row_of(frame, label):
        row = int(np.flatnonzero((cells.frame == frame) & (cells.label == label))[0])
        return row if shown[row] else -1

    canvas = Canvas(viewer, layer, axes, cells, row_of)
    viewer.dims.ndisplay = ndisplay

    def click(expect=True):
        return click_middle(qtbot, viewer, canvas, expect=expect)

    front = [row for row in range(len(cells)) if cells.label[row] <= 4]
    for row in (front[0], front[-1]):
        canvas.go_to(row, zoom=True)
        if ndisplay == 2:
            assert click() == row
            shown[row] = False
            click(expect=False)
        else:
            first = click()
            assert cells.frame[first] == cells.frame[row]
            assert (cells.label[first] - cells.label[row]) % 4 == 0
            shown[first] = False
            behind = click()
            assert behind != first
            assert (cells.label[behind] - cells.label[row]) % 4 == 0
            shown[behind] = False
            click(expect=False)
        shown[:] = True
    canvas.close()
