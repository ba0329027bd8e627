"""Words from elsewhere, in any of the forms in which we give them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.review.intake.answers import Answers, take_answers
from napari_cellcycle.review.intake.csv_rows import read_csv
from napari_cellcycle.review.intake.events import take_events
from napari_cellcycle.review.intake.union import Union, unite

if TYPE_CHECKING:
    import os

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project


def import_words(
    project: Project,
    path: str | os.PathLike[str],
    *,
    image: int | None = None,
    phases: PhaseSet | None = None,
    shown: int | None = None,
    who: str | None = None,
) -> Answers | Union:
    """Take words of another project or of a CSV file; nothing is taken twice.

    Parameters
    ----------
    project : Project
        Open for writing.
    path : path-like
        The folder of a project (:func:`~napari_cellcycle.review.intake.union.unite`), a table
        ``reviews`` (:func:`~napari_cellcycle.review.intake.events.read_events`), a table ``cells``
        or plain ``label,phase`` (:func:`~napari_cellcycle.review.intake.answers.read_answers`).
    image, phases, who
        As for the latter.
    shown : int, optional
        Number of the image that a table without a column ``image`` is about.

    Raises
    ------
    ProjectError
        If it is none of these, or could not be saved; nothing has changed then.
    """
    project.store.check_writable()
    if Path(path).is_dir():
        return unite(project, path)
    table = read_csv(path)
    if {"event", "action"} <= set(table.columns):
        return take_events(project, table)
    if image is None and "image" not in table.columns:
        image = shown
    return take_answers(project, table, image=image, phases=phases, who=who)
