"""Words from a CSV file: a ``cells`` table of ours, or plain ``label,phase``."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import Action, Event, Word
from napari_cellcycle.review.intake.csv_rows import microseconds, read_csv, whole_number
from napari_cellcycle.review.intake.known import Known
from napari_cellcycle.review.names import split_names
from napari_cellcycle.review.state import Review
from napari_cellcycle.spreadsheet import restore

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.words import Kind
    from napari_cellcycle.review.intake.csv_rows import CsvRows

_OTHER: Mapping[str, Kind] = {"unsure": "unsure", "exclude": "exclude", "excluded": "exclude"}
"""What may stand in the place of a phase."""
_SPACE = uuid.UUID("6a1f8f0e-5a4c-4f0b-9d0e-9a0c5f6f2c11")


@dataclass(frozen=True, slots=True)
class Answers:
    """What came from a CSV file.

    Parameters
    ----------
    new, known : int
        Words that were taken, and those that were here already.
    silent : int
        Rows without a person's word.
    unmatched : tuple of str
        One sentence for each row that could not be used.
    """

    new: int
    known: int
    silent: int
    unmatched: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Whether anything is different now."""
        return self.new > 0

    @property
    def is_foreign(self) -> bool:
        """Whether there are rows, and none of them could be used."""
        return bool(self.unmatched) and not (self.new or self.known or self.silent)

    def __str__(self) -> str:
        told = f"{self.new} new words, {self.known} known, {self.silent} rows without a word"
        if not self.unmatched:
            return f"{told}."
        return f"{told}, {len(self.unmatched)} rows do not match. First: {self.unmatched[0]}"


def read_answers(
    project: Project,
    path: str | os.PathLike[str],
    *,
    image: int | None = None,
    phases: PhaseSet | None = None,
    who: str | None = None,
) -> Answers:
    """Take the words of a CSV file into a project; nothing is taken twice.

    With a column ``status`` it is read as a ``cells`` table: words of accepted, corrected, excluded
    and unsure cells, under the names of those who said them. Otherwise every row with a ``phase``
    (its slug, or its name; or ``unsure`` or ``exclude``) is a word. Without a column ``frame`` the
    image must have one frame.

    Parameters
    ----------
    project : Project
        Open for writing.
    path : path-like
        UTF-8, with a head.
    image : int, optional
        Number of the image that the labels are of; by default the one that a row names, or the only
        one.
    phases : PhaseSet, optional
        In which phases are said, and rows of another vocabulary do not match; by default in the
        vocabulary that a row names, or in which the image is shown.
    who : str, optional
        Whose the words of rows without an ``annotator`` are; of the person who works by default.

    Raises
    ------
    ProjectError
        If a column is missing, or it could not be saved; nothing has changed then.
    """
    project.store.check_writable()
    return take_answers(project, read_csv(path), image=image, phases=phases, who=who)


def take_answers(
    project: Project,
    table: CsvRows,
    *,
    image: int | None = None,
    phases: PhaseSet | None = None,
    who: str | None = None,
) -> Answers:
    """As :func:`read_answers`, of a file that is read."""
    columns = set(table.columns)
    if not columns >= {"label"} or not columns & {"phase", "status"}:
        raise ProjectError(
            f"{table.name} has the columns {', '.join(table.columns) or 'none'}; it needs "
            "'label' and 'phase', or those of an exported table cells or reviews."
        )
    image = image_of(project, table, image)
    return _Reading(project, table, image, phases, who or project.who).run()


def image_of(project: Project, table: CsvRows, image: int | None) -> int | None:
    """Number of the image that a table is of: as it was said, or the only one; None if it says it.

    Raises
    ------
    ProjectError
        If nobody says it, and there are several.
    """
    if image is not None or "image" in table.columns:
        return image
    images = project.images.all()
    if len(images) != 1:
        raise ProjectError(
            f"{table.name} does not say which image its labels are of, and the project has "
            f"{len(images)}. Name one, or add a column 'image'."
        )
    return images[0].number


