"""The verbs ``export`` and ``import``, and ``classify --project``: projects from the shell."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.console import print_files, print_json, print_notes, print_table, progress
from napari_cellcycle.cli.project_arguments import channel_option, image_number, who, who_options
from napari_cellcycle.image.roles import parse_roles

if TYPE_CHECKING:
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Stack
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.intake.answers import Answers
    from napari_cellcycle.review.intake.union import Union

_WHAT = ("cells", "reviews", "crops", "folder", "labels", "agreement")
_ONLY = ("all", "reviewed", "corrected", "final")


def export_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``export``."""
    parser.add_argument("project", metavar="PROJECT", help="folder NAME.cellcycle")
    parser.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help=".csv, .parquet or .h5ad of cells; .csv or .parquet of reviews; .npz of crops; "
        ".ome.tif of labels; .json, .csv or .parquet of agreement; or a folder",
    )
    parser.add_argument(
        "--what",
        choices=_WHAT,
        default=_WHAT[0],
        help="a table of cells or of words, a crop set, a folder of pictures, label images of "
        "phases, how far people agree (%(default)s)",
    )
    parser.add_argument(
        "--only",
        choices=_ONLY,
        help="which cells: all, those that somebody judged, those corrected, those with a final "
        "phase (all; reviewed for crops and folder)",
    )
    _which_options(parser)
    channel_option(parser, "of crops and folder: ")


