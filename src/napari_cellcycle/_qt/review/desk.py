"""Where a person works: the review, its queue, the cell at hand, and every gesture on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_cellcycle._qt.review.kept import Kept, other_set, place_in, queue_at
from napari_cellcycle._qt.review.pixels import Pixels
from napari_cellcycle._qt.review.reviewed import Reviewed
from napari_cellcycle._qt.review.saving import Saving
from napari_cellcycle._qt.review.undertaking import population_of, recipe_of
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.review.orders import BETWEEN_MODELS
from napari_cellcycle.review.scribe import HIDDEN
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.undertaking import Undertaking
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.project.words import Action
    from napari_cellcycle.review.queue import Filter
    from napari_cellcycle.review.scribe import Change, Entered
    from napari_cellcycle.review.suspects import Suspects

    Ints = NDArray[np.int64]

SURE = 0.99
"""Confidence above which all cells of a phase can be accepted at once."""
_KEEP_AFTER_MS = 800
_MANY = 500
"""Gestures on more cells are saved in a thread."""


class Desk(QObject):
    """The gestures of a review. Each is in the journal before anything is told.

    Parameters
    ----------
    undertaking : Undertaking
        An open project; the desk closes it.

    Attributes
    ----------
    review, queue, source
        What is known, the order, and the cells as widgets read them.
    told : Signal(str)
        What a gesture did.
    refused : Signal(str)
        Why it could not be done.
    queue_changed : Signal()
        Order, filter, number or place have changed.
    saving : Saving
        Saves gestures on many cells; while it is busy nothing else is said.
    """

    told = Signal(str)
    refused = Signal(str)
    queue_changed = Signal()

    def __init__(self, undertaking: Undertaking, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undertaking = undertaking
        self.project = undertaking.project
        self._kept = Kept(self.project, undertaking.image)
        self.review = Review(self.project, undertaking.image, predictions=self._kept.shown_set)
        self.segmentation = undertaking.segmentation
        self.goes_on = True
        place = self._kept.place
        self.queue = queue_at(self.review, place)
        if self._kept.blind:
            self.review.look_blind(True)
        self.source = Reviewed(self.review, self._pixels())
        self.saving = Saving(self)
        self.saving.entered.connect(self._take)
        self.saving.refused.connect(self.refused)
        self._passed: list[int] = []
        self._keeping = QTimer(self)
        self._keeping.setSingleShot(True)
        self._keeping.setInterval(_KEEP_AFTER_MS)
        self._keeping.timeout.connect(self._keep_place)
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.timeout.connect(self.queue_changed)
        self.source.selection.current_changed.connect(self._arrive)
        self.review.changed.connect(self._tell_queue)
        self._start_at = self.review.row_of(*place.get("cell", (-1, -1)))

    def close(self) -> None:
        """Keep the place in the queue, and close the project."""
        self.leave()
        self.project.close()

    def leave(self) -> None:
        """Keep the place in the queue; the project stays open for another image."""
        self.saving.close()
        self._keeping.stop()
        self._counting.stop()
        self._keep_place()
        self.review.changed.disconnect(self._tell_queue)
        self.queue.close()
        self.source.close()

    @property
    def current(self) -> int:
        """Row of the cell at hand, -1 for none."""
        return self.source.selection.current

    @property
    def is_lost(self) -> bool:
        """Whether the cell at hand is none."""
        return self.current < 0

    @property
    def next_image(self) -> ProjectImage | None:
        """The image of the project after this one; None at the last."""
        later = (i for i in self.project.images.all() if i.number > self.undertaking.image)
        return next(later, None)

    # --- going --------------------------------------------------------------------------------

    def begin(self) -> None:
        """Go to the cell where the last session ended, or to the first of the queue."""
        self._attempt(self._kept.keep_image)
        if self._start_at >= 0:
            self.go_to(self._start_at)
        else:
            self.next()

    def go_to(self, row: int) -> None:
        """Take a cell at hand."""
        self.source.selection.go_to(row)

    def next(self) -> None:
        """Go to the next cell of the queue."""
        row = self.queue.next()
        ahead = self.next_image if row < 0 else None
        on = "" if ahead is None else f" The next image is {ahead.name}."
        self._go(row, f"This is the last cell of the queue.{on}")

    def previous(self) -> None:
        """Go to the cell before."""
        self._go(self.queue.previous(), "This is the first cell of the queue.")

    def ahead(self, n: int = 3) -> list[int]:
        """The next few cells of the queue."""
        members = self.queue.members()
        place = self.queue.position() + int(
            self.current >= 0 and bool(self.queue.match[self.current])
        )
        found: list[int] = members[place : place + n].tolist()
        return found

    def sort(self, order: str, *, seed: int = 0, other: PredictionSet | None = None) -> None:
        """Put the queue in another order; models are compared with the newest other by default."""
        if order == BETWEEN_MODELS and other is None:
            other = other_set(self.review)
        self._attempt(lambda: self.queue.sort(order, seed=seed, other=other))
        self._counting.start(0)
        self._keeping.start()

    def filter(self, only: Filter) -> None:
        """Look at other cells."""
        self.queue.filter(only)
        self._counting.start(0)
        self._keeping.start()

    def choose(self, rows: Ints | None) -> None:
        """Look only at cells that were picked out, or at all again."""
        self.queue.choose(rows)
        self._counting.start(0)

    def suspect(self, found: Suspects | None) -> None:
        """Take which cells are suspect, and why: an order of the queue, and a line on each cell."""
        self.source.suspect(found)
        self.queue.suspect(None if found is None else found.order)
        self._counting.start(0)

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

    def reload(self, undertaking: Undertaking, read: Review | None = None) -> None:
        """Read everything again: other labels, more predictions or words; stay at the cell.

        Parameters
        ----------
        undertaking : Undertaking
            As it is now.
        read : Review, optional
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

    def _cell(self) -> tuple[int, int] | None:
        at, cells = self.current, self.review.cells
        return None if at < 0 else (int(cells.frame[at]), int(cells.label[at]))

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

    def _pixels(self) -> Pixels:
        given, shown = self.undertaking, self.review.chosen_set
        model = "" if shown is None else shown.model_sha256
        return Pixels(
            given.stack,
            given.segmentation,
            self.review.cells,
            given.channels,
            recipe_of(self.project, model),
            given.problem,
            population_of(self.project, given.image, model),
        )

    def _go(self, row: int, otherwise: str) -> None:
        if row < 0:
            self.told.emit(otherwise if self.queue.count else "No cell belongs to the queue.")
        else:
            self.go_to(row)

    def _arrive(self, row: int) -> None:
        if row < 0:
            return
        self.queue.go(row)
        self._passed.append(row)
        self._mark_passed()
        self._counting.start(0)
        self._keeping.start()

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
                self.go_to(int(rows[0]))
        self._mark_passed()
        return change

    def _mark_passed(self) -> None:
        """Note cells as seen; while words are being saved, later: the journal has one writer."""
        if self._passed and not self.saving.is_busy:
            rows, self._passed = self._passed, []
            self._attempt(lambda: self.review.mark_seen(rows))

    def _attempt(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except CellCycleError as error:
            self.refused.emit(str(error))
            return None

    def _tell_queue(self, rows: Ints) -> None:
        # one gesture changes several things; they are told together
        self._counting.start(0)

    def _keep_place(self) -> None:
        """Keep where the person is, for the next session."""
        if self.saving.is_busy:
            self._keeping.start()
            return
        self._attempt(lambda: self._kept.keep_place(place_in(self.queue, self._cell())))
