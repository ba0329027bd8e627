"""Training curves: losses and accuracy by epoch, one row an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import Page
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

_MARGIN = 24.0
_HEAD = 66.0
_WIDTH = 300.0
_HEIGHT = 170.0
_LEFT = 46.0
_GAP = 34.0
_FOOT = 62.0
_TRAIN = "#56B4E9"
_VALIDATION = "#0072B2"
_BALANCED = "#D55E00"

_PANELS = (
    ("Loss", (("train_loss", _TRAIN, "training"), ("validation_loss", _VALIDATION, "validation"))),
    (
        "On validation data",
        (("accuracy", _VALIDATION, "accuracy"), ("balanced_accuracy", _BALANCED, "balanced")),
    ),
)


def draw_curves(
    curves: Mapping[str, Sequence[Mapping[str, float]]],
    best: Mapping[str, int],
    *,
    title: str = "",
    subtitle: str = "",
    theme: Theme = LIGHT,
) -> Figure:
    """Draw losses on the left, accuracies on the right, and mark the epoch that was kept.

    Parameters
    ----------
    curves : mapping of axis to sequence of mapping
        An epoch each, with ``epoch``, ``train_loss``, ``validation_loss``, ``accuracy`` and
        ``balanced_accuracy``.
    best : mapping of axis to int
        The epoch that was kept, from 1.
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
        If there is no epoch to draw.
    """
    if not curves or not all(curves.values()):
        raise CellCycleError("There are no epochs to draw the curves of.")
    row = _HEIGHT + _FOOT
    width = 2 * (_MARGIN + _LEFT + _WIDTH) + _GAP
    page = Page(width, _MARGIN + _HEAD + row * len(curves), theme)
    page.heading(title, subtitle, _MARGIN)
    for i, (axis, curve) in enumerate(curves.items()):
        top = _MARGIN + _HEAD + i * row
        for j, (name, lines) in enumerate(_PANELS):
            left = _MARGIN + _LEFT + j * (_WIDTH + _LEFT + _GAP)
            heading = f"{name}, axis {axis}" if len(curves) > 1 else name
            page.text(left, top - 8, heading, 10.5, weight="bold")
            _panel(page, left, top, curve, lines, best[axis], share=j == 1)
    return page.figure


def _panel(
    page: Page,
    left: float,
    top: float,
    curve: Sequence[Mapping[str, float]],
    lines: Sequence[tuple[str, str, str]],
    best: int,
    *,
    share: bool,
) -> None:
    theme = page.theme
    axes = page.plot(left, top, _WIDTH, _HEIGHT)
    epochs = [values["epoch"] for values in curve]
    marker = "o" if len(curve) == 1 else None
    for key, color, _ in lines:
        values = [one[key] for one in curve]
        axes.plot(epochs, values, color=color, lw=1.8, marker=marker, ms=4, zorder=3)
    axes.axvline(best, color=theme.faint, lw=1, ls=(0, (4, 3)), zorder=2)
    axes.set_xlim(min(0.5, best - 0.5), max(epochs) + 0.5)
    if share:
        axes.set_ylim(0, 1.02)
    else:
        axes.set_ylim(0, 1.08 * max(one[key] for one in curve for key, _, _ in lines) or 1)
    axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
    axes.tick_params(colors=theme.ink, labelsize=8.5, length=0)
    axes.grid(color=theme.line, lw=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    foot = top + _HEIGHT
    page.text(left + _WIDTH / 2, foot + 26, "Epoch", 9, ha="center", color=theme.faint)
    page.swatches(left, foot + 46, [(color, name) for _, color, name in lines], 8.5)
    page.text(left + _WIDTH, foot + 46, f"kept: epoch {best}", 8.5, ha="right", color=theme.faint)
