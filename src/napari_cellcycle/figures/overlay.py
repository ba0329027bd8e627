"""The overlay: a maximum projection of the image, every cell outlined in its phase's colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.figures.blend import blend, rgb_of, stretch
from napari_cellcycle.figures.page import Page, shorten, text_width
from napari_cellcycle.figures.theme import DARK, Theme
from napari_cellcycle.image.window import boxes
from napari_cellcycle.phases import UNCLASSIFIED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.image.window import Window
    from napari_cellcycle.phases import PhaseSet

_MARGIN = 20.0
_GAP = 10.0
_LEGEND = 216.0
_WIDE = {1: 640.0, 2: 420.0}
_NARROW = 300.0
_COLUMNS = {0: 1, 1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3}
_CLOSE_UP = 900  # pixels; smaller images are enlarged to about this width before drawing on them
_MOST_NAMES = 80
_FILL = 0.16


@dataclass(frozen=True, slots=True)
class OverlayFrame:
    """One panel of an overlay.

    Parameters
    ----------
    images : ndarray, ``(c, y, x)``, any real dtype
        Maximum projections of the channels.
    silhouettes : sequence of (label, corner, mask)
        For each cell its label, the upper left ``(y, x)`` pixel of its bounding box and the
        projection of its mask, ``(h, w)`` bool.
    frame : int
    """

    images: NDArray[Any]
    silhouettes: Sequence[tuple[int, tuple[int, int], NDArray[np.bool_]]]
    frame: int = 0


def project_frame(
    channels: Sequence[NDArray[Any] | Window],
    labels: NDArray[np.integer[Any]] | Window,
    label: NDArray[np.int64],
    bbox: NDArray[np.int64],
    *,
    frame: int = 0,
) -> OverlayFrame:
    """Project one frame along z.

    Parameters
    ----------
    channels : sequence of ndarray or Window, ``(z, y, x)``
        The channels to show.
    labels : ndarray or Window, ``(z, y, x)``, integer
        The segmentation.
    label : ndarray, ``(n,)``
        The cells to outline.
    bbox : ndarray, ``(n, 2, 3)``
        Their first and one past their last voxel.
    frame : int
        Number of the frame.
    """
    silhouettes = []
    for number, (start, stop) in zip(label, bbox, strict=True):
        box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        mask = (labels[box] == number).any(axis=0)
        silhouettes.append((int(number), (int(start[1]), int(start[2])), mask))
    return OverlayFrame(np.stack([_projected(c) for c in channels]), silhouettes, frame)


def _projected(volume: NDArray[Any] | Window) -> NDArray[Any]:
    """Maximum along z, of one block after the other."""
    result = np.zeros(volume.shape[1:], volume.dtype)
    for box in boxes(volume):
        z, y, x = box
        highest = volume[box].max(axis=0)
        result[y, x] = highest if z.start == 0 else np.maximum(result[y, x], highest)
    return result


def draw_overlay(
    frames: Sequence[OverlayFrame],
    phase_of: Mapping[tuple[int, int], str],
    phases: PhaseSet,
    *,
    roles: Sequence[str] = ("dna", "membrane"),
    counts: Mapping[str, int] | None = None,
    pixel_um: tuple[float, float] | None = None,
    aspect: float = 1.0,
    title: str = "",
    subtitle: str = "",
    bare: bool = False,
    projected: bool = True,
    theme: Theme = DARK,
) -> Figure:
    """Draw the phases over the image.

    Parameters
    ----------
    frames : sequence of OverlayFrame
        One panel each.
    phase_of : mapping of (frame, label) to slug
        A cell that is not in it is outlined in grey.
    phases : PhaseSet
        The vocabulary of the legend.
    roles : sequence of str
        Role of each channel; the DNA is drawn white, others faintly in their tint.
    counts : mapping of slug to int, optional
        Numbers of the legend; without it, the outlined cells are counted.
    pixel_um : (float, float), optional
        Micrometres per pixel ``(y, x)``: gives the scale bar.
    aspect : float
        Height of a pixel over its width, where ``pixel_um`` does not say.
    title, subtitle : str
        The two lines above the picture.
    bare : bool
        The picture alone, without title and legend, for a page that has them beside it.
    projected : bool
        Whether the legend says that these are projections; of one plane they are none.
    theme : Theme
        Colours of paper and ink.

    Returns
    -------
    matplotlib.figure.Figure
    """
    if pixel_um is not None:
        aspect = pixel_um[0] / pixel_um[1]
    if counts is None:
        drawn = [phase_of.get((f.frame, s[0]), "") for f in frames for s in f.silhouettes]
        counts = {slug: drawn.count(slug) for slug in phases.slugs}
    columns = _COLUMNS.get(len(frames), 4)
    rows = -(-len(frames) // columns)
    rows_px, columns_px = frames[0].images.shape[1:] if frames else (1, 1)
    wide = _WIDE.get(columns, _NARROW)
    high = wide * rows_px * aspect / columns_px
    if high > 1.5 * wide:
        wide, high = 1.5 * wide * wide / high, 1.5 * wide
    label_row = 16.0 if len(frames) > 1 else 0.0
    margin = 0.0 if bare else _MARGIN
    top = margin if bare else margin + 46
    body = rows * (high + label_row + _GAP) - _GAP
    across = columns * (wide + _GAP) - _GAP
    if bare:
        page = Page(across, body, theme)
    else:
        page = Page(
            2 * margin + across + _GAP + _LEGEND,
            top + max(body, 150.0 + 19 * len(phases.leaves)) + margin,
            theme,
        )
        page.heading(title, subtitle, margin, first=14, size=17)
    limits = _limits(frames)
    for i, frame in enumerate(frames):
        row, column = divmod(i, columns)
        x = margin + column * (wide + _GAP)
        y = top + row * (high + label_row + _GAP)
        if label_row:
            page.text(x, y + 11, f"frame {frame.frame}", 9.5, color=theme.faint)
        names = 12.0 if bare else float(np.clip(wide / 75, 5.0, 8.5))
        _panel(page, frame, phase_of, phases, roles, limits, x, y + label_row, wide, high, names)
    if pixel_um is not None and frames:
        per_um = wide / (columns_px * pixel_um[1])
        _scale_bar(page, margin + wide, top + label_row + high, wide, per_um)
    if not bare:
        how = ["Maximum projection along z"] if projected else []
        _legend(page, page.width - _MARGIN - _LEGEND + 14, top, phases, counts, roles, how)
    return page.figure


def _limits(frames: Sequence[OverlayFrame]) -> list[tuple[float, float]]:
    """Grey values that become black and white, one pair a channel, the same for all frames."""
    if not frames:
        return []
    pairs = []
    for c in range(frames[0].images.shape[0]):
        values = np.concatenate([np.ravel(frame.images[c]) for frame in frames])
        low, high = np.percentile(values, (2.0, 99.7))
        pairs.append((float(low), float(high)))
    return pairs


def _panel(
    page: Page,
    frame: OverlayFrame,
    phase_of: Mapping[tuple[int, int], str],
    phases: PhaseSet,
    roles: Sequence[str],
    limits: Sequence[tuple[float, float]],
    x: float,
    y: float,
    wide: float,
    high: float,
    names: float,
) -> None:
    from scipy import ndimage

    scaled = np.stack([stretch(c, *pair) for c, pair in zip(frame.images, limits, strict=True)])
    rows, columns = scaled.shape[1:]
    zoom = max(1, round(_CLOSE_UP / columns))
    rgb = _enlarge(blend(scaled, roles, faint=0.35), zoom)
    line = max(1, round(max(columns * zoom, 600) / 450))
    order = {slug: i for i, slug in enumerate(phases.slugs)}
    for label, (top, left), mask in sorted(
        frame.silhouettes, key=lambda s: order.get(phase_of.get((frame.frame, s[0]), ""), -1)
    ):
        slug = phase_of.get((frame.frame, label))
        color = rgb_of(phases[slug].color if slug else UNCLASSIFIED)
        big = _enlarge(mask, zoom)
        inner = ndimage.binary_erosion(big, iterations=line)
        area = rgb[top * zoom : top * zoom + big.shape[0], left * zoom : left * zoom + big.shape[1]]
        area[inner] += _FILL * (color - area[inner])
        area[big & ~inner] = color
    page.picture(rgb, x, y, wide, high, smooth=True)
    page.box(x, y, wide, high, edge=page.theme.line, line=0.8, order=3)
    if len(frame.silhouettes) <= _MOST_NAMES:
        for label, (top, left), mask in frame.silhouettes:
            middle = np.argwhere(mask).mean(axis=0) + 0.5
            page.text(
                x + (left + middle[1]) * wide / columns,
                y + (top + middle[0]) * high / rows,
                str(label),
                names,
                ha="center",
                va="center",
                color="white",
                zorder=5,
                path_effects=_halo(),
            )


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=1.8, foreground="black", alpha=0.75)]


def _enlarge(image: NDArray[Any], zoom: int) -> NDArray[Any]:
    """Repeat every pixel ``zoom`` times along both axes."""
    return np.repeat(np.repeat(image, zoom, axis=0), zoom, axis=1)


def scale_bar_length(width_um: float) -> float:
    """Choose a round length of about a fifth of the picture's width, micrometres."""
    target = width_um / 5
    power = 10.0 ** np.floor(np.log10(target))
    return float(max((f * power for f in (1, 2, 5) if f * power <= target), default=power))


