"""How far people are of one mind."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from napari_cellcycle.errors import ProjectError
from napari_cellcycle.review.decision import CONFLICT, decide_words
from napari_cellcycle.review.kappa import cohen_kappa, fleiss_kappa

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_cellcycle.review.state import Review


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
    fleiss : float
        Fleiss' kappa of phases; NaN where it is undefined.
    pairs : tuple of Pair
    """

    people: tuple[str, ...]
    words: tuple[int, ...]
    majority: NDArray[np.int16]
    conflicts: int
    fleiss: float
    pairs: tuple[Pair, ...]


def measure_agreement(review: Review) -> Agreement:
    """Compare what people say. Kappa is of phases: unsure and excluded cells do not count in it."""
    spoke = (review.words != -1).sum(axis=0)
    who = [i for i in range(len(review.people)) if spoke[i]]
    words = review.words[:, who]
    majority = decide_words(words, len(review.phases.phases))
    pairs = []
    for i, j in combinations(range(len(who)), 2):
        first, second = words[:, i], words[:, j]
        both = (first >= 0) & (second >= 0)
        equal = float((first == second)[both].mean()) if both.any() else float("nan")
        pairs.append(
            Pair(
                review.people[who[i]],
                review.people[who[j]],
                int(both.sum()),
                equal,
                cohen_kappa(first, second),
            )
        )
    return Agreement(
        people=tuple(review.people[i] for i in who),
        words=tuple(int(spoke[i]) for i in who),
        majority=majority,
        conflicts=int((majority == CONFLICT).sum()),
        fleiss=fleiss_kappa(words),
        pairs=tuple(pairs),
    )


def confusion(review: Review, first: str, second: str) -> NDArray[np.int64]:
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
        if who not in review.people:
            raise ProjectError(
                f"{who} has said nothing in this vocabulary; people are {', '.join(review.people)}."
            )
    a = review.words[:, review.people.index(first)].astype(np.int64)
    b = review.words[:, review.people.index(second)].astype(np.int64)
    both = (a >= 0) & (b >= 0)
    k = len(review.phases.phases)
    return np.bincount(a[both] * k + b[both], minlength=k * k).reshape(k, k).astype(np.int64)
