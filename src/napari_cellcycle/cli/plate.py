"""The verb ``plate``: many images on many workers, and what each well has of each phase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.cli.arguments import cells_options, positive
from napari_cellcycle.cli.console import note, print_files, print_json, progress
from napari_cellcycle.cli.many import (
    SOME_FAILED,
    as_json,
    check_not_an_input,
    refuse_none_done,
    settings_of,
    sort_out,
    tell,
    tell_each,
)
from napari_cellcycle.errors import CellCycleError

if TYPE_CHECKING:
    import argparse

    import pandas as pd

    from napari_cellcycle.models.card import ModelCard


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``plate``."""
    cells_options(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder for tables and maps"
    )
    parser.add_argument(
        "--well",
        metavar="REGEX",
        help="how names of files tell the well, with groups row and column (and plate), such as "
        "'(?P<row>[A-P])(?P<column>[0-9][0-9])'; OME-Zarr plates tell it themselves",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a Dask cluster that runs already, such as tcp://10.0.0.1:8786 (one is started "
        "on this computer)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="processes on this computer (one a graphics card, else one a processor core)",
    )


def run(args: argparse.Namespace) -> None:
    """Classify the images of plates on a cluster, and go on where a run was stopped."""
    from napari_cellcycle.classify.cluster import classify_on, connected
    from napari_cellcycle.classify.jobs import jobs_of, with_wells
    from napari_cellcycle.classify.parts import Parts, check_parquet
    from napari_cellcycle.classify.wells import summarise_wells
    from napari_cellcycle.models.catalogue import find_model
    from napari_cellcycle.models.folder import read_model_card

    if args.scheduler and args.workers:
        raise CellCycleError("--workers is for a cluster on this computer; leave out --scheduler.")
    check_parquet()
    jobs = with_wells(jobs_of(args.image, args.labels, args.nuclei_labels), args.well)
    table = args.out / "cells.parquet"
    check_not_an_input(table, jobs)
    card, sha256 = read_model_card(args.model)
    settings = settings_of(args)
    parts = Parts(args.out / "parts", settings, sha256)
    with (
        parts.alone(),
        connected(args.scheduler, args.workers, args.device) as client,
        progress("classify", "images") as report,
    ):
        work = classify_on(
            client, jobs, settings, find_model(args.model), sha256, args.device, parts
        )
        done, failed = sort_out(tell_each(work, len(jobs), report), jobs, parts)
        rows = parts.join([one.name for one in done], table) if done else 0
    if not done:
        refuse_none_done(failed, parts)
    wells = summarise_wells(jobs, done, card.phases)
    files = [_write_wells(wells, args.out / "wells.csv"), *_draw(wells, card, args)]
    if args.json:
        print_json(
            {
                **as_json(card, done, failed),
                "out": args.out,
                "cells": rows,
                "wells": wells.to_dict("records"),
                "files": [table, *files],
            }
        )
    else:
        tell(card, done, failed)
        print_files([table, *files])
    if failed:
        note("The same command tries the images that failed again; the others stay done.")
        raise SystemExit(SOME_FAILED)


def _write_wells(wells: pd.DataFrame, path: Path) -> Path:
    from napari_cellcycle.cells.columns import write_csv

    write_csv(wells, path, free_text=("plate", "row", "column"))
    return path


def _draw(wells: pd.DataFrame, card: ModelCard, args: argparse.Namespace) -> list[Path]:
    """Draw a map of each plate."""
    from napari_cellcycle.classify.wells import in_order
    from napari_cellcycle.figures.page import save_figure
    from napari_cellcycle.figures.plate import draw_plate
    from napari_cellcycle.image.plate import is_plate, read_plate
    from napari_cellcycle.review.export.folder import safe_name

    known = {plate.name: plate for plate in map(read_plate, filter(is_plate, args.image))}
    files = []
    for name, some in wells.groupby("plate"):
        plate = known.get(str(name))
        rows = plate.rows if plate else sorted(some["row"].unique(), key=in_order)
        columns = plate.columns if plate else sorted(some["column"].unique(), key=in_order)
        figure = draw_plate(
            some,
            card.phase_set,
            rows,
            columns,
            title=str(name) or "Plate",
            subtitle=f"{some['cells'].sum():,} cells in {len(some):,} wells  ·  model {card.name} "
            f"{card.version}  ·  each map from 0 to its largest value",
        )
        stem = (
            safe_name(str(name).removesuffix(".zarr")) if len(set(wells["plate"])) > 1 else "plate"
        )
        files.append(save_figure(figure, args.out / f"{stem}.png"))
    return files
