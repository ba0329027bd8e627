"""Names of phases and outlines of uncertain cells in the canvas."""

from __future__ import annotations

import numpy as np
from resting import rest
from review_hands import CTRL, LEFT, click_middle, press, slug


def test_uncertain_cells_are_outlined_until_they_are_judged(review, viewer, qtbot):
    desk, scene = review.desk, review.scene
    press(review, "o")
    doubtful = desk.review.shown.confidence < 0.9
    assert doubtful[desk.current]
    labels, lines = scene.segmentation.data, scene.phases.outlines.layer.data
    assert set(np.unique(labels[lines > 0])) == set(desk.review.cells.label[doubtful])
    assert (lines > 0).sum() < np.isin(labels, desk.review.cells.label[doubtful]).sum() / 2
    judged = int(desk.review.cells.label[desk.current])
    press(review, "1")
    assert not lines[labels == judged].any()
    press(review, "z", CTRL)
    assert lines[labels == judged].any()
    viewer.dims.ndisplay = 3
    assert not scene.phases.outlines.layer.visible
    layer = scene.phases.outlines.layer
    press(review, "o")
    viewer.dims.ndisplay = 2
    assert not layer.visible
    press(review, "1")
    press(review, "o")
    assert layer.visible
    assert scene.phases.outlines.layer is layer
    qtbot.waitUntil(lambda: not scene.phases.is_painting)
    assert not np.asarray(layer.data)[labels == judged].any()
    review.close_project()
    assert layer not in viewer.layers


def named(review):
    """Rows and names that are written, once all events are through."""
    layer, cells = review.scene.text.layer, review.desk.review.cells
    labels = np.asarray(review.scene.segmentation.data)
    places = np.round(layer.data).astype(int)
    near = [
        int(np.argmin(np.linalg.norm(cells.centroid[:, 1:] - place[1:], axis=1) + 1e6 * missed))
        for place in places
        for missed in [~np.isin(cells.label, np.unique(labels[place[0]]))]
    ]
    return dict(zip(near, layer.features["phase"].tolist(), strict=True))


def pixels_of(viewer, layer):
    """How many pixels of the canvas look otherwise without a layer."""
    pictures = []
    for layer.visible in (False, True):
        pictures.append(viewer.screenshot(flash=False).astype(int))
    return (np.abs(pictures[0] - pictures[1]).max(axis=-1) > 40).sum()


def test_names_of_phases_follow_words_planes_and_what_is_shown(review, viewer, qtbot):
    desk, scene, bench = review.desk, review.scene, review.bench
    labels = np.asarray(scene.segmentation.data)
    press(review, "t")
    assert bench.canvas.names.isChecked()
    layer = scene.text.layer
    assert (layer.text.color.array[:, :3] == 1).all()
    desk.review.recolor({phase.slug: "#FFF3B0" for phase in desk.review.phases})
    scene.text.write()
    assert (layer.text.color.array[:, :3] < 0.1).all()  # on light cells
    desk.review.recolor({})
    plane = int(viewer.dims.point[0] / scene.segmentation.scale[0] + 0.5)
    written = named(review)
    assert desk.current in written
    assert set(desk.review.cells.label[list(written)]) <= set(np.unique(labels[plane]))
    assert viewer.layers.selection.active == scene.phases.layer
    desk.goes_on = False
    was = slug(review, desk.current)
    press(review, "1" if was != "non-mitotic" else "2")
    name = desk.review.phases[slug(review, desk.current)].name
    qtbot.waitUntil(lambda: named(review).get(desk.current) == name)
    click_middle(qtbot, viewer, scene.canvas)
    press(review, "i")
    qtbot.waitUntil(lambda: list(named(review)) == [desk.current])
    bench.phases.eyes[slug(review, desk.current)].click()
    press(review, "i")
    qtbot.waitUntil(lambda: desk.current not in named(review))
    bench.phases.eyes[slug(review, desk.current)].click()
    other = (plane + 4) % len(labels)
    viewer.dims.set_current_step(0, other)
    qtbot.waitUntil(lambda: len(layer.data) == 0 or set(layer.data[:, 0]) == {other})
    assert set(desk.review.cells.label[list(named(review))]) <= set(np.unique(labels[other]))
    viewer.dims.ndisplay = 3
    qtbot.waitUntil(lambda: len(layer.data) == len(desk.review))
    written = pixels_of(viewer, layer)
    scene.phases.layer.visible = False
    assert written > 0.5 * pixels_of(viewer, layer) > 100  # no cell hides its name
    scene.phases.layer.visible = True
    qtbot.mouseClick(bench.canvas.names, LEFT)
    assert not layer.visible
    viewer.dims.ndisplay = 2
    rest(qtbot, scene.text)
    assert len(layer.data) == len(desk.review)  # nothing is written meanwhile
    qtbot.mouseClick(bench.canvas.names, LEFT)
    assert scene.text.layer is layer
    assert layer.visible
    qtbot.waitUntil(lambda: len(layer.data) < len(desk.review))


def test_the_eye_of_the_names_does_as_the_key_does(review, viewer, qtbot):
    desk, scene, names = review.desk, review.scene, review.bench.canvas.names
    desk.goes_on = False
    press(review, "t")
    layer = scene.text.layer
    layer.visible = False
    assert not names.isChecked()
    press(review, "1" if slug(review, desk.current) != "non-mitotic" else "2")
    name = desk.review.phases[slug(review, desk.current)].name
    assert named(review)[desk.current] != name
    layer.visible = True
    assert names.isChecked()
    assert named(review)[desk.current] == name
    viewer.layers.remove(layer)
    assert not names.isChecked()
    press(review, "t")
    assert names.isChecked()
    layer = scene.text.layer
    review.close_project()
    assert layer not in viewer.layers
