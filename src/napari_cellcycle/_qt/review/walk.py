"""The way through a review: the queue, the cell at hand, and where a person left it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Qt, Signal

from napari_cellcycle._qt.review.opening.kept import Kept, other_set, place_in, queue_at
from napari_cellcycle._qt.review.opening.undertaking import population_of, recipe_of
from napari_cellcycle._qt.review.pixels import Pixels
from napari_cellcycle._qt.review.reviewed import Reviewed
from napari_cellcycle._qt.review.saving import Saving
from napari_cellcycle._qt.timers import once
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.review.orders import BETWEEN_MODELS
from napari_cellcycle.review.state import Review

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_cellcycle._qt.review.opening.undertaking import Undertaking
    from napari_cellcycle.project.images import ProjectImage
    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.loaded import Loaded
    from napari_cellcycle.review.queue import Filter
    from napari_cellcycle.review.suspects.suspects import Suspects

    Ints = NDArray[np.int64]

_KEEP_AFTER_MS = 1500
"""So old is the place that is left of a program that was killed, at most."""


class Walk(QObject):
    """Goes from cell to cell of a review, and keeps the place for the next session.

    Parameters
    ----------
    undertaking : Undertaking
        An open project; :meth:`close` closes it.
    read : Loaded, optional
        What was read of the image in another thread.

    Attributes
    ----------
    review, queue, source
        What is known, the order, and the cells as widgets read them.
    told : Signal(str)
        What was done.
    refused : Signal(str)
        Why it could not be done.
    queue_changed : Signal()
        Order, filter, number or place have changed.
    saving : Saving
        Saves gestures on many cells; while it is busy nothing else is written.
    """

    told = Signal(str)
    refused = Signal(str)
    queue_changed = Signal()
    _to_count = Signal()

    def __init__(
        self,
        undertaking: Undertaking,
        parent: QObject | None = None,
        *,
        read: Loaded | None = None,
    ) -> None:
        super().__init__(parent)
        self.undertaking = undertaking
        self.project = undertaking.project
        self._kept = Kept(self.project, undertaking.image)
        self.review = Review(
            self.project, undertaking.image, predictions=self._kept.shown_set, read=read
        )
        self.segmentation = undertaking.segmentation
        place = self._kept.place
        self.queue = queue_at(self.review, place)
        if self._kept.blind:
            self.review.look_blind(True)
        self.source = Reviewed(self.review, self._pixels())
        self.saving = Saving(self)
        self.saving.refused.connect(self.refused)
        self._passed: list[int] = []
        self._keeping = once(self, self._keep_place, _KEEP_AFTER_MS)
        self._counting = False
        self._to_count.connect(self._count, Qt.ConnectionType.QueuedConnection)
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
        self._counting = False
        self._keep_place()
        self.review.changed.disconnect(self._tell_queue)
        self.queue.close()
        self.source.close()

    def let_go(self) -> None:
        """Keep the place when the window has gone: nothing is shown any more."""
        self.saving.end()
        self._keeping.stop()
        self._keep_place()

    @property
    def current(self) -> int:
        """Row of the cell at hand, -1 for none."""
        return self.source.selection.current

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
        self._count_soon()
        self._keep_soon()

    def filter(self, only: Filter) -> None:
        """Look at other cells."""
        self.queue.filter(only)
        self._count_soon()
        self._keep_soon()

    def choose(self, rows: Ints | None) -> None:
        """Look only at cells that were picked out, or at all again."""
        self.queue.choose(rows)
        self._count_soon()

    def suspect(self, found: Suspects | None) -> None:
        """Take which cells are suspect, and why: an order of the queue, and a line on each cell."""
        self.source.suspect(found)
        self.queue.suspect(None if found is None else found.order)
        self._count_soon()

    # --- inside ---------------------------------------------------------------------------------

    def _cell(self) -> tuple[int, int] | None:
        at, cells = self.current, self.review.cells
        return None if at < 0 else (int(cells.frame[at]), int(cells.label[at]))

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
        self._count_soon()
        self._keep_soon()

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
        self._count_soon()

    def _count_soon(self) -> None:
        """Tell of the queue once for all that a gesture changes, and before anything is drawn."""
        if not self._counting:
            self._counting = True
            self._to_count.emit()

    def _count(self) -> None:
        if self._counting:  # else the review was left
            self._counting = False
            self.queue_changed.emit()

    def _keep_soon(self) -> None:
        """Keep the place before long: keys that come faster than that put it off no further."""
        if not self._keeping.isActive():
            self._keeping.start()

    def _keep_place(self) -> None:
        """Keep where the person is, for the next session."""
        if self.saving.is_busy:
            self._keep_soon()
            return
        self._attempt(lambda: self._kept.keep_place(place_in(self.queue, self._cell())))
