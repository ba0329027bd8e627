from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.colors import to_hex

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import save_figure
from napari_cellcycle.figures.reliability import draw_reliability

if TYPE_CHECKING:
    from pathlib import Path

N = np.array([0, 20, 0, 60])
CONFIDENCE = np.array([np.nan, 0.4, np.nan, 0.9])
ACCURACY = np.array([np.nan, 0.5, np.nan, 0.8])


def test_bars_are_as_high_as_accuracy_and_lines_end_at_confidence() -> None:
    figure = draw_reliability(N, CONFIDENCE, ACCURACY, error=0.1)
    (axes,) = figure.axes
    bars = [p.get_height() for p in axes.patches if to_hex(p.get_facecolor()) == "#0072b2"]
    side = max(p.get_height() for p in axes.patches)
    shares = [height / side for height in bars if height > 20]  # without the swatch
    assert shares == pytest.approx([0.5, 0.8])
    gaps = [
        abs(float(np.diff(line.get_ydata())[0])) / side
        for line in axes.lines
        if line.get_color() == "#D55E00" and np.ptp(line.get_xdata()) == 0
    ]
    assert gaps == pytest.approx([0.1, 0.1])


def test_words(tmp_path: Path) -> None:
    figure = draw_reliability(N, CONFIDENCE, ACCURACY, error=0.1234, title="A model")
    words = {text.get_text() for text in figure.axes[0].texts}
    assert {"A model", "ECE 0.123", "20", "60", "Accuracy", "Confidence", "Cells"} <= words
    assert save_figure(figure, tmp_path / "r.png").stat().st_size > 1000


def test_no_cells() -> None:
    with pytest.raises(CellCycleError, match="needs cells in bins"):
        draw_reliability(np.zeros(4, int), CONFIDENCE, ACCURACY, error=0)
    with pytest.raises(CellCycleError, match="needs cells in bins"):
        draw_reliability(N[:2], CONFIDENCE, ACCURACY, error=0)
