"""How well each two classes are told apart, by a model and by people, as in the microtubule paper.

Cells of other classes are left out. For cells of the pair, answers outside the pair are ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.review.kappa import NO_ANSWER
from napari_cellcycle.review.majority import majority_vote
from napari_cellcycle.train.evaluation.annotators import MAJORITY, MODEL, share_right

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PairOfClasses:
    """How judges tell two classes apart; the same rule holds for people and for the model.

    Parameters
    ----------
    classes : (str, str)
    n : int
        Cells of the two.
    accuracy : dict of str to float
        Of each annotator, the model and, with annotators, their majority, whose ties are left out;
        NaN where no answer is within the pair.
    ignored : dict of str to int
        Answers outside the pair.
    model_choosing : float
        Accuracy of the model if it must choose the more probable of the two.
    """

    classes: tuple[str, str]
    n: int
    accuracy: dict[str, float]
    ignored: dict[str, int]
    model_choosing: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def pairs_of_classes(
    truth: Codes,
    called: Codes,
    probabilities: NDArray[np.floating[Any]],
    labels: Sequence[str],
    *,
    answers: Codes | None = None,
    annotators: Sequence[str] = (),
) -> tuple[PairOfClasses, ...]:
    """Judge every pair of classes of which both have cells.

    Parameters
    ----------
    truth, called : ndarray, ``(n,)``, int64
        True class, and the model's.
    probabilities : ndarray, ``(n, classes)``, float
        Of the model.
    labels : sequence of str
        Names of the classes.
    answers : ndarray, ``(n, annotators)``, int64, optional
        As from :func:`~napari_cellcycle.train.evaluation.annotators.answer_codes`.
    annotators : sequence of str
        Names of its columns.
    """
    said = called[:, None] if answers is None else np.column_stack([answers, called])
    judges = (*annotators, MODEL)
    found = []
    for first, second in combinations(np.unique(truth).tolist(), 2):
        here = np.isin(truth, (first, second))
        right = truth[here]
        inside = np.where(np.isin(said, (first, second)), said, NO_ANSWER)[here]
        ignored = ((inside < 0) & (said[here] >= 0)).sum(axis=0)
        accuracy = {name: share_right(inside[:, i], right) for i, name in enumerate(judges)}
        if annotators:
            majority, _ = majority_vote(inside[:, :-1], len(labels))
            accuracy[MAJORITY] = share_right(majority, right)
        more = probabilities[here, second] > probabilities[here, first]
        found.append(
            PairOfClasses(
                (labels[first], labels[second]),
                len(right),
                accuracy,
                dict(zip(judges, ignored.tolist(), strict=True)),
                float((np.where(more, second, first) == right).mean()),
            )
        )
    return tuple(found)
