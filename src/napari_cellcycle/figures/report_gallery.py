"""The pictures of the report: a few cells of each phase."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.counted import counted
from napari_cellcycle.figures.cuts import iter_composites
from napari_cellcycle.figures.gallery import choose_cells
from napari_cellcycle.figures.html import Element, data_uri, tag
from napari_cellcycle.figures.report_sections import swatch
from napari_cellcycle.review.decision import STATUS
from napari_cellcycle.review.names import shortened, stem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_cellcycle.cells.views.composite import Composite
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.review.places import Source

PER_PHASE = 12
"""Most pictures of a phase, over all images."""
_SIZE = 72
_QUALITY = 82


def gallery_section(
    phases: PhaseSet,
    sources: Sequence[Source],
    missing: Sequence[str],
    progress: Callable[[int, int], object] | None = None,
) -> Element:
    """Show the most and the least certain cells of each final phase.

    Parameters
    ----------
    phases : PhaseSet
        In whose order they come.
    sources : sequence of Source
        Images that are at hand.
    missing : sequence of str
        Why others are not.
    progress : callable of (done, total), optional
        Called for each cell that was cut out.
    """
    keys, slugs, sure = [], [], []
    for number, source in enumerate(sources):
        shown = source.review
        for row in np.flatnonzero(shown.final >= 0).tolist():
            keys.append((number, row))
        slugs += shown.slugs(shown.final[shown.final >= 0])
        sure.append(np.nan_to_num(shown.shown.confidence[shown.final >= 0]))
    chosen = choose_cells(slugs, np.concatenate(sure or [np.zeros(0)]), PER_PHASE).tolist()
    cells = [keys[i] for i in chosen]
    names = [stem(source.name) for source in sources]
    names = shortened(names) if len(names) > 1 else [""]
    pictures: list[Element | None] = [None] * len(cells)
    cut = iter_composites(sources, cells, size=_SIZE)
    for done, (place, made) in enumerate(cut, 1):
        number, row = cells[place]
        pictures[place] = _figure(sources[number], row, made, names[number])
        if progress is not None:
            progress(done, len(cells))
    parts: list[Element] = []
    for phase in phases:
        mine = [p for p, i in zip(pictures, chosen, strict=True) if slugs[i] == phase.slug]
        if mine:
            n = slugs.count(phase.slug)
            some = f": the {(len(mine) + 1) // 2} most and the {len(mine) // 2} least certain"
            told = counted(n, "cell") + (some if len(mine) < n else "")
            parts.append(tag("h3", swatch(phase), tag("span", told, class_="faint")))
            parts.append(tag("div", *mine, class_="gallery"))
    how = "Middle slice (DNA green, membrane magenta) and, in 3D, the projection of DNA along z."
    if not any("membrane" in source.roles for source in sources):
        flat = all(source.stack.is_2d for source in sources)
        how = "DNA: grey." if flat else "DNA: middle slice and, in 3D, the projection along z."
    key = tag("p", f"{how} p: confidence of the model; ✎: people say otherwise.", class_="faint")
    return tag("section", tag("h2", "Cells"), key, *(tag("p", text) for text in missing), *parts)


def _figure(source: Source, row: int, made: Composite, image: str) -> Element:
    review, cells = source.review, source.review.cells
    name = f"label {int(cells.label[row])}"
    where = f"{source.name}, frame {int(cells.frame[row])}, {name}"
    told = name if source.stack.n_frames == 1 else f"{name}, frame {int(cells.frame[row])}"
    sure = float(review.shown.confidence[row])
    marks = [] if np.isnan(sure) else [f"p {sure:.2f}"]
    if review.status[row] == STATUS["corrected"]:
        marks.append("✎")
    picture = tag("img", src=_jpeg(source, made), alt=where, title=where)
    lines = [line for line in (image, told, " ".join(marks)) if line]
    return tag("figure", picture, tag("figcaption", *(tag("div", line) for line in lines)))


def _jpeg(source: Source, made: Composite) -> str:
    from PIL import Image

    if source.stack.is_2d:
        wanted = ["centre" if "membrane" in source.roles else "z"]
    else:
        wanted = ["centre", "z"]
    tiles = [made.tiles[made.names.index(name)] for name in wanted]
    picture = np.round(np.concatenate(tiles, axis=1) * 255).astype(np.uint8)
    with io.BytesIO() as buffer:
        Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY)
        return data_uri(buffer.getvalue(), "image/jpeg")
