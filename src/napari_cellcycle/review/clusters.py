"""Clusters that the phases form in the space of measures: two Gaussian components a phase."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOLDS = 5
"""Parts of the cells: each is judged by clusters that were found in the others."""
_NORMAL = 1.4826  # median absolute deviation to standard deviation
_FAR = 8.0  # deviations: what lies further away pulls no harder
_SOFT = 0.1  # variance added to each direction
_CELLS_A_NUMBER = 3  # cells that each number of a covariance takes


def standard(values: Floats) -> Floats:
    """Centre and scale columns by median and median absolute deviation.

    Unknown values become the median, far ones are brought in to 8 deviations.

    Parameters
    ----------
    values : ndarray, ``(n, measures)``, float64
        Measures as they are.
    """
    known = np.isfinite(values)
    filled = np.where(known, values, np.nan)
    centre = np.nanmedian(filled, axis=0)
    scale = _NORMAL * np.nanmedian(np.abs(filled - centre), axis=0)
    # most cells share some measures, such as one piece of DNA
    spread = np.nanstd(filled, axis=0)
    scale = np.where(scale > 0, scale, np.where(spread > 0, spread, 1.0))
    scaled = np.where(known, (values - centre) / scale, 0.0)
    return np.asarray(np.clip(scaled, -_FAR, _FAR), np.float64)


def log_densities(points: Floats, phase: NDArray[np.int64], n: int, *, fewest: int) -> Floats:
    """How likely each phase's cluster would hold each cell.

    Each phase is a mixture of two Gaussians, so that the few cells that were given it wrongly can
    have one of their own. A cell takes no part in the clusters that it is judged by.

    Parameters
    ----------
    points : ndarray, ``(n_cells, measures)``, float64
        As from :func:`standard`.
    phase : ndarray, ``(n_cells,)``, int64
        Phase of each cell, -1 where there is none.
    n : int
        Number of phases.
    fewest : int
        A phase with fewer cells has no cluster.

    Returns
    -------
    ndarray, ``(n_cells, n)``, float64
        Logarithms; -inf for phases without a cluster.
    """
    found = np.full((len(points), n), -np.inf)
    count = np.bincount(phase[phase >= 0], minlength=n)
    fold = np.zeros(len(points), np.int64)
    for code in range(-1, n):  # a part takes its share of each phase
        rows = np.flatnonzero(phase == code)
        fold[rows] = np.arange(len(rows)) % FOLDS
    for code in np.flatnonzero(count >= max(fewest, 4)).tolist():
        for part in range(FOLDS):
            members = points[(fold != part) & (phase == code)]
            judged = fold == part
            found[judged, code] = _mixture(members).score_samples(points[judged])
    return found


def _mixture(members: Floats) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    d = members.shape[1]
    full = len(members) >= _CELLS_A_NUMBER * d * (d + 1)
    mixture = GaussianMixture(
        2,
        covariance_type="full" if full else "diag",
        reg_covar=_SOFT,
        n_init=2,
        max_iter=200,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough
        return mixture.fit(members)
