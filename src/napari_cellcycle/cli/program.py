"""The command line: one subcommand a verb, each a call into a room below and some printing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.cli import (
    classify,
    curate,
    demo,
    evaluate,
    info,
    models,
    plate,
    projects,
    report,
    segment,
    serve,
    simulate,
    tracks,
    train,
)
from napari_cellcycle.cli.console import Parser, guarded

if TYPE_CHECKING:
    import argparse

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack

Viewer = Callable[["Stack", "Classification"], None]
"""Shows a classification on its image and returns when the window is closed."""


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
    args, more = _parser().parse_known_args(models.expand(argv))
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


# A new verb is registered here; ``--help`` lists them in this order.
VERBS: tuple[Verb, ...] = (
    Verb(
        "demo", "Simulate a field, classify it and compare with the truth", demo.options, demo.run
    ),
    Verb(
        "classify",
        "Classify the cells of one image or of many",
        classify.options,
        classify.run,
    ),
    Verb(
        "plate",
        "Classify the images of plates on many workers, well by well",
        plate.options,
        plate.run,
    ),
    Verb("segment", "Segment nuclei in an image without labels", segment.options, segment.run),
    Verb("simulate", "Write a simulated field with its truth", simulate.options, simulate.run),
    Verb("train", "Train a model on labelled crops", train.options, train.run),
    Verb("evaluate", "Test a model on labelled crops", evaluate.options, evaluate.run),
    Verb(
        "export",
        "Write tables, training data or label images of a project",
        projects.export_options,
        projects.run_export,
    ),
    Verb(
        "import",
        "Take words of a CSV file or of another project into a project",
        projects.import_options,
        projects.run_import,
    ),
    Verb(
        "curate",
        "Find cells of a project whose phase does not fit their size and DNA",
        curate.options,
        curate.run,
    ),
    Verb(
        "tracks",
        "Check phases along tracks, smooth them, and measure how long they last",
        tracks.options,
        tracks.run,
    ),
    Verb(
        "serve",
        "Open a web page to classify with, on this computer",
        serve.options,
        serve.run,
    ),
    Verb(
        "report",
        "Write a report of a project, or sheets of its cells for annotators",
        report.options,
        report.run,
    ),
    Verb("models", "List, show, install and export models", models.options, models.run),
    Verb("info", "Print versions, device and data folder", info.options, info.run),
)
