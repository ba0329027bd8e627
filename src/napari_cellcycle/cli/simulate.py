"""The verb ``simulate``: a simulated field and its truth, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli.arguments import positive, whole
from napari_cellcycle.cli.console import print_files, print_json, print_table

if TYPE_CHECKING:
    import argparse


def field_options(parser: argparse.ArgumentParser, out: Path | None = None) -> None:
    """Where a simulated field goes, and what is in it."""
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        default=out,
        required=out is None,
        help="folder to write to" + ("" if out is None else " (./%(default)s)"),
    )
    parser.add_argument("--seed", type=whole, default=0, help="of the simulation (%(default)s)")
    parser.add_argument(
        "--cells", type=positive, default=40, metavar="N", help="how many (%(default)s)"
    )


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``simulate``."""
    field_options(parser)


def run(args: argparse.Namespace) -> None:
    """Run ``simulate``."""
    from napari_cellcycle.demo import write_field

    field = write_field(args.out, seed=args.seed, n_cells=args.cells)
    if args.json:
        print_json(
            {
                "out": field.folder,
                "cells": len(field.truth),
                "counts": field.counts(),
                "files": field.files,
            }
        )
        return
    print_table(
        [("phase", "cells"), *((slug, str(n)) for slug, n in field.counts().items())], right=(1,)
    )
    print_files(field.files)
