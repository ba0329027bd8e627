"""Which cells are selected and which one is current, shared by every widget that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from qtpy.QtCore import QObject, Signal

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Ints = NDArray[np.int64]


class Selection(QObject):
    """Selected cells and the current one.

    Parameters
    ----------
    n : int
        Number of cells.

    Attributes
    ----------
    changed : Signal()
        Other cells are selected.
    current_changed : Signal(int)
        Another cell is current; -1 for none.
    """

    changed = Signal()
    current_changed = Signal(int)

    def __init__(self, n: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mask = np.zeros(n, bool)
        self._current = -1

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Whether each cell is selected."""
        return self._mask

    @property
    def indices(self) -> Ints:
        """Selected cells, ascending."""
        return np.flatnonzero(self._mask)

    @property
    def current(self) -> int:
        """The current cell, -1 for none."""
        return self._current

    def set(self, indices: ArrayLike, current: int | None = None) -> None:
        """Select these cells only, and make one current, which need not be among them."""
        mask = np.zeros(len(self._mask), bool)
        mask[np.asarray(indices, dtype=np.int64)] = True
        self._take(mask, self._current if current is None else current)

    def toggle(self, index: int) -> None:
        """Select a cell, or no longer, and make it current."""
        mask = self._mask.copy()
        mask[index] = not mask[index]
        self._take(mask, index)

    def go_to(self, index: int) -> None:
        """Make a cell current and select it alone; -1 for none."""
        self.set([index] if index >= 0 else [], index)

    def clear(self) -> None:
        """Select nothing; the current cell stays."""
        self.set([])

    def resize(self, n: int) -> None:
        """Forget everything: there are other cells now."""
        self._take(np.zeros(n, bool), -1)

    def _take(self, mask: NDArray[np.bool_], current: int) -> None:
        other_cells = not np.array_equal(mask, self._mask)
        other_current = current != self._current
        self._mask, self._current = mask, current
        if other_cells:
            self.changed.emit()
        if other_current:
            self.current_changed.emit(current)


class Ordered(Protocol):
    """Cells in the order in which a widget shows them."""

    def __len__(self) -> int:
        """How many are shown."""

    def rank(self, index: int) -> int:
        """Place of a cell, -1 where it is not shown."""

    def at(self, rank: int) -> int:
        """The cell at a place."""

    def between(self, first: int, last: int) -> Ints:
        """Cells from a place up to and including another."""


class Picker:
    """Clicks and keys that select, as file managers do it.

    Parameters
    ----------
    selection : Selection
    order : Ordered
        Of the widget that is clicked in.
    """

    def __init__(self, selection: Selection, order: Ordered) -> None:
        self.selection = selection
        self.order = order
        self._anchor = -1

    def pick(self, index: int, *, toggle: bool = False, extend: bool = False) -> None:
        """Select a cell; with ``toggle`` beside the others, with ``extend`` all up to it."""
        if extend:
            anchor = self.order.rank(self._anchor) if self._anchor >= 0 else -1
            if anchor < 0 and self.selection.current >= 0:
                self._anchor = self.selection.current
                anchor = self.order.rank(self._anchor)
            if anchor >= 0:
                first, last = sorted((anchor, self.order.rank(index)))
                self.add(self.order.between(first, last), index, keep=toggle)
                return
        self._anchor = index
        if toggle:
            self.selection.toggle(index)
        else:
            self.selection.go_to(index)

    def add(self, indices: Ints, current: int | None = None, *, keep: bool) -> None:
        """Select cells, beside the others if they are to be kept."""
        if keep:
            indices = np.union1d(self.selection.indices, indices)
        self.selection.set(indices, current)

    def forget(self) -> None:
        """Let go of the cell that a range starts from: there are other cells now."""
        self._anchor = -1
