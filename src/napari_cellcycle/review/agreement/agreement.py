"""How far people are of one mind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.decision import CONFLICT, NONE, decide_words
from napari_cellcycle.review.kappa import cohen_kappa, fleiss_kappa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_cellcycle.phases import PhaseSet


class Opinions(Protocol):
    """What people say of cells; a review is one."""

    @property
    def people(self) -> Sequence[str]:
        """Who is who in :attr:`words`."""

    @property
    def words(self) -> NDArray[np.int16]:
        """Latest word of each on each cell, ``(n, people)``."""

    @property
    def phases(self) -> PhaseSet:
        """The vocabulary."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Opinions as they were at one time, to be compared in another thread.

    Parameters
    ----------
    people : tuple of str
    words : ndarray, ``(n, people)``, int16
    phases : PhaseSet
    """

    people: tuple[str, ...]
    words: NDArray[np.int16]
    phases: PhaseSet

    @classmethod
    def of(cls, said: Opinions) -> Snapshot:
        """Copy what people say now."""
        return cls(tuple(said.people), said.words.copy(), said.phases)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people on the cells that both gave a phase.

    Parameters
    ----------
    first, second : str
    n : int
        Cells with a phase by both.
    agreement : float
        Share of equal answers; NaN without cells.
    kappa : float
        Cohen's kappa; NaN where it is undefined.
    """

    first: str
    second: str
    n: int
    agreement: float
    kappa: float


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """All people on the cells of a review.

    Parameters
    ----------
    people : tuple of str
        Who said anything.
    words : tuple of int
        How many cells each has judged, unsure and excluded ones included.
    majority : ndarray, ``(n,)``, int16
        What people decide, as :func:`napari_cellcycle.review.decision.decide_words` says.
    conflicts : int
        Cells whose words tie.
    shared : int
        Cells with a phase by at least two people: those that kappa is of.
    fleiss : float
        Fleiss' kappa of phases; NaN where it is undefined.
    pairs : tuple of Pair
    """

    people: tuple[str, ...]
    words: tuple[int, ...]
    majority: NDArray[np.int16]
    conflicts: int
    shared: int
    fleiss: float
    pairs: tuple[Pair, ...]


def measure_agreement(said: Opinions) -> Agreement:
    """Compare what people say. Kappa is of phases: unsure and excluded cells do not count in it."""
    spoke = (said.words != NONE).sum(axis=0)
    who = [i for i in range(len(said.people)) if spoke[i]]
    words = said.words[:, who]
    majority = decide_words(words, len(said.phases.phases))
    pairs = []
    for i, j in combinations(range(len(who)), 2):
        first, second = words[:, i], words[:, j]
        both = (first >= 0) & (second >= 0)
        equal = float((first == second)[both].mean()) if both.any() else float("nan")
        pairs.append(
            Pair(
                said.people[who[i]],
                said.people[who[j]],
                int(both.sum()),
                equal,
                cohen_kappa(first, second),
            )
        )
    return Agreement(
        people=tuple(said.people[i] for i in who),
        words=tuple(int(spoke[i]) for i in who),
        majority=majority,
        conflicts=int((majority == CONFLICT).sum()),
        shared=int(((words >= 0).sum(axis=1) > 1).sum()),
        fleiss=fleiss_kappa(words),
        pairs=tuple(pairs),
    )


def confusion(said: Opinions, first: str, second: str) -> NDArray[np.int64]:
    """Count how one person's phases meet another's.

    Returns
    -------
    ndarray, ``(phases, phases)``, int64
        Rows are the first person's, in the order of the vocabulary, branches included.

    Raises
    ------
    ProjectError
        If somebody has said nothing.
    """
    for who in (first, second):
        if who not in said.people:
            raise ProjectError(
                f"{who} has said nothing in this vocabulary; people are {', '.join(said.people)}."
            )
    a = said.words[:, said.people.index(first)].astype(np.int64)
    b = said.words[:, said.people.index(second)].astype(np.int64)
    both = (a >= 0) & (b >= 0)
    k = len(said.phases.phases)
    return np.bincount(a[both] * k + b[both], minlength=k * k).reshape(k, k).astype(np.int64)