class _Reading:
    def __init__(
        self,
        project: Project,
        table: CsvRows,
        image: int | None,
        phases: PhaseSet | None,
        who: str,
    ) -> None:
        self.project, self.table, self.image, self.phases = project, table, image, phases
        self.who = who
        self.images = {found.number: found for found in project.images.all()}
        self.frames: dict[int, int] = {}
        self.shown: dict[int, PhaseSet] = {}
        self.known: dict[tuple[int, str], Known] = {}
        self.there: set[tuple[object, ...]] = set()
        self.n_known = self.silent = 0
        self.actions: dict[bytes, Action] = {}
        self.events: list[Event] = []

    def run(self) -> Answers:
        self.time = self.project.journal.next_time()
        unmatched = self.table.take(self._row)
        new = 0
        if self.events:
            with self.project.store.transaction() as changes:
                for found in self.known.values():
                    self.project.vocabularies.keep(changes, found.phases)
                new = self.project.journal.add(changes, self.actions.values(), self.events)
        known = self.n_known + len(self.events) - new
        return Answers(new, known, self.silent, unmatched)

    def _row(self, row: Mapping[str, str]) -> None:
        word = _word(row)
        if word is None:
            self.silent += 1
            return
        image = self._image(row)
        known = self._known(image, restore(row.get("vocabulary", "")))
        frame, label, place_ = self._cell(row, image, known)
        if word.kind == "phase":
            slug, other = known.meant(word.phase), _OTHER.get(word.phase.casefold())
            if slug is not None:
                word = Word("phase", slug, word.note)
            elif other is not None:
                word = Word(other, "", word.note)
            else:
                raise ProjectError(
                    f"{word.phase!r} is no phase of {known.phases.name!r}; write one of "
                    f"{', '.join(phase.slug for phase in known.phases)}, unsure, exclude."
                )
        time = microseconds(row.get("reviewed_at", ""))
        people = split_names(restore(row.get("annotator", ""))) or [self.who]
        for who in people:
            key = (image, known.phases.name, who, time, frame, label)
            if key in self.there:
                raise ProjectError(f"cell {label} of frame {frame} is there a second time.")
            self.there.add(key)
            if known.has(place_, who, time, word, alone=len(people) == 1):
                self.n_known += 1
            else:
                self._add(image, known, who, time, (frame, label, place_), word)

    def _image(self, row: Mapping[str, str]) -> int:
        name, scene = restore(row.get("image", "")), restore(row.get("scene", ""))
        if self.image is None:
            found = self.project.images.find(name, scene)
            if found is None:
                raise ProjectError(f"the project has no image {name!r}.")
            return found.number
        own = self.images.get(self.image)
        if own is None:
            raise ProjectError(f"the project has no image of number {self.image}.")
        for column, said, here in (("image", name, own.name), ("scene", scene, own.scene)):
            if column in row and said != here:
                raise ProjectError(f"its {column} is {said!r}, that of the project {here!r}.")
        return self.image

    def _known(self, image: int, said: str) -> Known:
        phases = self.phases
        if phases is not None and said and said != phases.name:
            raise ProjectError(f"its vocabulary is {said}, not {phases.name}.")
        if phases is None and said:
            phases = self.project.vocabularies[said]
        if phases is None:
            if image not in self.shown:
                self.shown[image] = Review(self.project, image).phases
            phases = self.shown[image]
        key = (image, phases.name)
        if key not in self.known:
            self.known[key] = Known(self.project, image, phases)
        return self.known[key]

    def _cell(self, row: Mapping[str, str], image: int, known: Known) -> tuple[int, int, int]:
        label = whole_number(row["label"], "label")
        if row.get("frame"):
            frame = whole_number(row["frame"], "frame")
        else:
            if image not in self.frames:
                cells = self.project.segmentations.cells(known.version)
                self.frames[image] = int(np.max(cells.frame, initial=0))
            if self.frames[image]:
                raise ProjectError("it does not say the frame; add a column 'frame', from 0.")
            frame = 0
        found = known.index.row(frame, label)
        if found < 0:
            raise ProjectError(f"there is no cell {label} in frame {frame}.")
        return frame, label, found

    def _add(
        self,
        image: int,
        known: Known,
        who: str,
        time: int | None,
        cell: tuple[int, int, int],
        word: Word,
    ) -> None:
        frame, label, row = cell
        # words with a time are the same in every file; others are told apart by the file
        origin = self.table.digest if time is None else str(time)
        mark = self.images[image].signature
        action = uuid.uuid5(_SPACE, f"{mark}|{known.phases.name}|{who}|{origin}")
        when = self.time if time is None else time
        if action.bytes not in self.actions:
            own = who == self.project.who and time is None
            self.actions[action.bytes] = Action(
                id=action.bytes,
                kind="import",
                who=who,
                time=when,
                image=image,
                vocabulary=known.phases.name,
                # only what comes without a time is a gesture of now, and can be undone
                made_in=self.project.identity if own else "file",
                about=f"import of {self.table.name}",
            )
        said = f"{frame}|{label}|{word.kind}|{word.phase}|{word.note}"
        self.events.append(
            Event(
                id=uuid.uuid5(action, said).bytes,
                action=action.bytes,
                who=who,
                time=when,
                segmentation=known.version,
                frame=frame,
                label=label,
                vocabulary=known.phases.name,
                old=known.word(row, who),
                new=word,
                source="import",
            )
        )


def _word(row: Mapping[str, str]) -> Word | None:
    """People's word in a row, or None."""
    note = restore(row.get("note", ""))
    if "status" not in row:
        phase = restore(row.get("phase", "").strip())
        return Word("phase", phase, note) if phase else None
    status, corrected = row["status"], restore(row.get("corrected_phase", ""))
    if status == "conflict":
        raise ProjectError(
            "people disagree on this cell, and a table cells does not hold each one's word; import "
            "the table reviews."
        )
    if status == "unsure":
        return Word("unsure", "", note)
    if status == "excluded":
        return Word("exclude", "", note)
    phase = corrected or (restore(row.get("final_phase", "")) if status == "accepted" else "")
    # somebody may have written a phase beside a prediction, too
    if status in ("accepted", "corrected", "stale", "predicted") and phase:
        return Word("phase", phase, note)
    return None
