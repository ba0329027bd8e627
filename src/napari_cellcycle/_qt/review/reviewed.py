"""The cells of a review as the gallery, the panel and the table read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.review.look import phase_name
from napari_cellcycle._qt.review.selection import Selection
from napari_cellcycle._qt.review.source import Facts, Pictures, SourceSignals, Tile, votes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.pixels import Pixels
    from napari_cellcycle.phases import PhaseSet
    from napari_cellcycle.project.words import Word
    from napari_cellcycle.review.state import Review
    from napari_cellcycle.review.suspects.suspects import Suspects

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

_MANY = 64
"""Cells of one change after which all notes are gathered anew."""


class Reviewed:
    """See :class:`napari_cellcycle._qt.review.source.CellSource`.

    Parameters
    ----------
    review : Review
        Read; nothing is said through a source.
    pixels : Pixels
        Of the same cells; replaced by :meth:`look_at` when the segmentation is.
    """

    def __init__(self, review: Review, pixels: Pixels) -> None:
        self.review = review
        self.pixels = pixels
        self._notes: NDArray[Any] | None = None
        self._suspects: Suspects | None = None
        self.signals = SourceSignals()
        self.selection = Selection(len(review))
        self._read()
        review.changed.connect(self._change)

    def close(self) -> None:
        """Follow the review no more."""
        self.review.changed.disconnect(self._change)

    def look_at(self, pixels: Pixels) -> None:
        """Take the cells of a review that was read again, and their pixels."""
        self.pixels = pixels
        self._suspects = None
        self._read()
        self.selection.resize(len(self.review))
        self.signals.reloaded.emit()

    def suspect(self, found: Suspects | None) -> None:
        """Take why cells are suspect; the current one is told of anew."""
        self._suspects = found
        if self.selection.current >= 0:
            self.signals.changed.emit(np.array([self.selection.current]))

    def __len__(self) -> int:
        return len(self.review)

    @property
    def blind(self) -> bool:
        """Whether predictions, and what others say, are hidden."""
        return self.review.blind

    @property
    def phases(self) -> PhaseSet:
        """The vocabulary."""
        return self.review.phases

    @property
    def phase(self) -> NDArray[np.integer[Any]]:
        """Code of the final phase."""
        return self.review.final

    @property
    def predicted(self) -> NDArray[np.integer[Any]]:
        """Code of the predicted phase."""
        return self.review.shown.phase

    @property
    def status(self) -> NDArray[np.integer[Any]]:
        """Index of the status."""
        return self.review.status

    @property
    def confidence(self) -> Floats:
        """Probability of the prediction."""
        return self.review.shown.confidence

    @property
    def entropy(self) -> Floats:
        """Entropy of the prediction."""
        return self.review.shown.entropy

    @property
    def deciding_axis(self) -> NDArray[Any]:
        """Axis that decided."""
        return self._axis

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether the person who works has looked at it."""
        return self.review.seen

    @property
    def frame(self) -> Ints:
        """Frame."""
        return self.review.cells.frame

    @property
    def label(self) -> Ints:
        """Label."""
        return self.review.cells.label

    @property
    def position(self) -> Floats:
        """Centroids in :attr:`unit`."""
        return self._position

    @property
    def unit(self) -> str:
        """Unit of the positions."""
        return "µm" if self.review.cells.spacing.is_physical else "px"

    @property
    def is_2d(self) -> bool:
        """Whether there is one plane only."""
        return self.pixels.segmentation.grid[1] == 1

    @property
    def notes(self) -> NDArray[Any]:
        """Notes of people, and those of the prediction."""
        if self._notes is None:
            runs, said = self.review.shown.notes(), np.full(len(self), "", dtype=object)
            for (row, _), text in sorted(self.review.people_notes.items()):
                said[row] = f"{said[row]}; {text}" if said[row] else text
            both = (said != "") & (runs != "")
            self._notes = said + np.where(both, "; ", "").astype(object) + runs
        return self._notes

    def views(self, indices: Ints) -> Pictures:
        """Views of some cells."""
        return self.pixels.views(np.asarray(indices, np.int64))

    def slices(self, index: int) -> Sequence[Tile]:
        """The cell in its surroundings."""
        return self.pixels.tiles(index)

    def facts(self, index: int) -> Facts:
        """What is known of a cell beside the columns."""
        review = self.review
        said = {who: self._in_words(word) for who, word in review.words_on(index).items()}
        time = int(review.time[index])
        origin = review.shown.origin(index)
        facts = Facts(
            said=tuple(said.items()),
            reviewed_at=datetime.fromtimestamp(time / 1e6, UTC) if time else None,
            note=review.note(index),
            suspicion="" if self._suspects is None else self._suspects.reason(index),
        )
        if origin is None:
            return facts
        given, row = origin
        columns, one = given.columns, np.array([row])
        votes = votes_of(
            given.axes,
            columns["level1"][row],
            columns["level2"][row],
            given.axis_names(one)[0],
            given.axis_names(one, "stage_deciding_axis")[0],
        )
        return replace(facts, model=given.model, votes=votes)

    def _in_words(self, word: Word) -> str:
        if word.kind == "phase":
            slugs = [phase.slug for phase in self.phases]
            return phase_name(self.phases, slugs.index(word.phase))
        return {"unsure": "unsure", "exclude": "excluded"}.get(word.kind, "")

    def _read(self) -> None:
        """Work out what stays as it is until the review is read again."""
        shown, cells = self.review.shown, self.review.cells
        names = np.array([*(shown.sets[0].axes if shown.sets else ()), ""])
        self._axis: NDArray[Any] = names[shown.column("deciding_axis", -1).astype(np.int64)]
        scale = np.array(cells.spacing.zyx) if cells.spacing.is_physical else np.ones(3)
        self._position: Floats = np.asarray(cells.centroid * scale, np.float64)
        self._notes = None

    def _change(self, rows: Ints) -> None:
        if len(rows) > _MANY:
            self._notes = None
        elif self._notes is not None:
            self._notes[rows] = [self.review.note(row) for row in rows.tolist()]
        self.signals.changed.emit(rows)
