"""The verb ``curate``: cells of a project whose predicted phase does not fit their measures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.console import (
    note,
    print_files,
    print_json,
    print_notes,
    print_table,
    progress,
)
from napari_cellcycle.cli.project_arguments import channel_option, image_number, who, who_options
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.image.roles import parse_roles

if TYPE_CHECKING:
    import pandas as pd

    from napari_cellcycle.cells.measures.dna_peaks import DnaPeaks
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.suspects.curation import PhaseCount
    from napari_cellcycle.review.suspects.suspects import Limits

_ABOUT = ("image", "scene", "frame", "label", "predicted_phase", "likely_phase", "suspicion")


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``curate``."""
    parser.add_argument("project", metavar="PROJECT", help="folder NAME.cellcycle")
    parser.add_argument("--image", metavar="NAME", help="one image of the project (all)")
    parser.add_argument(
        "--first",
        type=_whole,
        default=20,
        metavar="N",
        help="how many suspects of each image, the most suspect first (%(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=".csv or .parquet of the suspects and measures, or of the pairs",
    )
    parser.add_argument(
        "--daughters",
        action="store_true",
        help="propose pairs of labels that are the daughters of one division, instead of suspects",
    )
    parser.add_argument(
        "--verdicts",
        type=Path,
        metavar="FILE",
        help="with --daughters: accept and reject pairs as this CSV says, with the columns frame, "
        "labels (5+6) and verdict (accept or reject), such as a filled-in --out",
    )
    channel_option(parser)
    parser.add_argument(
        "--measures",
        metavar="A,B,...",
        help="what is looked at, such as volume,dna_volume (all that tell phases)",
    )
    parser.add_argument(
        "--by",
        choices=("discriminant", "clusters"),
        help="what measures say: as a discriminant learns it, or by two Gaussians a phase",
    )
    for name, help_ in (
        ("other", "suspect if another phase has at least this probability by measures"),
        ("between", "suspect if its own phase has less than this by measures"),
        ("outlier", "suspect if among this share of cells that fit their phase worst"),
        ("doubt", "suspect if the network gives its phase less than this"),
        ("weight", "how much measures count in the order beside the network"),
    ):
        parser.add_argument(f"--{name}", type=_share, metavar="SHARE", help=help_)
    parser.add_argument(
        "--fewest",
        type=_whole,
        metavar="N",
        help="a phase with fewer cells has no cluster, and is not learned",
    )
    who_options(parser)


def run(args: argparse.Namespace) -> None:
    """Find suspects, and print them with what people have changed so far; or pairs of daughters."""
    from napari_cellcycle.errors import ProjectError

    if args.verdicts is not None:
        if not args.daughters or args.out is not None:
            raise ProjectError("--verdicts goes with --daughters, and without --out.")
        _take_verdicts(args)
    elif args.daughters:
        _run_daughters(args)
    else:
        _run_suspects(args)


def _run_daughters(args: argparse.Namespace) -> None:
    import pandas as pd

    from napari_cellcycle.project import Project
    from napari_cellcycle.review.daughters.daughters import PairLimits, pairs_table, propose_pairs
    from napari_cellcycle.review.export.export import check_outside
    from napari_cellcycle.review.export.tables import check_table_path, write_table
    from napari_cellcycle.review.places import open_sources
    from napari_cellcycle.review.state import Review

    if args.out is not None:
        check_table_path(args.out, (".csv", ".parquet"))
    limits = PairLimits()
    found = []
    with Project.open(args.project, who=who(args.who), read_only=True) as project:
        if args.out is not None:
            check_outside(project, args.out)
        one = image_number(project, args.image)
        numbers = [image.number for image in project.images.all()] if one is None else [one]
        for number in numbers:
            review = Review(project, number)
            (source,) = open_sources([review], channels=parse_roles(args.channel) or None)
            found.append(pairs_table(review, propose_pairs(source, limits), limits))
    whole = pd.concat(found, ignore_index=True)
    if args.out is not None:
        write_table(whole.assign(verdict=""), args.out)
    if args.json:
        print_json(whole.astype(object).where(whole.notna(), None).to_dict("records"))
        return
    rows = [("image", "frame", "labels", "score", "why")]
    for row in whole.to_dict("records"):
        score = f"{row['score']:.2f}"
        rows.append((row["image"], str(row["frame"]), row["labels"], score, row["reason"]))
    print_table(rows, right=(1, 3))
    if args.out is not None:
        print_files([args.out])


def _take_verdicts(args: argparse.Namespace) -> None:
    from napari_cellcycle.errors import ProjectError
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.intake.pair_verdicts import read_verdicts

    with Project.open(args.project, who=who(args.who)) as project:
        one = image_number(project, args.image)
        found = read_verdicts(project, args.verdicts, image=one)
        numbers = [image.number for image in project.images.all()] if one is None else [one]
        classified = sum(_classify_joined(project, number, args) for number in numbers)
    values = {"new": found.new, "known": found.known, "silent": found.silent}
    values["classified"] = classified
    if args.json:
        print_json({**values, "unmatched": found.unmatched})
    else:
        print_notes(found.unmatched)
        print(
            f"verdicts: {found.new:,} new, {found.known:,} known; rows without one: "
            f"{found.silent:,}; rows that do not match: {len(found.unmatched):,}"
        )
        if classified:
            print(f"classified again: {counted(classified, 'cell')}")
    if found.is_foreign:
        raise ProjectError(f"No row of {args.verdicts} matches; nothing was taken.")


