"""What is final for a cell: people's words first, then the model's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.project.words import STATUSES, Word
from napari_cellcycle.review.kappa import NO_ANSWER
from napari_cellcycle.review.majority import majority_vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet

    Codes = NDArray[np.int16]

NONE, UNSURE, EXCLUDED, CONFLICT = -1, -2, -3, -4
"""Codes beside those of phases, which are their places in the vocabulary."""

STATUS = {name: code for code, name in enumerate(STATUSES)}
"""Code of each status, as :attr:`napari_cellcycle.review.state.Review.status` has it."""

_KINDS = {"none": NONE, "unsure": UNSURE, "exclude": EXCLUDED}
_BELOW = 3


class Coder:
    """Words as numbers, in one vocabulary."""

    def __init__(self, phases: PhaseSet) -> None:
        self.phases = phases
        self.slugs = tuple(phase.slug for phase in phases)
        self._index = {slug: i for i, slug in enumerate(self.slugs)}

    def code(self, word: Word) -> int:
        """Code of a word; of a phase that the vocabulary lacks, as of no word."""
        return _KINDS[word.kind] if word.kind != "phase" else self._index.get(word.phase, NONE)

    def codes(self, words: Sequence[Word]) -> Codes:
        """Codes of many words, of which most are alike."""
        code_of = {word: self.code(word) for word in set(words)}
        return np.array([code_of[word] for word in words], np.int16)

    def word(self, code: int, note: str = "") -> Word:
        """Word of a code."""
        if code >= 0:
            return Word("phase", self.slugs[code], note)
        kind = {NONE: "none", UNSURE: "unsure", EXCLUDED: "exclude"}[code]
        return Word(kind, "", note)  # type: ignore[arg-type]


def decide_words(words: Codes, n_phases: int) -> Codes:
    """Decide between people: one counts, of several the majority, and a tie is a conflict.

    Every word counts alike, also that somebody is unsure or excludes the cell.

    Parameters
    ----------
    words : ndarray, ``(n, people)``, int16
        Latest word of each.
    n_phases : int
        Phases of the vocabulary, branches included.

    Returns
    -------
    ndarray, ``(n,)``, int16
        A phase or one of the codes.
    """
    if words.shape[1] == 0:
        return np.full(len(words), NONE, np.int16)
    if words.shape[1] == 1:
        return words[:, 0].copy()
    answers = np.where(words == NONE, NO_ANSWER, words.astype(np.int64) + _BELOW)
    most, tied = majority_vote(answers, n_phases + _BELOW)
    decided = np.where(most == NO_ANSWER, NONE, most - _BELOW)
    return np.where(tied, CONFLICT, decided).astype(np.int16)


def final_phase(decided: Codes, predicted: Codes, stale: NDArray[np.bool_]) -> Codes:
    """Find the final phase: what people decide, else the prediction; -1 where there is none.

    Parameters
    ----------
    decided : ndarray, ``(n,)``, int16
        See :func:`decide_words`.
    predicted : ndarray, ``(n,)``, int16
        Phase, -1 where there is no prediction.
    stale : ndarray, ``(n,)``, bool
        Cells whose labels were edited after the prediction.
    """
    silent = decided == NONE
    final = np.where(silent, np.where(stale, NONE, predicted), np.maximum(decided, NONE))
    return final.astype(np.int16)


def status_of(decided: Codes, predicted: Codes, stale: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Find the status, an index of :data:`napari_cellcycle.project.words.STATUSES`.

    Parameters
    ----------
    decided, predicted, stale : ndarray, ``(n,)``
        As in :func:`final_phase`.
    """
    conditions: list[NDArray[Any]] = [
        stale,
        decided == CONFLICT,
        decided == EXCLUDED,
        decided == UNSURE,
        (decided >= 0) & (decided == predicted),
        decided >= 0,
        predicted >= 0,
    ]
    names = ("stale", "conflict", "excluded", "unsure", "accepted", "corrected", "predicted")
    return np.select(conditions, [np.uint8(STATUS[name]) for name in names], np.uint8(0))
