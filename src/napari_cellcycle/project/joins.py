"""Which labels are one cell: what people said of it, and the segmentation that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.cells.merge import Group, named
from napari_cellcycle.project.journal import ACTION, Journal, action_from, ids_of
from napari_cellcycle.project.verdicts import Statement, Verdict, merged_after, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.routes import Route
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store
    from napari_cellcycle.project.words import Action

_IMPORT = "import"
"""Source of rows that only note what an import changed, so that it can be undone."""
_ROW = "action, id, who, time, segmentation, frame, labels, old, new, source"


@dataclass(frozen=True, slots=True)
class Joining:
    """What is said of some labels of one frame.

    Parameters
    ----------
    group : (frame, labels)
        Labels as they are without merged cells.
    old, new : {"none", "one", "apart"}
    """

    group: Group
    old: Verdict
    new: Verdict


class Joins:
    """Merged cells of a project. What was said last of some labels holds, whoever said it.

    The labels themselves are never changed: a version of the segmentation in which they are one
    cell is derived from them.
    """

    def __init__(self, store: Store, segmentations: Segmentations, journal: Journal) -> None:
        self._store = store
        self._segmentations = segmentations
        self._journal = journal

    def groups(self, image: int) -> tuple[Group, ...]:
        """Labels that are one cell in the present segmentation of an image."""
        return self._segmentations.derivation(self._segmentations.current(image))[1]

    def said(self, image: int) -> dict[Group, Verdict]:
        """What holds of labels of the present segmentation, as they are without merged cells.

        Labels whose voxels were edited since are left out.
        """
        return self._verdicts(standing(self.statements(image)), self.groups(image))

    def held(self, image: int) -> dict[Group, Statement]:
        """As :meth:`said`, with who said it."""
        merged = set(self.groups(image))
        held = standing(self.statements(image))
        # what is not one cell in this version was merged in another
        return {g: said for g, said in held.items() if said.verdict == "apart" or g in merged}

    def enter(
        self,
        image: int,
        joinings: Sequence[Joining],
        *,
        about: str,
        kind: str = "join",
        source: str = "key",
        undoes: bytes | None = None,
    ) -> Action:
        """Enter what was said in one gesture, and derive the segmentation that follows from it.

        When this returns, both are on the disk.

        Parameters
        ----------
        image : int
            Number of the image.
        joinings : sequence of Joining
            Of labels of the present segmentation, as they are without merged cells.
        about : str
            What a menu says of it.
        kind : {"join", "undo", "redo"}
            What kind of gesture.
        source : str
            How it came.
        undoes : bytes, optional
            The action that is undone or redone.

        Raises
        ------
        SegmentationError
            If a label is not there or would be in two cells; nothing has changed then.
        ProjectError
            If it cannot be written; nothing has changed then.
        """
        self._store.check_writable()
        before = self.statements(image)
        action = self._journal.new_action(image, "", kind, about, undoes)
        with self._store.transaction() as changes:
            self._journal.add(changes, [action], [])
            self._insert(changes, action, joinings, source)
            spoken = {joining.group for joining in joinings}
            self._derive(changes, image, before, self.statements(image), spoken)
        return action

    def rows(self, image: int) -> tuple[list[Action], list[tuple[Any, ...]]]:
        """Everything that was said, for another project: actions, and rows of the table."""
        if not self._store.has_table("joining"):
            return [], []
        query = self._store.database.query
        rows = query(
            f"SELECT {', '.join(f'joining.{name}' for name in _ROW.split(', '))} FROM joining "
            "JOIN segmentation ON number = joining.segmentation WHERE image = ? AND source <> ?",
            (image, _IMPORT),
        )
        actions = query(
            f"SELECT {ACTION} FROM action WHERE image = ? AND vocabulary = '' AND kind <> 'import'",
            (image,),
        )
        return [action_from(row) for row in actions], rows

    def take(
        self,
        changes: Transaction,
        image: int,
        actions: Iterable[Action],
        rows: Iterable[tuple[Any, ...]],
        about: str,
    ) -> list[Joining]:
        """Take what was said in another project; what is known already changes nothing.

        What it changes here is an action of the person who works: one undo takes all of it back.

        Parameters
        ----------
        changes : Transaction
            With which the versions of the segmentation came that it is about.
        image : int
            Number of the image.
        actions, rows
            As from :meth:`rows`, with the numbers of this project.
        about : str
            What a menu says of it.

        Returns
        -------
        list of Joining
            Labels of which something else holds now.
        """
        before, merged = self.statements(image), self.groups(image)
        known = {statement.id for statement in before}
        was = self._verdicts(standing(before), merged)
        self._journal.add(changes, actions, [])
        changes.run_many(
            f"INSERT OR IGNORE INTO joining ({_ROW}) VALUES ({', '.join('?' * 10)})", rows
        )
        now = self.statements(image)
        self._derive(changes, image, before, now, {s.group for s in now if s.id not in known})
        holds = self._verdicts(standing(now), self.groups(image))
        changed = [
            Joining(group, was.get(group, "none"), holds.get(group, "none"))
            for group in sorted(was.keys() | holds.keys())
            if was.get(group) != holds.get(group)
        ]
        if changed:
            action = self._journal.new_action(image, "", _IMPORT, about, None)
            self._journal.add(changes, [action], [])
            self._insert(changes, action, changed, _IMPORT)
        return changed

    def of(self, image: int, action: bytes) -> list[Joining | None]:
        """What was said in an action, None of labels that were edited since."""
        return [
            None if group is None else Joining(group, old, new)
            for group, (*_, old, new) in self._placed(image, "joining.action = ?", action)
        ]

    def statements(self, image: int) -> list[Statement]:
        """Everything that was said of labels of the present segmentation, oldest first.

        What was undone was not said. To undo an import is to say that its cells are apart again.
        """
        last = self._undone(image)
        return [
            Statement(identity, group, new, who)
            for group, (identity, action, kind, undoes, who, _, new) in self._placed(
                image, "source <> ?", _IMPORT
            )
            if group is not None
            and (action not in last if kind == "join" else last.get(undoes) == (action, kind))
        ]

    # --- inside ---------------------------------------------------------------------------------

    def _verdicts(
        self, held: Mapping[Group, Statement], merged: Iterable[Group]
    ) -> dict[Group, Verdict]:
        found: dict[Group, Verdict] = {g: "apart" for g, s in held.items() if s.verdict == "apart"}
        return found | dict.fromkeys(merged, "one")

    def _insert(
        self, changes: Transaction, action: Action, joinings: Sequence[Joining], source: str
    ) -> None:
        below = self._segmentations.below(action.image)
        changes.run_many(
            f"INSERT INTO joining ({_ROW}) VALUES ({', '.join('?' * 10)})",
            [
                (
                    *(action.id, identity, action.who, action.time, below, joining.group[0]),
                    *(named(joining.group[1]), joining.old, joining.new, source),
                )
                for identity, joining in zip(ids_of(len(joinings)), joinings, strict=True)
            ],
        )

    def _derive(
        self,
        changes: Transaction,
        image: int,
        before: Sequence[Statement],
        now: Sequence[Statement],
        spoken: set[Group],
    ) -> None:
        """Show the segmentation that follows from what was said."""
        current = self._segmentations.current(image)
        below, groups = self._segmentations.derivation(current)
        merged = merged_after(groups, before, now, spoken)
        if merged != set(groups):
            number = self._segmentations.enter_merged(changes, image, below, merged)
            self._segmentations.show_within(changes, image, number)

    def _undone(self, image: int) -> dict[bytes, tuple[bytes, str]]:
        """Of each gesture that was undone: the action that says so, and how it is to count."""
        query = self._store.database.query
        told = "FROM action WHERE image = ? AND vocabulary = '' AND kind"
        joins = {row[0] for row in query(f"SELECT id {told} = 'join'", (image,))}
        rows = query(
            f"SELECT undoes, id, kind {told} IN ('undo', 'redo') ORDER BY time, id", (image,)
        )
        # of a gesture, that it was done again; of an import, which is no statement, that it was not
        return {
            undoes: (identity, "redo" if undoes in joins else "undo")
            for undoes, identity, _ in rows
        }

    def _placed(
        self, image: int, which: str, value: Any
    ) -> list[tuple[Group | None, tuple[Any, ...]]]:
        """Rows of what was said, oldest first, on labels of the present segmentation.

        Each has its labels there, or None, and its id; the id of its action, its kind and what it
        undoes; who, old and new.
        """
        if not self._store.has_table("joining"):
            return []
        rows = self._store.database.query(
            "SELECT joining.segmentation, frame, joining.labels, joining.id, action, kind, undoes, "
            "joining.who, old, new FROM joining JOIN action ON action.id = action "
            "JOIN segmentation ON number = joining.segmentation "
            f"WHERE action.image = ? AND {which} ORDER BY joining.time, action, joining.id",
            (image, value),
        )
        routes = self._segmentations.routes(image, self._segmentations.below(image))
        return [
            (follow_group(routes.get(version), (frame, _labels(text))), tuple(said))
            for version, frame, text, *said in rows
        ]


def follow_group(route: Route | None, group: Group) -> Group | None:
    """Find labels of another version, if they have the same voxels here."""
    if route is None:
        return None
    frame, labels = group
    found, same = route.follow(np.full(len(labels), frame, np.int64), np.array(labels, np.int64))
    return (frame, tuple(sorted(found.tolist()))) if same.all() else None


def _labels(text: str) -> tuple[int, ...]:
    return tuple(int(label) for label in text.split("+"))
