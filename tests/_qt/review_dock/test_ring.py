"""The ring around the cell at hand."""

from __future__ import annotations

import numpy as np
import pytest
from resting import rest
from review_hands import LONG, press


def test_the_ring_is_seen_at_any_zoom(review, viewer, qtbot):
    canvas, camera = review.scene.canvas, viewer.scene.camera
    qtbot.waitUntil(lambda: canvas.ring is not None, timeout=LONG)
    widths = []
    for zoom in (0.3, 200.0):
        camera.zoom = zoom
        pixels = zoom * canvas.ring.scale[-1]
        # a line of two pixels of the screen
        qtbot.waitUntil(
            lambda by=pixels: np.isclose(
                canvas.ring.size[0] * canvas.ring.border_width[0] * by, 2, rtol=1e-3
            )
        )
        widths.append(float(canvas.ring.size[0] * pixels))
    assert widths[0] == pytest.approx(24)
    low, high = review.desk.review.cells.bbox[review.desk.current]
    assert widths[1] > (high - low)[1:].max() * pixels  # around the cell


def test_a_step_draws_the_ring_once_and_the_list_of_layers_later(review, viewer, qtbot):
    canvas, desk = review.scene.canvas, review.desk
    qtbot.waitUntil(lambda: canvas.ring is not None, timeout=LONG)
    rest(qtbot, review.scene)  # nothing of the opening is under way
    drawn, listed = [], []
    canvas.ring.events.set_data.connect(lambda event: drawn.append(desk.current))

    def on_list(event):
        listed.append(event.type)

    viewer.layers.events.connect(on_list)
    for key in "ddaa":
        press(review, key)
        assert drawn == [desk.current]
        np.testing.assert_array_equal(canvas.ring.data[0], np.round(canvas.centre_of(desk.current)))
        drawn.clear()
    assert not {"set_data", "thumbnail"} & {*listed}
    qtbot.waitUntil(lambda: listed.count("thumbnail") == len(viewer.layers))
    viewer.layers.events.disconnect(on_list)
