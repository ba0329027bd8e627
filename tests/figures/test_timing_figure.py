"""The picture of durations and divisions, and the folder of tables beside it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_cellcycle.cells.tracks.timing import time_phases
from napari_cellcycle.cells.tracks.tracks import Tracks
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.timing import draw_timing
from napari_cellcycle.phases import MITOSIS_2D


def test_curves_bars_and_table_say_the_same() -> None:
    phase = np.array([0, 2, 2, 3, 4, 0, 0])
    timing = time_phases(MITOSIS_2D, phase, np.arange(7), Tracks(np.zeros(7, np.int64), {}))
    figure = draw_timing(timing, title="film", subtitle="1 track")
    page, lasting, frames = figure.axes
    # prometaphase, metaphase, anaphase, all of mitosis, entry to anaphase
    ends = sorted(float(line.get_xdata()[-1]) for line in lasting.lines)
    assert ends == [1, 1, 2, 3, 4]
    assert [bar.get_height() for bar in frames.patches] == [0, 0, 0, 0, 0, 1, 0]
    texts = [text.get_text() for text in page.texts]
    assert {"film", "2 (?–?)", "entry into mitosis to anaphase"} <= set(texts)
    figure.canvas.draw()
    size = figure.get_size_inches() * figure.dpi
    for text in page.texts:
        box = text.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= size[0]
        assert 0 <= box.y0 <= box.y1 <= size[1]


def test_nothing_seen_to_end_is_said_and_nothing_seen_at_all_refused() -> None:
    tracks = Tracks(np.zeros(3, np.int64), {})
    resting = time_phases(MITOSIS_2D, np.zeros(3, np.int64), np.arange(3), tracks)
    _, lasting, _ = draw_timing(resting).axes  # the page lies below its plots
    (text,) = lasting.texts
    assert text.get_text() == "no phase was seen from beginning to end"
    nothing = time_phases(MITOSIS_2D, np.full(3, -1), np.arange(3), tracks)
    with pytest.raises(CellCycleError, match="no time to draw"):
        draw_timing(nothing)


def test_a_phase_that_is_drawn_and_has_no_duration_is_named() -> None:
    dies = MITOSIS_2D.slugs.index("apoptosis") + 1  # the branch is before it
    tracks = Tracks(np.zeros(3, np.int64), {})
    timing = time_phases(MITOSIS_2D, np.array([0, 0, dies]), np.arange(3), tracks)
    assert "apoptosis" in [text.get_text() for text in draw_timing(timing).axes[0].texts]
