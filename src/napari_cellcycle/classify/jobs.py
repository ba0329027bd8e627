"""Which images a run over many is about, how each is classified, and one of them."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.classify.request import ClassifyRequest
from napari_cellcycle.classify.run import run
from napari_cellcycle.errors import CellCycleError, ImageReadError
from napari_cellcycle.image.plate import is_plate, read_plate
from napari_cellcycle.image.reading import open_image, open_labels
from napari_cellcycle.image.roles import parse_channels
from napari_cellcycle.image.spacing import parse_spacing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.plate import Field, Plate
    from napari_cellcycle.image.stack import LabelsAre
    from napari_cellcycle.models.classifier import ProjectionClassifier


EXAMPLE = r"(?P<row>[A-P])(?P<column>\d\d)"
"""Names such as ``screen_B03_s1.tif``."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every image of a run.

    Parameters
    ----------
    channels : tuple of str
        Such as ``dna=0``.
    labels_are : {"nucleus", "cell"}
    spacing : str or None
        A person's word, ``z,y,x``.
    isotropic : bool
        The spacing is unknown, but voxels are as deep as wide.
    scene : str or None
    vote : {"lowest-entropy", "majority", "mean"}
    exact : bool
    memory : float or None
        As for :class:`~napari_cellcycle.classify.request.ClassifyRequest`.
    """

    channels: tuple[str, ...] = ()
    labels_are: LabelsAre = "nucleus"
    spacing: str | None = None
    isotropic: bool = False
    scene: str | None = None
    vote: str = "lowest-entropy"
    exact: bool = False
    memory: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class Well:
    """Where on which plate an image was taken.

    Parameters
    ----------
    plate : str
        Empty where there is only one and it has no name.
    row, column : str
        Such as ``B`` and ``03``.
    """

    plate: str
    row: str
    column: str


@dataclass(frozen=True, slots=True)
class Job:
    """One image of a run.

    Parameters
    ----------
    name : str
        Unlike all others of the run; the ``image`` column of the table.
    image : Path
    labels, nuclei : Path or None
    well : Well or None
        Where it is known.
    """

    name: str
    image: Path
    labels: Path | None = None
    nuclei: Path | None = None
    well: Well | None = None


def is_many(images: Sequence[str]) -> bool:
    """Whether arguments mean more than one image: several, a pattern or a plate."""
    return len(images) > 1 or _is_pattern(images[0]) or is_plate(images[0])


def jobs_of(
    images: Sequence[str], labels: str | None = None, nuclei: str | None = None
) -> tuple[Job, ...]:
    """List the images that arguments mean.

    Parameters
    ----------
    images : sequence of str
        Files, OME-Zarr folders, patterns such as ``"day1/*.ome.tif"``, plates.
    labels, nuclei : str, optional
        Where the labels of an image lie: a pattern with ``{name}`` (the file's name without its
        ending) and, if need be, ``{folder}``. In a plate, the name of a label image inside each
        field. Files that are labels of others are no images of their own.

    Raises
    ------
    CellCycleError
        If nothing matches, or all images would get the same labels.
    """
    jobs: list[Job] = []
    files: list[Path] = []
    for text in images:
        for path in _expand(text):
            if is_plate(path):
                jobs += plate_jobs(read_plate(path), labels, nuclei)
            else:
                files.append(path)
    once: dict[str, Path] = {}
    for path in files:
        once.setdefault(os.path.abspath(path), path)
    files = list(once.values())
    found = {path: (beside(labels, path), beside(nuclei, path)) for path in files}
    taken = {path.resolve() for pair in found.values() for path in pair if path is not None}
    given, files = files, [path for path in files if path.resolve() not in taken]
    if given and not files:
        raise CellCycleError(
            f"All {len(given)} images are labels of others, by --labels {labels}: that pattern "
            "must name other files."
        )
    if len(files) > 1:
        for pattern in (labels, nuclei):
            if pattern is not None and "{name}" not in pattern:
                raise CellCycleError(
                    f"{pattern!r} would be the labels of all {len(files)} images: write it with "
                    "{name} in it, such as {folder}/{name}_labels.tif."
                )
    names = _unlike(files)
    jobs += [Job(names[path], path, *found[path]) for path in files]
    known = [job.name for job in jobs]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise CellCycleError(f"Two images of one run are called {twice[0]}; rename one of them.")
    return tuple(jobs)


def plate_jobs(plate: Plate, labels: str | None = None, nuclei: str | None = None) -> list[Job]:
    """List the fields of a plate.

    Parameters
    ----------
    plate : Plate
        As read.
    labels, nuclei : str, optional
        Names of label images inside each field.

    Raises
    ------
    CellCycleError
        If no field has a label image of that name.
    """
    for name in (labels, nuclei):
        if name is not None:
            _check_in_plate(plate, name)

    def inside(field: Field, name: str | None) -> Path | None:
        return None if name is None else field.path / "labels" / name

    return [
        Job(
            f"{plate.name}/{field.name}",
            field.path,
            inside(field, labels),
            inside(field, nuclei),
            Well(plate.name, field.row, field.column),
        )
        for field in plate.fields
    ]


def _check_in_plate(plate: Plate, name: str) -> None:
    """A name that is mistyped is told once, not for each field."""
    known: set[str] = set()
    for field in plate.fields:
        folder = field.path / "labels"
        if (folder / name).exists():
            return
        if folder.is_dir():
            known |= {path.name for path in folder.iterdir() if path.is_dir()}
    has = f"has {', '.join(sorted(known))}" if known else "has none"
    raise CellCycleError(
        f"No field of {plate.name} has a label image called {name}; the plate {has}."
    )


def with_wells(jobs: Sequence[Job], pattern: str | None) -> tuple[Job, ...]:
    """Find the well of each image that is in no plate by its file's name.

    Parameters
    ----------
    jobs : sequence of Job
        Those that know their well keep it.
    pattern : str or None
        A regular expression with groups ``row`` and ``column``, and ``plate`` if there are several.

    Raises
    ------
    CellCycleError
        If it is no such pattern, or a name does not match.
    """
    try:
        found = re.compile(pattern or "(?P<row>)(?P<column>)(?!)")
    except re.error as error:
        raise CellCycleError(f"{pattern!r} is no regular expression: {error}.") from error
    if not {"row", "column"} <= set(found.groupindex):
        raise CellCycleError(f"{pattern!r} must have the groups row and column, as in {EXAMPLE}.")
    return tuple(job if job.well else replace(job, well=_well(job, found, pattern)) for job in jobs)


def _well(job: Job, found: re.Pattern[str], pattern: str | None) -> Well:
    match = found.search(job.name)
    if match is None:
        if not job.image.exists():
            raise CellCycleError(f"There is no file {job.image}.")
        reason = "is in no plate" if pattern is None else f"does not match '{pattern}'"
        raise CellCycleError(
            f"{job.name} {reason}, so its well is unknown. Say how names tell the well, such as "
            f"--well '{EXAMPLE}'."
        )
    groups = match.groupdict()
    return Well(groups.get("plate") or "", (groups["row"] or "").upper(), groups["column"] or "")


def classify_job(job: Job, settings: Settings, model: ProjectionClassifier) -> Classification:
    """Classify one image of a run.

    Parameters
    ----------
    job : Job
        Which image.
    settings : Settings
        As for all others.
    model : ProjectionClassifier
        Loaded, on its device.
    """
    stack = replace(open_image(job.image, scene=settings.scene), name=job.name)
    labels, nuclei = (
        None if path is None else open_labels(path, labels_are=kind, scene=settings.scene)
        for path, kind in ((job.labels, settings.labels_are), (job.nuclei, "nucleus"))
    )
    return run(
        ClassifyRequest(
            stack=stack,
            segmentation=labels,
            model=model,
            channels=parse_channels(settings.channels, stack) or None,
            nuclei=nuclei,
            spacing=parse_spacing(settings.spacing) if settings.spacing else None,
            isotropic=settings.isotropic,
            vote=settings.vote,
            exact=settings.exact,
            memory=settings.memory,
            device=model.device,
        )
    )


def _is_pattern(text: str) -> bool:
    return glob.has_magic(text) and not Path(text).exists()


def _expand(text: str) -> list[Path]:
    text = os.path.expanduser(text)
    if not _is_pattern(text):
        return [Path(text)]
    matches = sorted(Path(match) for match in glob.glob(text, recursive=True))
    if not matches:
        raise ImageReadError(f"There is no file that matches {text}.")
    return matches


def beside(pattern: str | None, image: Path) -> Path | None:
    """Fill ``{folder}`` and ``{name}`` of a pattern in, as they are of an image."""
    if pattern is None:
        return None
    filled = pattern.replace("{folder}", str(image.parent)).replace("{name}", _stem(image))
    return Path(filled).expanduser()


def _stem(path: Path) -> str:
    """Name without its ending, and without ``.ome``."""
    stem = path.stem
    return stem[:-4] if stem.lower().endswith(".ome") else stem


def _unlike(files: Sequence[Path]) -> dict[Path, str]:
    """Names of files, with as much of their folders as it takes to tell them apart."""
    if len({path.name for path in files}) == len(files):
        return {path: path.name for path in files}
    whole = [path.resolve() for path in files]
    if len({path.anchor for path in whole}) > 1:  # on several drives
        return {path: full.as_posix() for path, full in zip(files, whole, strict=True)}
    common = Path(os.path.commonpath([path.parent for path in whole]))
    return {
        path: full.relative_to(common).as_posix() for path, full in zip(files, whole, strict=True)
    }