def import_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``import``."""
    parser.add_argument("project", metavar="PROJECT", help="folder NAME.cellcycle")
    parser.add_argument(
        "source",
        nargs="?",
        metavar="FROM",
        help="CSV of cells, of reviews, or with label and phase; or another project",
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="instead of FROM: a new label image of the same image; words follow by overlap",
    )
    _which_options(parser)
    who_options(parser)


def _which_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--image", metavar="NAME", help="one image of the project (all)")
    parser.add_argument(
        "--vocabulary", metavar="NAME", help="in which words (that of the newest predictions)"
    )


def run_export(args: argparse.Namespace) -> None:
    """Write what a project knows, and print what was written."""
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.export.export import export_project

    with (
        Project.open(args.project, who=who(""), read_only=True) as project,
        progress("export", "frames") as report,
    ):
        done = export_project(
            project,
            args.out,
            what=args.what,
            only=args.only,
            image=image_number(project, args.image),
            vocabulary=args.vocabulary,
            channels=parse_roles(args.channel) or None,
            progress=report,
        )
    print_notes([f"Left out: {note}." for note in done.notes])
    if args.json:
        values = {"what": done.what, "files": done.files, "n": done.n, "phases": done.phases}
        values["left_out"] = done.notes
        print_json(values | ({"agreement": done.agreement} if done.agreement else {}))
        return
    unit = {"reviews": "words", "agreement": "cells judged by at least two people"}
    print(f"{done.n:,} {unit.get(done.what, 'cells')}")
    for found in done.agreement:
        _print_agreement(found)
    if done.phases:
        counts = [(name, f"{n:,}") for name, n in done.phases.items()]
        print()
        print_table([("final phase", "cells"), *counts], right=(1,))
    print_files(done.files)


def _print_agreement(found: dict[str, Any]) -> None:
    """How the people of an image agree, a pair a line."""
    pairs = [
        (
            pair["first"],
            pair["second"],
            f"{pair['n']:,}",
            *_shares(pair["agreement"], pair["kappa"]),
        )
        for pair in found["pairs"]
    ]
    print(f"\n{found['image']}: {found['conflicts']:,} in conflict")
    if pairs:
        print_table([("first", "second", "cells", "the same", "kappa"), *pairs], right=(2, 3, 4))
    if len(found["people"]) > 2 and found["fleiss_kappa"] is not None:
        print(f"Fleiss' kappa {found['fleiss_kappa']:.2f}, {found['cells']:,} cells")


def _shares(agreement: float | None, kappa: float | None) -> tuple[str, str]:
    same = "–" if agreement is None else f"{100 * agreement:.0f} %"
    return same, "–" if kappa is None else f"{kappa:.2f}"


def run_import(args: argparse.Namespace) -> None:
    """Take words into a project, and print what came and what did not match."""
    from napari_cellcycle.errors import ProjectError
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.intake.answers import Answers
    from napari_cellcycle.review.intake.intake import import_words

    if (args.source is None) == (args.labels is None):
        raise ProjectError("Give one thing to import: a file or project FROM, or --labels FILE.")
    with Project.open(args.project, who=who(args.who)) as project:
        if args.labels is not None:
            _import_labels(args, project)
            return
        found = import_words(
            project,
            args.source,
            image=image_number(project, args.image),
            phases=_phases(project, args.vocabulary),
        )
    if isinstance(found, Answers):
        _tell_answers(found, json=args.json)
        if found.is_foreign:
            raise ProjectError(f"No row of {args.source} matches; nothing was taken.")
    else:
        _tell_union(found, json=args.json)


def _tell_answers(found: Answers, *, json: bool) -> None:
    if json:
        values = {"new": found.new, "known": found.known, "silent": found.silent}
        print_json({**values, "unmatched": found.unmatched})
        return
    print_notes(found.unmatched)
    n = len(found.unmatched)
    silent = f"; rows without a word: {found.silent:,}" if found.silent else ""
    print(f"words: {found.new:,} new, {found.known:,} known{silent}; rows that do not match: {n:,}")


def _tell_union(found: Union, *, json: bool) -> None:
    if json:
        values = {"new": found.new, "known": found.known, "people": found.people}
        joined = {**found.joined.to_dict(), "conflicts": found.joined.conflicts}
        print_json(
            {**values, "joined": joined, "tracks": found.tracked, "unmatched": found.refused}
        )
        return
    print_notes(found.notes)
    print(f"words: {found.new:,} new, {found.known:,} known, {len(found.refused):,} left out")
    if found.joined:
        print(found.joined)
    for told in found.tracked:
        print(told)


def _import_labels(args: argparse.Namespace, project: Project) -> None:
    """Take a new segmentation of an image, and tell what became of the words."""
    from napari_cellcycle.errors import ProjectError
    from napari_cellcycle.image.reading import open_labels
    from napari_cellcycle.review.relabelling.handover import hand_over
    from napari_cellcycle.review.relabelling.orphans import orphan_notes
    from napari_cellcycle.review.state import Review

    images = project.images.all()
    number = image_number(project, args.image)
    if number is None and len(images) != 1:
        raise ProjectError(
            f"{project.folder.name} has {len(images)} images: say with --image of which one "
            f"{args.labels} are the labels."
        )
    image = project.images[images[0].number if number is None else number]
    present = project.segmentations.cells(project.segmentations.current(image.number))
    labels = open_labels(args.labels, labels_are=present.labels_are, scene=image.scene or None)
    found = hand_over(project, image.number, labels)
    if args.json:
        print_json(found.to_dict())
        return
    for vocabulary in project.journal.vocabularies(image.number):
        print_notes(orphan_notes(Review(project, image.number, vocabulary=vocabulary)))
    print(found)


def check_project(args: argparse.Namespace) -> None:
    """Refuse a ``--project`` that cannot be written, before any work is done."""
    from napari_cellcycle.errors import ReadOnlyProjectError

    if args.project and _folder(args).exists():
        with _opened(args) as project:
            if project.read_only:
                raise ReadOnlyProjectError(project.reason)


def _folder(args: argparse.Namespace) -> Path:
    from napari_cellcycle.project.store import project_folder

    return project_folder(args.project)


def _opened(args: argparse.Namespace) -> Project:
    from napari_cellcycle.project.project import Project

    folder, name = _folder(args), who(args.who)
    return Project.open(folder, who=name) if folder.exists() else Project.create(folder, who=name)


def keep(args: argparse.Namespace, stack: Stack, result: Classification) -> Path:
    """Put a classification into the project of ``--project``, which is made where there is none."""
    from napari_cellcycle.image.reading import open_labels

    with _opened(args) as project:
        nuclei = open_labels(args.nuclei_labels, scene=args.scene) if args.nuclei_labels else None
        settings = {"channels": {k: v for k, v in result.channels.items() if v is not None}}
        image = project.images.add(
            stack, result.segmentation, cells=result.cells, nuclei=nuclei, settings=settings
        )
        project.predictions.add_classification(image.number, result)
        return project.folder


def _phases(project: Project, name: str | None) -> PhaseSet | None:
    return None if name is None else project.vocabularies[name]
