"""From a project to sheets on paper, and the table that annotators fill in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.cells.columns import write_csv
from napari_cellcycle.cells.views.composite import tile_names
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.figures.cuts import iter_composites
from napari_cellcycle.figures.sheets import SheetCell, SheetStyle, draw_sheet
from napari_cellcycle.figures.tile_file import TileFile
from napari_cellcycle.files import filling, replacing
from napari_cellcycle.models.ensemble import entropy
from napari_cellcycle.review.export.export import check_outside
from napari_cellcycle.review.export.folder import check_folder
from napari_cellcycle.review.export.rows import chosen_rows
from napari_cellcycle.review.names import shortened, stem
from napari_cellcycle.review.places import open_sources
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.export.rows import Only
    from napari_cellcycle.review.places import Pixels, Source

    Ints = NDArray[np.int64]
    Progress = Callable[[int, int], object]

PER_PAGE = {True: 20, False: 10}
"""Cells of a sheet, in 2D and in 3D."""
_SIZE = 96
_DPI = 144


@dataclass(frozen=True, slots=True)
class SheetSet:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        The sheets (a PDF, or a folder of PNG), then the table to fill in.
    n : int
        Cells.
    sheets : int
    """

    files: tuple[Path, ...]
    n: int
    sheets: int


def write_sheets(
    reviews: Sequence[Review],
    out: str | os.PathLike[str],
    *,
    blind: bool = False,
    per_page: int | None = None,
    only: Only = "all",
    first: int | None = None,
    seed: int = 0,
    channels: Mapping[str, int | str | None] | None = None,
    pixels: Mapping[int, Pixels] | None = None,
    progress: Progress | None = None,
) -> SheetSet:
    """Write cells as sheets with pictures, and a CSV with a row for each to fill in.

    The table has the columns ``sheet, place, image, frame, label, phase, note``; filled in, it is
    taken by :func:`napari_cellcycle.review.intake.intake.import_words`.

    Parameters
    ----------
    reviews : sequence of Review
        One an image.
    out : path-like
        A ``.pdf``, with the table beside it; or a new folder, for one PNG a sheet and the table.
    blind : bool
        Without predictions, in a shuffled order.
    per_page : int, optional
        Cells of a sheet; see :data:`PER_PAGE`.
    only : {"all", "reviewed", "corrected", "final"}
        Which cells.
    first : int, optional
        At most so many of each image: the most uncertain ones first.
    seed : int
        Of the shuffled order.
    channels, pixels
        See :func:`napari_cellcycle.review.places.open_sources`.
    progress : callable of (done, total), optional
        Called for each cell that was cut out, and each that is on a sheet.

    Raises
    ------
    CellCycleError
        Of some kind, if it cannot be written.
    """
    out = Path(out)
    files = _files(reviews[0].project, out)
    if first is not None and first < 1:
        raise CellCycleError(f"Sheets have one cell of each image or more, not {first}.")
    _check_answers(reviews)
    sources = open_sources(reviews, channels=channels, pixels=pixels)
    cells = [
        (number, row)
        for number, source in enumerate(sources)
        for row in _rows(source.review, only, first).tolist()
    ]
    if not cells:
        raise CellCycleError(f"No cell belongs to these sheets: none is {only!r}.")
    if blind:
        cells = [cells[i] for i in np.random.default_rng(seed).permutation(len(cells)).tolist()]
    style = _style(sources, blind=blind, per_page=per_page)
    table = _table(sources, cells, style.per_page)
    shape = (len(style.names), _SIZE, _SIZE, 3)
    with TileFile(out.parent, len(cells), shape) as pictures:
        for done, (place, made) in enumerate(iter_composites(sources, cells, size=_SIZE), 1):
            # of one plane DNA comes last, alone; without a membrane the rest would show it again
            tiles = made.tiles[-len(style.names) :]
            pictures.put(place, np.round(tiles * 255).astype(np.uint8))
            if progress is not None:
                progress(done, 2 * len(cells))
        sheets = _sheets(sources, cells, pictures, style, blind=blind, progress=progress)
        if out.suffix:
            _write_pdf(sheets, out, style.title)
            _write_table(table, files[1])
        else:
            with filling(out) as new:
                for number, figure in enumerate(sheets, 1):
                    figure.savefig(new / f"sheet-{number:03d}.png", dpi=_DPI)
                _write_table(table, new / files[1].name)
    return SheetSet(files, len(cells), -(-len(cells) // style.per_page))


def _files(project: Project, out: Path) -> tuple[Path, Path]:
    """Sheets and their table, neither of which is in the way of anything."""
    if out.suffix.lower() not in ("", ".pdf"):
        raise CellCycleError(f"Sheets are a .pdf or a new folder of pictures, not {out.name}.")
    check_outside(project, out)
    if not out.suffix:
        return check_folder(out), out / "sheets.csv"
    table = out.with_suffix(".csv")
    check_outside(project, table)
    if table.exists():
        raise CellCycleError(
            f"{table} is there already, and may have been filled in. Choose another name for the "
            "sheets, or move it first."
        )
    return out, table


def _check_answers(reviews: Sequence[Review]) -> None:
    """Refuse several vocabularies: a sheet lists the answers of one, and others are no words."""
    known: dict[tuple[str, ...], str] = {}
    for review in reviews:
        slugs = tuple(phase.slug for phase in review.phases)
        known.setdefault(slugs, f"{review.phases.name} for {review.cells.image}")
    if len(known) > 1:
        raise CellCycleError(
            f"The images are judged in several vocabularies ({', '.join(known.values())}), and a "
            "sheet lists the answers of one. Make sheets of one image at a time, or say in which "
            "vocabulary."
        )


def _rows(review: Review, only: Only, first: int | None) -> Ints:
    rows = chosen_rows(review, only)
    if first is None or len(rows) <= first:
        return rows
    if review.shown.sets:
        doubt = np.nan_to_num(entropy(review.shown.column("probabilities", np.nan))[rows], nan=9)
        rows = rows[np.argsort(-doubt, kind="stable")]
    return rows[:first]


def _style(sources: Sequence[Source], *, blind: bool, per_page: int | None) -> SheetStyle:
    flat = all(source.stack.is_2d for source in sources)
    review = sources[0].review
    names = tile_names(is_2d=flat)
    has_membrane = "membrane" in {role for source in sources for role in source.roles}
    tints = "DNA green, membrane magenta"
    axes = ", ".join(name for name in names if len(name) == 1)
    subtitle = f"Slices: {tints}. Projections of DNA along {axes}: grey."
    if not has_membrane:
        subtitle = f"DNA: slices, and projections along {axes}."
    if flat:
        names = ("both", "DNA") if has_membrane else ("DNA",)
        subtitle = f"Both: {tints}. DNA alone: grey." if has_membrane else "DNA: grey."
    style = SheetStyle(
        title=review.project.folder.stem,
        subtitle=f"{subtitle} In a shuffled order." if blind else subtitle,
        names=names,
        phases=review.phases,
        per_page=PER_PAGE[flat] if per_page is None else per_page,
    )
    if style.per_page < 1 or not style.tile:
        raise CellCycleError(f"A sheet has one cell or more, not {per_page}.")
    return style


def _sheets(
    sources: Sequence[Source],
    cells: Sequence[tuple[int, int]],
    pictures: TileFile,
    style: SheetStyle,
    *,
    blind: bool,
    progress: Progress | None,
) -> Iterator[Figure]:
    n, names = style.per_page, shortened([stem(source.name) for source in sources])
    total = -(-len(cells) // n)
    for sheet in range(total):
        members = range(sheet * n, min((sheet + 1) * n, len(cells)))
        drawn = []
        for place, i in enumerate(members, 1):
            number, row = cells[i]
            lines = _lines(sources[number], row, blind=blind)
            if len(sources) > 1:
                lines.append(names[number])
            has = len(tile_names(is_2d=sources[number].stack.is_2d))
            tiles = pictures.get(i, min(has, len(style.names)))
            drawn.append(SheetCell(place, tiles, lines))
        yield draw_sheet(drawn, style, number=sheet + 1, total=total)
        if progress is not None:
            progress(len(cells) + members.stop, 2 * len(cells))


def _lines(source: Source, row: int, *, blind: bool) -> list[str]:
    review, cells = source.review, source.review.cells
    lines = [f"label {int(cells.label[row])}"]
    if source.stack.n_frames > 1:
        lines[0] += f", frame {int(cells.frame[row])}"
    (slug,) = review.slugs(review.shown.phase[[row]])
    if slug and not blind:
        lines += [slug, f"p {float(review.shown.confidence[row]):.2f}"]
    return lines


def _table(
    sources: Sequence[Source], cells: Sequence[tuple[int, int]], per_page: int
) -> dict[str, list[Any]]:
    """Columns of the table; scene and vocabulary only where a row is not clear without."""
    tables = [source.review.cells for source in sources]
    columns: dict[str, list[Any]] = {
        "sheet": [i // per_page + 1 for i in range(len(cells))],
        "place": [i % per_page + 1 for i in range(len(cells))],
        "image": [tables[number].image for number, _ in cells],
        "frame": [int(tables[number].frame[row]) for number, row in cells],
        "label": [int(tables[number].label[row]) for number, row in cells],
        "phase": [""] * len(cells),
        "note": [""] * len(cells),
    }
    if any(table.scene for table in tables):
        columns["scene"] = [tables[number].scene for number, _ in cells]
    named = [source.review.phases.name for source in sources]
    usual = [Review(s.review.project, s.review.image).phases.name for s in sources]
    if named != usual:
        columns["vocabulary"] = [named[number] for number, _ in cells]
    return columns


def _write_table(columns: dict[str, list[Any]], path: Path) -> None:
    import pandas as pd

    write_csv(pd.DataFrame(columns), path, free_text=("image", "scene", "vocabulary"))


def _write_pdf(sheets: Iterator[Figure], path: Path, title: str) -> None:
    from matplotlib.backends.backend_pdf import PdfPages

    with replacing(path) as new, PdfPages(new, metadata={"Title": title}) as pdf:
        for figure in sheets:
            pdf.savefig(figure, facecolor=figure.get_facecolor())
