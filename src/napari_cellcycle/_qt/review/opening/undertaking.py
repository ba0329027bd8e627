"""Open a project and one of its images: what is read before there is anything to see."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError, InputChangedError, ProjectError

if TYPE_CHECKING:
    from napari_cellcycle.cells.views.content import Population
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.classify.result import Classification
    from napari_cellcycle.image.stack import Segmentation, Stack
    from napari_cellcycle.project.inputs import Role
    from napari_cellcycle.project.project import Project

_RECIPE = "recipe"
_POPULATION = "population"


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


@dataclass(frozen=True, slots=True)
class Lost:
    """An image of a project whose labels are not where they were.

    Parameters
    ----------
    folder : Path
        Of the project.
    image : int
        Number of the image.
    problem : str
        What was found instead.
    """

    folder: Path
    image: int
    problem: str


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a person gives for a file of a project.

    Parameters
    ----------
    image : int
        Number of the image.
    role : {"image", "labels", "nuclei"}
    path : Path
    """

    image: int
    role: Role
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class AtHand:
    """Image layers of the viewer, where the image of a project may be if it is no file.

    Parameters
    ----------
    stacks : sequence of Stack
    """

    stacks: Sequence[Stack] = field(default_factory=tuple)


def resume(
    folder: str | Path,
    who: str,
    at_hand: AtHand,
    found: Found | None = None,
) -> Generator[str, None, Undertaking | Lost]:
    """Open a project at the image where the person left it.

    Parameters
    ----------
    folder : str or Path
        ``NAME.cellcycle``.
    who : str
        Name of the person who works.
    at_hand : AtHand
        Where an image may be that was never a file.
    found : Found, optional
        Where a file of it is now.

    Yields
    ------
    str
        What is going on.

    Returns
    -------
    Undertaking or Lost
        The project is closed again where the labels were not found.

    Raises
    ------
    CellCycleError
        If it is no project.
    """
    from napari_cellcycle.project.project import Project

    yield "Opening the project…"
    project = Project.open(folder, who=who)
    try:
        numbers = [image.number for image in project.images.all()]
        if not numbers:
            raise ProjectError(
                f"{project.folder.name} has no image yet. Start a review of one to make a project."
            )
        last = found.image if found is not None else project.parameter(last_image(project.who))
        entered = yield from enter(project, last if last in numbers else numbers[0], at_hand, found)
    except BaseException:
        project.close()
        raise
    if isinstance(entered, Lost):
        project.close()
    return entered


def enter(
    project: Project, number: int, at_hand: AtHand, found: Found | None = None
) -> Generator[str, None, Undertaking | Lost]:
    """Find an image of an open project again: as a file, or as layers of the viewer.

    Parameters
    ----------
    project : Project
        Stays open whatever comes of it.
    number : int
        Of the image.
    at_hand, found
        As for :func:`resume`.

    Raises
    ------
    CellCycleError
        If what was ``found`` is another file.
    """
    if found is not None:
        yield f"Comparing {found.path.name}…"
        project.inputs.relocate(found.image, found.role, found.path)
    yield "Looking for the image…"
    image = project.images[number]
    try:
        labels = project.images.labels(number)
    except InputChangedError as error:
        return Lost(project.folder, number, str(error))
    stack: Stack | None = None
    problem = ""
    try:
        stack = project.images.stack(number)
    except CellCycleError as error:
        stack = _among(at_hand, image.signature)
        problem = "" if stack is not None else str(error)
    return Undertaking(
        project,
        number,
        replace(labels, name=project.inputs.of(number)["labels"].name),
        stack,
        image.settings.get("channels") or {},
        project.images.nuclei(number),
        problem,
    )


def last_image(who: str) -> str:
    """Parameter of a project with the number of the image where a person left it."""
    return f"image/{who}"


def keep_views_of(project: Project, number: int, found: Classification) -> None:
    """Keep how a model saw an image, so that its views can be made again without the model."""
    project.set_parameter(f"{_RECIPE}/{found.model_sha256}", found.card.recipe.to_dict())
    if found.population is not None:
        name = f"{_POPULATION}/{number}/{found.model_sha256}"
        project.set_parameter(name, asdict(found.population))


def population_of(project: Project, number: int, model_sha256: str) -> Population | None:
    """Find what was typical of an image's cells when a model saw them; None where nobody kept it.

    To measure it again takes as long as to measure every cell.
    """
    from napari_cellcycle.cells.views.content import Population

    kept = project.parameter(f"{_POPULATION}/{number}/{model_sha256}")
    return None if kept is None else Population(**kept)


def recipe_of(project: Project, model_sha256: str) -> ViewRecipe:
    """Find out how a model's views are made; as the projections' default where nobody knows."""
    from napari_cellcycle.cells.views.recipe import ViewRecipe
    from napari_cellcycle.models.catalogue import list_models

    kept = project.parameter(f"{_RECIPE}/{model_sha256}")
    if kept is not None:
        return ViewRecipe.from_dict(kept)
    for entry in list_models():
        if model_sha256 and entry.sha256 == model_sha256:
            return entry.card.recipe
    return ViewRecipe()


def _among(at_hand: AtHand, wanted: str) -> Stack | None:
    from napari_cellcycle.image.signatures import signature

    return next((stack for stack in at_hand.stacks if signature(stack) == wanted), None)
