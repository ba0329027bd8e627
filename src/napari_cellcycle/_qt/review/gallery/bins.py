"""Cells in bins, one a phase, sorted within; moving one is a bisection and two copies of memory."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


_FEW = 64
"""Up to here cells are moved one by one, by bisection; more of them all at once, by sorting."""


class Bins:
    """Cells by code, each bin sorted by a key, equal keys by index.

    Parameters
    ----------
    codes : ndarray, ``(n,)``, int
        Bin of each cell; -1 is the last bin.
    keys : ndarray, ``(n,)``, float
        Sorts; NaN comes last.
    n_codes : int
        Bins beside the last one.
    rows : ndarray of int, optional
        Only these cells; all by default.
    """

    def __init__(
        self,
        codes: NDArray[np.integer[Any]],
        keys: Floats,
        n_codes: int,
        rows: Ints | None = None,
    ) -> None:
        self._bin = np.where(codes < 0, n_codes, codes).astype(np.int64)
        self._key = np.where(np.isnan(keys), np.inf, keys)
        if rows is not None:
            shown = np.zeros(len(codes), bool)
            shown[rows] = True
            self._bin[~shown] = -1
        order = np.lexsort((self._key, self._bin))
        edges = np.searchsorted(self._bin[order], np.arange(n_codes + 2))
        self._members = [order[a:b] for a, b in pairwise(edges)]
        self._keys = [self._key[members] for members in self._members]

    def __len__(self) -> int:
        return len(self._members)

    @property
    def counts(self) -> list[int]:
        """Cells in each bin."""
        return [len(members) for members in self._members]

    def members(self, number: int) -> Ints:
        """Cells of a bin, sorted."""
        return self._members[number]

    def find(self, index: int) -> tuple[int, int]:
        """Bin of a cell and its place there; (-1, -1) where it is not shown."""
        number = int(self._bin[index]) if 0 <= index < len(self._bin) else -1
        return (-1, -1) if number < 0 else (number, self._place(number, index))

    def move(self, indices: Ints, codes: NDArray[np.integer[Any]]) -> bool:
        """Put cells into the bins of their codes; whether any of them moved.

        Parameters
        ----------
        indices : ndarray, ``(m,)``, int
            Each once; cells that are not shown stay away.
        codes : ndarray, ``(m,)``, int
            Where they belong now.
        """
        to = np.where(codes < 0, len(self) - 1, codes).astype(np.int64)
        moves = (self._bin[indices] >= 0) & (self._bin[indices] != to)
        indices, to = indices[moves], to[moves]
        for number in np.unique(self._bin[indices]).tolist():
            self._remove(number, indices[self._bin[indices] == number])
        for number in np.unique(to).tolist():
            self._insert(number, indices[to == number])
        self._bin[indices] = to
        return bool(len(indices))

    def _place(self, number: int, index: int) -> int:
        keys, members = self._keys[number], self._members[number]
        key = self._key[index]
        low, high = np.searchsorted(keys, key, "left"), np.searchsorted(keys, key, "right")
        return int(low + np.searchsorted(members[low:high], index))

    def _remove(self, number: int, indices: Ints) -> None:
        if len(indices) <= _FEW:
            places: Any = [self._place(number, index) for index in indices.tolist()]
        else:
            leaving = np.zeros(len(self._bin), bool)
            leaving[indices] = True
            places = leaving[self._members[number]]
        self._members[number] = np.delete(self._members[number], places)
        self._keys[number] = np.delete(self._keys[number], places)

    def _insert(self, number: int, indices: Ints) -> None:
        if len(indices) <= _FEW:
            indices = indices[np.lexsort((indices, self._key[indices]))]
            places: Any = [self._place(number, index) for index in indices.tolist()]
            self._members[number] = np.insert(self._members[number], places, indices)
            self._keys[number] = np.insert(self._keys[number], places, self._key[indices])
        else:
            indices = indices[np.lexsort((indices, self._key[indices]))]
            members = self._members[number]
            places = np.searchsorted(self._order(members), self._order(indices))
            self._members[number] = np.insert(members, places, indices)
            self._keys[number] = self._key[self._members[number]]

    def _order(self, indices: Ints) -> NDArray[np.complex128]:
        """Key and index as one number: complex ones are sorted by both of their parts."""
        return self._key[indices] + 1j * indices
