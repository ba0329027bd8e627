"""From a classification and its image to a gallery and an overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.views.views import make_views
from napari_cellcycle.counted import counted
from napari_cellcycle.figures.gallery import GalleryCell, choose_cells, draw_gallery
from napari_cellcycle.figures.overlay import OverlayFrame, draw_overlay, project_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack

_MOST_PANELS = 12


def gallery_of(
    classification: Classification,
    stack: Stack,
    *,
    per_phase: int = 16,
    truth: Mapping[tuple[int, int], str] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the gallery of a classification.

    Parameters
    ----------
    classification : Classification
        Its views are made again, for the cells that are shown only.
    stack : Stack
        The image that was classified.
    per_phase : int
        Most cells of one phase: half the most certain, half the least certain.
    truth : mapping of (frame, label) to slug, optional
        The true phases, where they are known.
    title : str, optional
        Instead of the image's name.
    """
    cells, phases = classification.cells, classification.phases
    slugs = classification.predicted_phases()
    shown, axes, roles = gallery_cells(classification, stack, per_phase=per_phase, truth=truth)
    right = None
    if truth is not None:
        right = dict.fromkeys(phases.slugs, 0)
        for frame, label, slug in zip(cells.frame, cells.label, slugs, strict=True):
            right[slug] += truth.get((int(frame), int(label))) == slug
    return draw_gallery(
        shown,
        phases,
        axes=axes,
        roles=roles,
        counts=classification.counts(),
        right=right,
        title=title or _title(stack),
        subtitle=_subtitle(classification),
    )


def gallery_cells(
    classification: Classification,
    stack: Stack,
    *,
    per_phase: int = 16,
    truth: Mapping[tuple[int, int], str] | None = None,
) -> tuple[list[GalleryCell], tuple[str, ...], tuple[str, ...]]:
    """Choose the cells of a gallery and make their views.

    Parameters
    ----------
    classification : Classification
        Its views are made again, for the chosen cells only.
    stack : Stack
        The image that was classified.
    per_phase : int
        Most cells of one phase: half the most certain, half the least certain.
    truth : mapping of (frame, label) to slug, optional
        The true phases, where they are known.

    Returns
    -------
    cells : list of GalleryCell
        Phase by phase, each from the most to the least certain.
    axes : tuple of str
        Axis of each view.
    roles : tuple of str
        Role of each channel of the views; those that the image lacks are left out.
    """
    cells, decision = classification.cells, classification.decision
    recipe, phases = classification.card.recipe, classification.phases
    slugs = classification.predicted_phases()
    chosen = choose_cells(slugs, decision.confidence, per_phase)
    volumes = [classification.channels.get(role) for role in recipe.channels]
    shown = [i for i, channel in enumerate(volumes) if channel is not None]
    entries: dict[int, GalleryCell] = {}
    axes: tuple[str, ...] = recipe.axes
    for frame in np.unique(cells.frame[chosen]):
        rows = chosen[cells.frame[chosen] == frame]
        views = make_views(
            [None if c is None else stack.window(int(frame), c) for c in volumes],
            classification.segmentation.window(int(frame)),
            cells.select(rows),
            recipe,
            classification.population,
        ).pictures()
        axes = views.axes
        for row, images in zip(rows, views.images, strict=True):
            key = (int(cells.frame[row]), int(cells.label[row]))
            entries[int(row)] = GalleryCell(
                label=key[1],
                frame=key[0],
                views=images[:, shown],
                phase=slugs[row],
                confidence=float(decision.confidence[row]),
                entropy=float(decision.entropy[row]),
                deciding_axis=str(decision.deciding_axis[row]),
                stage_deciding_axis=(
                    str(decision.stage_deciding_axis[row]) if phases[slugs[row]].parent else ""
                ),
                truth=None if truth is None else truth.get(key),
            )
    return (
        [entries[int(row)] for row in chosen],
        axes,
        tuple(recipe.channels[i] for i in shown),
    )


def overlay_of(
    classification: Classification,
    stack: Stack,
    *,
    all_frames: bool = True,
    title: str | None = None,
    bare: bool = False,
) -> Figure:
    """Draw the overlay of a classification.

    Parameters
    ----------
    classification : Classification
        What to draw.
    stack : Stack
        The image that was classified.
    all_frames : bool
        One panel a frame (a choice of twelve, evenly spaced, if there are more), or the first
        frame only.
    title : str, optional
        Instead of the image's name.
    bare : bool
        Without title and legend.
    """
    cells = classification.cells
    numbers = np.arange(stack.n_frames if all_frames else 1)
    if len(numbers) > _MOST_PANELS:
        numbers = np.unique(np.linspace(0, stack.n_frames - 1, _MOST_PANELS).round().astype(int))
    roles = [r for r, channel in classification.channels.items() if channel is not None]
    roles = [r for r in classification.card.recipe.channels if r in roles]
    spacing = cells.spacing
    return draw_overlay(
        [_overlay_frame(classification, stack, int(t), roles) for t in numbers],
        {
            (int(t), int(label)): slug
            for t, label, slug in zip(
                cells.frame, cells.label, classification.predicted_phases(), strict=True
            )
        },
        classification.phases,
        roles=roles,
        counts=classification.counts(),
        pixel_um=(spacing.y, spacing.x) if spacing.is_physical else None,
        aspect=spacing.y / spacing.x,
        title=title or _title(stack),
        subtitle=_subtitle(classification),
        bare=bare,
        projected=not stack.is_2d,
    )


def _overlay_frame(
    classification: Classification, stack: Stack, frame: int, roles: list[str]
) -> OverlayFrame:
    rows = classification.cells.select(classification.cells.frame == frame)
    channels = [classification.channels[role] for role in roles]
    return project_frame(
        [stack.window(frame, channel) for channel in channels if channel is not None],
        classification.segmentation.window(frame),
        rows.label,
        rows.bbox,
        frame=frame,
    )


def _title(stack: Stack) -> str:
    return f"{stack.name}  ·  {stack.scene}" if stack.scene else stack.name


def _subtitle(classification: Classification) -> str:
    n = len(classification.cells)
    card = classification.card
    source = {"cell": "cells", "nucleus": "nuclei"}[classification.cells.labels_are]
    return f"{counted(n, 'cell')}  ·  model {card.name} {card.version}  ·  outlined: {source}"
