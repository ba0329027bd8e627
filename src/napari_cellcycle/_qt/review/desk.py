"""Where a person works: every gesture on the cells of a review."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.review.walk import Walk
from napari_cellcycle.review.orders import BETWEEN_MODELS
from napari_cellcycle.review.scribe import HIDDEN
from napari_cellcycle.review.tracks.tracking import enter_spread, rows_ahead

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtCore import QObject

    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.cells.tracks.tracks import Tracks
    from napari_cellcycle.project.words import Action
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.scribe import Change, Entered

    Ints = NDArray[np.int64]

SURE = 0.99
"""Confidence above which all cells of a phase can be accepted at once."""
_MANY = 500
"""Gestures on more cells are saved in a thread."""


class Desk(Walk):
    """The gestures of a review. Each is in the journal before anything is told.

    Parameters
    ----------
    undertaking : Undertaking
        An open project; the desk closes it.
    read : Loaded, optional
        What was read of the image in another thread.

    Attributes
    ----------
    goes_on : bool
        Whether the next cell of the queue follows a word on the one at hand.
    """

    def __init__(
        self,
        undertaking: Undertaking,
        parent: QObject | None = None,
        *,
        read: Loaded | None = None,
    ) -> None:
        super().__init__(undertaking, parent, read=read)
        self.goes_on = True
        self.saving.entered.connect(self._take)

    # --- saying -------------------------------------------------------------------------------

    def targets(self) -> Ints:
        """Cells that a gesture is about: those that are selected, or the one at hand."""
        selection = self.source.selection
        chosen = selection.indices
        if len(chosen) > 1:
            return chosen
        return np.array([self.current] if self.current >= 0 else [], np.int64)

    def say(self, slug: str, rows: Ints | None = None, *, source: str = "key") -> None:
        """Give cells a phase; the targets by default, and go on after a single one."""
        self._speak(
            lambda r: self.review.scribe.say(r, slug, source=source), rows, go_on=source == "key"
        )

    def stay(self, act: Callable[[], Any]) -> None:
        """Do something that says a word, and do not go on to the next cell."""
        former, self.goes_on = self.goes_on, False
        try:
            act()
        finally:
            self.goes_on = former

    def accept(self) -> None:
        """Say that the prediction of the targets is right."""
        rows = self.targets()
        if len(rows) and (self.review.shown.phase[rows] < 0).all():
            self.refused.emit(
                HIDDEN
                if self.review.blind
                else "There is no prediction to accept here: say a phase, or classify stale cells "
                "again."
            )
            return
        self._speak(lambda r: self.review.scribe.accept(r, source="key"), rows)

    def exclude(self, note: str = "") -> None:
        """Leave the targets out."""
        self._speak(lambda r: self.review.scribe.exclude(r, note))

    def unsure(self, note: str = "") -> None:
        """Say that their phase cannot be told."""
        self._speak(lambda r: self.review.scribe.unsure(r, note))

    def clear(self) -> None:
        """Take one's word on the targets back."""
        self._speak(self.review.scribe.clear, go_on=False)

    def spread(self, tracks: Tracks, *, back: bool = False) -> None:
        """Say of cells along the track of the one at hand what was said of it."""
        row, review = self.current, self.review
        if row < 0:
            self.refused.emit("Go to a cell first.")
            return
        n = len(rows_ahead(review, tracks, row, back=back))
        self._enter(lambda: enter_spread(review, tracks, row, back=back), n)

    def sure_rows(self) -> Ints:
        """Cells that :meth:`accept_sure` would accept."""
        code = int(self.review.shown.phase[self.current]) if self.current >= 0 else -1
        if code < 0:
            return np.zeros(0, np.int64)
        return self.review.confident(self.review.phases.phases[code].slug, SURE)

    def accept_sure(self) -> None:
        """Accept all cells of the predicted phase at hand whose confidence is above 0.99."""
        rows = self.sure_rows()
        if not len(rows):
            self.refused.emit(
                HIDDEN
                if self.review.blind
                else f"No cell of this phase is predicted above {SURE} and not judged yet."
            )
            return
        self._speak(lambda r: self.review.scribe.accept(r, source="accept-all"), rows, go_on=False)

    def undo(self) -> None:
        """Take back the last action, and go to the cell that it changed."""
        self._again(self.review.to_undo, self.review.scribe.undo, "Nothing to undo.")

    def redo(self) -> None:
        """Bring back what was undone."""
        self._again(self.review.to_redo, self.review.scribe.redo, "Nothing to redo.")

    # --- other cells, or others to see ----------------------------------------------------------

    def look_blind(self, blind: bool) -> None:
        """Hide predictions and what others said, for this person in this project, or no more."""
        self._anew(lambda: self.review.look_blind(blind))
        self._attempt(lambda: self._kept.keep_blind(blind))

    def reload(self, undertaking: Undertaking, read: Loaded | None = None) -> None:
        """Read everything again: other labels, more predictions or words; stay at the cell.

        Parameters
        ----------
        undertaking : Undertaking
            As it is now.
        read : Loaded, optional
            See :meth:`napari_cellcycle.review.state.Review.reload`.
        """
        self.undertaking = undertaking
        self.segmentation = undertaking.segmentation
        self._anew(lambda: self.review.reload(read))

    def show_set(self, identity: str) -> None:
        """Show another prediction set, for this person from now on; stay at the cell.

        Parameters
        ----------
        identity : str
            Id of the set.
        """
        former = self.review.chosen_set
        if former is not None and former.id == identity:
            return
        if self.queue.wanted == BETWEEN_MODELS and former is not None:
            other = self.queue.other
            self.queue.compare_with(former if other is None or other.id == identity else other)
        self._attempt(lambda: self._anew(lambda: self.review.show(identity)))
        self._attempt(lambda: self._kept.keep_set(identity))

    # --- inside ---------------------------------------------------------------------------------

    def _anew(self, read: Callable[[], None]) -> None:
        """Read, tell everybody, and stay at the cell."""
        self.saving.finish()
        cell = self._cell()
        read()
        self.source.look_at(self._pixels())
        row = self.review.row_of(*cell) if cell is not None else -1
        if row >= 0:
            self.go_to(row)
        self.queue_changed.emit()

    def _speak(
        self,
        act: Callable[[Ints], Entered],
        rows: Ints | None = None,
        *,
        go_on: bool = True,
    ) -> None:
        rows = self.targets() if rows is None else rows
        if not len(rows):
            self.refused.emit("Go to a cell first.")
            return
        change = self._enter(lambda: act(rows), len(rows))
        if change is None:
            return
        if go_on and self.goes_on and len(rows) == 1 and rows[0] == self.current:
            self.next()

    def _again(self, action: Action | None, act: Callable[[], Entered], nothing: str) -> None:
        if action is None:
            self.told.emit(nothing)
            return
        self._enter(act, self.project.journal.size_of(action.id))

    def _enter(self, act: Callable[[], Entered], n: int) -> Change | None:
        """Enter a gesture, and show it: at once, or when many cells are on the disk."""
        if self.saving.is_busy:
            self.refused.emit("One moment: words on many cells are being saved.")
        elif n > _MANY:
            self.told.emit(f"Saving words on {n:,} cells…")
            self.saving.start(act)
        else:
            entered = self._attempt(act)
            return None if entered is None else self._take(entered)
        return None

    def _take(self, entered: Entered) -> Change:
        """Show and tell what was entered; after undo and redo go to the cell that it changed."""
        change = self.review.take(entered)
        rows = change.rows
        if change.kind == "say":
            self.told.emit(change.about if len(rows) else f"{change.about} (as it was)")
        else:
            done = "Undone" if change.kind == "undo" else "Done again"
            left = f"; {change.skipped} left as they are" if change.skipped else ""
            self.told.emit(f"{done}: {change.about}{left}")
            if len(rows):
                self.go_to(self._nearest(rows))
        self._mark_passed()
        return change

    def _nearest(self, rows: Ints) -> int:
        """Where to see what changed: at the cell at hand, in its frame, or at the first cell."""
        if self.current < 0 or self.current in rows:
            return self.current if self.current >= 0 else int(rows[0])
        frame = self.review.cells.frame
        here = rows[frame[rows] == frame[self.current]]
        return int(here[0] if len(here) else rows[0])
