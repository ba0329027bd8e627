"""A colleague's merged cells, said to be one or to be apart, taken into one's own project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.index import CellIndex
from napari_cellcycle.cells.merge import named
from napari_cellcycle.project.joins import follow_group
from napari_cellcycle.project.routes import Transfer
from napari_cellcycle.project.verdicts import rival_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_cellcycle.cells.merge import Group
    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.routes import Route
    from napari_cellcycle.project.verdicts import Statement

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of a colleague's merged and rejected cells.

    Parameters
    ----------
    taken : int
        Groups of labels of which something else holds now.
    known : int
        Of which the same was known already.
    conflicts : tuple of str
        One sentence for each of which people say different things, and who said it last.
    impossible : int
        Of which some label is not here, or has other voxels.
    notes : tuple of str
        One sentence for each image that has impossible ones.
    """

    taken: int = 0
    known: int = 0
    conflicts: tuple[str, ...] = ()
    impossible: int = 0
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.taken or self.known or self.conflicts or self.impossible)

    def __add__(self, other: Joined) -> Joined:
        return Joined(
            self.taken + other.taken,
            self.known + other.known,
            self.conflicts + other.conflicts,
            self.impossible + other.impossible,
            self.notes + other.notes,
        )

    def __str__(self) -> str:
        return (
            f"Labels that are one cell or not: {self.taken:,} taken, {self.known:,} known, "
            f"{len(self.conflicts):,} in conflict, {self.impossible:,} impossible"
        )

    def to_dict(self) -> dict[str, int]:
        """Numbers for JSON."""
        return {
            "taken": self.taken,
            "known": self.known,
            "conflicts": len(self.conflicts),
            "impossible": self.impossible,
        }


def take_joins(
    changes: Transaction,
    ours: Project,
    theirs: Project,
    pair: tuple[ProjectImage, ProjectImage],
    number_of: Mapping[int, int],
) -> Joined:
    """Take what was said of labels of one image in another project.

    Parameters
    ----------
    changes : Transaction
        With which the versions of the segmentation came, and the ways between them.
    ours, theirs : Project
        The latter is only read.
    pair : tuple of ProjectImage
        The image there and here.
    number_of : mapping of int to int
        Number here of each of their versions of the segmentation.
    """
    there, here = pair
    actions, rows = theirs.joins.rows(there.number)
    if not rows:
        return Joined()
    base, below = theirs.segmentations.below(there.number), ours.segmentations.below(here.number)
    route = ours.segmentations.routes(here.number, below).get(number_of[base])
    cells = CellIndex(ours.segmentations.cells(below))
    known = {row[1] for row in ours.joins.rows(here.number)[1]}
    before = ours.joins.held(here.number)
    people = ", ".join(sorted({action.who for action in actions}))
    changed = ours.joins.take(
        changes,
        here.number,
        [replace(action, image=here.number) for action in actions],
        [(*row[:4], number_of[row[4]], *row[5:]) for row in rows],
        f"merged cells of {people}",
    )
    after = ours.joins.held(here.number)
    n_known, conflicts, absent = 0, [], []
    for group, said in theirs.joins.held(there.number).items():
        found = _found(route, cells, group)
        if found is None:
            absent.append(group)
            continue
        said = replace(said, group=found)
        holds = before.get(found)
        if said.id in known or (holds is not None and holds.verdict == said.verdict):
            n_known += 1
            continue
        rival = rival_of(said, before)
        if rival is not None and rival.who != said.who:
            stands = after.get(found)
            won = stands is not None and stands.verdict == said.verdict
            conflicts.append(_conflict(here.name, said, rival, won=won))
    notes: tuple[str, ...] = ()
    if absent:
        notes = (
            f"{here.name}: what was said of labels that are not here, or have other voxels, has no "
            f"effect, and words on such cells wait: {_listed(absent)}",
        )
    return Joined(len(changed), n_known, tuple(conflicts), len(absent), notes)


def link_merged(
    changes: Transaction,
    ours: Project,
    theirs: Project,
    pair: tuple[ProjectImage, ProjectImage],
    number_of: Mapping[int, int],
    spoken: Collection[int],
) -> None:
    """Lead words on their merged cells to the same cells here, where the labels are other ones.

    Parameters
    ----------
    changes, ours, theirs, pair, number_of
        As for :func:`take_joins`.
    spoken : collection of int
        Their versions of the segmentation that words are about.
    """
    _, here = pair
    segmentations, versions = ours.segmentations, theirs.segmentations
    below = segmentations.below(here.number)
    others = [
        number
        for number in sorted(set(spoken) & set(number_of))
        if number_of[versions.derivation(number)[0]] not in (number_of[number], below)
    ]
    if not others:
        return
    routes = segmentations.routes(here.number, below)
    index = CellIndex(segmentations.cells(below))
    for number in others:
        base, groups = versions.derivation(number)
        route = routes.get(number_of[base])
        if route is None:
            continue
        heirs = {group: _found(route, index, group) for group in groups}
        cells = versions.cells(number)
        heir, same = route.follow(cells.frame, cells.label)
        rows = CellIndex(cells)
        for (frame, labels), found in heirs.items():
            row = rows.row(frame, labels[0])
            heir[row], same[row] = (0, False) if found is None else (found[1][0], True)
        merged = segmentations.enter_merged(
            changes, here.number, below, [found for found in heirs.values() if found is not None]
        )
        listed = ~(same & (heir == cells.label))
        transfer = Transfer(cells.frame[listed], cells.label[listed], heir[listed], same[listed])
        segmentations.link(changes, number_of[number], merged, transfer)


def _found(route: Route | None, cells: CellIndex, group: Group) -> Group | None:
    """The labels here that are some labels there, if all are."""
    found = follow_group(route, group)
    if found is None or len(set(found[1])) < len(group[1]):
        return None
    frame, labels = found
    rows = cells.rows(np.full(len(labels), frame, np.int64), np.array(labels, np.int64))
    return found if (rows >= 0).all() else None


def _conflict(image: str, said: Statement, rival: Statement, *, won: bool) -> str:
    frame = f", frame {said.group[0]}" if said.group[0] else ""
    last = said if won else rival
    return f"{image}{frame}: {_told(said)}, {_told(rival)}; {last.who} said it last, and it holds"


def _told(said: Statement) -> str:
    not_ = "" if said.verdict == "one" else "not "
    return f"{said.who} says that {named(said.group[1])} are {not_}one cell"


def _listed(groups: list[Group]) -> str:
    told = [
        named(labels) + (f" of frame {frame}" if frame else "")
        for frame, labels in sorted(groups)[:_NAMED]
    ]
    more = len(groups) - len(told)
    return ", ".join(told) + (f" and {more:,} more" if more else "")
