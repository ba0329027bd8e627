"""The reliability diagram: how often a model is right, given how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import Page
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MARGIN = 24.0
_SIDE = 330.0
_BELOW = 74.0
_LEFT = 46.0
_HEAD = 52.0
_FOOT = 56.0
_BAR = "#0072B2"
_GAP = "#D55E00"


def draw_reliability(
    n: NDArray[Any],
    confidence: NDArray[Any],
    accuracy: NDArray[Any],
    *,
    error: float,
    title: str = "",
    subtitle: str = "",
    theme: Theme = LIGHT,
) -> Figure:
    """Draw accuracy against confidence in bins of equal width, and the cells in each bin.

    A bar is the accuracy of a bin; the line on it reaches to the mean confidence there. Bars that
    end on the diagonal belong to probabilities that mean what they say.

    Parameters
    ----------
    n : ndarray, ``(bins,)``, counts
        Cells in each bin over [0, 1].
    confidence, accuracy : ndarray, ``(bins,)``, float
        Of each bin; not finite where it is empty.
    error : float
        Expected calibration error, written beside.
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
        If there are no cells, or the three differ in length.
    """
    n, confidence, accuracy = (np.asarray(values) for values in (n, confidence, accuracy))
    if not n.shape == confidence.shape == accuracy.shape or n.ndim != 1 or not n.sum():
        raise CellCycleError(
            f"A reliability diagram needs cells in bins: there are {n.shape} counts, "
            f"{confidence.shape} confidences, {accuracy.shape} accuracies and {n.sum()} cells."
        )
    page = Page(_LEFT + _SIDE + 2 * _MARGIN, _HEAD + _SIDE + _BELOW + _FOOT + 2 * _MARGIN, theme)
    page.heading(title, subtitle, _MARGIN)
    left, top = _MARGIN + _LEFT, _MARGIN + _HEAD
    foot = top + _SIDE
    page.box(left, top, _SIDE, _SIDE, fill=theme.card)
    _grid(page, left, top)
    width = _SIDE / len(n)
    for i in np.flatnonzero(n):
        x, height = left + i * width, float(accuracy[i]) * _SIDE
        page.box(x + 1, foot - height, width - 2, height, fill=_BAR, order=2)
        meant = foot - float(confidence[i]) * _SIDE
        middle = x + width / 2
        page.axes.plot([middle, middle], [foot - height, meant], color=_GAP, lw=2, zorder=4)
        page.axes.plot([x + 3, x + width - 3], [meant, meant], color=_GAP, lw=2, zorder=4)
    page.axes.plot(
        [left, left + _SIDE], [foot, top], color=theme.faint, lw=1, ls=(0, (4, 3)), zorder=3
    )
    page.text(left + 10, top + 20, f"ECE {error:.3f}", 12, weight="bold", zorder=5)
    _counts(page, n, left, foot + 18)
    page.swatches(left, page.height - _MARGIN, [(_BAR, "accuracy"), (_GAP, "mean confidence")], 8.5)
    return page.figure


def _grid(page: Page, left: float, top: float) -> None:
    """Rules and numbers at every fifth, and the names of the axes."""
    for share in np.linspace(0, 1, 6):
        y, x = top + (1 - share) * _SIDE, left + share * _SIDE
        page.axes.plot([left, left + _SIDE], [y, y], color=page.theme.line, lw=0.6, zorder=1.5)
        page.text(left - 7, y, f"{share:.1f}", 8.5, ha="right", va="center")
        page.text(x, top + _SIDE + 12, f"{share:.1f}", 8.5, ha="center")
    middle = top + _SIDE / 2
    style = {"ha": "center", "va": "center", "rotation": 90, "weight": "bold"}
    page.text(_MARGIN + 6, middle, "Accuracy", 10.5, **style)


def _counts(page: Page, n: NDArray[Any], left: float, top: float) -> None:
    """Cells of each bin, on a scale of their own."""
    foot, width = top + _BELOW, _SIDE / len(n)
    page.box(left, top, _SIDE, _BELOW, fill=page.theme.card)
    for i in np.flatnonzero(n):
        height = max(1.0, float(n[i]) / float(n.max()) * (_BELOW - 14))
        page.box(left + i * width + 1, foot - height, width - 2, height, fill=page.theme.faint)
        page.text(left + (i + 0.5) * width, foot - height - 3, f"{n[i]:,}", 6.5, ha="center")
    style = {"ha": "center", "va": "center", "rotation": 90, "weight": "bold"}
    page.text(_MARGIN + 6, top + _BELOW / 2, "Cells", 10.5, **style)
    page.text(left + _SIDE / 2, foot + 14, "Confidence", 10.5, ha="center", weight="bold")
