"""Gestures entered in the journal, in any thread, before they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.counted import counted
from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import NOTHING, Word

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.project.words import Action
    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]

BLIND = "blind-"
"""Before the source of a word that was said in blind mode."""
HIDDEN = "Predictions are hidden in blind mode: say a phase instead."


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What one gesture did.

    Parameters
    ----------
    rows : ndarray, ``(m,)``, int64
        Cells that it changed, the first one first; none if nothing was new.
    kind : {"say", "undo", "redo"}
    about : str
        What a menu says of it.
    skipped : int
        Cells of an undone action that were left alone: gone from the segmentation, or something
        else was said of them since, in another copy of the project.
    """

    rows: Ints
    kind: str
    about: str
    skipped: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """A gesture that is on the disk; :meth:`Review.take` shows it.

    Parameters
    ----------
    change : Change
        What it does.
    codes : ndarray, ``(m,)``, int16
        New word on each of its rows, as :attr:`Review.words` has it.
    notes : dict of int to str
        Notes that go with them, by row.
    action : Action or None
        In the journal; None if nothing was new.
    """

    change: Change
    codes: NDArray[np.int16]
    notes: dict[int, str]
    action: Action | None


class Scribe:
    """Enters what the person who works says; each method returns when it is on the disk.

    A review is only read here, so that a gesture on many cells can be entered in a thread of its
    own. Until :meth:`Review.take` has shown it, nothing else may be entered.

    Parameters
    ----------
    review : Review
    """

    def __init__(self, review: Review) -> None:
        self._review = review

    def say(
        self, rows: int | ArrayLike, phase: str, *, note: str = "", source: str = "key"
    ) -> Entered:
        """See :meth:`Review.say`."""
        chosen = self._review.phases[phase]
        return self._say_all(rows, Word("phase", chosen.slug, note), chosen.name, source)

    def accept(self, rows: int | ArrayLike, *, source: str = "accept") -> Entered:
        """See :meth:`Review.accept`."""
        review = self._review
        if review.blind:
            raise ProjectError(HIDDEN)
        chosen = unique_rows(rows)
        predicted = review.shown.phase[chosen]
        chosen, predicted = chosen[predicted >= 0], predicted[predicted >= 0]
        word_of = [Word("phase", phase.slug) for phase in review.phases]
        said = [word_of[code] for code in predicted.tolist()]
        return self._enter(chosen, said, about=_about("accepted", len(chosen)), source=source)

    def exclude(self, rows: int | ArrayLike, reason: str = "", *, source: str = "key") -> Entered:
        """See :meth:`Review.exclude`."""
        return self._say_all(rows, Word("exclude", "", reason), "excluded", source)

    def unsure(self, rows: int | ArrayLike, note: str = "", *, source: str = "key") -> Entered:
        """See :meth:`Review.unsure`."""
        return self._say_all(rows, Word("unsure", "", note), "unsure", source)

    def clear(self, rows: int | ArrayLike, *, source: str = "key") -> Entered:
        """See :meth:`Review.clear`."""
        return self._say_all(rows, NOTHING, "back to predicted", source)

    def repeat(self, rows: int | ArrayLike, word: Word, *, source: str) -> Entered:
        """Say a word that was said of another cell."""
        names = {"exclude": "excluded", "unsure": "unsure", "none": "back to predicted"}
        name = names.get(word.kind) or self._review.phases[word.phase].name
        return self._say_all(rows, word, name, source)

    def undo(self) -> Entered:
        """See :meth:`Review.undo`."""
        return self._again(self._review.to_undo, "undo")

    def redo(self) -> Entered:
        """See :meth:`Review.redo`."""
        return self._again(self._review.to_redo, "redo")

    def _say_all(self, rows: int | ArrayLike, word: Word, name: str, source: str) -> Entered:
        chosen = unique_rows(rows)
        about = _about(name, len(chosen))
        return self._enter(chosen, [word] * len(chosen), about=about, source=source)

    def _enter(
        self,
        rows: Ints,
        words: Sequence[Word],
        *,
        about: str,
        source: str,
        kind: str = "say",
        undoes: bytes | None = None,
        skipped: int = 0,
    ) -> Entered:
        review = self._review
        review.project.store.check_writable()
        said = [
            (row, (*cell, old, new))
            for row, cell, old, new in zip(
                rows.tolist(), review.keys(rows), review.my_words(rows), words, strict=True
            )
            if old is not new and old != new
        ]
        changed = np.array([row for row, _ in said], np.int64)
        change = Change(changed, kind, about, skipped)
        codes = review.coder.codes([word[-1] for _, word in said])
        notes = {row: word[-1].note for row, word in said if word[-1].note}
        if not said and undoes is None:
            return Entered(change, codes, notes, None)
        action = review.project.journal.enter(
            [word for _, word in said],
            image=review.image,
            segmentation=review.segmentation,
            vocabulary=review.phases.name,
            kind=kind,
            source=f"{BLIND}{source}" if review.blind else source,
            about=about,
            undoes=undoes,
        )
        return Entered(change, codes, notes, action)

    def _again(self, action: Action | None, kind: str) -> Entered:
        """Undo or redo an action: each cell that still is as it was left goes the other way."""
        if action is None:
            nothing = Change(np.zeros(0, np.int64), kind, "")
            return Entered(nothing, np.zeros(0, np.int16), {}, None)
        review = self._review
        review.project.store.check_writable()
        events = review.project.journal.events_of(action.id)
        rows = review.places(
            [event.segmentation for event in events],
            [event.frame for event in events],
            [event.label for event in events],
        )
        chosen, words = [], []
        present = review.my_words(np.maximum(rows, 0))
        for row, event, word in zip(rows.tolist(), events, present, strict=True):
            before, after = (event.new, event.old) if kind == "undo" else (event.old, event.new)
            if row >= 0 and word == before:
                chosen.append(row)
                words.append(after)
        return self._enter(
            np.array(chosen, np.int64),
            words,
            about=action.about,
            source=kind,
            kind=kind,
            undoes=action.id,
            skipped=len(events) - len(chosen),
        )


def unique_rows(rows: int | ArrayLike) -> Ints:
    """Rows without repeats, in the order given."""
    given = np.atleast_1d(np.asarray(rows, np.int64))
    if len(given) < 2:
        return given
    _, first = np.unique(given, return_index=True)
    return given[np.sort(first)]


def _about(what: str, n: int) -> str:
    return f"{what}: {counted(n, 'cell')}"
