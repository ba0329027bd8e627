"""Sheets: cells on pages of paper, for people who judge them away from the viewer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import Page, shorten, text_width
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

WIDTH, HEIGHT = 595.0, 842.0
"""A4 upright, points."""
_MARGIN = 28.0
_ROOM = WIDTH - 2 * _MARGIN
_NAME = 84.0
_ANSWER = 74.0
_GAP = 8.0
_TILE_GAP = 1.5
_LARGEST, _SMALLEST = 84.0, 26.0
_NARROW = 2
"""Up to so many tiles a cell, two cells fit side by side."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell as a sheet shows it.

    Parameters
    ----------
    place : int
        Its number on the sheet.
    tiles : ndarray, ``(n, size, size, 3)``, uint8
        As :class:`napari_cellcycle.cells.views.composite.Composite` has them.
    lines : sequence of str
        What is written beside it: label, frame, prediction.
    """

    place: int
    tiles: NDArray[np.uint8]
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class SheetStyle:
    """What all sheets of a set share.

    Parameters
    ----------
    title : str
        Of every sheet.
    subtitle : str
        What an annotator should know.
    names : tuple of str
        Of the tiles, as a composite has them.
    phases : PhaseSet
        What an annotator can answer.
    per_page : int
        Places on a sheet.
    theme : Theme
        Colours of paper and ink.
    """

    title: str
    subtitle: str
    names: tuple[str, ...]
    phases: PhaseSet
    per_page: int
    theme: Theme = LIGHT

    @property
    def columns(self) -> int:
        """Cells side by side."""
        return 2 if len(self.names) <= _NARROW else 1

    @property
    def tile(self) -> float:
        """Edge of a tile, points.

        Raises
        ------
        CellCycleError
            If there is no room for so many cells.
        """
        n = len(self.names)
        wide = (_ROOM - (self.columns - 1) * 2 * _GAP) / self.columns - _NAME - _ANSWER - _GAP
        rows = math.ceil(self.per_page / self.columns)
        high = (HEIGHT - _MARGIN - self.top) / rows - _GAP
        tile = min((wide - (n - 1) * _TILE_GAP) / n, high, _LARGEST)
        if tile < _SMALLEST:
            most = int((HEIGHT - _MARGIN - self.top) // (_SMALLEST + _GAP)) * self.columns
            raise CellCycleError(
                f"{self.per_page} cells do not fit on a page; {most} do, with small pictures."
            )
        return tile

    @property
    def top(self) -> float:
        """Where the first cell begins, points from the upper edge."""
        return _MARGIN + 52 + 12 * len(_answers(self.phases)) + 14


def draw_sheet(cells: Sequence[SheetCell], style: SheetStyle, *, number: int, total: int) -> Figure:
    """Draw one sheet.

    Parameters
    ----------
    cells : sequence of SheetCell
        As many as there are places, or fewer.
    style : SheetStyle
        Of the whole set.
    number, total : int
        Which sheet of how many.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CellCycleError
        If there is no room for so many cells.
    """
    page, tile, top = Page(WIDTH, HEIGHT, style.theme), style.tile, style.top
    _head(page, style, number, total)
    across = (_ROOM + 2 * _GAP) / style.columns
    n = len(style.names)
    wide = n * tile + (n - 1) * _TILE_GAP
    for column in range(min(style.columns, len(cells))):
        for i, name in enumerate(style.names):
            x = _MARGIN + column * across + _NAME + i * (tile + _TILE_GAP) + tile / 2
            page.text(x, top - 5, name, 7, ha="center", color=style.theme.faint)
    for i, cell in enumerate(cells):
        row, column = divmod(i, style.columns)
        x, y = _MARGIN + column * across, top + row * (tile + _GAP)
        _name(page, cell, x, y, tile)
        drawn = _in_a_row(cell.tiles, tile)
        part = len(cell.tiles) * tile + (len(cell.tiles) - 1) * _TILE_GAP
        page.picture(drawn, x + _NAME, y, part, tile, smooth=True)
        box = x + _NAME + wide + _GAP
        page.box(box, y + 0.5, _ANSWER, tile - 1, edge=style.theme.line, line=0.7)
    return page.figure


def _head(page: Page, style: SheetStyle, number: int, total: int) -> None:
    theme = style.theme
    which = f"sheet {number} of {total}"
    room = _ROOM - text_width(which, 11) - 16
    page.text(_MARGIN, _MARGIN + 12, shorten(style.title, 15, room, bold=True), 15, weight="bold")
    page.text(WIDTH - _MARGIN, _MARGIN + 12, which, 11, ha="right")
    page.text(_MARGIN, _MARGIN + 28, shorten(style.subtitle, 8.5, _ROOM), 8.5, color=theme.faint)
    for i, line in enumerate(_answers(style.phases)):
        page.text(_MARGIN, _MARGIN + 46 + 12 * i, line, 8.5)
    y = style.top - 16
    page.box(_MARGIN, y, _ROOM, 0.6, fill=theme.line)


def _answers(phases: PhaseSet) -> list[str]:
    """Slugs that can be answered, in lines that fit."""
    lines = ["Answers:"]
    for slug in (*(phase.slug for phase in phases), "unsure", "exclude"):
        longer = f"{lines[-1]}  {slug}"
        if text_width(longer, 8.5) > _ROOM:
            lines.append(f"                {slug}")
        else:
            lines[-1] = longer
    return lines


def _name(page: Page, cell: SheetCell, x: float, y: float, tile: float) -> None:
    page.text(x, y + 13, str(cell.place), 15, weight="bold")
    size, step = 7.2, 9.4
    for i, line in enumerate(cell.lines[: max(int((tile - 16) // step), 1)]):
        text = shorten(line, size, _NAME - 6)
        page.text(x, y + 24 + i * step, text, size, color=page.theme.faint)


def _in_a_row(tiles: NDArray[np.uint8], tile: float) -> NDArray[Any]:
    """Tiles side by side on white."""
    import numpy as np

    n, size = tiles.shape[:2]
    gap = max(round(_TILE_GAP / tile * size), 1)
    picture = np.full((size, n * size + (n - 1) * gap, 3), 255, np.uint8)
    for i, one in enumerate(tiles):
        picture[:, i * (size + gap) : i * (size + gap) + size] = one
    return picture
