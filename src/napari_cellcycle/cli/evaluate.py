"""The verb ``evaluate``: its options, what it prints, and what it writes."""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli.arguments import VOTES, data_options, device_option
from napari_cellcycle.cli.console import (
    plain,
    print_facts,
    print_files,
    print_json,
    print_notes,
    print_table,
    progress,
)
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import replacing

if TYPE_CHECKING:
    from napari_cellcycle.train.evaluation.annotators import Judge, People
    from napari_cellcycle.train.evaluation.assessment import Assessment
    from napari_cellcycle.train.evaluation.compare import Comparison, McNemar
    from napari_cellcycle.train.evaluation.evaluate import Evaluation
    from napari_cellcycle.train.evaluation.pairs import PairOfClasses

_NAMES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
    "macro_auroc": "macro AUROC",
    "ece": "calibration error (ECE)",
}
_UNDEFINED = "–"
_OF_CLASS = {"precision": "precision", "recall": "recall", "f1": "F1", "auroc": "AUROC"}


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``evaluate``."""
    parser.add_argument("model", metavar="MODEL", help="name or path of a model")
    data_options(parser, "what is drawn as a whole for the intervals")
    parser.add_argument(
        "--merge",
        metavar="NAME=CLASS+CLASS,…",
        help="after --map, put classes together, in the truth and in the prediction",
    )
    parser.add_argument(
        "--vote", choices=VOTES, default=VOTES[0], help="how the projections decide (%(default)s)"
    )
    parser.add_argument(
        "--held-out", action="store_true", help="leave out groups that the model was trained on"
    )
    parser.add_argument("--compare", metavar="MODEL2", help="a second model on the same cells")
    parser.add_argument(
        "--annotators", metavar="CSV", type=Path, help="people: columns cell, annotator, phase"
    )
    parser.add_argument(
        "--pairs", action="store_true", help="how well each two classes are told apart"
    )
    device_option(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="folder for evaluation.json, tables and pictures"
    )


def run(args: argparse.Namespace) -> None:
    """Evaluate, print, and write where asked."""
    from napari_cellcycle.train.data.dataset import parse_indices, read_data
    from napari_cellcycle.train.data.relabel import parse_map, parse_merge
    from napari_cellcycle.train.evaluation.assessment import AssessRequest, assess

    if args.out is not None and args.out.exists() and not args.out.is_dir():
        raise CellCycleError(f"--out {args.out} is a file; give a folder.")
    renames = parse_map(args.map) if args.map is not None else {}
    merge = parse_merge(args.merge) if args.merge is not None else {}
    crops = read_data(
        args.data,
        label_key=args.label_key,
        group_key=args.group_key,
        channels=parse_indices(args.channel) or None,
    )
    request = AssessRequest(
        args.model,
        crops,
        renames,
        merge,
        vote=args.vote,
        other=args.compare,
        annotators=args.annotators,
        pairs=args.pairs,
        held_out=args.held_out,
        device=args.device,
    )
    with progress("evaluate", "cells") as report:
        found = assess(request, progress=report)
    print_notes(found.notes)
    files = [] if args.out is None else write(found, args.out)
    if args.json:
        print_json(found.to_dict())
        return
    _print(found, args.group_key)
    print_files(files)


def write(found: Assessment, folder: Path) -> list[Path]:
    """Write everything that was found: JSON, confusion matrix and reliability, tables of people.

    Parameters
    ----------
    found : Assessment
        What to write.
    folder : Path
        Made if it is missing; files of the same names are replaced.
    """
    from napari_cellcycle.figures.confusion import draw_confusion
    from napari_cellcycle.figures.page import save_figure
    from napari_cellcycle.figures.reliability import draw_reliability

    evaluation, card = found.evaluation, found.card
    path = folder / "evaluation.json"
    with replacing(path) as new:
        text = json.dumps(plain(found.to_dict()), indent=2, allow_nan=False, ensure_ascii=False)
        new.write_text(text + "\n", encoding="utf-8")
    files = [path, evaluation.write_confusion(folder / "confusion.csv")]
    subtitle = f"{found.data}: {_cells(evaluation)}"
    matrix = draw_confusion(
        evaluation.confusion,
        evaluation.labels,
        phases=card.phase_set,
        title=f"{card.name} {card.version}",
        subtitle=subtitle,
    )
    files.append(save_figure(matrix, folder / "confusion.png"))
    bins = evaluation.bins
    curve = draw_reliability(
        bins.n,
        bins.confidence,
        bins.accuracy,
        error=bins.error,
        title=f"Reliability of {card.name}",
        subtitle=subtitle,
    )
    files.append(save_figure(curve, folder / "reliability.png"))
    if found.people is not None:
        files.append(_write_table(folder / "people.csv", _people_rows(found.people)))
    if found.pairs:
        files.append(_write_table(folder / "pairs.csv", _pair_rows(found.pairs)))
    return files


def _write_table(path: Path, rows: list[tuple[str, ...]]) -> Path:
    with replacing(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [_field(text) for text in row] for row in rows
        )
    return path


def _field(text: str) -> str:
    from napari_cellcycle.spreadsheet import neutralise

    if text == _UNDEFINED:
        return ""
    try:
        float(text)
    except ValueError:
        return neutralise(text)
    return text


def _print(found: Assessment, group_key: str) -> None:
    evaluation, card = found.evaluation, found.card
    prior = ", ".join(f"{label} {100 * p:.1f} %" for label, p in evaluation.prior.items())
    print_facts(
        {
            "model": f"{card.name} {card.version}",
            "data": f"{found.data}: {_cells(evaluation)}",
            "class prior": prior,
            "intervals": f"95 %, bootstrap by {group_key}, {evaluation.draws:,} draws"
            if evaluation.groups > 1
            else "none: one group",
        }
    )
    print()
    values = [(text, _with_interval(evaluation, name)) for name, text in _NAMES.items()]
    mean, highest = evaluation.bins.error_by_chance()
    values.append(("ECE that chance gives", f"{mean:.3f} (up to {highest:.3f})"))
    print_table([("figure", "value"), *values])
    print()
    counts = evaluation.confusion.sum(axis=1)
    rows = [
        (label, f"{n:,}", *(_with_interval(evaluation, f"{name}/{label}") for name in _OF_CLASS))
        for label, n in zip(evaluation.labels, counts, strict=True)
    ]
    print_table([("class", "cells", *_OF_CLASS.values()), *rows], right=(1,))
    print()
    matrix = [
        (label, *(f"{n:,}" for n in row))
        for label, row in zip(evaluation.labels, evaluation.confusion, strict=True)
    ]
    print_table(
        [("truth \\ called", *evaluation.labels), *matrix],
        right=range(1, 1 + len(evaluation.labels)),
    )
    if found.comparison is not None:
        print()
        _print_comparison(found.comparison)
    if found.people is not None:
        print()
        _print_people(found.people)
    if found.pairs:
        print()
        rows = _pair_rows(found.pairs)
        print_table(rows, right=range(2, len(rows[0])))


def _print_comparison(found: Comparison) -> None:
    first, second = found.accuracy
    low, high = found.interval
    test = found.t_test
    print_facts(
        {
            f"accuracy of {found.first}": f"{first:.3f}",
            f"accuracy of {found.second}": f"{second:.3f}",
            "difference": f"{found.difference:+.3f} ({low:+.3f} to {high:+.3f})",
            "McNemar": _mcnemar(found.mcnemar),
            "paired t-test": f"t = {test.t:.2f}, p = {test.p:.3g}, {test.pairs:,} groups",
        }
    )


def _print_people(people: People) -> None:
    rows = _people_rows(people)
    print_table(rows, right=range(1, len(rows[0])))
    print()
    test = people.t_test
    print_facts(
        {
            "best": ", ".join(people.best),
            "average": f"{people.average:.3f}",
            "majority": f"{people.majority.accuracy:.3f}, without {people.ties:,} ties",
            "agreement of people": f"Cohen's kappa {_number(people.agreement_cohen)} on average, "
            f"Fleiss' kappa {_number(people.agreement_fleiss)}",
            "model with people": f"Cohen's kappa {_number(people.model_agreement)} on average",
            "model less people": f"{test.mean:+.3f}, paired t = {test.t:.2f}, p = {test.p:.3g}, "
            f"{test.pairs:,} people",
        }
    )
    if people.comparison is not None:
        print()
        _print_comparison(people.comparison)


def _people_rows(people: People) -> list[tuple[str, ...]]:
    heading = ("judge", "cells", "accuracy", "kappa", "model there", "McNemar p")
    judges = (*people.annotators, people.majority, people.model)
    return [heading, *(_judge_row(judge) for judge in judges)]


def _judge_row(judge: Judge) -> tuple[str, ...]:
    numbers = (judge.accuracy, judge.kappa, judge.model_accuracy)
    return (judge.name, str(judge.n), *map(_number, numbers), f"{judge.mcnemar.p:.3g}")


def _pair_rows(pairs: tuple[PairOfClasses, ...]) -> list[tuple[str, ...]]:
    judges = list(pairs[0].accuracy)
    heading = ("class", "other class", "cells", *judges, "model, choosing", "ignored of model")
    return [heading, *(tuple(_pair_row(pair, judges)) for pair in pairs)]


def _pair_row(pair: PairOfClasses, judges: list[str]) -> Iterator[str]:
    yield from pair.classes
    yield str(pair.n)
    for name in judges:
        yield _number(pair.accuracy[name])
    yield _number(pair.model_choosing)
    yield str(pair.ignored["model"])


def _cells(evaluation: Evaluation) -> str:
    return f"{counted(evaluation.n, 'cell')}, {counted(evaluation.groups, 'group')}"


def _with_interval(evaluation: Evaluation, name: str) -> str:
    value, (low, high) = evaluation.values[name], evaluation.intervals[name]
    if low != low:
        return _number(value)
    return f"{_number(value)} ({low:.3f}–{high:.3f})"


def _number(value: float) -> str:
    return f"{value:.3f}" if value == value else _UNDEFINED


def _mcnemar(test: McNemar) -> str:
    return (
        f"p = {test.p:.3g} ({test.only_first:,} cells that only the first is right about, "
        f"{test.only_second:,} only the second)"
    )
