"""What everybody says of every cell now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.review.decision import NONE, Coder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.project.words import Word

    Codes = NDArray[np.int16]
    Ints = NDArray[np.int64]


class Words:
    """The latest word of each person on each cell.

    Parameters
    ----------
    n : int
        Cells.
    coder : Coder
        Of the vocabulary.
    me : str
        The person who works; the first of all people.

    Attributes
    ----------
    people : list of str
        The person who works, then everybody else who has said anything, by name.
    codes : ndarray, ``(n, people)``, int16
        Phases and the codes of :mod:`napari_cellcycle.review.decision`.
    times : ndarray, ``(n, people)``, int64
        Microseconds since 1970, UTC; 0 where there is no word.
    notes : list of dict of int to str
        Of each person, by row, where there are any.
    """

    def __init__(self, n: int, coder: Coder, me: str) -> None:
        self.people = [me]
        self.codes = np.full((n, 1), NONE, np.int16)
        self.times = np.zeros((n, 1), np.int64)
        self._coder = coder
        self.notes: list[dict[int, str]] = [{}]

    def of_me(self) -> Words:
        """Words of the person who works, alone; what is set in them is set here too."""
        mine = Words(0, self._coder, self.people[0])
        mine.codes, mine.times, mine.notes = self.codes[:, :1], self.times[:, :1], self.notes[:1]
        return mine

    def load(self, rows: Ints, time: Ints, who: Sequence[str], words: Sequence[Word]) -> None:
        """Enter all words that were ever said: of each person on each cell the last one counts.

        Parameters
        ----------
        rows, time : ndarray, ``(m,)``, int64
            Cell and time of each; a negative row is no cell of this segmentation.
        who, words : sequence, ``(m,)``
            Of equal times the later one in the sequence counts.
        """
        more = sorted({*who} - {*self.people})
        self.people += more
        self.notes += [{} for _ in more]
        widened = ((0, 0), (0, len(more)))
        self.codes = np.pad(self.codes, widened, constant_values=NONE)
        self.times = np.pad(self.times, widened)
        number = {name: i for i, name in enumerate(self.people)}
        person = np.array([number[name] for name in who], np.int64)
        order = np.argsort(time, kind="stable")
        order = order[rows[order] >= 0]
        cell = rows[order] * len(self.people) + person[order]
        _, back = np.unique(cell[::-1], return_index=True)
        last = order[len(order) - 1 - back]
        codes = self._coder.codes([words[i] for i in last.tolist()])
        self.codes[rows[last], person[last]] = codes
        self.times[rows[last], person[last]] = np.where(codes == NONE, 0, time[last])
        for i in last.tolist():
            if words[i].note:
                self.notes[int(person[i])][int(rows[i])] = words[i].note

    def set(self, rows: Ints, codes: Codes, notes: Mapping[int, str], time: int) -> None:
        """Enter new words of the person who works: their codes, and notes by row."""
        self.codes[rows, 0] = codes
        self.times[rows, 0] = np.where(codes == NONE, 0, time)
        mine = self.notes[0]
        noted = np.fromiter(mine, np.int64, len(mine))
        for row in noted[np.isin(noted, rows)].tolist():
            del mine[row]
        mine.update(notes)

    def mine(self, rows: Ints) -> list[Word]:
        """Words of the person who works."""
        codes = self.codes[rows, 0].tolist()
        plain = {code: self._coder.word(code) for code in set(codes)}
        notes = self.notes[0]
        return [
            self._coder.word(code, notes[row]) if row in notes else plain[code]
            for row, code in zip(rows.tolist(), codes, strict=True)
        ]

    def get(self, row: int, person: int = 0) -> Word:
        """Latest word of somebody on a cell."""
        note = self.notes[person].get(row, "")
        return self._coder.word(int(self.codes[row, person]), note)
