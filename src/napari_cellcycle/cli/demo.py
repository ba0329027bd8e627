"""The verb ``demo``: a simulated field, classified and compared with the truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli.arguments import model_options
from napari_cellcycle.cli.classify import check_viewer, view
from napari_cellcycle.cli.console import print_files, print_json, print_notes, print_run, progress
from napari_cellcycle.cli.simulate import field_options

if TYPE_CHECKING:
    import argparse


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``demo``."""
    field_options(parser, out=Path("demo"))
    model_options(parser)
    parser.add_argument("--view", action="store_true", help="open the result in napari")


def run(args: argparse.Namespace) -> None:
    """Run ``demo``."""
    from napari_cellcycle.demo import run_demo

    check_viewer(args)
    with progress("classify", "cells") as report:
        demo = run_demo(
            args.out,
            seed=args.seed,
            n_cells=args.cells,
            model=args.model,
            device=args.device,
            progress=report,
        )
    result = demo.classification
    print_notes(result.notes)
    agreement = demo.agreement
    if args.json:
        print_json(
            {
                "out": demo.folder,
                "cells": len(result.cells),
                "counts": result.counts(),
                "agreement": agreement.fraction,
                "files": demo.files,
            }
        )
    else:
        print_run(demo.stack, result)
        print(f"\nAgrees with the truth in {agreement.top} of {agreement.n} cells (mitotic or not)")
        print(f"and in {agreement.phase} of {agreement.n} (phase).")
        print_files(demo.files)
    view(args, demo.stack, result)
