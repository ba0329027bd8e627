"""Two measures of many cells against each other, as SVG for a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.figures.html import Element, data_uri, tag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 12, 12, 52
_DPI = 144


def scatter(
    x: Floats, y: Floats, colors: list[str], *, x_title: str, y_title: str
) -> Element | None:
    """Draw one point a cell, both axes logarithmic; None where fewer than two can be drawn.

    The points are one picture, however many they are; axes and text take the colours of the page.

    Parameters
    ----------
    x, y : ndarray, ``(n,)``
        Values; what is not positive and finite is left out.
    colors : list of str
        ``#RRGGBB`` of each.
    x_title, y_title : str
        Of the axes, with units.
    """
    good = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    if good.sum() < 2:
        return None
    shown = np.flatnonzero(good)
    limits = [_limits(values[shown]) for values in (x, y)]
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    picture = _points(x[shown], y[shown], [colors[i] for i in shown.tolist()], limits, wide, high)
    drawn = tag("svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img")
    drawn.append(tag("title", f"{y_title} against {x_title}, {len(shown):,} cells"))
    for value in _ticks(*limits[0]):
        at = f"{_LEFT + wide * _place(value, limits[0]):.1f}"
        drawn.append(tag("line", x1=at, x2=at, y1=_TOP, y2=_TOP + high))
        drawn.append(tag("text", _number(value), x=at, y=_TOP + high + 18, text_anchor="middle"))
    for value in _ticks(*limits[1]):
        at = f"{_TOP + high * (1 - _place(value, limits[1])):.1f}"
        drawn.append(tag("line", x1=_LEFT, x2=_LEFT + wide, y1=at, y2=at))
        drawn.append(tag("text", _number(value), x=_LEFT - 8, y=at, dy="0.35em", text_anchor="end"))
    drawn.append(tag("image", href=picture, x=_LEFT, y=_TOP, width=wide, height=high))
    middle = _TOP + high / 2
    drawn.append(tag("text", x_title, x=_LEFT + wide / 2, y=_HEIGHT - 12, text_anchor="middle"))
    drawn.append(
        tag(
            "text",
            y_title,
            x=14,
            y=middle,
            text_anchor="middle",
            transform=f"rotate(-90 14 {middle})",
        )
    )
    return drawn


def _limits(values: Floats) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = (high / low) ** 0.04 if high > low else 1.5
    return low / margin, high * margin


def _place(value: float, limits: tuple[float, float]) -> float:
    low, high = np.log(limits)
    return float((np.log(value) - low) / (high - low))


def _ticks(low: float, high: float) -> list[float]:
    """Round values between two limits: a few, whatever these are."""
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for steps in ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7)):
        found = [s * 10.0**p for p in powers for s in steps if low <= s * 10.0**p <= high]
        if len(found) > 2:
            break
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1 <= value < 1e6 and value == int(value) else f"{value:g}"


def _points(
    x: Floats,
    y: Floats,
    colors: list[str],
    limits: list[tuple[float, float]],
    wide: int,
    high: int,
) -> str:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(wide / 72, high / 72), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
    size = 36 if len(x) < 2000 else 9 if len(x) < 20_000 else 3
    axes.scatter(x, y, s=size, c=colors, alpha=0.8, linewidths=0)
    with io.BytesIO() as buffer:
        figure.savefig(buffer, format="png", transparent=True, dpi=_DPI)
        return data_uri(buffer.getvalue(), "image/png")
