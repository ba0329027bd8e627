"""What measures say of the phases: the cluster of each, and what is learned of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.models.ensemble import softmax
from napari_cellcycle.review.suspects.learned import folds_of, iter_learned
from napari_cellcycle.review.suspects.taught import NOBODY, lesson_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from napari_cellcycle.cells.measures.measurements import Measurements
    from napari_cellcycle.phases import PhaseSet

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

FOLDS = 5
"""Parts of the cells: each is judged by clusters that were found in the others."""
_NORMAL = 1.4826  # median absolute deviation to standard deviation
_FAR = 8.0  # deviations: what lies further away pulls no harder
_SOFT = 0.1  # variance added to each direction
_ENOUGH = 5000  # cells, to fit a cluster to
_CELLS_A_NUMBER = 3  # cells that each number of a covariance takes
_NARROW = 0.2  # deviations: no phase is taken to vary less


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """What measures say of each cell, whatever counts as suspect.

    Parameters
    ----------
    measurements : Measurements
        Of all cells, in the order of the columns below.
    phases : PhaseSet
        The vocabulary.
    phase : ndarray, ``(n,)``, int64
        Predicted leaf, -1 for none.
    known : ndarray, ``(n,)``, int64
        Leaf that people gave, or ``NOBODY`` or ``ASIDE`` of
        :mod:`napari_cellcycle.review.suspects.taught`.
    points : ndarray, ``(n, measures)``, float64
        Measures, logarithms of sizes, in robust standard deviations.
    names : tuple of str
        Of the columns of ``points``.
    density : ndarray, ``(n, leaves)``, float64
        How likely the cluster of each phase would hold each cell: logarithms, -inf without one.
    centre, spread : ndarray, ``(leaves, measures)``, float64
        Median and robust deviation of ``points`` in each phase of :attr:`lesson`; NaN in one
        without cells.
    learned : ndarray, ``(n, leaves)``, float64, or None
        Probabilities by a discriminant that did not learn from the cell; None where nothing was
        learned, or nobody asked.
    """

    measurements: Measurements
    phases: PhaseSet
    phase: Ints
    known: Ints
    points: Floats
    names: tuple[str, ...]
    density: Floats
    centre: Floats
    spread: Floats
    learned: Floats | None = None

    @property
    def lesson(self) -> Ints:
        """Phases that form the clusters, -1 for none, ``(n,)``: of people, else predicted."""
        return lesson_of(self.phase, self.known)


def iter_clusters(
    found: Measurements,
    phase: NDArray[Any],
    phases: PhaseSet,
    *,
    measures: tuple[str, ...],
    fewest: int,
    learn: bool = True,
    known: NDArray[Any] | None = None,
    probabilities: Floats | None = None,
) -> Generator[tuple[int, int], None, Clusters]:
    """Find the cluster of each phase in the space of measures, and learn to tell the phases.

    Parameters
    ----------
    found : Measurements
        Of the cells of one image, or of images that were taken alike.
    phase : ndarray, ``(n,)``, int
        Predicted leaf, -1 for a cell without.
    phases : PhaseSet
        The vocabulary.
    measures : tuple of str
        In which of them to look.
    fewest : int
        A phase with fewer cells shares the cluster of its branch, or has none.
    learn : bool
        Whether a discriminant learns the phases too.
    known : ndarray, ``(n,)``, int, optional
        What people gave, as :attr:`Clusters.known`: it is learned in place of the prediction.
    probabilities : ndarray, ``(n, leaves)``, float64, optional
        What the network says; NaN rows where unknown. Elsewhere the likeliest leaf is learned in
        place of the predicted one.

    Yields
    ------
    tuple of int
        Fits that are done, and all.

    Raises
    ------
    CellCycleError
        If no measure is known, or no phase has enough cells for a cluster.
    """
    code = np.asarray(phase, np.int64)
    said = np.full(len(code), NOBODY) if known is None else np.array(known, np.int64)
    lesson = lesson_of(code, said)
    points, names = points_of(found, measures)
    density = yield from _densities(points, lesson, phases, fewest)
    if not np.isfinite(density).any():
        raise CellCycleError(
            f"No phase has {fewest} cells, which it takes to say what is usual for one; there are "
            f"{len(code)} in all. Take more, or ask for fewer (--fewest, or the dock's limits)."
        )
    n, learned = len(phases.leaves), None
    if learn:
        likeliest = lesson_of(_likeliest(code, probabilities), said)
        learned = yield from iter_learned(points, likeliest, n, parts=FOLDS)
    centre, spread = _typical(points, lesson, n)
    return Clusters(found, phases, code, said, points, names, density, centre, spread, learned)


def _likeliest(code: Ints, probabilities: Floats | None) -> Ints:
    """Likeliest leaf of each cell that has a prediction; the predicted one where not known."""
    if probabilities is None:
        return code
    is_known = (code >= 0) & np.isfinite(probabilities).all(axis=1)
    return np.where(is_known, np.where(is_known[:, None], probabilities, 0).argmax(axis=1), code)


def points_of(found: Measurements, names: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    """Measures as clusters are looked for in: logarithms, scaled, without those that tell nothing.

    Raises
    ------
    CellCycleError
        If none is left, or a name is unknown.
    """
    columns, kept = [], []
    for name in names:
        column = found[name]
        if found.measure(name).is_ratio:
            column = np.log(np.where(column > 0, column, np.nan))
        known = np.isfinite(column)
        if known.any() and np.ptp(column[known]) > 0:
            columns.append(column)
            kept.append(name)
    if not columns:
        raise CellCycleError(
            f"None of {', '.join(names)} differs between the {len(found)} cells, so nothing can "
            "be told from them. Measure the cells, or choose other measures."
        )
    return standard(np.stack(columns, axis=1)), tuple(kept)


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


def log_densities(
    points: Floats, phase: Ints, n: int, *, fewest: int
) -> Generator[tuple[int, int], None, Floats]:
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

    Yields
    ------
    tuple of int
        Fits that are done, and all.

    Returns
    -------
    ndarray, ``(n_cells, n)``, float64
        Logarithms; -inf for phases without a cluster.
    """
    found = np.full((len(points), n), -np.inf)
    count = np.bincount(phase[phase >= 0], minlength=n)
    fold = folds_of(phase, n, FOLDS)
    enough = np.flatnonzero(count >= max(fewest, 4)).tolist()
    total = FOLDS * len(enough)
    for place, code in enumerate(enough):
        for part in range(FOLDS):
            yield FOLDS * place + part, total
            members = points[(fold != part) & (phase == code)]
            judged = fold == part
            found[judged, code] = _mixture(members).score_samples(points[judged])
    return found


