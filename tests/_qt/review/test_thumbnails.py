from __future__ import annotations

import threading

import numpy as np
import pytest
from array_source import ArraySource
from qtpy.QtGui import QColor

from napari_cellcycle._qt.review.gallery.thumbnails import Thumbnails
from napari_cellcycle._qt.review.source import Pictures
from napari_cellcycle.phases import MITOSIS_STAGES


@pytest.fixture
def thumbnails(plain, qtbot):
    made = Thumbnails(plain, limit=6)
    yield made
    made.close()


def color(thumbnails, index):
    return QColor(thumbnails.get(index).pixel(3, 3)).getRgb()[:3]


def test_pictures_are_composites_of_the_axis_that_is_asked_for(qtbot):
    images = np.zeros((2, 2, 2, 4, 4), np.float32)
    images[0, 1, 0] = 0.5  # DNA along z
    images[1, 0, 1] = 1.0  # membrane along x
    source = ArraySource(
        MITOSIS_STAGES, [0, 0], lambda i: Pictures(images[i], ("x", "z"), ("dna", "membrane"))
    )
    thumbnails = Thumbnails(source)
    with qtbot.waitSignals([thumbnails.ready, thumbnails.axes_known]):
        thumbnails.want([0, 1])
    assert color(thumbnails, 0) == (128, 128, 128)
    assert color(thumbnails, 1) == (0, 0, 0)
    thumbnails.set_axis("x")
    assert thumbnails.get(0) is None
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.want([0, 1])
    red, green, blue = color(thumbnails, 1)
    assert red > blue > green
    thumbnails.close()


def test_the_oldest_pictures_make_room(thumbnails, qtbot):
    for few in ([0, 1, 2, 3], [4, 5]):
        with qtbot.waitSignal(thumbnails.ready):
            thumbnails.want(few)
    thumbnails.get(0)
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.want([7])
    assert [i for i in range(12) if thumbnails.get(i) is not None] == [0, 2, 3, 4, 5, 7]


def test_only_the_latest_wishes_are_worked_on(qtbot):
    gate, asked = threading.Event(), []

    def views(indices):
        asked.append(indices.tolist())
        assert gate.wait(10)
        return Pictures(np.zeros((len(indices), 1, 1, 4, 4), np.float32), ("z",), ("dna",))

    source = ArraySource(MITOSIS_STAGES, np.zeros(200), views)
    thumbnails = Thumbnails(source)
    thumbnails.want(range(100))
    qtbot.waitUntil(lambda: asked == [list(range(16))])
    thumbnails.want([3, 150, 151])
    gate.set()
    qtbot.waitUntil(lambda: thumbnails.get(151) is not None)
    assert asked == [list(range(16)), [150, 151]]
    assert thumbnails.get(3) is not None
    thumbnails.close()


def test_what_was_forgotten_is_not_taken_from_the_worker(qtbot):
    gate, reading = threading.Event(), threading.Event()
    value = [0.0]

    def views(indices):
        grey = value[0]
        reading.set()
        assert gate.wait(10)
        images = np.full((len(indices), 1, 1, 4, 4), grey, np.float32)
        return Pictures(images, ("z",), ("dna",))

    source = ArraySource(MITOSIS_STAGES, np.zeros(2), views)
    thumbnails = Thumbnails(source)
    shown = []
    thumbnails.ready.connect(lambda indices: shown.append(color(thumbnails, 0)))
    thumbnails.want([0])
    assert reading.wait(10)
    value[0] = 1.0
    thumbnails.forget()
    thumbnails.want([0])
    gate.set()
    qtbot.waitUntil(lambda: bool(shown))
    assert shown == [(255, 255, 255)]
    thumbnails.close()


def test_a_failure_is_told_once_and_tried_again_when_asked(qtbot):
    broken = [True]

    def views(indices):
        if broken[0]:
            raise OSError("field.tif is gone")
        return Pictures(np.zeros((len(indices), 1, 1, 4, 4), np.float32), ("z",), ("dna",))

    thumbnails = Thumbnails(ArraySource(MITOSIS_STAGES, np.zeros(3), views))
    with qtbot.waitSignal(thumbnails.failed) as failure:
        thumbnails.want([0, 1])
    assert str(failure.args[0]) == "field.tif is gone"
    assert thumbnails.is_broken(0)
    broken[0] = False
    with qtbot.assertNotEmitted(thumbnails.ready, wait=60):
        thumbnails.want([0, 1])
    thumbnails.forget()
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.want([0, 1])
    assert thumbnails.get(1) is not None
    thumbnails.close()
