"""The confusion matrix as a picture: rows are the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.blend import hex_of, rgb_of
from napari_cellcycle.figures.page import Page, shorten, text_width
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

_MARGIN = 24.0
_CELL = 82.0
_GAP = 3.0
_RIGHT = rgb_of("#0072B2")
_WRONG = rgb_of("#D55E00")
_FULL = 0.92


def draw_confusion(
    matrix: NDArray[Any],
    labels: Sequence[str],
    *,
    phases: PhaseSet | None = None,
    title: str = "",
    subtitle: str = "",
    theme: Theme = LIGHT,
) -> Figure:
    """Draw a confusion matrix, coloured by the share of each row.

    Parameters
    ----------
    matrix : ndarray, ``(n, n)``, counts
        Rows are the truth, columns the prediction.
    labels : sequence of str
        Slugs (or any names) of rows and columns.
    phases : PhaseSet, optional
        Gives display names and colours to slugs that it knows.
    title, subtitle : str
        The two lines above the picture.
    theme : Theme
        Colours of paper and ink.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    CellCycleError
        If the matrix is not square or does not fit its labels.
    """
    matrix = np.asarray(matrix)
    n = len(labels)
    if matrix.shape != (n, n):
        raise CellCycleError(
            f"A confusion matrix of {n} labels has shape ({n}, {n}), not {matrix.shape}."
        )
    known = {} if phases is None else {phase.slug: phase for phase in phases}
    names = [known[slug].name if slug in known else slug for slug in labels]
    side = max((text_width(name, 10) for name in names), default=0.0) + 74
    heads = [_wrap(name, 9, _CELL - 6) for name in names]
    head = 12.0 * max((len(lines) for lines in heads), default=1) + 12
    left = _MARGIN + 18 + side
    top = _MARGIN + 46 + 18 + head
    grid = n * (_CELL + _GAP) - _GAP
    wanted = max(text_width(title, 16, bold=True), text_width(subtitle, 9.5))
    width = max(left + grid + _MARGIN, min(wanted, left + grid + 200) + 2 * _MARGIN)
    page = Page(width, top + grid + _MARGIN, theme)
    page.heading(title, subtitle, _MARGIN)
    page.text(left + grid / 2, _MARGIN + 56, "Predicted", 10.5, ha="center", weight="bold")
    page.text(
        _MARGIN + 8,
        top + grid / 2,
        "Truth",
        10.5,
        ha="center",
        va="center",
        rotation=90,
        weight="bold",
    )
    for i, name in enumerate(names):
        middle = top + i * (_CELL + _GAP) + _CELL / 2
        page.text(left - 18, middle, name, 10, ha="right", va="bottom")
        page.text(
            left - 18,
            middle + 2,
            f"n = {matrix[i].sum():,}",
            8.5,
            ha="right",
            va="top",
            color=theme.faint,
        )
        across = left + i * (_CELL + _GAP)
        for k, line in enumerate(heads[i]):
            y = top - 15 - 12 * (len(heads[i]) - 1 - k)
            page.text(across + _CELL / 2, y, line, 9, ha="center")
        color = known[labels[i]].color if labels[i] in known else theme.line
        page.box(left - 12, middle - _CELL / 2, 5, _CELL, fill=color)
        page.box(across, top - 9, _CELL, 5, fill=color)
        for j in range(n):
            _cell(page, matrix, i, j, left, top)
    return page.figure


def _cell(page: Page, matrix: NDArray[Any], i: int, j: int, left: float, top: float) -> None:
    """One field: its share of the row, large, and its count."""
    total = float(matrix[i].sum())
    share = float(matrix[i, j]) / total if total else 0.0
    paper, full = rgb_of(page.theme.card), _RIGHT if i == j else _WRONG
    color = paper + share * _FULL * (full - paper)
    ink = "#FFFFFF" if color @ np.array([0.299, 0.587, 0.114]) < 0.6 else "#1B2026"
    if not matrix[i, j]:
        ink = page.theme.faint
    x, y = left + j * (_CELL + _GAP), top + i * (_CELL + _GAP)
    page.box(x, y, _CELL, _CELL, fill=hex_of(color))
    middle = x + _CELL / 2
    if not total:
        page.text(middle, y + _CELL / 2, "–", 11, ha="center", va="center", color=ink)
        return
    page.text(middle, y + _CELL / 2 - 1, _percent(share), 13, ha="center", color=ink)
    page.text(middle, y + _CELL / 2 + 14, f"{matrix[i, j]:,}", 9, ha="center", color=ink)


def _percent(share: float) -> str:
    """Write a share in per cent; only exact ones are 0 or 100."""
    if 0 < share < 0.01:
        return "<1 %"
    if 0.99 < share < 1:
        return ">99 %"
    return f"{100 * share:.0f} %"


def _wrap(name: str, size: float, width: float) -> list[str]:
    """Break a name at spaces, hyphens and slashes into lines of at most ``width`` points."""
    pieces = name.replace("/", "/\0").replace("-", "-\0").replace(" ", " \0").split("\0")
    lines = [""]
    for piece in pieces:
        if lines[-1] and text_width(lines[-1] + piece, size) > width:
            lines.append("")
        lines[-1] += piece
    return [shorten(line.strip(), size, width) for line in lines]
