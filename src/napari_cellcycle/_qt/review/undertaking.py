"""Start a project, or open one: what is read and written before there is anything to see."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError, ProjectError

if TYPE_CHECKING:
    from napari_cellcycle._qt.session import Finished
    from napari_cellcycle.cells.recipe import ViewRecipe
    from napari_cellcycle.image.spacing import Spacing
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project

SUFFIX = ".cellcycle"
DEFAULT_RECIPE = "recipe"


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """A review that is to begin.

    Parameters
    ----------
    folder : Path
        Of the new project.
    who : str
        Name of the person who works.
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

    folder: Path
    who: str
    stack: Stack
    channels: Mapping[str, int | None]
    segmentation: Segmentation
    spacing: Spacing
    phases: PhaseSet
    finished: Finished | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Undertaking:
    """An open project with the pixels of one of its images.

    Parameters
    ----------
    project : Project
        Open; whoever gets this closes it.
    image : int
        Number of the image.
    segmentation : Segmentation
        As the project has it, whatever is painted in the viewer.
    stack : Stack or None
        The image; None where it was not found.
    channels : mapping of str to int or None
        Channel of the image for each role.
    nuclei : Segmentation or None
        Where the labels are cells.
    problem : str
        Why the image was not found.
    """

    project: Project
    image: int
    segmentation: Segmentation
    stack: Stack | None
    channels: Mapping[str, int | None]
    nuclei: Segmentation | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class AtHand:
    """Image layers of the viewer, where the image of a project may be if it is no file.

    Parameters
    ----------
    stacks : sequence of Stack
    """

    stacks: Sequence[Stack] = field(default_factory=tuple)


def begin(start: Start) -> Generator[str, None, Undertaking]:
    """Make a project of what is in the viewer.

    Yields
    ------
    str
        What is going on.

    Raises
    ------
    CellCycleError
        If it cannot be made; nothing is left behind then.
    """
    from napari_cellcycle.cells.table import cell_table
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.segmentations import digest_of

    yield "Looking at the files…"
    stack, channels = _from_file(start.stack, start.channels)
    segmentation = _unless_edited(start.segmentation)
    found = start.finished.classification if start.finished is not None else None
    nuclei = start.finished.nuclei if start.finished is not None else None
    yield "Measuring the cells…"
    cells = cell_table(
        segmentation, start.spacing, image=stack.name, scene=stack.scene, nuclei=nuclei
    )
    if found is not None:
        if digest_of(cells) != digest_of(found.cells):
            raise ProjectError(
                "The labels were edited after the classification. Classify them again, then start."
            )
        cells = found.cells
    yield "Making the project…"
    project = Project.create(start.folder, who=start.who)
    try:
        settings = {"channels": dict(channels), "names": list(stack.channels)}
        number = project.images.add(
            stack, segmentation, cells=cells, nuclei=nuclei, settings=settings
        ).number
        project.vocabularies.add(start.phases)
        if found is not None:
            name = f"{DEFAULT_RECIPE}/{found.model_sha256}"
            project.set_parameter(name, found.card.recipe.to_dict())
            project.predictions.add_classification(number, found)
        labels = project.images.labels(number)
    except BaseException:
        project.close()
        shutil.rmtree(project.folder, ignore_errors=True)
        raise
    return Undertaking(project, number, labels, stack, channels, nuclei)


def resume(
    folder: str | Path, who: str, at_hand: AtHand, *, read_only: bool = False
) -> Generator[str, None, Undertaking]:
    """Open a project and find its image again: as a file, or as layers of the viewer.

    Yields
    ------
    str
        What is going on.

    Raises
    ------
    CellCycleError
        If it is no project, or its labels are gone.
    """
    from napari_cellcycle.project.project import Project

    yield "Opening the project…"
    project = Project.open(folder, who=who, read_only=read_only)
    try:
        images = project.images.all()
        if not images:
            raise ProjectError(
                f"{project.folder.name} has no image yet. Start a review of one to make a project."
            )
        number, settings = images[0].number, images[0].settings
        yield "Looking for the image…"
        labels = replace(
            project.images.labels(number), name=project.images.inputs(number)["labels"].name
        )
        stack: Stack | None = None
        problem = ""
        try:
            stack = project.images.stack(number)
        except CellCycleError as error:
            stack, problem = _among(at_hand, images[0].signature), str(error)
        channels = settings.get("channels") or {}
        nuclei = _nuclei(project, number)
    except BaseException:
        project.close()
        raise
    problem = "" if stack is not None else problem
    return Undertaking(project, number, labels, stack, channels, nuclei, problem)


def recipe_of(project: Project, model_sha256: str) -> ViewRecipe:
    """Find out how a model's views are made; as the projections' default where nobody knows."""
    from napari_cellcycle.cells.recipe import ViewRecipe
    from napari_cellcycle.models.catalogue import list_models

    kept = project.parameter(f"{DEFAULT_RECIPE}/{model_sha256}")
    if kept is not None:
        return ViewRecipe.from_dict(kept)
    for entry in list_models():
        if model_sha256 and entry.sha256 == model_sha256:
            return entry.card.recipe
    return ViewRecipe()


def place_beside(path: Path | None) -> Path | None:
    """Folder of a new project beside an image, with a name that is free; None without a file."""
    if path is None:
        return None
    stem = path.name.split(".")[0] or path.stem
    folder = path.parent / f"{stem}{SUFFIX}"
    number = 2
    while folder.exists():
        folder = path.parent / f"{stem}-{number}{SUFFIX}"
        number += 1
    return folder


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
    return replace(whole, spacing=spacing, name=stack.name), moved


def _unless_edited(segmentation: Segmentation) -> Segmentation:
    """The segmentation with its path, if the file has the very labels of the layer."""
    from napari_cellcycle.image.reading import open_labels

    plain = replace(segmentation, path=None)
    if segmentation.path is None:
        return plain
    try:
        file = open_labels(segmentation.path, labels_are=segmentation.labels_are)
    except CellCycleError:
        return plain
    same = file.grid == segmentation.grid and all(
        np.array_equal(file.volume(t), segmentation.volume(t)) for t in range(file.grid[0])
    )
    return segmentation if same else plain


def _among(at_hand: AtHand, wanted: str) -> Stack | None:
    from napari_cellcycle.image.signatures import signature

    return next((stack for stack in at_hand.stacks if signature(stack) == wanted), None)


def _nuclei(project: Project, number: int) -> Segmentation | None:
    from napari_cellcycle.image.reading import open_labels

    if "nuclei" not in project.images.inputs(number):
        return None
    try:
        return open_labels(project.images.locate(number, "nuclei"))
    except CellCycleError:
        # views do not need them; cells that are classified again do without their size
        return None
