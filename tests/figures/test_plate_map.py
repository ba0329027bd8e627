from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from napari_cellcycle.figures.plate import draw_plate
from napari_cellcycle.figures.theme import DARK, LIGHT
from napari_cellcycle.phases import VOCABULARIES

PHASES = VOCABULARIES["g1-s-g2-m"]


def wells() -> pd.DataFrame:
    rows = [("A", "1", 10, 0.2), ("A", "2", 40, 0.4), ("B", "10", 0, 0.0)]
    shares = {f"share_{slug}": [r[3] for r in rows] for slug in PHASES.slugs}
    return pd.DataFrame(
        {
            "row": [r[0] for r in rows],
            "column": [r[1] for r in rows],
            "images": [2, 2, 2],
            "failed": [0, 1, 2],
            "cells": [r[2] for r in rows],
            **shares,
        }
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_each_map_is_coloured_up_to_its_largest_value(theme):
    figure = draw_plate(wells(), PHASES, "AB", ["1", "2", "10"], title="P", theme=theme)
    (axes,) = figure.axes
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert len(boxes) == 5 * (1 + 6)  # cells and four phases: a swatch and six wells each
    for k, leaf in enumerate(PHASES.leaves, start=1):
        _, a1, a2, *others = boxes[7 * k : 7 * (k + 1)]
        assert to_hex(a2.get_facecolor()) == leaf.color.lower()
        assert to_hex(a1.get_facecolor()) not in (leaf.color.lower(), theme.card.lower())
        # wells without an image, and those of which every image failed, are outlined only
        assert [box.get_facecolor()[3] for box in others] == [0, 0, 0, 0]
        assert all(box.get_linewidth() > 0 for box in others)
    texts = [text.get_text() for text in axes.texts]
    assert texts.count("0 to 40") == 1
    assert texts.count("0 to 40.0 %") == 4
    assert {"P", "cells", *(leaf.name for leaf in PHASES.leaves), "A", "B", "10"} <= set(texts)


def test_a_phase_without_any_cell_has_no_scale():
    table = wells()
    table["share_" + PHASES.leaves[0].slug] = 0.0
    (axes,) = draw_plate(table, PHASES, "AB", ["1", "2", "10"]).figure.axes
    texts = [text.get_text() for text in axes.texts]
    assert (texts.count("none"), texts.count("0 to 40.0 %")) == (1, 3)


def test_wells_do_not_overlap_on_a_plate_of_384():
    rows, columns = "ABCDEFGHIJKLMNOP", [str(i) for i in range(1, 25)]
    figure = draw_plate(wells(), PHASES, rows, columns)
    (axes,) = figure.axes
    boxes = [b for b in axes.patches if isinstance(b, Rectangle)]
    assert len(boxes) == 5 * (1 + 384)
    right = max(box.get_x() + box.get_width() for box in boxes)
    bottom = max(box.get_y() + box.get_height() for box in boxes)
    assert right < axes.get_xlim()[1]
    assert bottom < axes.get_ylim()[0]
    first, second = boxes[1], boxes[2]
    assert first.get_x() + first.get_width() <= second.get_x()
