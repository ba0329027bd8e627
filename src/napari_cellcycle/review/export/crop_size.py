"""The one size of all crops of a set, and the cells that fit into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.export.rows import chosen_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.places import Source

    Ints = NDArray[np.int64]

MARGIN = 0.75
"""On each side of the largest cell, in radii of the typical one."""
LARGEST = 3
"""A cell whose box is more than so many times the typical one is left out."""
MOST_BYTES = 4 << 30


def fitting_rows(sources: Sequence[Source], only: Only) -> tuple[list[Ints], tuple[str, ...]]:
    """Find the cells with a final phase whose boxes are of a usual size.

    Parameters
    ----------
    sources : sequence of Source
        The images.
    only : {"all", "reviewed", "corrected", "final"}
        Which cells are asked for.

    Returns
    -------
    rows : list of ndarray
        Of each image.
    left_out : tuple of str
        One sentence for each reason why cells were left out.

    Raises
    ------
    ProjectError
        If no cell has a final phase.
    """
    told = []
    chosen = [chosen_rows(source.review, only) for source in sources]
    kept = [
        rows[source.review.final[rows] >= 0] for source, rows in zip(sources, chosen, strict=True)
    ]
    without = sum(map(len, chosen)) - sum(map(len, kept))
    if without:
        told.append(f"{without} cells without a final phase (unsure, excluded, in conflict)")
    if not any(map(len, kept)):
        raise ProjectError(
            "No cell is left to export: none of those asked for has a final phase. Review some "
            "cells, or take predictions too (--only final)."
        )
    edges = [_edges(source, rows) for source, rows in zip(sources, kept, strict=True)]
    most = LARGEST * np.median(np.concatenate(edges), axis=0)
    fits = [(edge <= most).all(axis=1) for edge in edges]
    for source, rows, good in zip(sources, kept, fits, strict=True):
        if not good.all():
            labels = ", ".join(map(str, source.review.cells.label[rows[~good]].tolist()))
            told.append(
                f"cells of {source.name} that are more than {LARGEST} times as large as the "
                f"typical one: {labels}"
            )
    return [rows[good] for rows, good in zip(kept, fits, strict=True)], tuple(told)


def _edges(source: Source, rows: Ints) -> Ints:
    bbox = source.review.cells.bbox[rows]
    return bbox[:, 1] - bbox[:, 0]


def crop_size(sources: Sequence[Source], kept: Sequence[Ints]) -> Ints:
    """Edges of the crops, voxels ``(z, y, x)``.

    Parameters
    ----------
    sources : sequence of Source
        The images.
    kept : sequence of ndarray
        Rows of each.
    """
    cells = sources[0].review.cells
    step = np.array(cells.spacing.zyx)
    edges = np.concatenate([_edges(s, rows) for s, rows in zip(sources, kept, strict=True)])
    voxels = np.concatenate(
        [s.review.cells.voxels[rows] for s, rows in zip(sources, kept, strict=True)]
    )
    is_2d = all(source.stack.is_2d for source in sources)
    typical = float(np.median(voxels))
    if is_2d:
        radius = float(np.sqrt(typical * step[1] * step[2] / np.pi))
    else:
        radius = float(np.cbrt(typical * step.prod() * 3 / (4 * np.pi)))
    margin = np.ceil(MARGIN * radius / step).astype(np.int64)
    if is_2d:
        margin[0] = 0
    return np.asarray(edges.max(axis=0) + 2 * margin, np.int64)


def check_bytes(n_bytes: int, n: int, size: Ints) -> None:
    """Refuse what no memory should have to hold.

    Raises
    ------
    ProjectError
        Saying how to export less.
    """
    if n_bytes > MOST_BYTES:
        edges = " x ".join(map(str, size.tolist()))
        raise ProjectError(
            f"{n} crops of {edges} voxels would take {n_bytes / 2**30:.1f} GB; {MOST_BYTES >> 30} "
            "GB are the most. Export image by image (--image), or only what was corrected (--only "
            "corrected)."
        )
