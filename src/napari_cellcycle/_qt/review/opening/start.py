"""Start a review: images of the viewer go into a project, a new one or one that is there."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle._qt.inputs import segmentation
from napari_cellcycle._qt.review.opening.undertaking import Undertaking, keep_views_of
from napari_cellcycle.errors import CellCycleError, ProjectError
from napari_cellcycle.project.store import SUFFIX

if TYPE_CHECKING:
    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """An image of the viewer that is to be reviewed.

    Parameters
    ----------
    stack : Stack
        The image.
    channels : mapping of str to int or None
        Channel of the image for each role.
    segmentation : Segmentation
        Its cells, as they are in the viewer now.
    spacing : Spacing
        As resolved for the image.
    phases : PhaseSet
        The vocabulary.
    finished : Finished or None
        The classification to review; None to annotate without any model.
    """

    stack: Stack
    channels: Mapping[str, int | None]
    segmentation: Segmentation
    spacing: Spacing
    phases: PhaseSet
    finished: Finished | None = None

    @classmethod
    def of(cls, finished: Finished) -> Given:
        """What a classification was made of, with the labels as they are now."""
        found = finished.classification
        was = found.segmentation
        now = segmentation(finished.layer, was.labels_are, time="T" in finished.axes)
        return cls(
            finished.stack,
            dict(found.channels),
            replace(was, data=now.data),
            found.cells.spacing,
            found.phases,
            finished,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A review that is to begin.

    Parameters
    ----------
    folder : Path
        Of the project, a new one or one that is there.
    who : str
        Name of the person who works.
    images : tuple of Given
        The first one is shown.
    """

    folder: Path
    who: str
    images: tuple[Given, ...]


def begin(start: Start) -> Generator[str, None, Undertaking]:
    """Take images of the viewer into a project.

    An image that the project has already gets the classification as one more prediction set.

    Yields
    ------
    str
        What is going on.

    Raises
    ------
    CellCycleError
        If it cannot be done; a project that was made for it is gone then.
    """
    from napari_cellcycle.project.project import Project

    is_new = not start.folder.exists()
    if is_new:
        # what is wrong with the first image is said before there is a folder
        first = yield from _measure(start.images[0])
        yield "Making the project…"
        project = Project.create(start.folder, who=start.who)
    else:
        yield "Opening the project…"
        project = Project.open(start.folder, who=start.who)
    try:
        project.store.check_writable()
        if not is_new:
            first = yield from _measure(start.images[0])
        number = _admit(project, first)
        for given in start.images[1:]:
            _admit(project, (yield from _measure(given)))
    except BaseException:
        project.close()
        if is_new:
            shutil.rmtree(project.folder, ignore_errors=True)
        raise
    nuclei = first.finished.nuclei if first.finished is not None else None
    labels = replace(project.images.labels(number), name=start.images[0].segmentation.name)
    return Undertaking(project, number, labels, first.stack, first.channels, nuclei)


def place_beside(path: Path | None) -> Path | None:
    """Folder of a project beside an image: that of the image, or a name that is free.

    None without a file.
    """
    from napari_cellcycle.project.inventory import holds

    if path is None:
        return None
    stem = path.name.split(".")[0] or path.stem
    folder = path.parent / f"{stem}{SUFFIX}"
    number = 2
    while folder.exists() and not holds(folder, path):
        folder = path.parent / f"{stem}-{number}{SUFFIX}"
        number += 1
    return folder


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """An image with its cells, as a file where it is one."""

    stack: Stack
    channels: Mapping[str, int | None]
    segmentation: Segmentation
    cells: CellTable
    phases: PhaseSet
    finished: Finished | None


def _measure(given: Given) -> Generator[str, None, _Measured]:
    from napari_cellcycle.cells.table import cell_table
    from napari_cellcycle.project.cell_files import digest_of

    yield f"Looking at {given.stack.name}…"
    stack, channels = _from_file(given.stack, given.channels)
    labels = _unless_edited(given.segmentation)
    yield f"Measuring the cells of {given.stack.name}…"
    finished = given.finished
    nuclei = finished.nuclei if finished is not None else None
    cells = cell_table(labels, given.spacing, image=stack.name, scene=stack.scene, nuclei=nuclei)
    if finished is not None:
        known = finished.classification.cells
        if digest_of(cells) != digest_of(known):
            raise ProjectError(
                f"The labels of {stack.name} were edited after the classification. Classify them "
                "again, then start."
            )
        cells = known
    return _Measured(stack, channels, labels, cells, given.phases, finished)


def _admit(project: Project, given: _Measured) -> int:
    """Enter an image with what a model says of it; returns its number."""
    from napari_cellcycle.project.cell_files import digest_of

    settings = {"channels": dict(given.channels), "names": list(given.stack.channels)}
    nuclei = given.finished.nuclei if given.finished is not None else None
    number = project.images.add(
        given.stack, given.segmentation, cells=given.cells, nuclei=nuclei, settings=settings
    ).number
    known = project.segmentations.cells(project.segmentations.current(number))
    if digest_of(known) != digest_of(given.cells):
        raise ProjectError(
            f"{project.folder.name} has {given.stack.name} with other labels. Open the project and "
            "take the edited labels over there, or choose another place for a new one."
        )
    if given.phases.name not in project.vocabularies.names():
        project.vocabularies.add(given.phases)
    if given.finished is not None:
        add_run(project, number, given.finished.classification)
    return number


def add_run(project: Project, number: int, found: Classification) -> PredictionSet:
    """Enter what a model says of an image, once however often it is given."""
    for known in project.predictions.sets(number):
        if (
            (known.model_sha256, known.n_cells) == (found.model_sha256, len(found.cells))
            and known.vote == found.decision.vote
            and np.array_equal(known.columns["probabilities"], found.decision.probabilities)
        ):
            return known
    keep_views_of(project, number, found)
    return project.predictions.add_classification(number, found)


def _from_file(
    stack: Stack, channels: Mapping[str, int | None]
) -> tuple[Stack, Mapping[str, int | None]]:
    """Take the file that layers came from for the image, if it has their very pixels.

    The layers may be some of its channels, or changed since.
    """
    from napari_cellcycle.image.reading import open_image

    plain = replace(stack, path=None)
    if stack.path is None:
        return plain, channels
    try:
        whole = open_image(stack.path, scene=stack.scene or None)
    except CellCycleError:
        return plain, channels
    if whole.grid != stack.grid:
        return plain, channels
    t, z = whole.grid[0] // 2, whole.grid[1] // 2
    places: dict[int, int] = {}
    for mine in {channel for channel in channels.values() if channel is not None}:
        plane = np.asarray(stack.data[t, mine, z])
        for theirs in range(len(whole.channels)):
            if np.array_equal(plane, np.asarray(whole.data[t, theirs, z])):
                places[mine] = theirs
                break
        else:
            return plain, channels
    spacing = stack.spacing or whole.spacing
    moved = {role: None if c is None else places[c] for role, c in channels.items()}
    minutes = stack.frame_minutes or whole.frame_minutes
    return replace(whole, spacing=spacing, name=stack.name, frame_minutes=minutes), moved


def _unless_edited(labels: Segmentation) -> Segmentation:
    """Labels with their path, if the file has the very labels of the layer."""
    from napari_cellcycle.image.reading import open_labels

    plain = replace(labels, path=None)
    if labels.path is None:
        return plain
    try:
        file = open_labels(labels.path, labels_are=labels.labels_are)
    except CellCycleError:
        return plain
    return labels if file.is_same_as(labels) else plain
