"""A colleague's project taken into one's own: the union of both journals."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.project.project import Project
from napari_cellcycle.review.intake.joined import Joined, link_merged, take_joins
from napari_cellcycle.review.intake.their_tracks import TheirTracks
from napari_cellcycle.review.relabelling.matching import match_tables
from napari_cellcycle.review.relabelling.transfer import compare_labels

if TYPE_CHECKING:
    import os

    from napari_cellcycle.project.database import Transaction
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.routes import Transfer
    from napari_cellcycle.project.segmentations import Segmentations


@dataclass(frozen=True, slots=True)
class Union:
    """What came from another project.

    Parameters
    ----------
    new, known : int
        Events that were taken, and those that were here already.
    people : tuple of str
        Who said what is new.
    refused : tuple of str
        One sentence for each image or vocabulary that was left out, for tracks, and for labels
        that are not here.
    joined : Joined
        What came of merged cells.
    tracked : tuple of str
        One sentence for each image that has tracks now.
    """

    new: int
    known: int
    people: tuple[str, ...]
    refused: tuple[str, ...]
    joined: Joined = field(default_factory=Joined)
    tracked: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything is different now."""
        return bool(self.new or self.joined.taken or self.tracked)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know: conflicts, and what was left out."""
        return self.joined.conflicts + self.refused

    def __str__(self) -> str:
        told = [f"{self.new} new words of {', '.join(self.people) or 'nobody'}, {self.known} known"]
        told += [str(self.joined)] if self.joined else []
        return ". ".join([*told, *self.tracked, *self.notes])


def unite(project: Project, other: str | os.PathLike[str]) -> Union:
    """Take every event of another project that is about the same images.

    It can be done again and again, and in both directions; nothing is taken twice. The other
    project is only read. Images are the same if their pixels are, whatever their names. Words on
    another version of the segmentation count here too, where it is known which cell is which.

    What was said of labels that are one cell, or not, comes with it: what was said last holds, and
    one :meth:`~napari_cellcycle.review.daughters.merging.Merging.undo` takes back what it changed.
    Tracks come where there are none.

    Parameters
    ----------
    project : Project
        Open for writing.
    other : path-like
        Folder of the other one.

    Raises
    ------
    ProjectError
        If the other one cannot be read, or this one not be written; nothing has changed then.
    """
    project.store.check_writable()
    with Project.open(other, who=project.who, read_only=True) as theirs:
        return _Uniting(project, theirs).run()


class _Uniting:
    def __init__(self, ours: Project, theirs: Project) -> None:
        self.ours, self.theirs = ours, theirs
        self.refused: list[str] = []

    def run(self) -> Union:
        pairs = self._images()
        unknown = self._vocabularies()
        written = {
            number: self._copy(number, image)
            for image, own in pairs
            for number in self.theirs.segmentations.digests(image.number)
            if self.theirs.segmentations.derivation(number)[0] == number
        }
        bridges = {image.number: self._bridges(image, own) for image, own in pairs}
        tracks = [TheirTracks(self.ours, self.theirs, *pair) for pair in pairs]
        actions, events = self.theirs.journal.all()
        own_image = {image.number: own.number for image, own in pairs}
        taken = [a for a in actions if a.image in own_image and a.vocabulary not in unknown | {""}]
        ids = {a.id for a in taken}
        events = [event for event in events if event.action in ids]
        before = self.ours.journal.ids()
        spoken = {event.segmentation for event in events}
        # each merged cell made a version; most have nothing that refers to them
        needed = spoken | {track.segmentation for track in tracks}
        needed.update(*((old, new) for old, new, _ in self.theirs.segmentations.revisions()))
        with self.ours.store.transaction() as changes:
            number_of = {
                number: self.ours.segmentations.enter(changes, own_image[image], files)
                for number, (image, files) in written.items()
            }
            for image, own in pairs:
                for number in self.theirs.segmentations.digests(image.number):
                    base, groups = self.theirs.segmentations.derivation(number)
                    if groups and number in needed:
                        number_of[number] = self.ours.segmentations.enter_merged(
                            changes, own.number, number_of[base], groups
                        )
            self._link(changes, number_of, bridges, own_image)
            joined = Joined()
            for pair in pairs:
                joined += take_joins(changes, self.ours, self.theirs, pair, number_of)
                link_merged(changes, self.ours, self.theirs, pair, number_of, spoken)
            for found in tracks:
                found.take(changes, number_of)
            for name in sorted({a.vocabulary for a in taken}):
                self.ours.vocabularies.keep(changes, self.theirs.vocabularies[name])
            new = self.ours.journal.add(
                changes,
                [replace(a, image=own_image[a.image]) for a in taken],
                [replace(e, segmentation=number_of[e.segmentation]) for e in events],
            )
        people = {event.who for event in events if event.id not in before}
        return Union(
            new,
            len(events) - new,
            tuple(sorted(people)),
            (*self.refused, *joined.notes, *(t.refused for t in tracks if t.refused)),
            joined,
            tuple(t.told for t in tracks if t.told),
        )

    def _images(self) -> list[tuple[ProjectImage, ProjectImage]]:
        own = {image.signature: image for image in self.ours.images.all()}
        found = []
        for image in self.theirs.images.all():
            if image.signature in own:
                found.append((image, own[image.signature]))
                continue
            reason = (
                "there it has other pixels"
                if self.ours.images.find(image.name, image.scene)
                else "it is not in this project"
            )
            self.refused.append(f"Words on {image.name} were left out: {reason}")
        return found

    def _vocabularies(self) -> set[str]:
        """Names of vocabularies that mean something else here; what they lack here, they get."""
        unknown = set()
        for name in self.theirs.vocabularies.names():
            if name not in self.ours.vocabularies.names():
                continue
            own = {phase.slug: phase.parent for phase in self.ours.vocabularies[name]}
            moved = [
                p.slug
                for p in self.theirs.vocabularies[name]
                if own.get(p.slug, p.parent) != p.parent
            ]
            if moved:
                unknown.add(name)
                self.refused.append(
                    f"Words in the vocabulary {name} were left out: here {', '.join(moved)} "
                    "belongs to another branch"
                )
        return unknown

    def _copy(self, number: int, image: ProjectImage) -> tuple[int, tuple[str, str, str | None]]:
        versions = self.theirs.segmentations
        cells, kept = versions.cells(number), versions.kept_labels(number)
        return image.number, self.ours.segmentations.write(cells, kept, versions.digest(number))

    def _bridges(self, image: ProjectImage, own: ProjectImage) -> dict[int, Transfer]:
        """From versions of theirs that ours do not come from, to our present one."""
        versions, below = self.theirs.segmentations, self.ours.segmentations.below(own.number)
        routes = self.ours.segmentations.routes(own.number, below)
        known = {
            number
            for number, digest in versions.digests(image.number).items()
            if self.ours.segmentations.number_of(own.number, digest) in routes
        }
        last = versions.below(image.number)
        if last in _leading_to(self.theirs, known):
            return {}
        mine = self.ours.segmentations.cells(below)
        hers = versions.cells(last)
        exact = match_tables(hers, mine).there
        try:
            old = self.theirs.images.labels_below(image.number)
            new = self.ours.images.labels_below(own.number)
            return {last: _with_same(compare_labels(old, new, hers, mine)[0], exact)}
        except CellCycleError:
            # her label image is not at hand: only cells that were not edited are the same
            return {last: exact}

    def _link(
        self,
        changes: Transaction,
        number_of: dict[int, int],
        bridges: dict[int, dict[int, Transfer]],
        own_image: dict[int, int],
    ) -> None:
        segmentations: Segmentations = self.ours.segmentations
        for old, new, moved in self.theirs.segmentations.revisions():
            if old in number_of and new in number_of:
                segmentations.link_bytes(changes, number_of[old], number_of[new], moved)
        for image in own_image:
            for old, new, _, doubtful in self.theirs.segmentations.doubts(image):
                segmentations.doubt(changes, number_of[old], number_of[new], doubtful)
        for image, steps in bridges.items():
            below = segmentations.below(own_image[image])
            for number, transfer in steps.items():
                segmentations.link(changes, number_of[number], below, transfer)


def _with_same(transfer: Transfer, exact: Transfer) -> Transfer:
    """A transfer that knows which cells have another number only."""
    alike = {(frame, old, new) for frame, old, new, same in exact.rows() if same}
    same = [(frame, old, new) in alike for frame, old, new, _ in transfer.rows()]
    return replace(transfer, same=np.array(same, bool))


def _leading_to(project: Project, targets: set[int]) -> set[int]:
    """Some versions, and those from which revisions lead to one of them."""
    revisions = project.segmentations.revisions()
    reached = set(targets)
    while more := {old for old, new, _ in revisions if new in reached} - reached:
        reached |= more
    return reached
