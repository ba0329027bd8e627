"""A page measured in points, origin at the upper left, and how it is saved."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.figures.theme import Theme

DPI = 144
"""Two pixels a point."""

_DEFAULT = "DejaVu Sans"
EAST_ASIA = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "PingFang SC", "Hiragino Sans"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "WenQuanYi Zen Hei", "Droid Sans Fallback"),
    "Arial Unicode MS",
)
"""Fonts for names of files in other letters, the better ones first."""

FORMATS = (".png", ".pdf", ".svg")


class Page:
    """One Matplotlib figure drawn in points; never touches pyplot, so it is safe in any thread.

    Parameters
    ----------
    width, height : float
        Points (1/72 inch).
    theme : Theme
    """

    def __init__(self, width: float, height: float, theme: Theme) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height, self.theme = width, height, theme
        self.figure: Figure = Figure(
            figsize=(width / 72, height / 72), dpi=DPI, facecolor=theme.paper
        )
        FigureCanvasAgg(self.figure)
        self.axes: Axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, width)
        self.axes.set_ylim(height, 0)
        self.axes.set_autoscale_on(False)

    def text(self, x: float, y: float, text: str, size: float = 9, **style: Any) -> None:
        """Write text with its baseline at ``y``; file names are never read as mathematics."""
        style = {"color": self.theme.ink, "ha": "left", "va": "baseline"} | style
        style.setdefault("family", families(text))
        self.axes.text(x, y, text, fontsize=size, parse_math=False, **style)

    def heading(
        self, title: str, subtitle: str, margin: float, *, first: float = 13, size: float = 16
    ) -> None:
        """Write the two lines above a picture, shortened to the width between the margins.

        Parameters
        ----------
        title, subtitle : str
            One line each.
        margin : float
            Points, at the left, the right and the top.
        first : float
            Baseline of the title, points below the margin; that of the subtitle is 17 further.
        size : float
            Of the title, points.
        """
        room = self.width - 2 * margin
        above = shorten(title, size, room, bold=True)
        self.text(margin, margin + first, above, size, weight="bold")
        below = shorten(subtitle, 9.5, room)
        self.text(margin, margin + first + 17, below, 9.5, color=self.theme.faint)

    def plot(self, left: float, top: float, width: float, height: float) -> Any:
        """Add axes of a plot on a card of their own, in points; ``matplotlib.axes.Axes``."""
        return self.figure.add_axes(
            (
                left / self.width,
                1 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            ),
            facecolor=self.theme.card,
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        edge: str | None = None,
        line: float = 1.0,
        dashed: bool = False,
        order: float = 1.0,
    ) -> None:
        """Draw a rectangle."""
        from matplotlib.patches import Rectangle

        self.axes.add_patch(
            Rectangle(
                (x, y),
                width,
                height,
                facecolor=fill or "none",
                edgecolor=edge or "none",
                linewidth=line if edge else 0,
                linestyle=(0, (2, 1.2)) if dashed else "solid",
                joinstyle="miter",
                zorder=order,
            )
        )

    def picture(
        self,
        rgb: NDArray[np.floating],
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        smooth: bool = False,
    ) -> None:
        """Place an RGB picture ``(y, x, 3)``, float in [0, 1]."""
        self.axes.imshow(
            rgb,
            extent=(x, x + width, y + height, y),
            interpolation="bilinear" if smooth else "nearest",
            aspect="auto",
            zorder=2,
        )

    def swatches(
        self, x: float, y: float, entries: Sequence[tuple[str, str]], size: float = 9
    ) -> float:
        """Write a line of colour swatches with names from ``x`` on; returns where it ended."""
        for color, name in entries:
            self.box(x, y - size * 0.78, size * 0.9, size * 0.9, fill=color)
            self.text(x + size * 1.4, y, name, size, color=self.theme.faint)
            x += size * 1.4 + text_width(name, size) + size * 1.8
        return x


def families(text: str) -> list[str]:
    """Fonts for a text, the default first; where it has letters of East Asia, others that do."""
    return [_DEFAULT, *(_east_asian() if any(letter >= "\u2e80" for letter in text) else ())]


@lru_cache(1)
def _east_asian() -> tuple[str, ...]:
    from matplotlib.font_manager import fontManager

    there = set(fontManager.get_font_names())
    return tuple(name for name in EAST_ASIA if name in there)


@lru_cache(4096)
def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line of text in the default font, points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    prop = FontProperties(family=families(text), weight="bold" if bold else "normal", size=size)
    return float(text_to_path.get_text_width_height_descent(text, prop, ismath=False)[0])


def shorten(text: str, size: float, width: float, bold: bool = False) -> str:
    """Cut the middle out of a line that is wider than ``width`` points."""
    if text_width(text, size, bold) <= width:
        return text
    keep = len(text) - 1
    while keep > 2 and text_width(_without_middle(text, keep), size, bold) > width:
        keep -= 1
    return _without_middle(text, keep)


def _without_middle(text: str, keep: int) -> str:
    head = (keep + 1) // 2
    return f"{text[:head]}…{text[len(text) - (keep - head) :]}"


def check_picture_path(path: Path | str) -> Path:
    """Refuse a file name whose ending is no picture format of ours.

    Raises
    ------
    CellCycleError
        Naming the endings that work.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise CellCycleError(
            f"A picture cannot be written to {path}: its name must end in {', '.join(FORMATS)}."
        )
    return path


def save_figure(figure: Figure, path: Path | str, *, dpi: int = DPI) -> Path:
    """Write a figure whole or not at all; an older file of that name stays until the new is ready.

    Raises
    ------
    CellCycleError
        If the name's ending is no picture format.
    """
    path = check_picture_path(path)
    with replacing(path) as new:
        figure.savefig(new, dpi=dpi, facecolor=figure.get_facecolor())
    return path
