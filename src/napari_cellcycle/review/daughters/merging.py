"""Labels that are one cell: accepted, rejected, merged by hand and split, with a way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_cellcycle.cells.merge import Group, group_of, named
from napari_cellcycle.errors import SegmentationError
from napari_cellcycle.project.joins import Joining
from napari_cellcycle.review.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.verdicts import Verdict
    from napari_cellcycle.project.words import Action


@dataclass(frozen=True, slots=True)
class Merged:
    """What one gesture did.

    Parameters
    ----------
    kind : {"join", "undo", "redo"}
    about : str
        What a menu says of it.
    cells : tuple of (frame, label)
        Cells of the present segmentation that it is about.
    skipped : int
        Of an undone action, what was left alone: labels were edited, something else was said of
        them since, or somebody else says the same.
    """

    kind: str
    about: str
    cells: tuple[tuple[int, int], ...]
    skipped: int = 0


class Merging:
    """Merges the cells of one image, and takes that back. The labels themselves are never changed.

    Each method returns when it is on the disk; a :class:`~napari_cellcycle.review.state.Review` of
    the image shows it after :meth:`~napari_cellcycle.review.state.Review.reload`. A merged cell
    has its smallest label, and is stale until it is classified. What somebody said alike of all
    its parts holds for it.

    Parameters
    ----------
    project : Project
        Open for writing.
    image : int
        Number of the image.
    """

    def __init__(self, project: Project, image: int) -> None:
        self.project = project
        self.image = image

    @property
    def groups(self) -> tuple[Group, ...]:
        """Frame and labels of each merged cell."""
        return self.project.joins.groups(self.image)

    @property
    def rejected(self) -> frozenset[Group]:
        """Labels that are said to be cells of their own."""
        said = self.project.joins.said(self.image).items()
        return frozenset(group for group, verdict in said if verdict == "apart")

    @property
    def to_undo(self) -> Action | None:
        """What :meth:`undo` would take back."""
        return self._history().to_undo

    @property
    def to_redo(self) -> Action | None:
        """What :meth:`redo` would bring back."""
        return self._history().to_redo

    def merge(self, frame: int, *cells: Sequence[int], source: str = "key") -> Merged:
        """Say of labels that they are one cell.

        Parameters
        ----------
        frame : int
            Where they are.
        *cells : sequence of int
            Labels of each new cell, two or more; that of a merged cell stands for all its parts.
        source : str
            How it came.

        Raises
        ------
        SegmentationError
            If a label is not there.
        ProjectError
            If it could not be saved; nothing has changed then.
        """
        return self._say_alike(
            [self._expanded(frame, labels) for labels in cells], "one", "merged", source
        )

    def reject(self, frame: int, *cells: Sequence[int], source: str = "key") -> Merged:
        """Say of labels that they are not one cell: they are not proposed any more."""
        return self._say_alike(
            [self._expanded(frame, labels) for labels in cells], "apart", "not one cell", source
        )

    def split(self, frame: int, *labels: int, source: str = "key") -> Merged:
        """Take merged cells apart, into the labels that they were made of.

        Raises
        ------
        SegmentationError
            If a cell is not merged.
        """
        found = []
        for label in labels:
            group = self._group(frame, label)
            if group is None:
                raise SegmentationError(
                    f"Cell {label} of frame {frame} is one label, and no merged cell. Cut the "
                    "label with napari's tools, then take the edited labels over."
                )
            found.append(group)
        return self._say_alike(found, "none", "split", source)

    def judge(
        self, verdicts: Mapping[Group, Verdict], *, about: str, source: str = "key"
    ) -> Merged:
        """Say of several groups of labels, as they are without merged cells, what they are.

        Parameters
        ----------
        verdicts : mapping of Group to {"none", "one", "apart"}
            What was said already is left out.
        about : str
            What a menu says of it.
        source : str
            How it came.

        Raises
        ------
        SegmentationError
            If a label is not there, or would be in two cells.
        ProjectError
            If it could not be saved; nothing has changed then.
        """
        said = self.project.joins.said(self.image)
        new = [
            Joining(group, said.get(group, "none"), verdict)
            for group, verdict in verdicts.items()
            if said.get(group, "none") != verdict
        ]
        # a merged cell that gets more parts is no cell of its own any more
        merged = {joining.group for joining in new if joining.new == "one"}
        inside = {g for g in self.groups for group in merged if g != group and _meet(g, group)}
        new = [*(Joining(group, "one", "none") for group in sorted(inside)), *new]
        if not new:
            return Merged("join", about, ())
        self.project.joins.enter(self.image, new, about=about, source=source)
        return Merged("join", about, self.cells_of(joining.group for joining in new))

    def undo(self) -> Merged:
        """Take back the last gesture of the person who works."""
        return self._again(self.to_undo, "undo")

    def redo(self) -> Merged:
        """Bring back what was undone last."""
        return self._again(self.to_redo, "redo")

    def cells_of(self, groups: Iterable[Group]) -> tuple[tuple[int, int], ...]:
        """Present cells of some labels, as they are without merged cells."""
        merged = {(frame, label): labels[0] for frame, labels in self.groups for label in labels}
        parts = [(frame, label) for frame, labels in groups for label in labels]
        found = ((frame, merged.get((frame, label), label)) for frame, label in parts)
        return tuple(dict.fromkeys(found))

    # --- inside ---------------------------------------------------------------------------------

    def _history(self) -> History:
        return History(self.project.journal.actions(self.image, ""))

    def _group(self, frame: int, label: int) -> Group | None:
        """The merged cell that a label is a part of."""
        return next((g for g in self.groups if g[0] == frame and label in g[1]), None)

    def _expanded(self, frame: int, labels: Iterable[int]) -> Group:
        parts: list[int] = []
        for label in labels:
            group = self._group(frame, label)
            parts += group[1] if group is not None else [label]
        return group_of(frame, parts)

    def _say_alike(
        self, groups: Sequence[Group], verdict: Verdict, what: str, source: str
    ) -> Merged:
        about = f"{what}: {', '.join(named(labels) for _, labels in groups)}"
        return self.judge(dict.fromkeys(groups, verdict), about=about, source=source)

    def _again(self, action: Action | None, kind: str) -> Merged:
        if action is None:
            return Merged(kind, "", ())
        said = self.project.joins.said(self.image)
        events = self.project.joins.of(self.image, action.id)
        way = [
            Joining(e.group, e.new, e.old) if kind == "undo" else e for e in events if e is not None
        ]
        fits = [e for e in way if said.get(e.group, "none") == e.old]
        # what somebody has merged otherwise since stays, and so does all that it takes part in
        others = set(self.groups) - {e.group for e in fits}
        late = [e.group for e in fits if e.new == "one" and any(_meet(e.group, g) for g in others)]
        fits = [e for e in fits if not any(_meet(e.group, group) for group in late)]
        self.project.joins.enter(
            self.image, fits, about=action.about, kind=kind, source=kind, undoes=action.id
        )
        now = self.project.joins.said(self.image)
        skipped = len(events) - sum(now.get(e.group, "none") == e.new for e in fits)
        return Merged(kind, action.about, self.cells_of(e.group for e in fits), skipped)


def _meet(one: Group, other: Group) -> bool:
    return one[0] == other[0] and not set(one[1]).isdisjoint(other[1])
