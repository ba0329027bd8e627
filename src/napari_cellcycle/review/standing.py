"""What is true of every cell of one image: predictions, words, and what is final."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.project.routes import place
from napari_cellcycle.project.words import STATUSES, Word
from napari_cellcycle.review.decision import (
    NONE,
    STATUS,
    Coder,
    decide_words,
    final_phase,
    status_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.project import Project
    from napari_cellcycle.project.words import Action
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.shown import Shown

    Ints = NDArray[np.int64]

SEVERAL = -2
"""In :attr:`Standing.annotator`: more than one person has said something."""


class Standing:
    """The cells of one image in one vocabulary, to be read.

    Columns have one row a cell, in the order of :attr:`cells`; read them, and change them only
    through the methods of a :class:`~napari_cellcycle.review.state.Review`.

    Parameters
    ----------
    project : Project
        Open.
    image : int
        Number of the image.
    loaded : Loaded
        What was read.
    blind : bool
        Show neither predictions nor what others said.

    Attributes
    ----------
    segmentation : int
        Number of the present segmentation.
    cells : CellTable
        Its cells.
    coder : Coder
        Codes of words in this vocabulary.
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
    """

    phases: PhaseSet

    def __init__(self, project: Project, image: int, loaded: Loaded, *, blind: bool) -> None:
        self.project = project
        self.image = image
        self.blind = blind
        self._take_in(loaded)

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
        return self._loaded.index.row(frame, label)

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
        return place(self._loaded.routes, self._loaded.index, segmentations, frames, labels)

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
        return self._loaded.predicted(self.project.predictions.line(other))

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

    # --- inside ---------------------------------------------------------------------------------

    def _take_in(self, loaded: Loaded) -> None:
        """Know what was read, and work out what follows."""
        self._loaded = loaded
        self.segmentation, self.cells = loaded.segmentation, loaded.cells
        self.phases, self.coder = loaded.phases, Coder(loaded.phases)
        self.unplaced, self.seen = loaded.unplaced, loaded.seen
        self._history = loaded.history
        self._all_shown, self._all_words = loaded.shown, loaded.words
        self._look()

    def _look(self) -> None:
        """Work out what is true of each cell, of what may be seen."""
        n = len(self.cells)
        self.shown, self._words = self._all_shown, self._all_words
        if self.blind:
            self.shown = self._loaded.predicted(())
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
