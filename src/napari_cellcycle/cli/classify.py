"""The verb ``classify``: the cells of one image; many images are handed over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli import many, projects
from napari_cellcycle.cli.arguments import cells_options, check_outputs, ending
from napari_cellcycle.cli.console import (
    print_facts,
    print_files,
    print_json,
    print_notes,
    print_run,
    print_table,
    progress,
)
from napari_cellcycle.cli.project_arguments import who_options
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``classify``."""
    cells_options(parser)
    parser.add_argument(
        "--out",
        metavar="TABLE",
        type=ending(".csv", ".parquet"),
        help="write the table; of many images it is needed, and what is done stays there",
    )
    parser.add_argument(
        "--project", metavar="NAME.cellcycle", type=Path, help="keep it in a project, new or not"
    )
    parser.add_argument(
        "--crop", action="store_true", help="the image is one 2D cell, cropped around it"
    )
    for figure in ("gallery", "overlay"):
        parser.add_argument(
            f"--{figure}", metavar="PNG", type=ending(".png"), help=f"draw the {figure}"
        )
    parser.add_argument("--view", action="store_true", help="open the result in napari")
    who_options(parser)


def run(args: argparse.Namespace) -> None:
    """Run ``classify``."""
    from napari_cellcycle.classify.jobs import beside, is_many
    from napari_cellcycle.image.reading import open_image
    from napari_cellcycle.image.roles import parse_channels

    if is_many(args.image):
        many.run(args)
        return
    (args.image,) = args.image
    args.labels, args.nuclei_labels = (
        beside(pattern, Path(args.image)) for pattern in (args.labels, args.nuclei_labels)
    )
    check_viewer(args)
    check_outputs(args, "out", "gallery", "overlay")
    _check_crop(args)
    projects.check_project(args)
    stack = open_image(args.image, scene=args.scene)
    channels = parse_channels(args.channel, stack) or None
    result = _crop(args, stack, channels) if args.crop else _cells(args, stack, channels)
    print_notes(result.notes)
    files = _write(args, stack, result)
    if args.project:
        files.append(projects.keep(args, stack, result))
    if args.json:
        print_json(result.to_json_dict())
    else:
        (_print_crop if args.crop else print_run)(stack, result)
        print_files(files)
    view(args, stack, result)


def _cells(
    args: argparse.Namespace, stack: Stack, channels: Mapping[str, int | None] | None
) -> Classification:
    from napari_cellcycle.classify.run import classify

    with progress("classify", "cells") as report:
        return classify(
            stack,
            args.labels,
            labels_are=args.labels_are,
            nuclei=args.nuclei_labels,
            scene=args.scene,
            model=args.model,
            channels=channels,
            spacing=args.spacing,
            isotropic=args.isotropic,
            vote=args.vote,
            device=args.device,
            exact=args.exact or None,
            memory=args.memory,
            progress=report,
        )


def _crop(
    args: argparse.Namespace, stack: Stack, channels: Mapping[str, int | None] | None
) -> Classification:
    from napari_cellcycle.classify.crop import classify_crop

    return classify_crop(
        stack, model=args.model, channels=channels, vote=args.vote, device=args.device
    )


def _write(args: argparse.Namespace, stack: Stack, result: Classification) -> list[Path]:
    files = []
    if args.out:
        from napari_cellcycle.review.export.tables import write_table

        files.append(write_table(result.to_frame(), args.out))
    if args.gallery or args.overlay:
        from napari_cellcycle.figures.page import save_figure
        from napari_cellcycle.figures.results import gallery_of, overlay_of

        for path, draw in ((args.gallery, gallery_of), (args.overlay, overlay_of)):
            if path:
                files.append(save_figure(draw(result, stack), path))
    return files


def _print_crop(stack: Stack, result: Classification) -> None:
    """Print the model, the phase and every phase's probability of a single cell."""
    probabilities = result.decision.probabilities[0]
    phase = result.phases.leaves[int(result.decision.phase[0])]
    model = f"{result.card.name} {result.card.version}"
    print_facts({"image": stack.name, "model": model, "phase": phase.name})
    print()
    named = zip(result.phases.leaves, probabilities, strict=True)
    print_table([("phase", "probability"), *((p.name, f"{v:.4f}") for p, v in named)], right=(1,))


def check_viewer(args: argparse.Namespace) -> None:
    """Refuse ``--view`` where nobody can show anything, before any work is done."""
    if args.view and args.viewer is None:
        raise CellCycleError("--view works in the program: run napari-cellcycle itself.")


def view(args: argparse.Namespace, stack: Stack, result: Classification) -> None:
    """Show the result, if asked to."""
    if args.view:
        args.viewer(stack, result)


def _check_crop(args: argparse.Namespace) -> None:
    """Refuse what says more about a crop than it takes."""
    if not args.crop:
        return
    for name in ("labels", "nuclei_labels", "spacing", "isotropic"):
        if getattr(args, name):
            raise CellCycleError(
                f"--crop finds the cell by itself and takes its size from it: leave out "
                f"--{name.replace('_', '-')}."
            )
    if args.project:
        raise CellCycleError("A project is of cells in an image: leave out --crop or --project.")
