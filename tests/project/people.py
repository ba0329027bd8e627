"""A small project in which several people have spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fields import make_project

from napari_cellcycle.project import Project
from napari_cellcycle.review import Review

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LEAVES = ("non-mitotic", "prophase", "early-prometaphase")


def speak(folder: Path, who: str, slugs: Sequence[str]) -> None:
    """Say one phase a cell, from the first cell on; empty for none."""
    with Project.open(folder, who=who) as project:
        review = Review(project)
        for row, slug in enumerate(slugs):
            if slug:
                review.say(row, slug)


def people_project(folder: Path, said: Mapping[str, Sequence[str]]) -> Path:
    """A closed project of twelve cells, a model's predictions, and what people say."""
    with make_project(folder, next(iter(said))) as project:
        made = project.folder
    for who, slugs in said.items():
        speak(made, who, slugs)
    return made
