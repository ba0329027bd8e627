"""The order in which cells are looked at, and which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import STATUSES
from napari_cellcycle.review.orders import (
    BETWEEN_MODELS,
    ORDERS,
    SUSPICION,
    arranged,
    can_compare,
    possible,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.state import Review

    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cells to look at; what is None does not matter.

    Parameters
    ----------
    phases : frozenset of str, optional
        Slugs of final phases; the empty one is a cell without.
    statuses : frozenset of str, optional
        Names of statuses.
    frame : int, optional
        Only this frame.
    seen : bool, optional
        ``False`` for cells that were not looked at yet.
    """

    phases: frozenset[str] | None = None
    statuses: frozenset[str] | None = None
    frame: int | None = None
    seen: bool | None = None

    def match(self, review: Review, rows: Ints | slice = slice(None)) -> NDArray[np.bool_]:
        """Whether each of some cells belongs to it."""
        final = review.final[rows]
        found = np.ones(len(final), bool)
        if self.phases is not None:
            # the last place is that of cells without a phase, code -1
            wanted = [phase.slug in self.phases for phase in review.phases] + ["" in self.phases]
            found &= np.array(wanted)[final]
        if self.statuses is not None:
            wanted = [name in self.statuses for name in STATUSES]
            found &= np.array(wanted)[review.status[rows]]
        if self.frame is not None:
            found &= review.cells.frame[rows] == self.frame
        if self.seen is not None:
            found &= review.seen[rows] == self.seen
        return found


EVERY = Filter()


