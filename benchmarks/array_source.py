"""A source of cells that are held in memory, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle._qt.review.selection import Selection
from napari_cellcycle._qt.review.source import Facts, Pictures, SourceSignals, Tile
from napari_cellcycle.project.words import STATUSES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from napari_cellcycle.phases import PhaseSet

    Ints = NDArray[np.int64]

_CORRECTED, _ACCEPTED = STATUSES.index("corrected"), STATUSES.index("accepted")
_PREDICTED = STATUSES.index("predicted")


class ArraySource:
    """Cells as plain arrays; see :class:`napari_cellcycle._qt.review.source.CellSource`.

    Parameters
    ----------
    phases : PhaseSet
    predicted : array-like, ``(n,)``, int
        Codes of phases, -1 where nothing was predicted.
    make_views : callable
        From indices to :class:`Pictures`.
    confidence, entropy : array-like, ``(n,)``, optional
        NaN by default.
    deciding_axis : array-like, ``(n,)``, str, optional
    frame, label : array-like, ``(n,)``, optional
        Frame 0 and labels from 1 by default.
    position : array-like, ``(n, 3)``, optional
        z, y, x; NaN by default.
    unit : str
        Of the positions.
    is_2d : bool
    make_slices, make_facts : callable, optional
        From an index to tiles and to :class:`Facts`.
    """

    def __init__(
        self,
        phases: PhaseSet,
        predicted: ArrayLike,
        make_views: Callable[[Ints], Pictures],
        *,
        confidence: ArrayLike | None = None,
        entropy: ArrayLike | None = None,
        deciding_axis: ArrayLike | None = None,
        frame: ArrayLike | None = None,
        label: ArrayLike | None = None,
        position: ArrayLike | None = None,
        unit: str = "px",
        is_2d: bool = False,
        make_slices: Callable[[int], Sequence[Tile]] | None = None,
        make_facts: Callable[[int], Facts] | None = None,
    ) -> None:
        self.phases = phases
        self.predicted = np.asarray(predicted, dtype=np.int16)
        n = len(self.predicted)
        self.signals = SourceSignals()
        self.selection = Selection(n)
        self.phase = self.predicted.copy()
        self.status = np.where(self.predicted >= 0, _PREDICTED, 0).astype(np.uint8)
        self.confidence = _floats(confidence, (n,))
        self.entropy = _floats(entropy, (n,))
        self.deciding_axis: NDArray[Any] = np.asarray(
            [""] * n if deciding_axis is None else deciding_axis
        )
        self.seen = np.zeros(n, bool)
        self.frame: Ints = np.zeros(n, np.int64) if frame is None else np.asarray(frame, np.int64)
        self.label: Ints = (
            np.arange(1, n + 1) if label is None else np.asarray(label, dtype=np.int64)
        )
        self.position = _floats(position, (n, 3))
        self.blind = False
        self.notes: NDArray[Any] = np.full(n, "", dtype=object)
        self.unit = unit
        self.is_2d = is_2d
        self._make_views = make_views
        self._make_slices = make_slices
        self._make_facts = make_facts

    def __len__(self) -> int:
        return len(self.phase)

    def views(self, indices: Ints) -> Pictures:
        """Views of some cells."""
        return self._make_views(indices)

    def slices(self, index: int) -> Sequence[Tile]:
        """The cell in its surroundings."""
        return self._make_slices(index) if self._make_slices else ()

    def facts(self, index: int) -> Facts:
        """What else is known of a cell."""
        return self._make_facts(index) if self._make_facts else Facts()

    def assign(self, indices: ArrayLike, slug: str) -> None:
        """Give cells a phase, as a person would."""
        rows = np.asarray(indices, dtype=np.int64)
        code = [phase.slug for phase in self.phases].index(slug)
        self.phase[rows] = code
        self.status[rows] = np.where(self.predicted[rows] == code, _ACCEPTED, _CORRECTED)
        self.signals.changed.emit(rows)

    def set_status(self, indices: ArrayLike, status: str) -> None:
        """Give cells another status; those without a final phase by it lose theirs."""
        rows = np.asarray(indices, dtype=np.int64)
        self.status[rows] = STATUSES.index(status)
        if status in ("excluded", "unsure", "conflict", "stale", ""):
            self.phase[rows] = -1
        self.signals.changed.emit(rows)


def _floats(values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.full(shape, np.nan) if values is None else np.asarray(values, dtype=np.float64)
