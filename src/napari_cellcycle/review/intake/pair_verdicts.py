"""Verdicts on pairs of daughters from a CSV file that somebody has filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.merge import Group, group_of, named
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.daughters.merging import Merging
from napari_cellcycle.review.intake.answers import Answers, image_of
from napari_cellcycle.review.intake.csv_rows import read_csv, whole_number
from napari_cellcycle.spreadsheet import restore

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.verdicts import Verdict

ACCEPT, REJECT = "accept", "reject"
_VERDICTS: Mapping[str, Verdict] = {ACCEPT: "one", REJECT: "apart"}


def read_verdicts(
    project: Project, path: str | os.PathLike[str], *, image: int | None = None
) -> Answers:
    """Accept and reject pairs as a CSV file says; of each image it is one action, and one undo.

    Parameters
    ----------
    project : Project
        Open for writing.
    path : path-like
        UTF-8, with the columns ``frame``, ``labels`` (such as ``5+6``) and ``verdict`` (``accept``,
        ``reject`` or nothing); ``frame`` may lack where there is no time. Others are left alone, so
        that the table of proposed pairs can be filled in.
    image : int, optional
        Number of the image; by default the one that a row names, or the only one.

    Returns
    -------
    Answers
        ``known`` were said before; ``silent`` rows have no verdict.

    Raises
    ------
    ProjectError
        If a column is missing, or it could not be saved; of that image nothing has changed then.
    """
    project.store.check_writable()
    table = read_csv(path)
    if not {"labels", "verdict"} <= set(table.columns):
        raise ProjectError(
            f"{table.name} has the columns {', '.join(table.columns) or 'none'}; it needs 'frame', "
            "'labels' and 'verdict'."
        )
    image = image_of(project, table, image)
    judged: dict[int, _Judged] = {}
    silent = 0

    def take(row: Mapping[str, str]) -> None:
        nonlocal silent
        verdict = _verdict(row["verdict"])
        if verdict is None:
            silent += 1
            return
        number = _image(project, row, image)
        if number not in judged:
            judged[number] = _Judged(project, number)
        judged[number].take(row, verdict)

    unmatched = table.take(take)
    for one in judged.values():
        one.merging.judge(one.new, about=f"pairs of {table.name}", source="table")
    return Answers(
        sum(len(one.new) for one in judged.values()),
        sum(one.n_known for one in judged.values()),
        silent,
        unmatched,
    )


@dataclass(slots=True)
class _Judged:
    """What a file says of one image."""

    project: Project
    image: int
    new: dict[Group, Verdict] = field(default_factory=dict)
    n_known: int = 0
    merging: Merging = field(init=False)
    said: dict[Group, Verdict] = field(init=False)
    cells: CellIndex = field(init=False)
    n_frames: int = field(init=False)
    part_of: dict[tuple[int, int], Group] = field(init=False)
    seen: set[Group] = field(default_factory=set)

    def __post_init__(self) -> None:
        segmentations = self.project.segmentations
        below, groups = segmentations.derivation(segmentations.current(self.image))
        cells = segmentations.cells(below)
        self.merging = Merging(self.project, self.image)
        self.said = self.project.joins.said(self.image)
        self.cells = CellIndex(cells)
        self.n_frames = int(np.max(cells.frame, initial=0)) + 1
        self.part_of = {(frame, label): (frame, labels) for frame, labels in groups
                        for label in labels}  # fmt: skip

    def take(self, row: Mapping[str, str], verdict: Verdict) -> None:
        """Take one row.

        Raises
        ------
        CellCycleError
            If it does not match.
        """
        group = self._group(row)
        frame, labels = group
        if group in self.seen:
            raise ProjectError(f"labels {named(labels)} of frame {frame} are there a second time.")
        self.seen.add(group)
        if self.said.get(group, "none") == verdict:
            self.n_known += 1
            return
        for label in labels:
            other = self.part_of.get((frame, label), group)
            if other != group:
                raise ProjectError(
                    f"label {label} of frame {frame} is a part of the cell {named(other[1])}; "
                    "split that one first."
                )
        if verdict == "one":
            self.part_of.update(dict.fromkeys(((frame, label) for label in labels), group))
        self.new[group] = verdict

    def _group(self, row: Mapping[str, str]) -> Group:
        if row.get("frame"):
            frame = whole_number(row["frame"], "frame")
        elif self.n_frames > 1:
            raise ProjectError("it does not say the frame; add a column 'frame', from 0.")
        else:
            frame = 0
        labels = [whole_number(part, "label") for part in restore(row["labels"]).split("+")]
        for label in labels:
            if self.cells.row(frame, label) < 0:
                raise ProjectError(f"there is no label {label} in frame {frame}.")
        return group_of(frame, labels)


def _verdict(text: str) -> Verdict | None:
    word = text.strip().lower()
    if word and word not in _VERDICTS:
        raise ProjectError(f"its verdict is {text!r}; expected {ACCEPT}, {REJECT} or nothing.")
    return _VERDICTS.get(word)


def _image(project: Project, row: Mapping[str, str], wanted: int | None) -> int:
    if "image" not in row:
        assert wanted is not None
        return wanted
    name = restore(row["image"])
    found = project.images.find(name, restore(row.get("scene", "")))
    if found is None:
        raise ProjectError(f"the project has no image {name!r}.")
    if wanted not in (None, found.number):
        raise ProjectError(f"its image is {name!r}, and not the one that was asked for.")
    return found.number
