"""What a person can say of a cell, and the event that records it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["none", "phase", "unsure", "exclude"]
KINDS: tuple[str, ...] = get_args(Kind)

Status = Literal[
    "", "predicted", "accepted", "corrected", "excluded", "unsure", "conflict", "stale"
]
STATUSES: tuple[str, ...] = get_args(Status)
"""Empty where neither a model nor a person has said anything."""

EXCLUDE_REASONS = {
    "debris": "&Debris",
    "out of focus": "Out of &focus",
    "bad segmentation": "Bad &segmentation",
}
"""Usual reasons to leave a cell out, as the note has them, and as a menu with letters to press."""


@dataclass(frozen=True, slots=True)
class Word:
    """A person's word about one cell in one vocabulary.

    Parameters
    ----------
    kind : {"none", "phase", "unsure", "exclude"}
        ``"none"`` takes an earlier word back.
    phase : str
        Slug of a leaf or of a branch ("mitotic, stage unknown"); empty for the other kinds.
    note : str
        Free text, such as the reason.
    """

    kind: Kind
    phase: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or (self.kind == "phase") != bool(self.phase):
            raise ValueError(f"No word: {self!r}")

    @property
    def said(self) -> tuple[str, str]:
        """What counts, without the note."""
        return self.kind, self.phase


NOTHING = Word("none")


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal.

    Parameters
    ----------
    id, action : bytes
        UUIDs; events of one action are undone together.
    who : str
    time : int
        Microseconds since 1970, UTC; never before an event that the journal already has.
    segmentation : int
        Number of the segmentation that the label belongs to.
    frame, label : int
        The cell.
    vocabulary : str
    old, new : Word
        Of this person on this cell.
    source : str
        How it came: ``key``, ``click``, ``accept``, ``import``, ``undo`` and so on.
    """

    id: bytes
    action: bytes
    who: str
    time: int
    segmentation: int
    frame: int
    label: int
    vocabulary: str
    old: Word
    new: Word
    source: str


@dataclass(frozen=True, slots=True)
class Action:
    """Events that were made by one gesture.

    Parameters
    ----------
    id : bytes
    kind : {"say", "join", "undo", "redo", "import"}
        ``"join"`` is about which labels are one cell.
    who : str
    time : int
        As in :class:`Event`.
    image : int
        Number of the image.
    vocabulary : str
        Empty where it is about labels, and not about phases.
    made_in : str
        Project in which it was made; a person undoes what was made in the own one.
    about : str
        What a menu says of it.
    undoes : bytes or None
        The action that is undone or redone.
    """

    id: bytes
    kind: str
    who: str
    time: int
    image: int
    vocabulary: str
    made_in: str
    about: str
    undoes: bytes | None = None


def new_id() -> bytes:
    """Make a UUID (version 4) of 16 bytes."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000
