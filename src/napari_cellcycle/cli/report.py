"""The verb ``report``: a project as one HTML page, and its cells as sheets on paper."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.arguments import positive
from napari_cellcycle.cli.console import print_files, print_json, progress
from napari_cellcycle.cli.project_arguments import channel_option, image_number, who
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.roles import parse_roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.review.state import Review


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``report``."""
    parser.add_argument("project", metavar="PROJECT", help="folder NAME.cellcycle")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the report, an .html file")
    parser.add_argument(
        "--sheets",
        type=Path,
        metavar="OUT",
        help="pages of cells for annotators: a .pdf, or a new folder of PNG; with a CSV to fill in",
    )
    parser.add_argument(
        "--blind", action="store_true", help="sheets without predictions, in a shuffled order"
    )
    parser.add_argument(
        "--per-page", type=positive, metavar="N", help="cells of a sheet (10; 20 in 2D)"
    )
    parser.add_argument(
        "--first",
        type=positive,
        metavar="N",
        help="at most so many cells of each image on sheets, the most uncertain ones (all)",
    )
    parser.add_argument("--image", metavar="NAME", help="one image of the project (all)")
    parser.add_argument(
        "--vocabulary", metavar="NAME", help="in which words (that of the newest predictions)"
    )
    channel_option(parser)


def run(args: argparse.Namespace) -> None:
    """Write what was asked for, and print what was written."""
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.export.export import reviews_of

    if args.out is None and args.sheets is None:
        raise CellCycleError("Say what to write: --out REPORT.html, --sheets OUT, or both.")
    values: dict[str, Any] = {}
    files: list[Path] = []
    with Project.open(args.project, who=who(""), read_only=True) as project:
        number = image_number(project, args.image)
        reviews = reviews_of(project, image=number, vocabulary=args.vocabulary)
        if args.out is not None:
            values["report"] = _report(args, reviews)
            files.append(values["report"]["out"])
        if args.sheets is not None:
            values["sheets"] = _sheets(args, reviews)
            files += values["sheets"]["files"]
    if args.json:
        print_json(values)
        return
    if "sheets" in values:
        cells, sheets = values["sheets"]["cells"], values["sheets"]["sheets"]
        print(f"{counted(cells, 'cell')} on {counted(sheets, 'sheet')}")
    print_files(files)


def _report(args: argparse.Namespace, reviews: Sequence[Review]) -> dict[str, Any]:
    from napari_cellcycle.figures.report import write_report

    with progress("report", "cells") as report:
        out = write_report(
            reviews, args.out, channels=parse_roles(args.channel) or None, progress=report
        )
    return {"out": out, "cells": sum(map(len, reviews))}


def _sheets(args: argparse.Namespace, reviews: Sequence[Review]) -> dict[str, Any]:
    from napari_cellcycle.figures.sheet_set import write_sheets

    with progress("sheets", "cells") as report:
        made = write_sheets(
            reviews,
            args.sheets,
            blind=args.blind,
            per_page=args.per_page,
            first=args.first,
            channels=parse_roles(args.channel) or None,
            progress=report,
        )
    return {"files": list(made.files), "cells": made.n, "sheets": made.sheets}