def _scale_bar(page: Page, right: float, bottom: float, wide: float, per_um: float) -> None:
    """Draw a scale bar in the lower right corner of a panel."""
    length = scale_bar_length(wide / per_um)
    width = length * per_um
    text = f"{length:g} µm"
    room = max(width, text_width(text, 9.5)) + 14
    page.box(right - room - 6, bottom - 32, room, 26, fill="#000000B0", order=6)
    middle = right - 6 - room / 2
    page.box(middle - width / 2, bottom - 13, width, 3, fill="#FFFFFF", order=7)
    page.text(middle, bottom - 18, text, 9.5, ha="center", color="white", zorder=7)


def _legend(
    page: Page,
    x: float,
    y: float,
    phases: PhaseSet,
    counts: Mapping[str, int],
    roles: Sequence[str],
    how: Sequence[str],
) -> None:
    total = sum(counts.values())
    right = page.width - _MARGIN
    page.text(x, y + 12, "Phase", 10.5, weight="bold")
    page.text(right, y + 12, "cells", 9.5, ha="right", color=page.theme.faint)
    y += 32
    for leaf in phases.leaves:
        n = counts.get(leaf.slug, 0)
        ink = page.theme.ink if n else page.theme.faint
        page.box(x, y - 8.5, 11, 11, fill=leaf.color)
        page.text(x + 18, y, shorten(leaf.name, 9, right - x - 48), 9, color=ink)
        page.text(right, y, f"{n:,}", 9, ha="right", color=ink)
        y += 19
    page.box(x, y - 9, right - x, 0.6, fill=page.theme.line)
    page.text(x + 18, y + 8, "all", 9)
    page.text(right, y + 8, f"{total:,}", 9, ha="right")
    y += 34
    words = {"dna": "DNA: white", "membrane": "membrane: magenta", "tubulin": "tubulin: green"}
    for line in (*how, *(words.get(r, r) for r in roles)):
        page.text(x, y, line, 8.5, color=page.theme.faint)
        y += 14
