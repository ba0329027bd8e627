"""Dock widget "Daughters": which two labels are one cell; accept, reject, merge and split."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QEvent, QItemSelectionModel

from napari_cellcycle._qt.daughters import pair_words as words
from napari_cellcycle._qt.daughters.pair_buttons import PairButtons
from napari_cellcycle._qt.daughters.pair_lines import PairLines
from napari_cellcycle._qt.daughters.pair_model import (
    MERGED,
    REJECTED,
    Entry,
    entries,
    place_after,
)
from napari_cellcycle._qt.daughters.pair_page import PairPage
from napari_cellcycle._qt.daughters.pair_pictures import PairPictures, Wish
from napari_cellcycle._qt.daughters.pairs import PairDesk
from napari_cellcycle._qt.removal import was_removed
from napari_cellcycle._qt.review.keys.key_binder import KeyBinder, TypingGuard
from napari_cellcycle._qt.review.keys.key_file import read_keys
from napari_cellcycle._qt.review.keys.keys import DAUGHTERS, pair_keys
from napari_cellcycle._qt.room import make_room
from napari_cellcycle._qt.session import session_of
from napari_cellcycle._qt.timers import once
from napari_cellcycle.counted import counted
from napari_cellcycle.review.daughters.daughters import PairLimits

if TYPE_CHECKING:
    from napari_cellcycle._qt.review.dock import ReviewWidget
    from napari_cellcycle._qt.review.workbench import Workbench
    from napari_cellcycle.cells.merge import Group

_CLOSED = "Open a project in Review cells: pairs are found among its cells."


class DaughtersWidget(PairPage):
    """Proposes pairs of daughters among the cells of the review that is open.

    Parameters
    ----------
    napari_viewer : napari.Viewer
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer = napari_viewer
        self.pairs: PairDesk | None = None
        self.lines: PairLines | None = None
        self._wanted: Group | None = None
        self._asked: list[tuple[int, int]] = []
        """Cells far apart, which the person was asked about."""
        self._actions: dict[str, Callable[[], Any]] = {
            "pair:previous": partial(self._step, -1),
            "pair:next": partial(self._step, 1),
            "pair:accept": self.accept,
            "pair:reject": self.reject,
            "pair:undo": partial(self._act, lambda merging: merging.undo()),
            "pair:redo": partial(self._act, lambda merging: merging.redo()),
            "pair:merge": self.merge_selected,
            "pair:split": self.split,
        }
        self.gestures = PairButtons(self._actions)
        self.binder = KeyBinder(self, self._actions)
        self.pictures = PairPictures(self)
        self._later = once(self, self._follow)
        self.lay_out(self.gestures)
        self._bench: Workbench | None = None
        self._is_removed = False
        self._take_keys()
        self._guard = TypingGuard(self)
        self._connect()
        self._follow()
        make_room(self)

    def event(self, event: QEvent | None) -> bool:
        """Let go of the review when the dock widget is removed from the window."""
        handled = super().event(event)
        if was_removed(self, event):
            self._is_removed = True
            self._later.stop()
            session_of(self._viewer).review_changed.disconnect(self._on_review)
            self._leave()
            self.pictures.close()
        return handled

    @property
    def current(self) -> Entry | None:
        """The entry at hand."""
        row = self.table.currentIndex().row()
        return self.model.entries[row] if 0 <= row < len(self.model.entries) else None

    # --- gestures -------------------------------------------------------------------------------

    def find_pairs(self) -> None:
        """Look for pairs."""
        if self.pairs is not None:
            self.pairs.find(PairLimits(self.mitotic.value(), self.at_least.value()))
            self._offer()

    def accept(self) -> None:
        """The labels at hand are one cell."""
        if (entry := self.current) is not None and self.kind.currentData() != MERGED:
            frame, labels = entry.group
            self._act(lambda merging: merging.merge(frame, labels))

    def reject(self) -> None:
        """The labels at hand are not one cell."""
        if (entry := self.current) is not None and self.kind.currentData() != REJECTED:
            frame, labels = entry.group
            self._act(lambda merging: merging.reject(frame, labels))

    def merge_selected(self) -> None:
        """Merge the cells that are selected in the review."""
        if self.pairs is None:
            return
        desk = self.pairs.desk
        cells = desk.review.keys(desk.targets())
        frames = {frame for frame, _ in cells}
        if len(cells) < 2 or len(frames) > 1:
            self.message.error(
                "Select two or more cells of one frame in Review cells: in its table or gallery, "
                "with Ctrl and click."
            )
            return
        labels = [label for _, label in cells]
        if self._asked != cells and (question := words.far_apart(desk)):
            self._asked = cells
            self.message.error(question)
            return
        self._act(lambda merging: merging.merge(min(frames), labels, source="by hand"))

    def split(self) -> None:
        """Split the merged cell at hand: that of the list of merged cells, or of the review."""
        if self.pairs is None:
            return
        entry = self.current if self.kind.currentData() == MERGED else None
        if entry is not None:
            frame, label = entry.group[0], entry.group[1][0]
        elif self.pairs.desk.current >= 0:
            [(frame, label)] = self.pairs.desk.review.keys(np.array([self.pairs.desk.current]))
        else:
            self.message.error("Go to a merged cell first.")
            return
        self._act(lambda merging: merging.split(frame, label))

    # --- inside ---------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.find_button.clicked.connect(self.find_pairs)
        self.at_least.valueChanged.connect(self._on_score)
        self.kind.currentIndexChanged.connect(lambda _: self._fill())
        selection = self.table.selectionModel()
        assert selection is not None
        selection.currentRowChanged.connect(lambda new, old: self._arrive())
        self.pictures.came.connect(self.sheet.set_pictures)
        self.pictures.failed.connect(self.message.error)
        session_of(self._viewer).review_changed.connect(self._on_review)

    def _on_review(self, review: ReviewWidget | None) -> None:
        # merging for the first time closes the review and opens it again, on other labels
        self._later.start(0)

    def _follow(self) -> None:
        """Work for the review that is open now."""
        review = session_of(self._viewer).review
        self._listen(review)
        if self.pairs is not None and self.pairs.is_of(review):
            self._watch()
            self._fill()
            return
        self._leave()
        if review is not None and review.desk is not None:
            self.pairs = PairDesk(review, self)
            self.pairs.found.connect(self._on_found)
            self.pairs.changed.connect(self._fill)
            self.pairs.told.connect(self.message.hint)
            self.pairs.refused.connect(self.message.error)
            self.message.hint("Find pairs, or merge cells that you select in Review cells.")
            self._watch()
        else:
            self.message.hint(_CLOSED)
        self._fill()

    def _listen(self, review: ReviewWidget | None) -> None:
        """Follow what an open review reads anew, and its table of keys."""
        bench = None if review is None else review.bench
        if bench is self._bench:
            return
        self._bench = bench
        if bench is not None:
            bench.keys.changed.connect(self._take_keys)
            bench.desk.source.signals.reloaded.connect(self._on_reloaded)
        self._take_keys()

    def _on_reloaded(self) -> None:
        if not self._is_removed:  # an import may have brought merged cells
            self._later.start(0)

    def _take_keys(self) -> None:
        """Bind and show the keys as they are now."""
        open_page = None if self._bench is None else self._bench.keys
        self._keys = pair_keys(read_keys()[0]) if open_page is None else open_page.of(DAUGHTERS)
        self.binder.bind(self._keys)
        if self.lines is not None and self.lines.layer is not None:
            self.binder.bind_layer(self.lines.layer, self._keys)
        self.gestures.name_keys(self._keys)

    def _watch(self) -> None:
        """Draw over the layer of labels that the review shows."""
        assert self.pairs is not None
        scene = self.pairs.review.scene
        if scene is None or (self.lines and self.lines.segmentation is scene.segmentation):
            return
        if self.lines is not None:
            self.lines.close()
        self.lines = PairLines(self._viewer, scene.segmentation, scene.axes, self)
        self.lines.made.connect(lambda layer: self.binder.bind_layer(layer, self._keys))
        self._draw()

    def _leave(self) -> None:
        if self.lines is not None:
            self.lines.close()
            self.lines.deleteLater()
        if self.pairs is not None:
            self.pairs.close()
            self.pairs.deleteLater()
        self.pairs = self.lines = None

    def _on_found(self) -> None:
        self.kind.setCurrentIndex(0)
        self._on_score()

    def _on_score(self) -> None:
        self._fill()
        if self.pairs is None or self.pairs.proposals is None or self.kind.currentIndex() > 0:
            return
        if n := len(self.model.entries):
            self.message.hint(f"{counted(n, 'pair')}.")
        else:
            limits = self.at_least.value(), self.mitotic.value()
            self.message.hint(words.why_none(self.pairs.merging, self.pairs.proposals, *limits))

    def _fill(self, back: bool = False) -> None:
        """Make the list anew, and stay at the pair at hand, or go to what came after it.

        Parameters
        ----------
        back : bool
            Go to a pair that undo or redo has brought back.
        """
        pairs, former, row = self.pairs, self.model.entries, self.table.currentIndex().row()
        if pairs is None:
            self.model.set([], None, 1)
        else:
            kind, score = self.kind.currentData(), self.at_least.value()
            found = entries(kind, pairs.merging, pairs.proposals, score)
            self.model.set(found, pairs.proposals, pairs.desk.segmentation.grid[0])
        self._go(place_after(former, row, self.model.entries, back=back))
        self._arrive()

    def _step(self, by: int) -> None:
        row = self.table.currentIndex().row() + by
        if 0 <= row < len(self.model.entries):
            self._go(row)
        else:
            self.message.hint("This is the last pair." if by > 0 else "This is the first pair.")

    def _go(self, row: int) -> None:
        selection = self.table.selectionModel()
        assert selection is not None
        flags = QItemSelectionModel.SelectionFlag
        selection.setCurrentIndex(
            self.model.index(row, 0), flags.ClearAndSelect | flags.Rows | flags.Current
        )

    def _act(self, gesture: Any) -> None:
        self._asked = []
        if self.pairs is not None:
            self.pairs.act(gesture)
            self._offer()

    def _rows(self, entry: Entry) -> tuple[int, ...]:
        """Rows of the cells of an entry in the review as it is now."""
        assert self.pairs is not None
        frame, labels = entry.group
        found = (self.pairs.desk.review.row_of(frame, label) for label in labels)
        return tuple(row for row in found if row >= 0)

    def _arrive(self) -> None:
        """Show the pair at hand: in the canvas, in the review, and its pictures."""
        entry = self.current
        rows = () if entry is None or self.pairs is None else self._rows(entry)
        if rows and self.pairs is not None and entry is not None:
            desk = self.pairs.desk
            if entry.group != self._wanted:  # rows are others when cells are merged
                desk.go_to(rows[0])
            wishes: list[Wish] = [(f"cell {desk.review.cells.label[row]}", (row,)) for row in rows]
            if len(rows) > 1:
                wishes.append(("together", rows))
            self.pictures.want(desk.source.pixels, wishes)
        else:
            self.sheet.set_pictures(None)
        self._wanted = entry.group if rows and entry is not None else None
        self.show_bar(bool(rows))
        self.facts.setText("" if self.pairs is None else words.facts(self.pairs.desk.review, rows))
        self._draw()
        self._offer()

    def _draw(self) -> None:
        if self.pairs is None or self.lines is None:
            return
        found = [self._rows(entry) for entry in self.model.entries]
        shown = [(place, rows) for place, rows in enumerate(found) if len(rows) > 1]
        at = self.table.currentIndex().row()
        current = next((i for i, (place, _) in enumerate(shown) if place == at), -1)
        pairs = np.array([rows[:2] for _, rows in shown], np.int64).reshape(-1, 2)
        self.lines.show(self.pairs.desk.review.cells, pairs, current)

    def _offer(self) -> None:
        """Enable what can be done."""
        pairs, entry, kind = self.pairs, self.current, self.kind.currentData()
        may = pairs is not None and not pairs.desk.project.read_only
        n, at = len(self.model.entries), self.table.currentIndex().row()
        undo = pairs.merging.to_undo if may and pairs is not None else None
        redo = pairs.merging.to_redo if may and pairs is not None else None
        self.find_button.setEnabled(pairs is not None)
        self.gestures.offer(
            {
                "previous": at > 0,
                "next": 0 <= at < n - 1,
                "accept": may and entry is not None and kind != MERGED,
                "reject": may and entry is not None and kind != REJECTED,
                "undo": undo is not None,
                "redo": redo is not None,
                "merge": may,
                "split": may,
            },
            {"undo": words.about(undo), "redo": words.about(redo)},
        )
