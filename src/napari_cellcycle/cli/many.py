"""``classify`` of many images: what is done is kept, and one table comes out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from napari_cellcycle.cli.console import (
    note,
    print_files,
    print_json,
    print_shares,
    progress,
)
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from napari_cellcycle.classify.jobs import Job, Settings
    from napari_cellcycle.classify.many import Failed
    from napari_cellcycle.classify.parts import Done, Parts
    from napari_cellcycle.models.card import ModelCard

SOME_FAILED = 3
"""Exit code of a run in which some images failed."""
_ONE_ONLY = ("crop", "project", "gallery", "overlay", "view")
_MOST_TOLD = 5


def run(args: argparse.Namespace) -> None:
    """Classify many images into one table, and go on where a run was stopped."""
    from napari_cellcycle.classify.device import choose_device
    from napari_cellcycle.classify.jobs import jobs_of
    from napari_cellcycle.classify.many import classify_many
    from napari_cellcycle.classify.parts import Parts, check_parquet
    from napari_cellcycle.models.folder import load_model

    for name in _ONE_ONLY:
        if getattr(args, name):
            raise CellCycleError(f"--{name} is for one image; leave it out, or give one image.")
    if args.out is None:
        raise CellCycleError("Many images become one table: say where (--out cells.csv).")
    check_parquet()
    jobs = jobs_of(args.image, args.labels, args.nuclei_labels)
    check_not_an_input(args.out, jobs)
    model = load_model(args.model, choose_device(args.device))
    parts = Parts(Path(f"{args.out}.parts"), settings_of(args), model.sha256)
    with parts.alone():
        with progress("classify", "images") as report:
            outcomes = tell_each(
                classify_many(jobs, settings_of(args), model, parts), len(jobs), report
            )
        done, failed = sort_out(outcomes, jobs, parts)
        rows = parts.join([one.name for one in done], args.out) if done else 0
    if not done:
        refuse_none_done(failed, parts)
    if not failed:
        parts.remove()
    if args.json:
        print_json({**as_json(model.card, done, failed), "out": args.out, "cells": rows})
    else:
        tell(model.card, done, failed)
        print_files([args.out])
    if failed:
        note(f"What is done is kept in {parts.folder}: the same command tries the others again.")
        raise SystemExit(SOME_FAILED)


def settings_of(args: argparse.Namespace) -> Settings:
    """What the arguments say of every image."""
    from napari_cellcycle.classify.jobs import Settings
    from napari_cellcycle.image.spacing import parse_spacing

    if args.spacing:
        parse_spacing(args.spacing)
    return Settings(
        channels=tuple(args.channel),
        labels_are=args.labels_are,
        spacing=args.spacing,
        isotropic=args.isotropic,
        scene=args.scene,
        vote=args.vote,
        exact=args.exact,
        memory=args.memory,
    )


def check_not_an_input(out: Path, jobs: Sequence[Job]) -> None:
    """Refuse to write over an image or its labels, or over a folder."""
    inputs = {path for job in jobs for path in (job.image, job.labels, job.nuclei) if path}
    if out.resolve() in {path.resolve() for path in inputs}:
        raise CellCycleError(f"--out {out} is an image of this run; choose another name.")
    if out.is_dir():
        raise CellCycleError(f"--out {out} is a folder; give the name of a file.")


def tell_each(outcomes: Iterable[Done | Failed], total: int, report: Any) -> list[Done | Failed]:
    """Take in outcomes as they come, and show how far it is."""
    found = []
    for outcome in outcomes:
        found.append(outcome)
        if report is not None:
            report(len(found), total)
    return found


def sort_out(
    outcomes: Sequence[Done | Failed], jobs: Sequence[Job], parts: Parts
) -> tuple[list[Done], list[Failed]]:
    """Part what is done from what failed, in the order of the jobs.

    What a worker has written where this computer cannot see it has failed.
    """
    from napari_cellcycle.classify.many import Failed

    found = {outcome.name: outcome for outcome in outcomes}
    done, failed = [], []
    for job in jobs:
        outcome = found[job.name]
        if isinstance(outcome, Failed):
            failed.append(outcome)
        elif parts.path(job.name).is_file():
            done.append(outcome)
        else:
            unseen = f"its worker does not write to {parts.folder} as this computer sees it."
            failed.append(Failed(job.name, unseen))
    return done, failed


def refuse_none_done(failed: Sequence[Failed], parts: Parts) -> NoReturn:
    """Tell why no image could be classified, and leave no folder where nothing was done."""
    for failure in failed:
        note(f"{failure.name}: {failure.error}")
    parts.remove_if_empty()
    raise CellCycleError(f"None of the {len(failed)} images could be classified.")


def as_json(card: ModelCard, done: Sequence[Done], failed: Sequence[Failed]) -> dict[str, Any]:
    """What ``--json`` prints of many images."""
    return {
        "model": card.name,
        "images": [
            {"image": d.name, "device": d.device, "counts": d.counts, "notes": d.notes}
            for d in done
        ],
        "failed": [{"image": f.name, "error": f.error} for f in failed],
        "counts": total_counts(card, done),
    }


def total_counts(card: ModelCard, done: Sequence[Done]) -> dict[str, int]:
    """Cells of each phase in all images."""
    total = Counter(dict.fromkeys(card.phases, 0))
    for one in done:
        total.update(one.counts)
    return dict(total)


def tell(card: ModelCard, done: Sequence[Done], failed: Sequence[Failed]) -> None:
    """Say what came of the run; notes and failures go to stderr."""
    with_notes = [one for one in done if one.notes]
    for one in with_notes[:_MOST_TOLD]:
        for text in one.notes:
            note(f"{one.name}: {text}")
    if len(with_notes) > _MOST_TOLD:
        more = len(with_notes) - _MOST_TOLD
        note(f"Images with notes that are not shown: {more}; --json lists them.")
    for failure in failed:
        note(f"FAILED {failure.name}: {failure.error}")
    print(f"{len(done):,} of {len(done) + len(failed):,} images are done, by {card.name}.\n")
    print_shares(card.phase_set, total_counts(card, done))
