"""The gallery: cells by phase, each with the projections that the networks saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.counted import counted
from napari_cellcycle.figures.blend import blend
from napari_cellcycle.figures.page import Page, shorten, text_width
from napari_cellcycle.figures.theme import DARK, Theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.phases import Phase, PhaseSet

_MARGIN = 24.0
_GAP = 10.0
_PAD = 7.0
_TILE_GAP = 3.0
_TILE = {1: 96.0, 2: 72.0, 3: 64.0}
_COLUMNS = {1: 7, 2: 5, 3: 4}
_CARD_TEXT = 44.0
_SECTION_HEAD = 28.0
_SIGN = {"right": "✓", "wrong": "✗"}


@dataclass(frozen=True, slots=True)
class GalleryCell:
    """One cell as the gallery shows it.

    Parameters
    ----------
    label, frame : int
    views : ndarray, ``(axes, channels, size, size)``, float in [0, 1]
        As the networks saw them.
    phase : str
        Slug of the predicted phase.
    confidence : float
        Probability of the decision path.
    entropy : float
        Of the deciding prediction, nats.
    deciding_axis, stage_deciding_axis : str
        ``x``, ``y`` or ``z``; empty where all axes decided together or the level was not reached.
    truth : str or None
        Slug of the true phase, where it is known.
    """

    label: int
    frame: int
    views: NDArray[np.floating]
    phase: str
    confidence: float
    entropy: float
    deciding_axis: str = ""
    stage_deciding_axis: str = ""
    truth: str | None = None


def choose_cells(
    phase: Sequence[str], confidence: NDArray[np.floating], per_phase: int
) -> NDArray[np.intp]:
    """Choose which cells a gallery shows: of each phase the most and the least certain ones.

    Parameters
    ----------
    phase : sequence of str, ``(n,)``
        Predicted slugs.
    confidence : ndarray, ``(n,)``
        What sorts them.
    per_phase : int
        Most cells of one phase; half of them the most certain, half the least certain.

    Returns
    -------
    ndarray of int
        Indices, phase by phase, each phase from the most to the least certain.
    """
    slugs = np.asarray(phase, dtype=object)
    chosen = []
    for slug in dict.fromkeys(phase):
        members = np.flatnonzero(slugs == slug)
        members = members[np.argsort(-confidence[members], kind="stable")]
        if len(members) > per_phase:
            most = (per_phase + 1) // 2
            least = per_phase - most
            members = np.concatenate([members[:most], members[len(members) - least :]])
        chosen.append(members)
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.intp)


def draw_gallery(
    cells: Sequence[GalleryCell],
    phases: PhaseSet,
    *,
    axes: Sequence[str] = ("x", "y", "z"),
    roles: Sequence[str] = ("dna", "membrane"),
    counts: Mapping[str, int] | None = None,
    right: Mapping[str, int] | None = None,
    title: str = "",
    subtitle: str = "",
    theme: Theme = DARK,
) -> Figure:
    """Draw cells grouped by their predicted phase.

    Parameters
    ----------
    cells : sequence of GalleryCell
        Within a phase they are drawn from the most to the least certain.
    phases : PhaseSet
        Every leaf gets a section, in order.
    axes : sequence of str
        Axis of each view.
    roles : sequence of str
        Role of each channel of the views.
    counts : mapping of slug to int, optional
        Cells of each phase in the whole image, where ``cells`` is only a choice of them.
    right : mapping of slug to int, optional
        How many of ``counts`` agree with the truth; without it, the shown cells are counted.
    title, subtitle : str
        The two lines above the picture.
    theme : Theme
        Colours of paper and ink.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sections = {
        leaf.slug: sorted((c for c in cells if c.phase == leaf.slug), key=lambda c: -c.confidence)
        for leaf in phases.leaves
    }
    if counts is None:
        counts = {slug: len(members) for slug, members in sections.items()}
    if right is None and any(cell.truth is not None for cell in cells):
        right = {s: sum(c.truth == s for c in members) for s, members in sections.items()}
    layout = _Layout(len(axes))
    shown = [leaf for leaf in phases.leaves if sections[leaf.slug]]
    top = _MARGIN + 84
    absent = [leaf.name for leaf in phases.leaves if not counts.get(leaf.slug)]
    height = top + sum(layout.section_height(len(sections[leaf.slug])) for leaf in shown)
    height += _MARGIN + (14 if absent else 0)
    page = Page(layout.width, height, theme)
    _head(page, phases, counts, axes, roles, title, subtitle)
    y = top
    for leaf in shown:
        members = sections[leaf.slug]
        _section_head(page, y, leaf, counts.get(leaf.slug, len(members)), len(members), right)
        for i, cell in enumerate(members):
            row, column = divmod(i, layout.columns)
            _card(
                page,
                _MARGIN + column * (layout.card_width + _GAP),
                y + _SECTION_HEAD + row * (layout.card_height + _GAP),
                layout,
                cell,
                leaf,
                phases,
                axes,
                roles,
            )
        y += layout.section_height(len(members))
    if absent:
        page.text(_MARGIN, y + 6, f"No cell: {', '.join(absent)}", 9.5, color=theme.faint)
    return page.figure


