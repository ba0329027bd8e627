"""The map of a plate: one small plate for the number of cells and one for each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.figures.blend import hex_of, rgb_of
from napari_cellcycle.figures.page import Page, shorten
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

_MARGIN = 24.0
_HEAD = 46.0
_PANEL_HEAD = 40.0
_WIDEST = 420.0
_LARGEST = 30.0
_SIDE = 20.0
_GAP = 28.0
_PANELS_A_ROW = 3
_CELLS = "#4A6FA5"


def draw_plate(
    wells: pd.DataFrame,
    phases: PhaseSet,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    subtitle: str = "",
    theme: Theme = LIGHT,
) -> Figure:
    """Draw how many cells each well has, and the share of each phase.

    Parameters
    ----------
    wells : DataFrame
        Of one plate, as :func:`napari_cellcycle.classify.wells.summarise_wells` makes it.
    phases : PhaseSet
        Every leaf gets a map, in its colour.
    rows, columns : sequence of str
        Of the plate; a well without an image stays empty.
    title, subtitle : str
        The two lines above the picture.
    theme : Theme
        Colours of paper and ink.

    Returns
    -------
    matplotlib.figure.Figure
        Each map has its own scale, from 0 to its largest value, which is written above it.
    """
    place = {(r, c): (i, j) for i, r in enumerate(rows) for j, c in enumerate(columns)}
    side = min(_LARGEST, _WIDEST / max(len(columns), 1))
    panels = [("cells", "cells", _CELLS)]
    panels += [(f"share_{p.slug}", p.name, p.color) for p in phases.leaves]
    width = max(side * len(columns) + _SIDE, 180.0)
    height = side * len(rows) + _PANEL_HEAD
    n_columns = min(_PANELS_A_ROW, len(panels))
    n_rows = -(-len(panels) // n_columns)
    page = Page(
        2 * _MARGIN + n_columns * width + (n_columns - 1) * _GAP,
        2 * _MARGIN + _HEAD + n_rows * height + (n_rows - 1) * _GAP,
        theme,
    )
    page.heading(title, subtitle, _MARGIN, first=14)
    for k, (name, head, color) in enumerate(panels):
        values = np.full((len(rows), len(columns)), np.nan)
        for well in wells.to_dict("records"):
            if well["images"] > well["failed"]:
                values[place[well["row"], well["column"]]] = well[name]
        down, across = divmod(k, n_columns)
        _panel(
            page,
            _MARGIN + across * (width + _GAP),
            _MARGIN + _HEAD + down * (height + _GAP),
            width,
            side,
            values,
            (rows, columns),
            head,
            color,
            is_share=name != "cells",
        )
    return page.figure


def _panel(
    page: Page,
    x: float,
    y: float,
    width: float,
    side: float,
    values: NDArray[Any],
    names: tuple[Sequence[str], Sequence[str]],
    head: str,
    color: str,
    *,
    is_share: bool,
) -> None:
    theme = page.theme
    known = values[np.isfinite(values)]
    most = float(known.max()) if known.size else 0.0
    scale = f"{100 * most:.1f} %" if is_share else f"{most:,.0f}"
    page.box(x, y + 1, 9, 9, fill=color)
    page.text(x + 14, y + 9.5, shorten(head, 10.5, width - 14, bold=True), 10.5, weight="bold")
    page.text(x + 14, y + 22, f"0 to {scale}" if most else "none", 8.5, color=theme.faint)
    left, top = x + _SIDE, y + _PANEL_HEAD
    size = min(8.0, side * 0.62)
    for j, name in enumerate(names[1]):
        if side >= 14 or j % 2 == 0:
            middle = left + (j + 0.5) * side
            page.text(middle, top - 4, name, size, ha="center", color=theme.faint)
    for i, name in enumerate(names[0]):
        base = top + (i + 0.5) * side + size * 0.36
        page.text(left - 5, base, name, size, ha="right", color=theme.faint)
    paper, full = rgb_of(theme.card), rgb_of(color)
    for i, j in np.ndindex(values.shape):
        value = values[i, j]
        box = (left + j * side + 0.5, top + i * side + 0.5, side - 1, side - 1)
        if not np.isfinite(value):
            page.box(*box, edge=theme.line, line=0.5)
            continue
        share = value / most if most else 0.0
        fill = paper * (1 - share) + full * share
        page.box(*box, fill=hex_of(fill))
