"""What a person's answers teach the search for suspects: true phases, and which signs count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

NOBODY, ASIDE = -1, -2
"""In place of a leaf: nobody has judged the cell; people did, and gave it no leaf."""
ENOUGH, OF_EACH = 50, 10
"""Answers, and right and wrong predictions among them, from which signs are weighed anew."""
LEAST = 1e-3
"""No measure, and no network, is taken to be surer than that."""
_FREE = 30.0  # a column that is scaled up costs nothing to use: the ridge does not hold it


def lesson_of(phase: Ints, known: Ints) -> Ints:
    """Phases to learn from: a person's where there is one, else the predicted one; -1 for none.

    Parameters
    ----------
    phase : ndarray, ``(n,)``, int64
        Predicted leaf, -1 for none.
    known : ndarray, ``(n,)``, int64
        Leaf that people gave, :data:`NOBODY` or :data:`ASIDE`.
    """
    return np.where(known >= 0, known, np.where(known == ASIDE, -1, phase))


def weigh_anew(score: Floats, signs: Floats, phase: Ints, known: Ints) -> Floats:
    """Probability that predictions are wrong, as answers show how much each sign tells.

    A logistic regression on the cells that people gave a phase: was the prediction wrong? It takes
    the order as it is without answers, and learns for each predicted phase how much more or less
    each sign counts.

    People judge the cells that looked most suspect, not any. A share of errors among answers would
    say nothing of the other cells; the regression asks what it is *given* the signs by which cells
    were chosen, and there the choice does no harm. Two things could. Far from the answers it
    extrapolates: so all that it learns beside the order as it is is held to nothing by a ridge
    (``C`` of 0.1), and a phase of which nothing was judged keeps what it had. And somebody who
    corrects what is wrong and passes over what is right, without a word, teaches that all is
    wrong: so nothing is learned before there are :data:`ENOUGH` answers with :data:`OF_EACH` of
    both outcomes, nor where answers turn the order round. Who accepts thousands of sure predictions
    unseen teaches that the network is right where it is sure.

    Parameters
    ----------
    score : ndarray, ``(n,)``, float64
        Probability that the prediction is wrong, without answers.
    signs : ndarray, ``(n, signs)``, float64
        Probabilities of the predicted phase, by measures and by the network.
    phase, known : ndarray, ``(n,)``, int64
        As for :func:`lesson_of`.

    Returns
    -------
    ndarray, ``(n,)``, float64
        Probabilities; ``score`` itself while there are too few answers.
    """
    rows = np.flatnonzero((known >= 0) & (phase >= 0))
    wrong = known[rows] != phase[rows]
    if len(rows) < ENOUGH or min(int(wrong.sum()), int((~wrong).sum())) < OF_EACH:
        return score
    from sklearn.linear_model import LogisticRegression

    own = phase[:, None] == np.unique(phase[rows])
    columns = [own * _log_odds(sign)[:, None] for sign in signs.T]
    features = np.column_stack([_FREE * _log_odds(score), *columns])
    ridge = LogisticRegression(C=0.1, max_iter=1000).fit(features[rows], wrong)
    if ridge.coef_[0, 0] <= 0:
        return score
    return np.asarray(ridge.predict_proba(features)[:, 1], np.float64)


def _log_odds(p: Floats) -> Floats:
    held = np.clip(p, LEAST, 1 - LEAST)
    return np.asarray(np.log(held / (1 - held)), np.float64)