class _Layout:
    """Sizes that follow from the number of axes, points."""

    def __init__(self, n_axes: int) -> None:
        self.n_axes = n_axes
        self.tile = _TILE[n_axes]
        self.columns = _COLUMNS[n_axes]
        self.card_width = 2 * _PAD + n_axes * self.tile + (n_axes - 1) * _TILE_GAP
        self.card_height = self.tile + _CARD_TEXT
        self.width = 2 * _MARGIN + self.columns * (self.card_width + _GAP) - _GAP

    def section_height(self, n: int) -> float:
        rows = -(-n // self.columns)
        return _SECTION_HEAD + rows * (self.card_height + _GAP) + 12


def _head(
    page: Page,
    phases: PhaseSet,
    counts: Mapping[str, int],
    axes: Sequence[str],
    roles: Sequence[str],
    title: str,
    subtitle: str,
) -> None:
    """Title, a bar of the phases' shares, and how to read a card."""
    theme = page.theme
    wide = page.width - 2 * _MARGIN
    page.heading(title, subtitle, _MARGIN, first=14, size=17)
    x, total = _MARGIN, sum(counts.values())
    for leaf in phases.leaves:
        share = wide * counts.get(leaf.slug, 0) / max(total, 1)
        if share:
            page.box(x, _MARGIN + 41, share, 7, fill=leaf.color)
            x += share
    page.text(_MARGIN, _MARGIN + 66, reading_key(axes, roles), 8.5, color=theme.faint)


def reading_key(axes: Sequence[str], roles: Sequence[str]) -> str:
    """Explain a card in one line."""
    tints = {"dna": "DNA white", "membrane": "membrane magenta", "tubulin": "tubulin green"}
    colors = ", ".join(tints.get(role, role) for role in roles)
    if len(axes) == 1:
        return f"Each image as the network saw it ({colors}).   p: probability   H: entropy, nats"
    return (
        f"Maximum projections along {', '.join(axes)} as the networks saw them ({colors}).   "
        "Solid frame: decided the phase; dashed: the stage.   p: probability   H: entropy, nats"
    )


def _section_head(
    page: Page, y: float, leaf: Phase, count: int, shown: int, right: Mapping[str, int] | None
) -> None:
    base = y + 14
    page.box(_MARGIN, y + 3, 5, 15, fill=leaf.color)
    page.text(_MARGIN + 12, base, leaf.name, 13, weight="bold")
    x = _MARGIN + 12 + text_width(leaf.name, 13, bold=True) + 10
    facts = [counted(count, "cell")]
    if right is not None:
        facts.append(f"{right.get(leaf.slug, 0):,} agree with the truth")
    if shown < count:
        facts.append(f"shown: the {(shown + 1) // 2} most and the {shown // 2} least certain")
    page.text(x, base, "  ·  ".join(facts), 9.5, color=page.theme.faint)


def _card(
    page: Page,
    x: float,
    y: float,
    layout: _Layout,
    cell: GalleryCell,
    leaf: Phase,
    phases: PhaseSet,
    axes: Sequence[str],
    roles: Sequence[str],
) -> None:
    theme = page.theme
    wrong = cell.truth is not None and cell.truth != cell.phase
    page.box(
        x,
        y,
        layout.card_width,
        layout.card_height,
        fill=theme.card,
        edge=theme.wrong if wrong else theme.card,
        line=1.4,
    )
    inner = layout.card_width - 2 * _PAD
    name = f"#{cell.label}" if cell.frame == 0 else f"t{cell.frame} #{cell.label}"
    page.text(x + _PAD, y + 14, name, 9.5, weight="bold")
    page.text(x + _PAD + inner, y + 14, f"p {cell.confidence:.2f}", 9.5, ha="right")
    top = y + 20
    for a, axis in enumerate(axes):
        left = x + _PAD + a * (layout.tile + _TILE_GAP)
        page.picture(blend(cell.views[a], roles), left, top, layout.tile, layout.tile)
        frame = theme.line
        solid = axis == cell.deciding_axis
        stage = axis == cell.stage_deciding_axis and not solid
        if solid or stage:
            frame = leaf.color
        page.box(
            left,
            top,
            layout.tile,
            layout.tile,
            edge=frame,
            line=2.0 if solid or stage else 0.6,
            dashed=stage,
            order=3,
        )
        if len(axes) > 1:
            page.text(left + 4, top + 10.5, axis, 8, color=theme.ink, alpha=0.8, zorder=4)
    base = top + layout.tile + 14
    page.text(x + _PAD, base, f"H {cell.entropy:.2f}", 8.5, color=theme.faint)
    if cell.truth is None:
        verdict = _deciders(cell) if len(axes) > 1 else ""
        page.text(x + _PAD + inner, base, verdict, 8.5, ha="right", color=theme.faint)
        return
    if wrong:
        known = {phase.slug: phase.name for phase in phases}
        verdict = f"{_SIGN['wrong']} truth: {known.get(cell.truth, cell.truth)}"
    else:
        verdict = _SIGN["right"]
    page.text(
        x + _PAD + inner,
        base,
        shorten(verdict, 7.8, inner - 32),
        7.8,
        ha="right",
        color=theme.wrong if wrong else theme.faint,
    )


def _deciders(cell: GalleryCell) -> str:
    """Who decided, in words."""
    if not cell.deciding_axis:
        return "all axes"
    if cell.stage_deciding_axis and cell.stage_deciding_axis != cell.deciding_axis:
        return f"by {cell.deciding_axis}, stage by {cell.stage_deciding_axis}"
    return f"by {cell.deciding_axis}"
