"""The review of one image: what is true of every cell now, and how a person changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.keys import CellIndex
from napari_cellcycle.project.routes import Route, place
from napari_cellcycle.project.words import STATUSES, Word
from napari_cellcycle.review.decision import (
    NONE,
    STATUS,
    Coder,
    decide_words,
    final_phase,
    status_of,
)
from napari_cellcycle.review.history import History
from napari_cellcycle.review.scribe import Scribe, unique_rows
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
    from napari_cellcycle.review.scribe import Change, Entered

    Ints = NDArray[np.int64]

SEVERAL = -2
"""In :attr:`Review.annotator`: more than one person has said something."""

_READ = (
    *("segmentation", "cells", "_index", "_routes", "phases", "coder", "_all_shown", "_all_words"),
    *("unplaced", "seen", "_history"),
)
"""What a review reads; all else follows from it."""


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
    segmentation : int
        Number of the present segmentation.
    cells : CellTable
        Its cells.
    coder : Coder
        Codes of words in this vocabulary.
    scribe : Scribe
        Enters what is said without showing it; :meth:`take` does that.
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

    phases: PhaseSet

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
        self.scribe = Scribe(self)
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

    def reload(self, read: Review | None = None) -> None:
        """Read everything again: after a new prediction set, an edit of labels or an import.

        Parameters
        ----------
        read : Review, optional
            What :meth:`read_anew` has read, in another thread: it is taken as it is unless
            something was said since.
        """
        if read is None or read._n_actions != self.project.journal.size():
            self._load()
        else:
            seen = self.seen
            for name in _READ:
                setattr(self, name, getattr(read, name))
            if len(seen) == len(self.seen):
                self.seen |= seen
            self._look()
        self.reloaded.emit()

    def read_anew(self) -> Review:
        """Read the same as this one does, for :meth:`reload`."""
        return Review(
            self.project,
            self.image,
            vocabulary=self._vocabulary,
            predictions=self._predictions,
            blind=self.blind,
        )

    def show(self, predictions: str) -> None:
        """Show another prediction set, in the vocabulary of its model.

        Words in another vocabulary are kept, and shown again with it.
        """
        self._vocabulary, self._predictions = None, predictions
        sets = self._choose_sets()
        if sets[0].vocabulary == self.phases.name:
            # words and cells are as they were
            n = len(self.cells)
            self._all_shown = Shown(sets, n, self._index, self._routes, self.phases)
            self._look()
        else:
            self._load()
        self.reloaded.emit()

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

    def my_words(self, rows: Ints) -> list[Word]:
        """Latest words of the person who works."""
        return self._words.mine(rows)

    def keys(self, rows: Ints) -> list[tuple[int, int]]:
        """Frame and label of some cells."""
        frame, label = self.cells.frame[rows].tolist(), self.cells.label[rows].tolist()
        return list(zip(frame, label, strict=True))

    def places(
        self, segmentations: Sequence[int], frames: Sequence[int], labels: Sequence[int]
    ) -> Ints:
        """Rows of cells of any version of the segmentation, -1 where they are gone."""
        return place(self._routes, self._index, segmentations, frames, labels)

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
        names = np.array([*self.coder.slugs, ""], dtype=object)
        found: list[str] = names[np.maximum(codes, -1)].tolist()
        return found

    def statuses(self) -> list[str]:
        """Status of each cell, by name."""
        return [STATUSES[code] for code in self.status.tolist()]

    def confident(self, phase: str, above: float) -> Ints:
        """Cells of a predicted phase that nobody has judged, with a confidence above a value."""
        code = self.coder.code(Word("phase", self.phases[phase].slug))
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
        return self.take(self.scribe.say(rows, phase, note=note, source=source))

    def accept(self, rows: int | ArrayLike, *, source: str = "accept") -> Change:
        """Say that predictions are right; cells without one, and stale ones, are left out."""
        return self.take(self.scribe.accept(rows, source=source))

    def exclude(self, rows: int | ArrayLike, reason: str = "", *, source: str = "key") -> Change:
        """Leave cells out: debris, out of focus, badly segmented."""
        return self.take(self.scribe.exclude(rows, reason, source=source))

    def unsure(self, rows: int | ArrayLike, note: str = "", *, source: str = "key") -> Change:
        """Say that the phase cannot be told."""
        return self.take(self.scribe.unsure(rows, note, source=source))

    def clear(self, rows: int | ArrayLike, *, source: str = "key") -> Change:
        """Take one's word back: what the model or others say holds again."""
        return self.take(self.scribe.clear(rows, source=source))

    def undo(self) -> Change:
        """Take back the last action that stands, of the person who works in this project."""
        return self.take(self.scribe.undo())

    def redo(self) -> Change:
        """Bring back what was undone last, if nothing new was said since."""
        return self.take(self.scribe.redo())

    def take(self, entered: Entered) -> Change:
        """Show what :attr:`scribe` has entered; in the thread of whoever hears :attr:`changed`."""
        if entered.action is not None:
            self._history.add(entered.action)
            changed = entered.change.rows
            self._count(changed, -1)
            self._words.set(changed, entered.codes, entered.notes, entered.action.time)
            self._settle(changed)
            self._count(changed, 1)
            self.changed.emit(changed)
        return entered.change

    def mark_seen(self, rows: int | ArrayLike) -> None:
        """Note that cells were looked at; kept where the project may be written."""
        chosen = unique_rows(rows)
        chosen = chosen[~self.seen[chosen]]
        if not len(chosen):
            return
        if not self.project.read_only:
            with self.project.store.transaction() as changes:
                changes.run_many(
                    "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)",
                    (
                        (self.segmentation, self.project.who, frame, label)
                        for frame, label in self.keys(chosen)
                    ),
                )
        self.seen[chosen] = True
        self.changed.emit(chosen)

    def recolor(self, colors: Mapping[str, str]) -> None:
        """Give phases other colours, kept in the project: ``#RRGGBB`` by slug.

        Phases that are not named have the colours of the vocabulary.
        """
        self.phases = self.project.vocabularies.recolor(self.phases.name, colors)

    # --- inside ---------------------------------------------------------------------------------

    def _load(self) -> None:
        project = self.project
        self._n_actions = project.journal.size()
        self.segmentation = project.segmentations.current(self.image)
        self.cells: CellTable = project.segmentations.cells(self.segmentation)
        self._index = CellIndex(self.cells)
        routes = self._routes = project.segmentations.routes(self.image)
        sets = self._choose_sets()
        self.phases = self._choose_phases(sets)
        self.coder = Coder(self.phases)
        n = len(self.cells)
        self._all_shown = Shown(sets, n, self._index, routes, self.phases)
        self._all_words = Words(n, self.coder, project.who)
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
        self.phase_counts = np.zeros(len(self.coder.slugs), np.int64)
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

    def _settle(self, rows: Ints) -> None:
        """Work out what is final for some cells."""
        words, times = self.words[rows], self._words.times[rows]
        decided = decide_words(words, len(self.coder.slugs))
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