class Queue:
    """Cells in an order, with a place in it.

    The order stays as it was made until :meth:`sort` is called, so that cells do not move under a
    person's hands; which cells belong to it follows every change.

    Parameters
    ----------
    review : Review
        What is reviewed.
    order : str
        One of :data:`napari_cellcycle.review.orders.ORDERS`.
    only : Filter
        Which cells.
    seed : int
        Of the order ``random``.
    other : PredictionSet, optional
        The second model of the order ``disagreement of models``.

    Attributes
    ----------
    rows : ndarray, ``(n,)``, int64
        All cells in order.
    match : ndarray, ``(n,)``, bool
        By row of the review: whether a cell belongs to the queue.
    count : int
        How many do.
    chosen : ndarray, ``(n,)``, bool, or None
        Cells that a person picked out: no others belong to the queue. None where nobody did.
    suspects : ndarray, ``(m,)``, int64, or None
        Cells, the most suspect first, for the order ``suspicion``; None where nobody has looked.
    current : int
        Row of the cell at hand, -1 before the first.
    wanted : str
        The order that was asked for; while it needs predictions that are not shown, another one
        holds: chance in blind mode, so that the order does not tell, else the position.
    """

    def __init__(
        self,
        review: Review,
        order: str = "entropy",
        only: Filter = EVERY,
        *,
        seed: int = 0,
        other: PredictionSet | None = None,
    ) -> None:
        self._review = review
        self.only = only
        self.current = -1
        self.chosen: NDArray[np.bool_] | None = None
        self.suspects: Ints | None = None
        self._n_ranked = 0
        self.sort(order, seed=seed, other=other)
        review.changed.connect(self._follow)
        review.reloaded.connect(self._restart)

    def close(self) -> None:
        """Follow changes no more."""
        self._review.changed.disconnect(self._follow)
        self._review.reloaded.disconnect(self._restart)

    def sort(self, order: str, *, seed: int = 0, other: PredictionSet | None = None) -> None:
        """Put cells in another order; the cell at hand stays.

        Raises
        ------
        ProjectError
            If there is no such order, or it needs what is not there.
        """
        if order not in ORDERS:
            raise ProjectError(f"There is no order {order!r}; there are {', '.join(ORDERS)}.")
        self._arrange(order, seed, other)
        self.wanted = order

    def _arrange(
        self, order: str, seed: int, other: PredictionSet | None, passed: Ints | None = None
    ) -> None:
        rows = arranged(self._review, order, seed=seed, other=other, suspects=self.suspects)
        if order == SUSPICION and self.suspects is not None:
            if passed is None:  # a cell that is not suspect is at hand: all suspects are ahead
                at_hand = [self.current] if self.current >= 0 else []
                passed = np.setdiff1d(at_hand, self.suspects).astype(np.int64)
            rows = np.concatenate([passed, rows[~np.isin(rows, passed)]])
            self._n_ranked = len(np.union1d(passed, self.suspects))
        self.rows = rows
        self.order, self._seed, self._other = order, seed, other
        self._rank = np.empty(len(self.rows), np.int64)
        self._rank[self.rows] = np.arange(len(self.rows))
        self.filter(self.only)

    @property
    def other(self) -> PredictionSet | None:
        """The second model of the order ``disagreement of models``."""
        return self._other

    def compare_with(self, other: PredictionSet | None) -> None:
        """Name the second model for the next time that the review is read."""
        self._other = other

    def suspect(self, suspects: Ints | None) -> None:
        """Take the order of suspicion; it holds again if it was asked for.

        Where it holds already, the cells up to the one at hand stay as they are: what is sorted
        anew lies ahead.
        """
        passed = None
        if suspects is not None and self.order == SUSPICION and self.current >= 0:
            at = int(self._rank[self.current])
            passed = self.rows[: at + 1] if at < self._n_ranked else None
        self.suspects = suspects
        if self.wanted == SUSPICION:
            self._arrange_as_wanted(passed)

    def filter(self, only: Filter) -> None:
        """Look at other cells; the cell at hand stays."""
        self.only = only
        self._match_all()

    def choose(self, rows: Ints | None) -> None:
        """Look only at cells that were picked out, or at all again; the cell at hand stays."""
        self.chosen = None
        if rows is not None:
            self.chosen = np.zeros(len(self._review), bool)
            self.chosen[rows] = True
        self._match_all()

    def members(self) -> Ints:
        """Rows that belong to the queue, in order."""
        return self.rows[self.match[self.rows]]

    def go(self, row: int) -> int:
        """Take a cell at hand, whether it belongs to the queue or not."""
        self.current = row
        return row

    def next(self) -> int:
        """Go to the next cell; returns its row, -1 if there is none."""
        start = 0 if self.current < 0 else int(self._rank[self.current]) + 1
        return self._step(self.rows[start:])

    def previous(self) -> int:
        """Go to the cell before; returns its row, -1 if there is none."""
        stop = 0 if self.current < 0 else int(self._rank[self.current])
        return self._step(self.rows[:stop][::-1])

    def position(self) -> int:
        """How many cells of the queue lie before the cell at hand."""
        if self.current < 0:
            return 0
        return int(self.match[self.rows[: int(self._rank[self.current])]].sum())

    def _step(self, ahead: Ints) -> int:
        # most often one of the first few
        for part in (ahead[:64], ahead[64:]):
            found = np.flatnonzero(self.match[part])
            if len(found):
                self.current = int(part[found[0]])
                return self.current
        return -1

    def _match_all(self) -> None:
        self.match = self.only.match(self._review)
        if self.chosen is not None:
            self.match &= self.chosen
        self.count = int(self.match.sum())

    def _follow(self, rows: Ints) -> None:
        now = self.only.match(self._review, rows)
        if self.chosen is not None:
            now &= self.chosen[rows]
        self.count += int(now.sum()) - int(self.match[rows].sum())
        self.match[rows] = now

    def _restart(self) -> None:
        self.current = -1
        self.chosen = self.suspects = None
        self._arrange_as_wanted()

    def _arrange_as_wanted(self, passed: Ints | None = None) -> None:
        order = self.wanted
        if order == BETWEEN_MODELS and not can_compare(self._review, self._other):
            order = "entropy"
        if order == SUSPICION and self.suspects is None:
            order = "entropy"
        if not possible(self._review, order):
            order = "random" if self._review.blind else "position"
        self._arrange(order, self._seed, self._other, passed)
