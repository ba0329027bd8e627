"""Words from a CSV file: a ``cells`` table of ours, or plain ``label,phase``."""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellcycle.errors import CellCycleError, ProjectError
from napari_cellcycle.project.keys import CellIndex
from napari_cellcycle.project.words import NOTHING, Action, Event, Word
from napari_cellcycle.review.state import Review
from napari_cellcycle.spreadsheet import restore

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.project import Project

_SPACE = uuid.UUID("6a1f8f0e-5a4c-4f0b-9d0e-9a0c5f6f2c11")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Answers:
    """What came from a CSV file.

    Parameters
    ----------
    new, known : int
        Words that were taken, and those that an earlier import of them had brought.
    silent : int
        Rows without a person's word.
    unmatched : tuple of str
        One sentence for each row that could not be used.
    """

    new: int
    known: int
    silent: int
    unmatched: tuple[str, ...]

    def __str__(self) -> str:
        told = f"{self.new} new words, {self.known} known, {self.silent} rows without a word"
        if not self.unmatched:
            return f"{told}."
        return f"{told}, {len(self.unmatched)} rows do not match. First: {self.unmatched[0]}"


def read_answers(
    project: Project, path: str | os.PathLike[str], *, image: int, phases: PhaseSet
) -> Answers:
    """Take the words of a CSV file into a project; nothing is taken twice.

    With a column ``status`` it is read as a ``cells`` table: words of accepted, corrected, excluded
    and unsure cells, under the names of those who said them. Otherwise every row with a ``phase``
    is a word of the person who works. Without a column ``frame`` the image must have one frame.

    Parameters
    ----------
    project : Project
        Open for writing.
    path : path-like
        UTF-8, with a head.
    image : int
        Number of the image that the labels are of.
    phases : PhaseSet
        In which plain phases are said; rows of another vocabulary do not match.

    Raises
    ------
    ProjectError
        If a column is missing, or it could not be saved; nothing has changed then.
    """
    project.store.check_writable()
    path = Path(path)
    try:
        data = path.read_bytes()
        text = io.StringIO(data.decode("utf-8-sig"), newline="")
        reader = csv.DictReader(text, restval="", restkey="", strict=True)
        columns = set(reader.fieldnames or ())
        if not columns >= {"label"} or not columns & {"phase", "status"}:
            raise ProjectError(
                f"{path.name} has the columns {', '.join(sorted(columns)) or 'none'}; it needs "
                "'label' and 'phase', or those of an exported cells table."
            )
        rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ProjectError(f"{path} cannot be read as a CSV table: {error}.") from error
    return _Reading(project, image, phases, data, path.name).run(rows)


class _Reading:
    def __init__(
        self, project: Project, image: int, phases: PhaseSet, data: bytes, name: str
    ) -> None:
        self.project, self.image, self.phases, self.name = (
            project,
            project.images[image],
            phases,
            name,
        )
        self.file = hashlib.sha256(data).hexdigest()
        self.version = project.segmentations.current(image)
        self.cells = project.segmentations.cells(self.version)
        self.index = CellIndex(self.cells)
        if phases.name not in project.vocabularies.names():
            project.vocabularies.add(phases)
        self.review = Review(project, image, vocabulary=phases.name)
        self.said: set[tuple[object, ...]] = set()
        self.unmatched: list[str] = []
        self.silent = 0
        self.actions: dict[bytes, Action] = {}
        self.events: list[Event] = []

    def run(self, rows: list[dict[str, str]]) -> Answers:
        self.time = self.project.journal.next_time()
        for number, row in enumerate(rows, start=2):
            try:
                self._row(row)
            except (CellCycleError, ValueError) as error:
                self.unmatched.append(f"{self.name}, line {number}: {error}")
        with self.project.store.transaction() as changes:
            new = self.project.journal.add(changes, self.actions.values(), self.events)
        return Answers(new, len(self.events) - new, self.silent, tuple(self.unmatched))

    def _row(self, row: Mapping[str, str]) -> None:
        word = _word(row)
        if word is None:
            self.silent += 1
            return
        frame, label = self._cell(row)
        said_in = row.get("vocabulary") or self.phases.name
        if said_in != self.phases.name:
            raise ProjectError(f"its vocabulary is {said_in}, not {self.phases.name}.")
        if word.kind == "phase":
            self.phases[word.phase]
        who = restore(row.get("annotator", "")) or self.project.who
        time = _microseconds(row.get("reviewed_at", ""))
        if (who, time, frame, label) in self.said:
            raise ProjectError(f"cell {label} of frame {frame} is there a second time.")
        self.said.add((who, time, frame, label))
        # words with a time are the same in every file; others are told apart by the file
        origin = str(time) if time is not None else self.file
        self._add(who, time, origin, frame, label, word)

    def _cell(self, row: Mapping[str, str]) -> tuple[int, int]:
        for column, own in (("image", self.image.name), ("scene", self.image.scene)):
            if column in row and restore(row[column]) != own:
                raise ProjectError(f"its {column} is {row[column]!r}, that of the project {own!r}.")
        label = int(row["label"])
        if row.get("frame"):
            frame = int(row["frame"])
        elif len(self.cells) and int(self.cells.frame.max()) == 0:
            frame = 0
        else:
            raise ProjectError("it does not say the frame; add a column 'frame', from 0.")
        if self.index.row(frame, label) < 0:
            raise ProjectError(f"there is no cell {label} in frame {frame}.")
        return frame, label

    def _add(
        self, who: str, time: int | None, origin: str, frame: int, label: int, word: Word
    ) -> None:
        action = uuid.uuid5(_SPACE, f"{self.image.signature}|{self.phases.name}|{who}|{origin}")
        when = self.time if time is None else time
        if action.bytes not in self.actions:
            own = who == self.project.who and time is None
            self.actions[action.bytes] = Action(
                id=action.bytes,
                kind="import",
                who=who,
                time=when,
                image=self.image.number,
                vocabulary=self.phases.name,
                # only what comes without a time is a gesture of now, and can be undone
                made_in=self.project.identity if own else "file",
                about=f"import of {self.name}",
            )
        row = self.index.row(frame, label)
        old = self.review.word(row, who) if who in self.review.people else NOTHING
        said = f"{frame}|{label}|{word.kind}|{word.phase}|{word.note}"
        self.events.append(
            Event(
                id=uuid.uuid5(action, said).bytes,
                action=action.bytes,
                who=who,
                time=when,
                segmentation=self.version,
                frame=frame,
                label=label,
                vocabulary=self.phases.name,
                old=old,
                new=word,
                source="import",
            )
        )


def _word(row: Mapping[str, str]) -> Word | None:
    """A person's word in a row, or None."""
    note = restore(row.get("note", ""))
    if "status" not in row:
        phase = row.get("phase", "").strip()
        return Word("phase", phase, note) if phase else None
    status, corrected = row["status"], row.get("corrected_phase", "")
    if status == "unsure":
        return Word("unsure", "", note)
    if status == "excluded":
        return Word("exclude", "", note)
    phase = corrected or (row.get("final_phase", "") if status == "accepted" else "")
    if status in ("accepted", "corrected", "stale") and phase:
        return Word("phase", phase, note)
    return None


def _microseconds(text: str) -> int | None:
    """Time in ISO 8601, as microseconds since 1970; without a zone it is UTC."""
    if not text:
        return None
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return (time - _EPOCH) // datetime.timedelta(microseconds=1)
