"""The verb ``segment``: plain nuclei of an image without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli.arguments import above_zero, check_outputs, image_options
from napari_cellcycle.cli.console import print_files, print_json, print_notes, progress

if TYPE_CHECKING:
    import argparse


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``segment``."""
    image_options(parser)
    parser.add_argument("--out", metavar="LABELS.tif", type=Path, required=True)
    parser.add_argument(
        "--method", choices=("local", "otsu"), default="local", help="threshold (%(default)s)"
    )
    for name in ("smoothing", "min-diameter"):
        parser.add_argument(
            f"--{name}",
            type=above_zero,
            metavar="UM",
            help="micrometres, or voxels (from the image)",
        )


def run(args: argparse.Namespace) -> None:
    """Run ``segment``."""
    from napari_cellcycle.cells.nuclei.segmentation import segment_nuclei
    from napari_cellcycle.cells.table import cell_table
    from napari_cellcycle.classify import resolve_channels
    from napari_cellcycle.image.reading import open_image
    from napari_cellcycle.image.roles import parse_channels
    from napari_cellcycle.image.spacing import parse_spacing, resolve_spacing
    from napari_cellcycle.image.write import check_tiff_path, write_labels

    check_tiff_path(args.out)
    check_outputs(args, "out")
    stack = open_image(args.image, scene=args.scene)
    spacing = resolve_spacing(
        stack.spacing,
        user=parse_spacing(args.spacing) if args.spacing else None,
        isotropic=args.isotropic,
        is_2d=stack.is_2d,
        name=stack.name,
    )
    dna = resolve_channels(stack, ("dna",), parse_channels(args.channel, stack))["dna"]
    with progress("segment", "frames") as report:
        found = segment_nuclei(
            stack,
            dna or 0,
            spacing,
            method=args.method,
            smoothing=args.smoothing,
            min_diameter=args.min_diameter,
            progress=report,
        )
    print_notes(stack.notes)
    write_labels(found, args.out, spacing=spacing)
    n = len(cell_table(found, spacing))
    if args.json:
        print_json({"image": stack.name, "out": args.out, "cells": n, "method": args.method})
    else:
        print(f"{n:,} nuclei in {stack.name}")
        print_files([args.out])
