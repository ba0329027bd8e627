"""Which labels are one cell: what people said of it, and the segmentation that follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_cellcycle.cells.merge import Group, named
from napari_cellcycle.project.journal import Journal, add_actions, ids_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_cellcycle.project.routes import Route
    from napari_cellcycle.project.segmentations import Segmentations
    from napari_cellcycle.project.store import Store
    from napari_cellcycle.project.words import Action

Verdict = Literal["none", "one", "apart"]
"""Nothing is said, or it was taken back; the labels are one cell; they are not."""


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
        last = {j.group: j.new for j in self._placed(image) if j is not None}
        found: dict[Group, Verdict] = dict.fromkeys(self.groups(image), "one")
        # what is not one cell in this version was merged in another
        return {group: verdict for group, verdict in last.items() if verdict == "apart"} | found

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
        below, groups = self._segmentations.derivation(self._segmentations.current(image))
        merged = set(groups) - {joining.group for joining in joinings}
        merged |= {joining.group for joining in joinings if joining.new == "one"}
        action = self._journal.new_action(image, "", kind, about, undoes)
        rows = [
            (
                *(action.id, identity, action.who, action.time, below, joining.group[0]),
                *(named(joining.group[1]), joining.old, joining.new, source),
            )
            for identity, joining in zip(ids_of(len(joinings)), joinings, strict=True)
        ]
        with self._store.transaction() as changes:
            add_actions(changes, [action])
            changes.run_many(f"INSERT INTO joining VALUES ({', '.join('?' * 10)})", rows)
            number = self._segmentations.enter_merged(changes, image, below, merged)
            self._segmentations.show_within(changes, image, number)
        return action

    def of(self, image: int, action: bytes) -> list[Joining | None]:
        """What was said in an action, None of labels that were edited since."""
        return self._placed(image, action)

    def _placed(self, image: int, action: bytes | None = None) -> list[Joining | None]:
        """What was said, oldest first, of labels of the present segmentation."""
        if not self._store.has_table("joining"):
            return []
        rows = self._store.database.query(
            "SELECT joining.segmentation, frame, joining.labels, old, new FROM joining "
            "JOIN segmentation ON number = joining.segmentation "
            "WHERE image = ? AND (? IS NULL OR action = ?) ORDER BY joining.time, action, id",
            (image, action, action),
        )
        below, _ = self._segmentations.derivation(self._segmentations.current(image))
        routes = self._segmentations.routes(image, below)
        return [
            _follow(routes.get(version), Joining((frame, _labels(text)), old, new))
            for version, frame, text, old, new in rows
        ]


def _follow(route: Route | None, said: Joining) -> Joining | None:
    """Find the labels that something was said of in another version, if they are the same."""
    if route is None:
        return None
    frame, labels = said.group
    found, same = route.follow(np.full(len(labels), frame, np.int64), np.array(labels, np.int64))
    return replace(said, group=(frame, tuple(sorted(found.tolist())))) if same.all() else None


def _labels(text: str) -> tuple[int, ...]:
    return tuple(int(label) for label in text.split("+"))
