"""The verb ``tracks``: phases of a project's cells along tracks, and what they tell of time."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_cellcycle.cli.console import print_files, print_json, print_table
from napari_cellcycle.cli.project_arguments import image_number, who, who_options
from napari_cellcycle.counted import counted
from napari_cellcycle.errors import ProjectError

if TYPE_CHECKING:
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.tracked import Tracking
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.tracks.smoothing import Smoothed


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``tracks``."""
    parser.add_argument("project", metavar="PROJECT", help="folder NAME.cellcycle")
    parser.add_argument(
        "--tracks",
        type=Path,
        metavar="FILE",
        help="CSV with label, frame, track and, if known, parent (those that the project has)",
    )
    parser.add_argument("--image", metavar="NAME", help="image of the project (the only one)")
    parser.add_argument(
        "--frame-minutes",
        type=float,
        metavar="MINUTES",
        help="how long a frame lasts (as the metadata of the image say, else unknown)",
    )
    parser.add_argument(
        "--minutes",
        action="append",
        default=[],
        metavar="PHASE=MINUTES",
        help="how long a phase lasts, for --smooth with --frame-minutes; may be repeated (as in "
        "human cells in culture)",
    )
    parser.add_argument(
        "--smooth",
        action="store_true",
        help="add phases smoothed along the tracks as a prediction set of their own",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="folder for durations.csv, stays.csv, frames.csv, jumps.csv and timing.png",
    )
    who_options(parser)


def run(args: argparse.Namespace) -> None:
    """Take tracks, look for steps that cannot be, smooth, and print how long phases last."""
    from napari_cellcycle.figures.timing import duration_rows
    from napari_cellcycle.figures.timing_files import jumps_table, subtitle, write_timing
    from napari_cellcycle.project import Project
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.tracks.smoothing import smooth_predictions
    from napari_cellcycle.review.tracks.tracking import find_jumps, timing_of

    minutes = _minutes(args.minutes)
    if minutes and not args.smooth:
        raise ProjectError("How long phases last (--minutes) is for smoothing: add --smooth.")
    changes = bool(args.tracks or args.smooth or args.frame_minutes is not None)
    smoothed: Smoothed | None = None
    files: tuple[Path, ...] = ()
    with Project.open(args.project, who=who(args.who), read_only=not changes) as project:
        if args.out is not None:
            _check_folder(project, args.out)
        review = Review(project, _image(project, args.image))
        tracking = _tracking(review, args)
        jumps = jumps_table(review, tracking, find_jumps(review, tracking))
        if args.smooth:
            smoothed = smooth_predictions(
                review, tracking.tracks, frame_minutes=tracking.frame_minutes, minutes=minutes
            )
            review.show(smoothed.predictions.id)
        timing = timing_of(review, tracking)
        if args.out is not None:
            files = write_timing(review, tracking, args.out)
        name = review.cells.image
    if args.json:
        print_json(
            {
                "image": name,
                "tracks": len(tracking.tracks),
                "lost": tracking.tracks.lost,
                "jumps": jumps.to_dict("records"),
                "smoothed": None if smoothed is None else _values(smoothed),
                "unit": timing.unit,
                "frame_minutes": tracking.frame_minutes,
                "frame_minutes_from": _source(tracking),
                "durations": [duration.to_dict() for duration in timing.durations],
                "divisions": timing.divisions_per_frame().tolist(),
                "files": files,
            }
        )
        return
    print(f"{name}: {subtitle(tracking, timing)}")
    if tracking.tracks.lost:
        print(f"{counted(tracking.tracks.lost, 'point')} of tracks without a cell")
    print(f"\n{counted(len(jumps), 'step')} that cannot be")
    if len(jumps):
        rows = jumps.astype(str).to_numpy().tolist()
        print_table([tuple(jumps.columns), *map(tuple, rows)], right=(0, 1, 2, 4, 5))
    if smoothed is not None:
        n, model = len(smoothed.changed), smoothed.predictions.model
        print(f"\nPrediction set {model!r} added; {n:,} cells have another phase in it")
    print()
    print_table(duration_rows(timing), right=(1, 2, 3, 4))
    print_files(list(files))


def _tracking(review: Review, args: argparse.Namespace) -> Tracking:
    """The tracks of the call, kept; or those that the project has."""
    from napari_cellcycle.cells.tracks.track_table import read_tracks
    from napari_cellcycle.project.tracked import STATED
    from napari_cellcycle.review.tracks.tracking import tracking_of

    tracked, minutes = review.project.tracked, args.frame_minutes
    if args.tracks is not None:
        tracks = read_tracks(args.tracks, review.cells)
        said = STATED if minutes is None else minutes
        return tracked.put(review.image, tracks, name=args.tracks.name, frame_minutes=said)
    found = tracking_of(review)
    if minutes is None or minutes == found.frame_minutes:
        return found
    return tracked.put(review.image, found.tracks, name=found.name, frame_minutes=minutes)


def _source(tracking: Tracking) -> str | None:
    """Who says how long a frame lasts, in the words of a spacing."""
    if tracking.frame_minutes is None:
        return None
    return "metadata" if tracking.is_stated else "user"


def _image(project: Project, name: str | None) -> int | None:
    number = image_number(project, name)
    images = project.images.all()
    if number is None and len(images) > 1:
        known = ", ".join(image.name for image in images)
        raise ProjectError(
            f"{project.folder.name} has {len(images)} images: {known}. Say which with --image."
        )
    return number


def _check_folder(project: Project, out: Path) -> None:
    from napari_cellcycle.review.export.export import check_outside

    check_outside(project, out)
    if out.exists() and not out.is_dir():
        raise ProjectError(f"{out} is a file. Give --out a folder.")


def _minutes(texts: list[str]) -> dict[str, float]:
    found = {}
    for text in texts:
        phase, equals, value = (part.strip() for part in text.partition("="))
        try:
            found[phase] = float(value)
        except ValueError:
            equals = ""
        if not (equals and phase):
            raise ProjectError(f"Duration {text!r} is not understood; give phase=minutes.")
    return found


def _values(smoothed: Smoothed) -> dict[str, Any]:
    predictions = smoothed.predictions
    return {"id": predictions.id, "model": predictions.model, "changed": len(smoothed.changed)}
