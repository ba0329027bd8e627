"""The command line: one subcommand a verb, each a call into a room below and some printing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle import (
    classify_verb,
    curate_verb,
    evaluate_verb,
    model_verb,
    plate_verb,
    project_verbs,
    report_verb,
    serve_verb,
    tracks_verb,
    train_verb,
)
from napari_cellcycle.arguments import (
    check_outputs,
    demo_options,
    field_options,
    info_options,
    segment_options,
)
from napari_cellcycle.console import (
    Parser,
    guarded,
    print_facts,
    print_files,
    print_json,
    print_notes,
    print_run,
    print_table,
    progress,
)

if TYPE_CHECKING:
    import argparse

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack

Viewer = Callable[["Stack", "Classification"], None]
"""Shows a classification on its image and returns when the window is closed."""

_REPORTED = (
    *("napari-cellcycle", "napari", "torch", "torchvision", "numpy", "scikit-image", "tifffile"),
    *("bioio", "aicsimageio"),
)


@dataclass(frozen=True, slots=True)
class Verb:
    """One subcommand: its options, and what it runs."""

    name: str
    help: str
    options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


def main(argv: Sequence[str] | None = None, *, viewer: Viewer | None = None) -> int:
    """Run one subcommand.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.
    viewer : callable, optional
        What ``--view`` calls.

    Returns
    -------
    int
        Exit code: 0, or 2 for a mistake that the user can mend.
    """

    def work() -> None:
        args = parse(sys.argv[1:] if argv is None else argv)
        args.viewer = viewer
        args.run(args)

    return guarded(work)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Read the arguments of one call; its ``run`` does what they say."""
    args, more = _parser().parse_known_args(model_verb.expand(argv))
    if more:
        args.fail(f"unrecognized arguments: {' '.join(more)}")  # by the verb, whose help has them
    return args


def _parser() -> Parser:
    from importlib.metadata import version

    parser = Parser(
        prog="napari-cellcycle",
        description="Cell-cycle phases of segmented cells in 3D and 2D microscopy images.",
    )
    parser.add_argument("--version", action="version", version=version("napari-cellcycle"))
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for verb in VERBS:
        sub = verbs.add_parser(verb.name, help=verb.help, description=f"{verb.help}.")
        verb.options(sub)
        sub.add_argument("--json", action="store_true", help="print JSON for a program to read")
        sub.set_defaults(run=verb.run, fail=sub.error)
    return parser


# --- demo -------------------------------------------------------------------------------------


def _demo(args: argparse.Namespace) -> None:
    from napari_cellcycle.demo import run_demo

    classify_verb.check_viewer(args)
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
    classify_verb.view(args, demo.stack, result)


# --- segment and simulate ---------------------------------------------------------------------


def _segment(args: argparse.Namespace) -> None:
    from napari_cellcycle.cells.segmentation import segment_nuclei
    from napari_cellcycle.cells.table import cell_table
    from napari_cellcycle.classify import resolve_channels
    from napari_cellcycle.image.reading import open_image, scene_notes
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
    print_notes(scene_notes(stack))
    write_labels(found, args.out, spacing=spacing)
    n = len(cell_table(found, spacing))
    if args.json:
        print_json({"image": stack.name, "out": args.out, "cells": n, "method": args.method})
    else:
        print(f"{n:,} nuclei in {stack.name}")
        print_files([args.out])


def _simulate(args: argparse.Namespace) -> None:
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


# --- info --------------------------------------------------------------------------------------


def _info(args: argparse.Namespace) -> None:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from napari_cellcycle.classify.device import choose_device
    from napari_cellcycle.models.catalogue import data_folder

    versions = {"python": platform.python_version()}
    for name in _REPORTED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    device, folder = choose_device("auto"), str(data_folder())
    if args.json:
        print_json({"versions": versions, "device": device, "data_folder": folder})
    else:
        print_facts(versions | {"device": device, "data folder": folder})


# A new verb is registered here; ``--help`` lists them in this order.
VERBS: tuple[Verb, ...] = (
    Verb("demo", "Simulate a field, classify it and compare with the truth", demo_options, _demo),
    Verb(
        "classify",
        "Classify the cells of one image or of many",
        classify_verb.options,
        classify_verb.run,
    ),
    Verb(
        "plate",
        "Classify the images of plates on many workers, well by well",
        plate_verb.options,
        plate_verb.run,
    ),
    Verb("segment", "Segment nuclei in an image without labels", segment_options, _segment),
    Verb("simulate", "Write a simulated field with its truth", field_options, _simulate),
    Verb("train", "Train a model on labelled crops", train_verb.options, train_verb.run),
    Verb("evaluate", "Test a model on labelled crops", evaluate_verb.options, evaluate_verb.run),
    Verb(
        "export",
        "Write tables, training data or label images of a project",
        project_verbs.export_options,
        project_verbs.run_export,
    ),
    Verb(
        "import",
        "Take words of a CSV file or of another project into a project",
        project_verbs.import_options,
        project_verbs.run_import,
    ),
    Verb(
        "curate",
        "Find cells of a project whose phase does not fit their size and DNA",
        curate_verb.options,
        curate_verb.run,
    ),
    Verb(
        "tracks",
        "Check phases along tracks, smooth them, and measure how long they last",
        tracks_verb.options,
        tracks_verb.run,
    ),
    Verb(
        "serve",
        "Open a web page to classify with, on this computer",
        serve_verb.options,
        serve_verb.run,
    ),
    Verb(
        "report",
        "Write a report of a project, or sheets of its cells for annotators",
        report_verb.options,
        report_verb.run,
    ),
    Verb("models", "List, show, install and export models", model_verb.options, model_verb.run),
    Verb("info", "Print versions, device and data folder", info_options, _info),
)
