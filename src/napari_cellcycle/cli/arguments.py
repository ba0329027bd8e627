"""Options of the verbs, and what is checked before any work is done."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from napari_cellcycle.errors import CellCycleError

VOTES = ("lowest-entropy", "majority", "mean")
DEFAULT_MODEL = "mitosis-3d"


def model_options(parser: argparse.ArgumentParser) -> None:
    """Which model, on which device."""
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name or path (%(default)s)")
    device_option(parser)


def device_option(parser: argparse.ArgumentParser) -> None:
    """Where to compute."""
    parser.add_argument(
        "--device", default="auto", help="auto, cuda, cuda:1, mps or cpu (%(default)s)"
    )


def image_options(parser: argparse.ArgumentParser, *, many: bool = False) -> None:
    """Which image, or images, and what their metadata do not say."""
    if many:
        parser.add_argument(
            "image",
            nargs="+",
            metavar="IMAGE",
            help="image file, OME-Zarr folder, pattern such as 'day1/*.tif', or OME-Zarr plate; "
            "many are possible",
        )
    else:
        parser.add_argument("image", metavar="IMAGE", help="image file or OME-Zarr folder")
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="ROLE=CHANNEL",
        help="which channel (index or name) has which role, such as dna=0; may be repeated "
        "(guessed from the channels' names)",
    )
    parser.add_argument("--scene", help="name or index of a scene (the first)")
    parser.add_argument(
        "--spacing", metavar="Z,Y,X", help="micrometres per voxel (the file's metadata)"
    )
    parser.add_argument(
        "--isotropic",
        action="store_true",
        help="the spacing is unknown, but voxels are as deep as wide",
    )


def cells_options(parser: argparse.ArgumentParser) -> None:
    """Which images and labels, which model, and how it decides."""
    image_options(parser, many=True)
    parser.add_argument(
        "--labels",
        metavar="FILE",
        help="label image (nuclei are segmented); of many images a pattern such as "
        "'{folder}/{name}_labels.tif', in a plate the name of a label image of each field",
    )
    parser.add_argument(
        "--labels-are", choices=("nucleus", "cell"), default="nucleus", help="(%(default)s)"
    )
    parser.add_argument(
        "--nuclei-labels", metavar="FILE", help="labels of the nuclei, where --labels are cells"
    )
    model_options(parser)
    parser.add_argument(
        "--vote", choices=VOTES, default=VOTES[0], help="how the projections decide (%(default)s)"
    )
    parser.add_argument(
        "--exact",
        action="store_true",
        help="float32 throughout: a processor that multiplies bfloat16 does so otherwise, with "
        "probabilities within 0.01 of these",
    )
    parser.add_argument(
        "--memory",
        type=above_zero,
        metavar="GIB",
        help="for one image and its labels, beyond the model: larger ones are read by blocks (2)",
    )


def data_options(parser: argparse.ArgumentParser, group: str) -> None:
    """Which labelled crops, and how they are read; ``group`` says what groups are for."""
    parser.add_argument(
        "data", metavar="DATA", help="crop set (.npz), or a folder with one sub-folder a class"
    )
    parser.add_argument("--label-key", default="phase", metavar="KEY", help="labels (%(default)s)")
    parser.add_argument(
        "--group-key",
        default="group",
        metavar="KEY",
        help=f"{group}: plate, image (%(default)s)",
    )
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="ROLE=INDEX",
        help="which channel, counted from 0, has which role, such as dna=1; may be repeated",
    )
    parser.add_argument(
        "--map",
        metavar="THEIRS=OURS,…",
        help="rename labels of the data; THEIRS= drops what is labelled so",
    )


def check_outputs(args: argparse.Namespace, *names: str) -> None:
    """Refuse to write over an input, or two things into one file, before any work is done."""
    inputs = [getattr(args, name, None) for name in ("image", "labels", "nuclei_labels")]
    taken = {Path(path).resolve() for path in inputs if path}
    for name in names:
        path = getattr(args, name)
        if path is None:
            continue
        if path.resolve() in taken:
            raise CellCycleError(
                f"--{name} {path} is a file that this run reads or writes already; choose another."
            )
        if path.is_dir():
            raise CellCycleError(f"--{name} {path} is a folder; give the name of a file.")
        taken.add(path.resolve())


def ending(*endings: str) -> Callable[[str], Path]:
    """Give an argument type: a path that ends in one of ``endings``."""

    def path(text: str) -> Path:
        if not text.lower().endswith(endings):
            raise argparse.ArgumentTypeError(f"{text!r} must end in {' or '.join(endings)}")
        return Path(text)

    return path


def positive(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)


def whole(text: str) -> int:
    """Read a whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 on")
    return int(text)


def above_zero(text: str) -> float:
    """Read a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value
