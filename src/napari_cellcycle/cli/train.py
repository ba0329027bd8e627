"""The verb ``train``: its options, its progress, and what it prints."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.arguments import data_options, device_option, positive, whole
from napari_cellcycle.cli.console import (
    print_facts,
    print_files,
    print_json,
    print_notes,
    print_table,
)

if TYPE_CHECKING:
    from napari_cellcycle.train.fit.fitting import Progress
    from napari_cellcycle.train.search import Trial
    from napari_cellcycle.train.training import TrainingResult

_FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "ece": "calibration error (ECE)",
}


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``train``."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="a recipe (such as allen-stages or cnncc-d3), a .toml file, or an architecture",
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", type=Path, help="model folder or .zip to write"
    )
    parser.add_argument(
        "--with",
        dest="others",
        action="append",
        default=[],
        metavar="OTHER",
        help="further data set, only learned from, never tested on; may be repeated",
    )
    parser.add_argument(
        "--from", dest="start", metavar="MODEL", help="begin with the weights of this model"
    )
    data_options(parser, "what is never split")
    parser.add_argument(
        "--merge", metavar="NAME=CLASS+CLASS,…", help="after --map, put labels together"
    )
    parser.add_argument(
        "--vocabulary",
        default="",
        metavar="NAME",
        help="what your own phases are called together, for the card (the phases themselves)",
    )
    parser.add_argument(
        "--epochs", type=positive, metavar="N", help="at most (those of the recipe)"
    )
    parser.add_argument(
        "--seed", type=whole, default=0, help="of split, weights and batches (%(default)s)"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with this training where it was interrupted"
    )
    parser.add_argument(
        "--finish",
        action="store_true",
        help="make a model of the best epoch that the interrupted training came to",
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="what is at --out, a model or an interrupted training, gives way to the new one",
    )
    parser.add_argument(
        "--folds",
        type=whole,
        metavar="K",
        help="cross-validate first, 0 for not at all (as the recipe says)",
    )
    parser.add_argument(
        "--search",
        action="store_true",
        help="first try other depths, widths and learning rates, without looking at the test",
    )
    device_option(parser)
    for name in ("licence", "attribution"):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="TEXT",
            help="of DATA, for the card; again for each OTHER, in their order",
        )
    parser.add_argument(
        "--limits", default="", metavar="TEXT", help="what these data cannot teach, for the card"
    )


def run(args: argparse.Namespace) -> None:
    """Train, and print how it went."""
    from napari_cellcycle.train.data.dataset import parse_indices
    from napari_cellcycle.train.data.relabel import parse_map, parse_merge
    from napari_cellcycle.train.training import train

    with _bars() as report:
        result = train(
            args.data,
            args.model,
            args.out,
            others=args.others,
            start=args.start,
            label_key=args.label_key,
            group_key=args.group_key,
            channels=parse_indices(args.channel) or None,
            renames=None if args.map is None else parse_map(args.map),
            merge=None if args.merge is None else parse_merge(args.merge),
            vocabulary=args.vocabulary,
            epochs=args.epochs,
            seed=args.seed,
            resume=args.resume or args.finish,
            finish=args.finish,
            overwrite=args.replace,
            folds=args.folds,
            find_settings=args.search,
            device=args.device,
            licence=args.licence,
            attribution=args.attribution,
            limits=args.limits,
            progress=report,
        )
    print_notes(result.notes)
    if args.json:
        print_json(result.to_dict())
        return
    _print(result)
    print_files(result.files)


@contextmanager
def _bars() -> Iterator[Callable[[Progress], None] | None]:
    """Give a bar for every fit on stderr, or ``None`` where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    bar: Any = None
    shown = ""

    def report(found: Progress) -> None:
        nonlocal bar, shown
        what = found.stage or "fit"
        if found.axis:
            what += f", axis {found.axis}"
        if what != shown:
            if bar is not None:
                bar.close()
            bar, shown = tqdm(desc=what, file=sys.stderr, leave=False), what
        if not found.epochs:
            bar.total = found.batches
            bar.update(found.batch - bar.n)
            return
        bar.total = found.epochs * found.batches
        bar.update((found.epoch - 1) * found.batches + found.batch - bar.n)
        values = {"epoch": f"{found.epoch}/{found.epochs}", "loss": f"{found.loss:.3f}"}
        if found.done is not None:
            values["validation"] = f"{found.done.validation_loss:.3f}"
            values["balanced accuracy"] = f"{found.done.balanced_accuracy:.3f}"
            bar.set_postfix(values)

    try:
        yield report
    finally:
        if bar is not None:
            bar.close()


def _print(result: TrainingResult) -> None:
    card, cells = result.card, result.parts
    print_facts(
        {
            "model": f"{card.name} ({card.architecture.name})",
            "phases": ", ".join(card.phases),
            "data": result.data,
            "cells": ", ".join(f"{n:,} to {_VERBS[part]}" for part, n in cells.items()),
            **{
                f"axis {axis}": f"best epoch {fit.best_epoch} of {len(fit.curve)}"
                for axis, fit in result.trained.fits.items()
            },
        }
    )
    if result.trials:
        print()
        print_table(
            [("tried", "balanced accuracy"), *(_trial(trial) for trial in result.trials)],
            right=(1,),
        )
    test = result.test
    rows = [("on the test part", "value", "95 % interval")]
    for key, name in _FIGURES.items():
        low, high = test.intervals[key]
        interval = f"{low:.3f} to {high:.3f}" if low == low else "–"
        rows.append((name, f"{test.values[key]:.3f}", interval))
    print()
    print_table(rows)
    print()
    matrix = [
        (label, *(f"{n:,}" for n in row))
        for label, row in zip(test.labels, test.confusion, strict=True)
    ]
    print_table([("truth \\ called", *test.labels), *matrix], right=range(1, 1 + len(test.labels)))
    crossed = result.cross_validation
    if crossed is None:
        return
    rows = [(f"in {len(crossed.folds)} folds", "mean", "95 % interval")]
    for key, name in list(_FIGURES.items())[:3]:
        low, high = crossed.interval(key)
        rows.append((name, f"{crossed.values(key).mean():.3f}", f"{low:.3f} to {high:.3f}"))
    print()
    print_table(rows)


_VERBS = {"train": "train", "validation": "validate", "test": "test", "others": "learn from beside"}


def _trial(trial: Trial) -> tuple[str, str]:
    settings = ", ".join(f"{key} {value}" for key, value in trial.settings.items())
    score = f"{trial.score:.3f}" if trial.score == trial.score else "could not be trained"
    return settings or "the recipe's own", score
