"""The review of one image: what is true of every cell now, and how a person changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.keys import CellIndex
from napari_cellcycle.project.segmentations import Route, place
from napari_cellcycle.project.words import NOTHING, STATUSES, Word
from napari_cellcycle.review.decision import (
    NONE,
    STATUS,
    Coder,
    decide_words,
    final_phase,
    status_of,
)
from napari_cellcycle.review.history import History
from napari_cellcycle.review.shown import Shown
from napari_cellcycle.review.signal import Signal
from napari_cellcycle.review.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.cells.table import CellTable
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.words import Action

    Ints = NDArray[np.int64]

BLIND = "blind-"
"""Before the source of a word that was said in blind mode."""
HIDDEN = "Predictions are hidden in blind mode: say a phase instead."

SEVERAL = -2
"""In :attr:`Review.annotator`: more than one person has said something."""


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


class Review:
    """The cells of one image in one vocabulary: predictions, words, and what is final.

    Columns have one row a cell, in the order of :attr:`cells`; read them, and change them only
    through the methods. Each method that changes anything returns after it is on the disk, and
    then tells :attr:`changed`.

    Parameters
    ----------
    project : Project
        Open; reading alone is enough to look.
    image : int, optional
        Number of the image; the first one by default.
    vocabulary : str, optional
        In which words are said; that of the shown predictions by default.
    predictions : str, optional
        Id of the prediction set to show; the newest of the vocabulary by default.
    blind : bool
        Show neither predictions nor what others said, and note of each word that it was said so.

    Attributes
    ----------
    cells : CellTable
        Of the present segmentation.
    phases : PhaseSet
        The vocabulary. Codes of phases are places in it, branches included.
    shown : Shown
        Predictions: ``phase``, ``confidence``, ``entropy``, ``stage_entropy``.
    words : ndarray, ``(n, people)``, int16
        Latest word of each of :attr:`people`: a phase, or ``NONE``, ``UNSURE``, ``EXCLUDED``.
    people : list of str
        Who is who in :attr:`words`.
    final : ndarray, ``(n,)``, int16
        Final phase, -1 where there is none.
    status : ndarray, ``(n,)``, uint8
        Index of :data:`napari_cellcycle.project.words.STATUSES`.
    annotator : ndarray, ``(n,)``, int16
        Who said something: place in :attr:`people`, -1 for nobody, -2 for several.
    time : ndarray, ``(n,)``, int64
        Of the latest word, microseconds since 1970, UTC; 0 where there is none.
    unplaced : int
        Events on cells that the present segmentation does not have.
    seen : ndarray, ``(n,)``, bool
        Whether the person who works has looked at it.
    phase_counts, status_counts : ndarray of int64
        Cells of each final phase and of each status.
    changed : Signal
        Called with the rows that changed.
    reloaded : Signal
        Called without anything after :meth:`reload`: every row may have changed, and their number.
    """

    def __init__(
        self,
        project: Project,
        image: int | None = None,
        *,
        vocabulary: str | None = None,
        predictions: str | None = None,
        blind: bool = False,
    ) -> None:
        images = project.images.all()
        if not images:
            raise ProjectError(
                f"{project.folder.name} has no image yet. Add one with its segmentation first."
            )
        self.project = project
        self.image = images[0].number if image is None else image
        self.blind = blind
        self.changed = Signal()
        self.reloaded = Signal()
        self._vocabulary = vocabulary
        self._predictions = predictions
        self._load()

    def look_blind(self, blind: bool) -> None:
        """Hide predictions and what others said, or show them again; see :attr:`reloaded`."""
        self.blind = blind
        self._look()
        self.reloaded.emit()

    def reload(self) -> None:
        """Read everything again: after a new prediction set, an edit of labels or an import."""
        self._load()
        self.reloaded.emit()

    def show(self, predictions: str) -> None:
        """Show another prediction set, in the vocabulary of its model.

        Words in another vocabulary are kept, and shown again with it.
        """
        self._vocabulary, self._predictions = None, predictions
        self.reload()

    # --- what is known ------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def people(self) -> list[str]:
        """Everybody who has said anything, the person who works first."""
        return self._words.people

    @property
    def words(self) -> NDArray[np.int16]:
        """Latest word of each of :attr:`people` on each cell."""
        return self._words.codes

    @property
    def prediction_set(self) -> PredictionSet | None:
        """The set that is shown, without those that completed it."""
        return self.shown.sets[0] if self.shown.sets else None

    @property
    def chosen_set(self) -> PredictionSet | None:
        """As :attr:`prediction_set`, also while it is hidden: for what a model needs to work."""
        return self._all_shown.sets[0] if self._all_shown.sets else None

    @property
    def stale_rows(self) -> Ints:
        """Cells to classify again, and only they."""
        return np.flatnonzero(self._stale)

    @property
    def to_undo(self) -> Action | None:
        """What :meth:`undo` would take back; its ``about`` is for the menu."""
        return self._history.to_undo

    @property
    def to_redo(self) -> Action | None:
        """What :meth:`redo` would bring back."""
        return self._history.to_redo

    def row_of(self, frame: int, label: int) -> int:
        """Row of a cell, -1 where there is none."""
        return self._index.row(frame, label)

    def word(self, row: int, who: str | None = None) -> Word:
        """Latest word of somebody, of the person who works by default."""
        return self._words.get(row, 0 if who is None else self.people.index(who))

    def words_on(self, row: int) -> dict[str, Word]:
        """What each person says of a cell, without those who say nothing."""
        said = {who: self.word(row, who) for who in self.people}
        return {who: word for who, word in said.items() if word.kind != "none"}

    @property
    def people_notes(self) -> Mapping[tuple[int, int], str]:
        """Notes of people, by row and place in :attr:`people`."""
        each = enumerate(self._words.notes)
        return {(row, who): text for who, notes in each for row, text in notes.items()}

    def note(self, row: int) -> str:
        """Notes on a cell: those of people, and that of the prediction."""
        notes = [word.note for word in self.words_on(row).values()]
        origin = self.shown.origin(row)
        if origin is not None:
            notes.append(origin[0].cell_note(origin[1]))
        return "; ".join(filter(None, notes))

    def beside(self, other: PredictionSet) -> Shown:
        """Predictions of another set of the same phases on the cells that are shown."""
        line = self.project.predictions.line(other)
        return Shown(line, len(self), self._index, self._routes, self.phases)

    def final_slugs(self) -> list[str]:
        """Slug of each final phase, empty where there is none."""
        return self.slugs(self.final)

    def slugs(self, codes: NDArray[np.int16]) -> list[str]:
        """Slugs of codes of phases, empty for negative ones."""
        names = np.array([*self._coder.slugs, ""], dtype=object)
        found: list[str] = names[np.maximum(codes, -1)].tolist()
        return found

    def statuses(self) -> list[str]:
        """Status of each cell, by name."""
        return [STATUSES[code] for code in self.status.tolist()]

    def confident(self, phase: str, above: float) -> Ints:
        """Cells of a predicted phase that nobody has judged, with a confidence above a value."""
        code = self._coder.code(Word("phase", self.phases[phase].slug))
        sure = (self.shown.phase == code) & (self.shown.confidence > above)
        return np.flatnonzero(sure & (self.status == STATUS["predicted"]))

    # --- what a person does ---------------------------------------------------------------------

    def say(
        self, rows: int | ArrayLike, phase: str, *, note: str = "", source: str = "key"
    ) -> Change:
        """Give cells a phase: a leaf, or a branch where the leaf is not known.

        Parameters
        ----------
        rows : int or array-like of int
            Cells; many are one action.
        phase : str
            Slug.
        note : str, optional
            Free text.
        source : str, optional
            Such as ``key``, ``click``, ``gallery``.

        Raises
        ------
        ProjectError
            If it could not be saved; nothing has changed then, neither here nor on the disk.
        """
        word = Word("phase", self.phases[phase].slug, note)
        return self._say_all(rows, word, self.phases[phase].name, source)

    def accept(self, rows: int | ArrayLike, *, source: str = "accept") -> Change:
        """Say that predictions are right; cells without one, and stale ones, are left out."""
        if self.blind:
            raise ProjectError(HIDDEN)
        chosen = _rows(rows)
        chosen = chosen[self.shown.phase[chosen] >= 0]
        word_of = [Word("phase", slug) for slug in self._coder.slugs]
        said = [word_of[code] for code in self.shown.phase[chosen].tolist()]
        return self._speak(chosen, said, about=_about("accepted", len(chosen)), source=source)

    def exclude(self, rows: int | ArrayLike, reason: str = "", *, source: str = "key") -> Change:
        """Leave cells out: debris, out of focus, badly segmented."""
        return self._say_all(rows, Word("exclude", "", reason), "excluded", source)

    def unsure(self, rows: int | ArrayLike, note: str = "", *, source: str = "key") -> Change:
        """Say that the phase cannot be told."""
        return self._say_all(rows, Word("unsure", "", note), "unsure", source)

    def clear(self, rows: int | ArrayLike, *, source: str = "key") -> Change:
        """Take one's word back: what the model or others say holds again."""
        return self._say_all(rows, NOTHING, "back to predicted", source)

    def undo(self) -> Change:
        """Take back the last action that stands, of the person who works in this project."""
        return self._again(self._history.to_undo, "undo")

    def redo(self) -> Change:
        """Bring back what was undone last, if nothing new was said since."""
        return self._again(self._history.to_redo, "redo")

    def mark_seen(self, rows: int | ArrayLike) -> None:
        """Note that cells were looked at; kept where the project may be written."""
        chosen = _rows(rows)
        chosen = chosen[~self.seen[chosen]]
        if not len(chosen):
            return
        if not self.project.read_only:
            with self.project.store.transaction() as changes:
                changes.run_many(
                    "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)",
                    (
                        (self._segmentation, self.project.who, frame, label)
                        for frame, label in self._keys(chosen)
                    ),
                )
        self.seen[chosen] = True
        self.changed.emit(chosen)

    # --- inside ---------------------------------------------------------------------------------

    def _load(self) -> None:
        project = self.project
        self._segmentation = project.segmentations.current(self.image)
        self.cells: CellTable = project.segmentations.cells(self._segmentation)
        self._index = CellIndex(self.cells)
        routes = self._routes = project.segmentations.routes(self.image)
        sets = self._choose_sets()
        self.phases: PhaseSet = self._choose_phases(sets)
        self._coder = Coder(self.phases)
        n = len(self.cells)
        self._all_shown = Shown(sets, n, self._index, routes, self.phases)
        self._all_words = Words(n, self._coder, project.who)
        self.unplaced = 0
        self._load_words(routes)
        self.seen = np.zeros(n, bool)
        self._load_seen(routes)
        self._history = History(project.journal.actions(self.image, self.phases.name))
        self._look()

    def _look(self) -> None:
        """Work out what is true of each cell, of what may be seen."""
        n = len(self.cells)
        self.shown, self._words = self._all_shown, self._all_words
        if self.blind:
            self.shown = Shown((), n, self._index, self._routes, self.phases)
            self._words = self._all_words.of_me()
        self._stale = self.shown.stale
        self.final = np.empty(n, np.int16)
        self.status = np.empty(n, np.uint8)
        self.annotator = np.empty(n, np.int16)
        self.time = np.empty(n, np.int64)
        self.phase_counts = np.zeros(len(self._coder.slugs), np.int64)
        self.status_counts = np.zeros(len(STATUSES), np.int64)
        self._settle(np.arange(n))
        self._count(np.arange(n), 1)

    def _choose_sets(self) -> tuple[PredictionSet, ...]:
        predictions = self.project.predictions
        if self._predictions is not None:
            return predictions.line(predictions[self._predictions])
        whole = [s for s in predictions.sets(self.image) if not s.completes]
        if self._vocabulary is not None:
            whole = [s for s in whole if s.vocabulary == self._vocabulary]
        return predictions.line(whole[-1]) if whole else ()

    def _choose_phases(self, sets: Sequence[PredictionSet]) -> PhaseSet:
        project = self.project
        name = self._vocabulary or (sets[0].vocabulary if sets else None)
        if name is None:
            names = project.journal.vocabularies(self.image) or project.vocabularies.names()
            if not names:
                raise ProjectError(
                    f"{project.folder.name} has neither predictions nor a vocabulary. Classify the "
                    "image, or say which phases there are."
                )
            name = names[-1]
        return project.vocabularies[name]

    def _load_words(self, routes: Mapping[int, Route]) -> None:
        events = self.project.journal.events(self.image, self.phases.name)
        if not events:
            return
        times, versions, frames, labels, who, words = zip(*events, strict=True)
        rows = place(routes, self._index, versions, frames, labels)
        self.unplaced = int((rows < 0).sum())
        self._all_words.load(rows, np.array(times, np.int64), who, words)

    def _load_seen(self, routes: Mapping[int, Route]) -> None:
        rows = self.project.store.database.query(
            "SELECT segmentation, frame, label FROM seen WHERE who = ? AND segmentation IN "
            "(SELECT number FROM segmentation WHERE image = ?)",
            (self.project.who, self.image),
        )
        if rows:
            placed = place(routes, self._index, *zip(*rows, strict=True))
            self.seen[placed[placed >= 0]] = True

    def _keys(self, rows: Ints) -> list[tuple[int, int]]:
        frame, label = self.cells.frame[rows].tolist(), self.cells.label[rows].tolist()
        return list(zip(frame, label, strict=True))

    def _say_all(self, rows: int | ArrayLike, word: Word, name: str, source: str) -> Change:
        chosen = _rows(rows)
        about = _about(name, len(chosen))
        return self._speak(chosen, [word] * len(chosen), about=about, source=source)

    def _speak(
        self,
        rows: Ints,
        words: Sequence[Word],
        *,
        about: str,
        source: str,
        kind: str = "say",
        undoes: bytes | None = None,
        skipped: int = 0,
    ) -> Change:
        """Enter words of the person who works, then show them."""
        self.project.store.check_writable()
        said = [
            (row, (*cell, old, new))
            for row, cell, old, new in zip(
                rows.tolist(), self._keys(rows), self._words.mine(rows), words, strict=True
            )
            if old is not new and old != new
        ]
        if not said and undoes is None:
            return Change(np.zeros(0, np.int64), kind, about)
        action = self.project.journal.enter(
            [word for _, word in said],
            image=self.image,
            segmentation=self._segmentation,
            vocabulary=self.phases.name,
            kind=kind,
            source=f"{BLIND}{source}" if self.blind else source,
            about=about,
            undoes=undoes,
        )
        self._history.add(action)
        changed = np.array([row for row, _ in said], np.int64)
        self._count(changed, -1)
        self._words.set(changed, [word[-1] for _, word in said], action.time)
        self._settle(changed)
        self._count(changed, 1)
        self.changed.emit(changed)
        return Change(changed, kind, about, skipped)

    def _again(self, action: Action | None, kind: str) -> Change:
        """Undo or redo an action: each cell that still is as it was left goes the other way."""
        if action is None:
            return Change(np.zeros(0, np.int64), kind, "")
        self.project.store.check_writable()
        events = self.project.journal.events_of(action.id)
        rows = place(
            self._routes,
            self._index,
            [event.segmentation for event in events],
            [event.frame for event in events],
            [event.label for event in events],
        )
        chosen, words = [], []
        present = self._words.mine(np.maximum(rows, 0))
        for row, event, word in zip(rows.tolist(), events, present, strict=True):
            before, after = (event.new, event.old) if kind == "undo" else (event.old, event.new)
            if row >= 0 and word == before:
                chosen.append(row)
                words.append(after)
        return self._speak(
            np.array(chosen, np.int64),
            words,
            about=action.about,
            source=kind,
            kind=kind,
            undoes=action.id,
            skipped=len(events) - len(chosen),
        )

    def _settle(self, rows: Ints) -> None:
        """Work out what is final for some cells."""
        words, times = self.words[rows], self._words.times[rows]
        decided = decide_words(words, len(self._coder.slugs))
        predicted, stale = self.shown.phase[rows], self._stale[rows]
        self.final[rows] = final_phase(decided, predicted, stale)
        self.status[rows] = status_of(decided, predicted, stale)
        spoken = words != NONE
        n_spoken = spoken.sum(axis=1)
        one = np.where(n_spoken == 1, spoken.argmax(axis=1), -1)
        self.annotator[rows] = np.where(n_spoken > 1, SEVERAL, one)
        self.time[rows] = times.max(axis=1)

    def _count(self, rows: Ints, sign: int) -> None:
        final = self.final[rows]
        n_phases, n_statuses = len(self.phase_counts), len(self.status_counts)
        self.phase_counts += sign * np.bincount(final[final >= 0], minlength=n_phases)
        self.status_counts += sign * np.bincount(self.status[rows], minlength=n_statuses)


def _rows(rows: int | ArrayLike) -> Ints:
    """Rows without repeats, in the order given."""
    given = np.atleast_1d(np.asarray(rows, np.int64))
    if len(given) < 2:
        return given
    _, first = np.unique(given, return_index=True)
    return given[np.sort(first)]


def _about(what: str, n: int) -> str:
    return f"{what}: {n} cell{'s' if n != 1 else ''}"
