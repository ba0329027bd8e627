"""What tracks tell of time: how long phases last, and how many cells divide in each frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.tracks.timing import BETWEEN_DIVISIONS, TO_ANAPHASE
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.page import Page
from napari_cellcycle.figures.theme import LIGHT, Theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from napari_cellcycle.cells.tracks.timing import Duration, Timing

_MARGIN = 24.0
_HEAD = 66.0
_WIDTH = 300.0
_HEIGHT = 190.0
_LEFT = 46.0
_GAP = 30.0
_FOOT = 46.0
_ROW = 17.0
_COLUMNS = ((0.0, "left"), (330.0, "right"), (430.0, "right"), (540.0, "right"), (690.0, "right"))


def draw_timing(
    timing: Timing, *, title: str = "", subtitle: str = "", theme: Theme = LIGHT
) -> Figure:
    """Draw the share of cells still in a phase, divisions by frame, and a table of medians.

    Parameters
    ----------
    timing : Timing
        Of one image.
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
        If no cell with a phase is in a track.
    """
    if not timing.cells.sum():
        raise CellCycleError("No cell of a track has a phase, so there is no time to draw.")
    width = 2 * (_MARGIN + _LEFT + _WIDTH) + _GAP
    below = _MARGIN + _HEAD + _HEIGHT + _FOOT
    page = Page(width, below + _ROW * (len(timing.durations) + 3) + _MARGIN, theme)
    page.heading(title, subtitle, _MARGIN)
    _lasting(page, _MARGIN + _LEFT, timing)
    _frames(page, _MARGIN + _LEFT + _WIDTH + _LEFT + _GAP, timing)
    _table(page, below + _ROW, timing)
    return page.figure


def _axes(page: Page, left: float, heading: str, below: str) -> Any:
    theme, top = page.theme, _MARGIN + _HEAD
    page.text(left, top - 8, heading, 10.5, weight="bold")
    page.text(left + _WIDTH / 2, top + _HEIGHT + 28, below, 9, ha="center", color=theme.faint)
    axes = page.plot(left, top, _WIDTH, _HEIGHT)
    axes.tick_params(colors=theme.ink, labelsize=8.5, length=0)
    axes.grid(color=theme.line, lw=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
    return axes


def _lasting(page: Page, left: float, timing: Timing) -> None:
    axes = _axes(page, left, "Share still in the phase", f"Time in it, {timing.unit}")
    slugs = set(timing.phases.slugs)
    longest = 0.0
    for duration in timing.durations:
        survival = duration.survival
        if not survival.complete or duration.slug == BETWEEN_DIVISIONS:
            continue
        time = np.concatenate([[0.0], survival.time])
        share = np.concatenate([[1.0], survival.lasting])
        axes.step(
            time,
            share,
            where="post",
            color=_color(duration, timing, page.theme),
            lw=1.8 if duration.slug in slugs else 1.2,
            ls="-" if duration.slug in slugs else (0, (4, 2)),
        )
        longest = max(longest, float(survival.time[-1]))
    axes.set_ylim(0, 1.03)
    axes.set_xlim(0, longest or 1)
    if not longest:
        axes.text(
            0.5,
            0.5,
            "no phase was seen from beginning to end",
            fontsize=9,
            ha="center",
            color=page.theme.faint,
            transform=axes.transAxes,
        )


def _frames(page: Page, left: float, timing: Timing) -> None:
    axes = _axes(page, left, "Tracked cells, and divisions as bars", "Frame")
    frames = np.arange(len(timing.cells))
    axes.bar(frames, timing.divisions_per_frame(), color=page.theme.faint, width=0.9)
    for i, phase in enumerate(timing.phases):
        if timing.cells[:, i].any():
            axes.plot(frames, timing.cells[:, i], color=phase.color, lw=1.6)
    timed = {duration.slug for duration in timing.durations}
    others = [
        (phase.color, phase.name)
        for i, phase in enumerate(timing.phases)
        if timing.cells[:, i].any() and phase.slug not in timed
    ]
    page.swatches(left, _MARGIN + _HEAD + _HEIGHT + 28, others)  # the table has all the rest
    axes.set_xlim(-0.5, len(frames) - 0.5)
    axes.set_ylim(0, None)
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_major_locator().set_params(integer=True)


def _table(page: Page, top: float, timing: Timing) -> None:
    theme = page.theme
    head, *rows = duration_rows(timing)
    for (x, side), text in zip(_COLUMNS, head, strict=True):
        page.text(_MARGIN + x, top, text, 8.5, ha=side, color=theme.faint)
    for i, (duration, values) in enumerate(zip(timing.durations, rows, strict=True), 1):
        y = top + i * _ROW
        color, leaf = _color(duration, timing, theme), duration.slug in timing.phases.slugs
        if leaf:
            page.box(_MARGIN, y - 8, 9, 9, fill=color)
        elif duration.slug != BETWEEN_DIVISIONS:
            page.box(_MARGIN, y - 8, 9, 9, edge=color, line=1.4, dashed=True)
        for (x, side), text in zip(_COLUMNS, values, strict=True):
            page.text(_MARGIN + x + (15 if side == "left" else 0), y, text, 9, ha=side)
    note = (
        "Kaplan and Meier, with 95 % limits: what was not seen to end counts as lasting longer; "
        "what was not seen to begin is left out."
    )
    page.text(_MARGIN, top + (len(timing.durations) + 1.2) * _ROW, note, 8.5, color=theme.faint)


def duration_rows(timing: Timing) -> list[tuple[str, ...]]:
    """Name, numbers and median of each duration as texts, with a headline."""
    head = ("", "complete", "end unseen", "start unseen", f"median, {timing.unit}")
    rows = [
        (
            duration.name,
            f"{duration.survival.complete:,}",
            f"{duration.survival.censored:,}",
            f"{duration.unbegun:,}",
            median_text(duration),
        )
        for duration in timing.durations
    ]
    return [head, *rows]


def median_text(duration: Duration) -> str:
    """Median and its limits in short."""
    if not duration.survival.complete:
        return "–"
    low, high = duration.survival.median_limits
    values = [duration.survival.median, low, high]
    median, low_text, high_text = ("?" if math.isnan(v) else f"{v:.3g}" for v in values)
    return f"{median} ({low_text}–{high_text})"


def _color(duration: Duration, timing: Timing, theme: Theme) -> str:
    if duration.slug in (TO_ANAPHASE, BETWEEN_DIVISIONS):
        return theme.ink
    return timing.phases[duration.slug].color
