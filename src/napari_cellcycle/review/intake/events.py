"""A ``reviews`` table read again: the union of its events and those of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import KINDS, Action, Event, Word
from napari_cellcycle.review.export.rows import REVIEW_COLUMNS, REVIEW_TEXT
from napari_cellcycle.review.intake.answers import Answers
from napari_cellcycle.review.intake.csv_rows import microseconds, read_csv, whole_number
from napari_cellcycle.spreadsheet import restore

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.review.intake.csv_rows import CsvRows

_GESTURES = ("say", "undo", "redo", "import")


def read_events(project: Project, path: str | os.PathLike[str]) -> Answers:
    """Take the words of a ``reviews`` table into a project; nothing is taken twice.

    Images are the same if their pixels are. Words on a version of the segmentation that the project
    does not know do not match: import the other project itself, which holds its cells.

    Parameters
    ----------
    project : Project
        Open for writing.
    path : path-like
        A CSV file.

    Raises
    ------
    ProjectError
        If it is another table, or it could not be saved; nothing has changed then.
    """
    project.store.check_writable()
    return take_events(project, read_csv(path))


def take_events(project: Project, table: CsvRows) -> Answers:
    """As :func:`read_events`, of a file that is read."""
    missing = [name for name in REVIEW_COLUMNS if name not in table.columns]
    if missing:
        raise ProjectError(
            f"{table.name} is no whole table reviews: it has no {', '.join(missing)}. Export it "
            "again, with all columns."
        )
    return _Reading(project, table).run()


class _Reading:
    def __init__(self, project: Project, table: CsvRows) -> None:
        self.project, self.table = project, table
        self.images = {image.signature: image.number for image in project.images.all()}
        self.versions: dict[tuple[int, str], int | None] = {}
        self.vocabularies: dict[str, PhaseSet] = {}
        self.actions: dict[bytes, Action] = {}
        self.events: dict[bytes, Event] = {}

    def run(self) -> Answers:
        unmatched = self.table.take(self._row)
        new = 0
        if self.events:
            with self.project.store.transaction() as changes:
                for phases in self.vocabularies.values():
                    self.project.vocabularies.keep(changes, phases)
                new = self.project.journal.add(changes, self.actions.values(), self.events.values())
        return Answers(new, len(self.events) - new, 0, unmatched)

    def _row(self, raw: Mapping[str, str]) -> None:
        row = {
            name: restore(raw[name]) if name in REVIEW_TEXT else raw[name]
            for name in REVIEW_COLUMNS
        }
        image = self.images.get(row["signature"])
        if image is None:
            raise ProjectError(f"the project has no image with the pixels of {row['image']!r}.")
        phases = self._phases(row["vocabulary"])
        version = self._version(image, row["segmentation"])
        old = _word(phases, row["old_kind"], row["old_phase"], row["old_note"])
        new = _word(phases, row["kind"], row["phase"], row["note"])
        time = microseconds(row["time"])
        if time is None or not row["annotator"] or row["gesture"] not in _GESTURES:
            raise ProjectError("it does not say who said it, when and how.")
        action, identity = _identity(row["action"]), _identity(row["event"])
        if identity in self.events:
            raise ProjectError("this word is there a second time.")
        frame, label = whole_number(row["frame"], "frame"), whole_number(row["label"], "label")
        self.actions.setdefault(
            action,
            Action(
                id=action,
                kind=row["gesture"],
                who=row["annotator"],
                time=time,
                image=image,
                vocabulary=phases.name,
                made_in=row["made_in"],
                about=row["about"],
                undoes=_identity(row["undoes"]) if row["undoes"] else None,
            ),
        )
        self.vocabularies[phases.name] = phases
        self.events[identity] = Event(
            id=identity,
            action=action,
            who=row["annotator"],
            time=time,
            segmentation=version,
            frame=frame,
            label=label,
            vocabulary=phases.name,
            old=old,
            new=new,
            source=row["source"],
        )

    def _phases(self, name: str) -> PhaseSet:
        return self.vocabularies.get(name) or self.project.vocabularies[name]

    def _version(self, image: int, digest: str) -> int:
        key = (image, digest)
        if key not in self.versions:
            self.versions[key] = self.project.segmentations.number_of(image, digest)
        number = self.versions[key]
        if number is None:
            raise ProjectError(
                "it is about another version of the segmentation; import the project that it comes "
                "from instead."
            )
        return number


def _word(phases: PhaseSet, kind: str, phase: str, note: str) -> Word:
    if kind not in KINDS or (kind == "phase") != bool(phase):
        raise ProjectError(f"{kind!r} with the phase {phase!r} is no word.")
    return Word(kind, phases[phase].slug if phase else "", note)  # type: ignore[arg-type]


def _identity(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise ProjectError(f"{text!r} is not the id of a word.")
    return found