def _densities(
    points: Floats, code: Ints, phases: PhaseSet, fewest: int
) -> Generator[tuple[int, int], None, Floats]:
    """As :func:`log_densities`, of the leaves: a rare one takes the cluster of its whole branch."""
    density = yield from log_densities(points, code, len(phases.leaves), fewest=fewest)
    rare = ~np.isfinite(density).any(axis=0)
    tops = [phases.top(leaf.slug).slug for leaf in phases.leaves]
    names = list(dict.fromkeys(tops))
    branch = np.array([names.index(top) for top in tops], np.int64)
    shared = {b for b in branch[rare].tolist() if (branch == b).sum() > 1}
    if shared:
        of_branch = np.where(code >= 0, branch[code], -1)
        of_branch[~np.isin(of_branch, list(shared))] = -1
        wide = yield from log_densities(points, of_branch, len(names), fewest=fewest)
        density[:, rare] = wide[:, branch[rare]]
    return density


def posterior(joint: Floats, code: Ints, has_cluster: NDArray[np.bool_]) -> Floats:
    """Probability of each phase; a phase without a cluster keeps its cells, and gets no others."""
    result = softmax(np.where(np.isfinite(joint), joint, -1e9))
    homeless = (code >= 0) & ~has_cluster[code]
    result[homeless] = 0
    result[homeless, code[homeless]] = 1
    return result


def _typical(points: Floats, code: Ints, n: int) -> tuple[Floats, Floats]:
    """Median and robust deviation of each phase."""
    centre, spread = np.full((2, n, points.shape[1]), np.nan)
    for phase in np.unique(code[code >= 0]).tolist():
        members = points[code == phase]
        centre[phase] = np.median(members, axis=0)
        away = _NORMAL * np.median(np.abs(members - centre[phase]), axis=0)
        spread[phase] = np.maximum(away, _NARROW)
    return centre, spread


def _mixture(members: Floats) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    members = members[:: -(-len(members) // _ENOUGH)]
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
