"""What goes on with the pairs of an open review: found, accepted, taken back, classified again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_cellcycle._qt.daughters import work
from napari_cellcycle._qt.job import Job
from napari_cellcycle.counted import counted
from napari_cellcycle.review.daughters.merging import Merging

if TYPE_CHECKING:
    from napari_cellcycle._qt.daughters.work import Acted
    from napari_cellcycle._qt.review.desk import Desk
    from napari_cellcycle._qt.review.dock import ReviewWidget
    from napari_cellcycle.review.daughters.daughters import PairLimits, Proposals
    from napari_cellcycle.review.daughters.merging import Merged
    from napari_cellcycle.review.loaded import Loaded


class PairDesk(QObject):
    """Gestures on pairs. Each is in the journal before anything is told.

    Parameters
    ----------
    review : ReviewWidget
        With a project open.

    Attributes
    ----------
    proposals : Proposals or None
        What was found.
    found : Signal()
        There are proposals.
    changed : Signal(bool)
        Other cells are merged now; whether by undo or redo.
    told : Signal(str)
        What was done, or how far it is.
    refused : Signal(str)
        Why something could not be done.
    """

    found = Signal()
    changed = Signal(bool)
    told = Signal(str)
    refused = Signal(str)

    def __init__(self, review: ReviewWidget, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.review = review
        self.proposals: Proposals | None = None
        self.merging = Merging(self.desk.project, self.desk.undertaking.image)
        self._finding, self._acting, self._classifying = Job(self), Job(self), Job(self)
        self._finding.succeeded.connect(self._take_found)
        self._acting.succeeded.connect(self._take_acted)
        self._classifying.succeeded.connect(self._take_classified)
        self._classifying.ended.connect(self._classify)
        self._waits = False
        for job in (self._finding, self._acting, self._classifying):
            job.stepped.connect(lambda text: self.told.emit(str(text)))
            job.refused.connect(self.refused)

    @property
    def desk(self) -> Desk:
        """Where the review's own gestures are."""
        desk = self.review.desk
        assert desk is not None
        return desk

    @property
    def is_busy(self) -> bool:
        """Whether pairs are looked for, or a gesture is being saved."""
        return self._finding.is_running or self._acting.is_running

    @property
    def is_classifying(self) -> bool:
        """Whether cells are being classified again."""
        return self._classifying.is_running

    def is_of(self, review: Any) -> bool:
        """Whether this is about the image that a review shows."""
        if review is None or review.desk is None:
            return False
        undertaking = review.desk.undertaking
        return (
            review.desk.project is self.merging.project and undertaking.image == self.merging.image
        )

    def close(self) -> None:
        """Want nothing any more; what is entered stays."""
        for job in (self._finding, self._acting, self._classifying):
            job.cancel()

    def find(self, limits: PairLimits) -> None:
        """Look for pairs."""
        if self.is_busy:
            return
        if self.desk.review.blind:
            self.refused.emit("Pairs are found by predictions, which blind mode hides. Leave it.")
            return
        self._finding.start(
            "Find pairs", work.find, self.desk.undertaking, self.desk.review, limits
        )

    def act(self, gesture: Callable[[Merging], Merged]) -> None:
        """Merge, split, reject, undo or redo."""
        desk = self.desk
        bench = self.review.bench
        is_taking = bench is not None and bench.people.take_in.is_busy
        if self.is_busy or self.review.is_busy or is_taking:
            self.refused.emit("One moment: the last step is being saved.")
        elif desk.project.read_only:
            self.refused.emit(desk.project.reason)
        elif self.review.scene is not None and self.review.scene.labels.is_edited:
            self.refused.emit("Labels were edited: update the cells in Review cells first.")
        else:
            desk.saving.finish()
            self._acting.start("Merge cells", work.act, desk.undertaking, desk.review, gesture)

    # --- inside ---------------------------------------------------------------------------------

    def _take_found(self, proposals: Proposals) -> None:
        self.proposals = proposals
        self.found.emit()

    def _take_acted(self, acted: Acted) -> None:
        if not self.is_of(self.review):
            return
        self.review.stage.take_merged(acted.undertaking, acted.read, acted.merged.cells)
        merged = acted.merged
        if len(merged.cells) == 1:  # a cell was merged, and is not the one that was at hand before
            self.desk.go_to(self.desk.review.row_of(*merged.cells[0]))
        done = {"undo": "Undone: ", "redo": "Done again: "}.get(merged.kind, "")
        left = f"; {merged.skipped} left as they are" if merged.skipped else ""
        self.told.emit(f"{done}{merged.about}{left}" if merged.about else "There is nothing.")
        self.changed.emit(bool(done))
        self._waits = True
        self._classify()

    def _classify(self) -> None:
        """Classify what is stale, if nobody does yet."""
        if not self._waits or self._classifying.is_running or not self.is_of(self.review):
            return
        self._waits = False
        desk = self.desk
        shown = desk.review.chosen_set
        if shown is not None and len(desk.review.stale_rows):
            self._classifying.start(
                "Classify merged cells", work.classify, desk.undertaking, desk.review, shown
            )

    def _take_classified(self, done: tuple[int, Loaded]) -> None:
        n, read = done
        if n and self.is_of(self.review) and not self._acting.is_running:
            self.desk.reload(self.desk.undertaking, read)
            self.told.emit(f"{counted(n, 'cell')} classified again.")
            self.changed.emit(False)
