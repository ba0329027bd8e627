"""How likely two cells are the daughters of one division, by what is measured of the pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEATURES = (
    *("distance", "gap", "size", "content", "facing", "parallel", "flatness", "volume"),
    *("wall", "blocked"),
)
WEIGHTS = {
    "gap": -1.9,
    "size": 0.5,
    "aligned": 2.9,
    "askew": -16.9,
    "blocked": -16.9,
    "volume": -3.8,
    "wall": -3.7,
}
OFFSET = -3.4
DNA_WEIGHTS = {
    "gap": -2.7,
    "size": 0.8,
    "aligned": 3.5,
    "askew": -17.1,
    "blocked": -14.1,
    "volume": -3.8,
}
"""Where no channel shows the membrane."""
DNA_OFFSET = -2.1
_ROUND = 0.1  # what is less flat than that lies in no direction
_ASKEW = 0.5  # cosine: further away tells nothing more
_SMALL = 0.05  # of a typical cell: what is smaller is debris as likely as a daughter
_UNKNOWN = 0.2  # where too few cells tell what is typical: midway between daughters and others


def terms(features: Floats) -> dict[str, Floats]:
    """What is weighed, from columns :data:`FEATURES`."""
    column = dict(zip(FEATURES, features.T, strict=True))
    squarely = column["facing"] / np.maximum(column["flatness"], _ROUND)
    volume = np.where(np.isnan(column["volume"]), _UNKNOWN, column["volume"])
    return {
        "gap": column["gap"],
        "size": np.log(column["size"]),
        "aligned": column["facing"] * column["parallel"],
        "askew": np.minimum(1 - squarely, _ASKEW),
        "blocked": column["blocked"],
        "volume": np.log(np.maximum(volume, _SMALL)),
        "wall": np.log(column["wall"] + 0.1),
    }


def pair_score(features: Floats) -> Floats:
    """Score pairs: the probability of a logistic regression.

    It was fitted to all pairs of neighbours, and of nuclei as well as of cells, in 42 simulated
    fields that ``benchmarks/bench_daughters.py --fit`` makes. In 30 of them every third cell
    divides; what a score means where few do is said in ``docs/benchmarks.md``.

    Parameters
    ----------
    features : ndarray, ``(m, 10)``, float64
        Columns :data:`FEATURES`.

    Returns
    -------
    ndarray, ``(m,)``, float64
        0 to 1.
    """
    of = terms(features)
    is_seen = ~np.isnan(of["wall"])
    of["wall"] = np.nan_to_num(of["wall"])
    seen = sum(WEIGHTS[name] * of[name] for name in WEIGHTS) + OFFSET
    unseen = sum(DNA_WEIGHTS[name] * of[name] for name in DNA_WEIGHTS) + DNA_OFFSET
    return np.asarray(1 / (1 + np.exp(-np.where(is_seen, seen, unseen))), np.float64)


def best_score(features: Floats) -> Floats:
    """Score that pairs can reach at best, where gap, wall and blocked are not measured yet.

    Parameters
    ----------
    features : ndarray, ``(m, 10)``, float64
        As for :func:`pair_score`; a wall of NaN where none can be measured.
    """
    at_best = features.copy()
    place = {name: i for i, name in enumerate(FEATURES)}
    at_best[:, place["blocked"]] = 0
    # sets of DNA seldom reach further than 1.5 times their radius
    at_best[:, place["gap"]] = features[:, place["distance"]] - 1.5
    is_seen = ~np.isnan(features[:, place["wall"]])
    at_best[is_seen, place["wall"]] = 0
    return pair_score(at_best)