def _classify_joined(project: Project, image: int, args: argparse.Namespace) -> int:
    """Classify what has become another cell; how many there were, 0 where it cannot be done."""
    from napari_cellcycle.classify.anew import Seen, classify_stale, model_of
    from napari_cellcycle.review.places import open_sources
    from napari_cellcycle.review.state import Review

    review = Review(project, image)
    shown, stale = review.chosen_set, review.stale_rows
    if shown is None or not len(stale):
        return 0
    try:
        (source,) = open_sources([review], channels=parse_roles(args.channel) or None)
        nuclei = project.images.nuclei(image)
        seen = Seen(project, image, source.stack, source.labels, nuclei, source.roles)
        with progress("classify", "cells") as report:
            for batch in classify_stale(seen, shown, model_of(shown), stale):
                if report is not None:
                    report(batch.done, batch.total)
    except CellCycleError as error:
        note(f"{counted(len(stale), 'cell')} not classified again: {error}")
        return 0
    return len(stale)


def _run_suspects(args: argparse.Namespace) -> None:
    from napari_cellcycle.cells.measures.dna_peaks import find_dna_peaks
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.export.export import check_outside
    from napari_cellcycle.review.export.tables import check_table_path, write_table
    from napari_cellcycle.review.places import open_sources
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects.curation import (
        curation_counts,
        measured_of,
        suspects_of,
        suspects_table,
    )

    if args.out is not None:
        check_table_path(args.out, (".csv", ".parquet"))
    limits = _limits(args)
    found: list[tuple[str, pd.DataFrame, tuple[PhaseCount, ...], DnaPeaks, int]] = []
    with Project.open(args.project, who=who(args.who)) as project:
        if args.out is not None:
            check_outside(project, args.out)
        one = image_number(project, args.image)
        numbers = [image.number for image in project.images.all()] if one is None else [one]
        for number in numbers:
            (source,) = open_sources(
                [Review(project, number)], channels=parse_roles(args.channel) or None
            )
            with progress("measure", "cells") as report:
                measured = measured_of(source, report)
            try:
                suspects = suspects_of(source.review, measured, limits=limits)
            except CellCycleError as error:
                if number == numbers[-1] and not found:
                    raise
                note(f"{source.name} is left out: {error}")
                continue
            table = suspects_table(suspects, suspects.first(args.first))
            peaks = find_dna_peaks(measured["dna_content"])
            counts = curation_counts(source.review, suspects)
            found.append((source.name, table, counts, peaks, suspects.answers))
    if args.out is not None:
        import pandas as pd

        whole = pd.concat([table for _, table, *_ in found], ignore_index=True)
        write_table(whole, args.out)
    if args.json:
        print_json([_values(*image) for image in found])
        return
    for image in found:
        _tell(*image)
    if args.out is not None:
        print_files([args.out])


def _values(
    name: str,
    table: pd.DataFrame,
    counts: tuple[PhaseCount, ...],
    peaks: DnaPeaks,
    answers: int,
) -> dict[str, Any]:
    columns = [*_ABOUT, "kind", "reason"]
    return {
        "image": name,
        "suspects": table[columns].to_dict("records"),
        "answers": answers,
        "report": [count.to_dict() for count in counts],
        "dna_peaks": {
            "g1": peaks.g1 if peaks.found else None,
            "g2_m": peaks.g2 if peaks.found else None,
            "problem": peaks.problem,
        },
    }


def _tell(
    name: str,
    table: pd.DataFrame,
    counts: tuple[PhaseCount, ...],
    peaks: DnaPeaks,
    answers: int,
) -> None:
    learned = f", learned from {counted(answers, 'answer')}" if answers else ""
    print(f"{name}: {counts[-1].predicted:,} cells, {counts[-1].suspects:,} suspects{learned}")
    told = f"G2/M peak at {peaks.ratio:.2f} times that of G1" if peaks.found else peaks.problem
    print(f"DNA content: {told}\n")
    rows = [("frame", "label", "suspicion", "why")]
    for row in table.to_dict("records"):
        why = (
            row["reason"]
            or f"{row['predicted_phase']}; nothing more against it than against others"
        )
        rows.append((str(row["frame"]), str(row["label"]), f"{row['suspicion']:.3f}", why))
    print_table(rows, right=(0, 1, 2))
    print()
    head = ("phase", "predicted", "suspects", "examined", "changed", "left out")
    body = [tuple(str(value) for value in count.to_dict().values()) for count in counts]
    print_table([head, *body], right=(1, 2, 3, 4, 5))
    print()


def _limits(args: argparse.Namespace) -> Limits:
    from napari_cellcycle.review.suspects.suspects import Limits

    given: dict[str, Any] = {
        name: getattr(args, name)
        for name in ("other", "between", "outlier", "doubt", "weight", "fewest", "by")
        if getattr(args, name) is not None
    }
    if args.measures:
        given["measures"] = tuple(name.strip() for name in args.measures.split(","))
    return Limits(**given)


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share; give a number from 0 to 1")
    return value


def _whole(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of cells; give 1 or more")
    return int(text)
