"""What the verbs about projects share: who works, which image, the option for channels."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.login import login

if TYPE_CHECKING:
    from napari_cellcycle.project.project import Project


def who_options(parser: argparse.ArgumentParser) -> None:
    """Under whose name words are kept."""
    parser.add_argument(
        "--who", default="", metavar="NAME", help="who works (the name that you are logged in with)"
    )


def channel_option(parser: argparse.ArgumentParser, where: str = "") -> None:
    """Add ``--channel``, which channel has which role."""
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        metavar="ROLE=CHANNEL",
        help=f"{where}which channel has which role, such as dna=0; may be repeated "
        "(as the project says, or guessed from the channels' names)",
    )


def who(name: str) -> str:
    """Name of the person who works: the one given, or that of the login."""
    return name or login() or "somebody"


def image_number(project: Project, name: str | None) -> int | None:
    """Find an image of a project by name or number; None stays None."""
    if name is None:
        return None
    found = [image for image in project.images.all() if name in (image.name, str(image.number))]
    if len(found) != 1:
        known = ", ".join(f"{image.number}={image.name}" for image in project.images.all())
        raise ProjectError(f"{project.folder.name} has no image {name!r}; it has {known}.")
    return found[0].number
