"""The order in which cells are looked at, and which of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.project.predictions import PredictionSet
    from napari_cellcycle.review.state import Review

    Floats = NDArray[np.float64]
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
    among : frozenset of (frame, label), optional
        Only these cells.
    """

    phases: frozenset[str] | None = None
    statuses: frozenset[str] | None = None
    frame: int | None = None
    seen: bool | None = None
    among: frozenset[tuple[int, int]] | None = None

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
        if self.among is not None:
            keys = review.keys(np.arange(len(review))[rows])
            found &= np.fromiter((key in self.among for key in keys), bool, len(keys))
        return found


EVERY = Filter()
BETWEEN_MODELS = "disagreement of models"


class Queue:
    """Cells in an order, with a place in it.

    The order stays as it was made until :meth:`sort` is called, so that cells do not move under a
    person's hands; which cells belong to it follows every change.

    Parameters
    ----------
    review : Review
        What is reviewed.
    order : str
        One of :data:`ORDERS`.
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

    def _arrange(self, order: str, seed: int, other: PredictionSet | None) -> None:
        self.rows = _arranged(self._review, order, seed, other)
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

    def filter(self, only: Filter) -> None:
        """Look at other cells; the cell at hand stays."""
        self.only = only
        self.match = only.match(self._review)
        self.count = int(self.match.sum())

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

    def _follow(self, rows: Ints) -> None:
        now = self.only.match(self._review, rows)
        self.count += int(now.sum()) - int(self.match[rows].sum())
        self.match[rows] = now

    def _restart(self) -> None:
        self.current = -1
        order = self.wanted
        if order == BETWEEN_MODELS and not _can_compare(self._review, self._other):
            order = "entropy"
        if not _possible(self._review, order):
            order = "random" if self._review.blind else "position"
        self._arrange(order, self._seed, self._other)


def by_entropy(review: Review) -> Floats:
    """Most uncertain first: entropy of all leaves together, in nats.

    It is high where the first level is uncertain, and also where only the stage is.
    """
    return -entropy(review.shown.column("probabilities", np.nan))


def by_axes(review: Review) -> Floats:
    """Most disagreement of the projections first: their Jensen-Shannon divergence, in nats."""
    return -divergence(leaves_by_axis(review))


def by_phase(review: Review) -> Floats:
    """Phases in the order of the vocabulary, the most uncertain first within each."""
    predicted = review.shown.phase
    confidence = np.nan_to_num(review.shown.confidence)
    return np.where(predicted >= 0, predicted + 0.5 * confidence, np.nan)


def by_volume(review: Review) -> Floats:
    """Strangest size first: how far the logarithm is from the median of its frame's cells."""
    size = np.log(np.maximum(review.cells.voxels, 1))
    strange = np.empty(len(size))
    for frame in np.unique(review.cells.frame):
        here = review.cells.frame == frame
        strange[here] = np.abs(size[here] - np.median(size[here]))
    return -strange


def by_position(review: Review) -> Floats:
    """Row by row through each frame; a row is as high as a typical cell."""
    cells = review.cells
    height = float(np.median(cells.bbox[:, 1, 1] - cells.bbox[:, 0, 1])) if len(cells) else 1.0
    band = np.floor(cells.centroid[:, 1] / max(height, 1.0))
    _, _, x = cells.centroid.T
    order = np.lexsort((x, band, cells.frame))
    rank = np.empty(len(cells))
    rank[order] = np.arange(len(cells))
    return rank


ORDERS: dict[str, Callable[[Review], Floats] | None] = {
    "entropy": by_entropy,
    "disagreement of projections": by_axes,
    BETWEEN_MODELS: None,
    "phase": by_phase,
    "volume": by_volume,
    "position": by_position,
    "random": None,
}
"""Names of orders; what each sorts by, smallest first, or None where more must be given."""

_NEED_PREDICTIONS = (
    "entropy", "disagreement of projections", BETWEEN_MODELS, "phase",
)  # fmt: skip


def leaves_by_axis(review: Review) -> Floats:
    """Probabilities of the leaves as each projection alone sees them, ``(n, axes, leaves)``."""
    level1 = review.shown.column("level1", np.nan)
    level2 = review.shown.column("level2", np.nan)
    if level2.ndim != 3 or not level2.shape[2]:
        return np.asarray(level1, np.float64)
    return np.concatenate([level1[:, :, :1], level1[:, :, 1:] * level2], axis=2)


def divergence(p: Floats) -> Floats:
    """Jensen-Shannon divergence of several judges, in nats.

    Parameters
    ----------
    p : ndarray, ``(n, judges, classes)``, float64
        Probabilities.
    """
    mean: Floats = p.mean(axis=1)
    return entropy(mean) - np.asarray(entropy(p).mean(axis=1), np.float64)


def entropy(p: NDArray[Any]) -> Floats:
    """Entropy of probabilities along the last axis, in nats."""
    values = np.asarray(p, np.float64)
    logs = np.log(values, out=np.zeros_like(values), where=values > 0)
    return np.asarray(-(values * logs).sum(axis=-1), np.float64)


def _between_models(review: Review, other: PredictionSet | None) -> Floats:
    if other is None or not _can_compare(review, other):
        raise ProjectError(
            "Two models can be compared that have the same phases. Choose a second prediction set "
            "of the vocabulary that is shown."
        )
    second = review.beside(other)
    both = [review.shown.column("probabilities", np.nan), second.column("probabilities", np.nan)]
    return -divergence(np.stack(both, axis=1))


def _can_compare(review: Review, other: PredictionSet | None) -> bool:
    shown = review.prediction_set
    return (
        shown is not None
        and other is not None
        and other.id != shown.id
        and other.phases == shown.phases
    )


def _possible(review: Review, order: str) -> bool:
    return order not in _NEED_PREDICTIONS or bool(review.shown.sets)


def _arranged(review: Review, order: str, seed: int, other: PredictionSet | None) -> Ints:
    """All rows in order; cells that it says nothing of come last, as they lie in the table."""
    if not _possible(review, order):
        raise ProjectError(
            f"The order {order!r} needs predictions, and none are shown. Choose 'position', "
            "'volume' or 'random'."
        )
    if order == "random":
        return np.random.default_rng(seed).permutation(len(review))
    by = ORDERS[order]
    keys: Floats = by(review) if by is not None else _between_models(review, other)
    return np.argsort(keys, kind="stable")
